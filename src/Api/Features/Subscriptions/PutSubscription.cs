using BetterCare.Care.Api.Features.Resources;
using BetterCare.Care.Api.Hosting;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Storage.Ingest;
using BetterCare.Care.Storage.Resources;
using MediatR;
using Microsoft.Extensions.Options;

namespace BetterCare.Care.Api.Features.Subscriptions;

/// <summary>
/// Creates or changes a FHIR Subscription. Its criteria and endpoint are checked, and it may tell only of what its creator may
/// read. One in a Bundle is checked and served alike; one in an import is kept as a resource and never served, because nobody's
/// rights come with a file.
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
    public sealed class Handler(SubscriptionWrites subscriptions, ResourceWrites writes) : IRequestHandler<Command, Result<Written>>
    {
        /// <inheritdoc/>
        public async Task<Result<Written>> Handle(Command request, CancellationToken cancellationToken)
        {
            var target = request.Id is null ? new WriteTarget { IsCreate = true } : new WriteTarget { SourceId = request.Id, ExpectedVersion = request.ExpectedVersion };
            var ready = await subscriptions.CheckAsync(request.Json, target, cancellationToken);
            return ready.Error is { } error ? error : await writes.StoreAsync(ready.Value, connection => subscriptions.ServeAsync(connection, ready.Value.Id), cancellationToken);
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
