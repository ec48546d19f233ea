using System.Text.Json.Nodes;
using BetterCare.Care.Api.Features.Resources;
using BetterCare.Care.Api.Hosting;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Fhir;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Ingest;
using BetterCare.Care.Storage.Resources;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace BetterCare.Care.Api.Features.Subscriptions;

/// <summary>
/// Creates or changes a FHIR Subscription. Its criteria and endpoint are checked here, and it may tell only of what its creator may
/// read. One that comes by another way (in a Bundle, by import) is kept as a resource and never served.
/// </summary>
public static class PutSubscription
{
    /// <summary>The Subscription; without an id a new one.</summary>
    public sealed record Command(ReadOnlyMemory<byte> Json, string? Id, int? ExpectedVersion) : IRequest<Result<Written>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ReadRecords;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.None;

        /// <inheritdoc/>
        public override string ToString() => "put subscription";
    }

    /// <summary>Checks, stores, and begins to look for events from now on.</summary>
    public sealed class Handler(SubscriptionRules rules, ResourceWrites writes, Visibility visibility, CareDbContext db, CurrentCaller current, TimeProvider clock) : IRequestHandler<Command, Result<Written>>
    {
        /// <inheritdoc/>
        public async Task<Result<Written>> Handle(Command request, CancellationToken cancellationToken)
        {
            var ct = cancellationToken;
            var target = request.Id is null ? new WriteTarget { IsCreate = true } : new WriteTarget { SourceId = request.Id, ExpectedVersion = request.ExpectedVersion };
            var prepared = await writes.PrepareAsync(visibility, ResourceType.Subscription, request.Json, target, ct);
            if (prepared.Error is { } invalid)
            {
                return invalid;
            }

            var (served, issues) = rules.Read(request.Json);
            if (served is null)
            {
                return new InvalidResource(422, issues);
            }

            var caller = current.Caller;
            if (caller.Scopes is { } scopes && !(scopes.Allows(ResourceType.Subscription, FhirAccess.Create) && scopes.Allows(served.Search.Type, FhirAccess.Read)))
            {
                return new NotAllowed($"reading {served.Search.Type.Name()}: a subscription tells only of what its creator may read");
            }

            // Whoever asks is answered by the server: requested becomes active.
            var json = JsonNode.Parse(request.Json.Span)!.AsObject();
            json["status"] = (string?)json["status"] is "off" ? "off" : "active";
            json.Remove("error");
            var written = await writes.StoreAsync(visibility, ResourceType.Subscription, System.Text.Encoding.UTF8.GetBytes(json.ToJsonString()), target, ct);
            if (written.Error is null)
            {
                var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
                var practices = caller.Practices is { } own ? string.Join(' ', own.Order(StringComparer.Ordinal)) : "*";
                await db.Database.ExecuteSqlAsync(
                    $"""
                    INSERT INTO subscription_state (subscription_id, created_by, practices, hidden_flags, seen_until, events)
                    VALUES ({written.Value.Resource.Id}, {caller.Name}, {practices}, {(int)caller.Hidden}, {now}, 0)
                    ON CONFLICT (subscription_id) DO UPDATE SET created_by=excluded.created_by, practices=excluded.practices, hidden_flags=excluded.hidden_flags
                    """,
                    ct);
            }

            return written;
        }
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/fhir/Subscription", (HttpContext http, IMediator mediator, IOptions<CareOptions> options, CancellationToken ct) => Answer(http, mediator, options, null, ct))
            .Describe("CreateSubscription", "Be notified of changes (rest-hook); criteria and endpoint are checked", null, 201, 400, 403, 413, 415, 422).Takes();
        routes.MapPut("/fhir/Subscription/{id}", (string id, HttpContext http, IMediator mediator, IOptions<CareOptions> options, CancellationToken ct) => Answer(http, mediator, options, id, ct))
            .Describe("UpdateSubscription", "Change a subscription; status off ends it", null, 201, 400, 403, 412, 413, 415, 422).Takes();
    }

    private static async Task<IResult> Answer(HttpContext http, IMediator mediator, IOptions<CareOptions> options, string? id, CancellationToken ct)
    {
        var body = await FhirBody.ReadAsync(http, options.Value.MaxBodyBytes, ct);
        return body.Error is { } error
            ? Problems.Fhir(error)
            : (await mediator.Send(new Command(body.Value, id, FhirHttp.ExpectedVersion(http)), ct)).Match(written => new WrittenResult(written, written.Outcome == WriteOutcome.Created), Problems.Fhir);
    }
}
