using System.Text.Json;
using BetterCare.Care.Api.Features.Matching;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Model;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Tracing;

/// <summary>Someone in the tracing queue.</summary>
/// <param name="Id">Opaque id.</param>
/// <param name="State"><c>waiting</c>, <c>review</c>, <c>traced</c> or <c>set-aside</c>.</param>
/// <param name="Note">Why it stands so.</param>
/// <param name="Received">When they first came.</param>
/// <param name="Attempts">Attempts to trace so far.</param>
/// <param name="Resources">Resources that wait with them.</param>
/// <param name="Family">Family name as posted.</param>
/// <param name="Given">Given names as posted.</param>
/// <param name="BirthDate">As posted.</param>
/// <param name="Gender">As posted.</param>
/// <param name="Postcode">As posted.</param>
/// <param name="NhsNumber">The number, once traced.</param>
public sealed record TracingView(
    string Id, string State, string Note, DateTimeOffset Received, int Attempts, int Resources, string? Family, IReadOnlyList<string> Given, string? BirthDate, string? Gender, string? Postcode, string? NhsNumber)
{
    /// <summary>Who they may be, the likeliest first; only when one person is asked for.</summary>
    public IReadOnlyList<TracingCandidateView>? Candidates { get; init; }

    /// <summary>What was decided, the latest first; only when one person is asked for.</summary>
    public IReadOnlyList<TracingDecisionView>? Decisions { get; init; }

    /// <summary>Resources that could not enter the record, and why; only when one person is asked for.</summary>
    public IReadOnlyList<string>? Refusals { get; init; }

    /// <summary>Says nothing: it is personal.</summary>
    public override string ToString() => "(tracing)";

    internal static TracingView Of(TracingPerson p, int resources)
    {
        var text = PatientText.Of(p.Body);
        return new TracingView(
            p.Id, StateOf(p.State), p.Note, DateTimeOffset.FromUnixTimeMilliseconds(p.ReceivedAt), p.Attempts, resources, text.Family, text.Given, text.Birth, text.Gender, text.Postcode,
            p.NhsNumber == 0 ? null : Fhir.Nhs.NhsNumber.FromStored(p.NhsNumber).Value);
    }

    internal static string StateOf(TracingState state) => state == TracingState.SetAside ? "set-aside" : state.ToString().ToLowerInvariant();
}

/// <summary>Someone who may be the person.</summary>
/// <param name="NhsNumber">Their number.</param>
/// <param name="Source"><c>here</c>: read them at /fhir/Patient/{number}; <c>pds</c>: look them up there.</param>
/// <param name="Grade">FHIR match-grade.</param>
/// <param name="Score">0 to 1.</param>
/// <param name="Reasons">Why.</param>
public sealed record TracingCandidateView(string NhsNumber, string Source, string Grade, double Score, IReadOnlyList<string> Reasons);

/// <summary>A decision that was made.</summary>
/// <param name="Kind"><c>linked</c>, <c>set-aside</c> or <c>undone</c>.</param>
/// <param name="NhsNumber">The number it was about; null none.</param>
/// <param name="DecidedBy">Who; <c>tracing</c> where the match was certain.</param>
/// <param name="DecidedAt">When.</param>
/// <param name="Reason">Why.</param>
public sealed record TracingDecisionView(string Kind, string? NhsNumber, string DecidedBy, DateTimeOffset DecidedAt, string Reason);

/// <summary>A page of the queue.</summary>
/// <param name="Waiting">People who wait to be traced.</param>
/// <param name="Review">People who wait for a human.</param>
/// <param name="People">The page.</param>
/// <param name="Next">Give it as <c>after</c> for the next page; null on the last.</param>
public sealed record TracingPage(int Waiting, int Review, IReadOnlyList<TracingView> People, string? Next);

/// <summary>Lists the people who wait.</summary>
public static class GetTracingQueue
{
    /// <summary>Which page.</summary>
    public sealed record Query(string? State, string? After, int Count) : IRequest<Result<TracingPage>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ResolveIdentity;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Listed;
    }

    /// <summary>Reads the page.</summary>
    public sealed class Handler(CareDbContext db, CurrentCaller current) : IRequestHandler<Query, Result<TracingPage>>
    {
        private const int MostOnAPage = 200;

        /// <inheritdoc/>
        public async Task<Result<TracingPage>> Handle(Query request, CancellationToken cancellationToken)
        {
            if (QueueOfEverybody.Refusal(current.Caller) is { } refusal)
            {
                return refusal;
            }

            TracingState? state = request.State switch
            {
                null or "" or "review" => TracingState.Review,
                "waiting" => TracingState.Waiting,
                "traced" => TracingState.Traced,
                "set-aside" => TracingState.SetAside,
                _ => null,
            };
            if (state is null)
            {
                return new Invalid("state", "A state is review, waiting, traced or set-aside.");
            }

            var count = Math.Clamp(request.Count, 1, MostOnAPage);
            var after = request.After ?? "";
            var people = await db.TracingPeople.AsNoTracking().Where(p => p.State == state && string.Compare(p.Id, after) > 0)
                .OrderBy(p => p.Id).Take(count)
                .Select(p => new { Person = p, Resources = db.TracingResources.Count(r => r.PersonId == p.Id) }).ToListAsync(cancellationToken);
            return new TracingPage(
                await db.TracingPeople.CountAsync(p => p.State == TracingState.Waiting, cancellationToken),
                await db.TracingPeople.CountAsync(p => p.State == TracingState.Review, cancellationToken),
                [.. people.Select(p => TracingView.Of(p.Person, p.Resources))],
                people.Count == count ? people[^1].Person.Id : null);
        }
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/tracing",
        async (string? state, string? after, int? count, IMediator mediator, CancellationToken ct) =>
            (await mediator.Send(new Query(state, after, count ?? 50), ct)).Match(page => Results.Ok(page), Problems.From))
        .WithName("GetTracingQueue").WithTags("Identity").WithSummary("People who came without an NHS number: those for review first")
        .Produces<TracingPage>().Produces<Problem>(400);
}

/// <summary>One person of the queue, with who they may be and what was decided.</summary>
public static class GetTracing
{
    /// <summary>Who.</summary>
    public sealed record Query(string Id) : IRequest<Result<TracingView>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ResolveIdentity;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Listed;
    }

    /// <summary>Reads them.</summary>
    public sealed class Handler(CareDbContext db, CurrentCaller current) : IRequestHandler<Query, Result<TracingView>>
    {
        /// <inheritdoc/>
        public async Task<Result<TracingView>> Handle(Query request, CancellationToken cancellationToken)
        {
            var ct = cancellationToken;
            if (QueueOfEverybody.Refusal(current.Caller) is { } refusal)
            {
                return refusal;
            }

            if (await db.TracingPeople.AsNoTracking().SingleOrDefaultAsync(p => p.Id == request.Id, ct) is not { } person)
            {
                return new NotVisible("person in the tracing queue");
            }

            var candidates = await db.TracingCandidates.AsNoTracking().Where(c => c.PersonId == person.Id).ToListAsync(ct);
            var decisions = await db.TracingDecisions.AsNoTracking().Where(d => d.PersonId == person.Id).OrderByDescending(d => d.Id).ToListAsync(ct);
            return TracingView.Of(person, await db.TracingResources.CountAsync(r => r.PersonId == person.Id, ct)) with
            {
                Candidates =
                [
                    .. candidates.OrderByDescending(c => c.Score).Select(c => new TracingCandidateView(
                        NhsNumber.FromStored(c.NhsNumber).Value, c.Source, c.Grade, c.Score, JsonSerializer.Deserialize<List<string>>(c.Reasons) ?? [])),
                ],
                Decisions =
                [
                    .. decisions.Select(d => new TracingDecisionView(
                        d.Kind, d.NhsNumber == 0 ? null : NhsNumber.FromStored(d.NhsNumber).Value, d.DecidedBy, DateTimeOffset.FromUnixTimeMilliseconds(d.DecidedAt), d.Reason)),
                ],
                Refusals = await db.TracingResources.AsNoTracking().Where(r => r.PersonId == person.Id && r.Refusal != "").Select(r => r.Refusal).ToListAsync(ct),
            };
        }
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/tracing/{id}",
        async (string id, IMediator mediator, CancellationToken ct) => (await mediator.Send(new Query(id), ct)).Match(view => Results.Ok(view), Problems.From))
        .WithName("GetTracing").WithTags("Identity").WithSummary("One person of the tracing queue: who they may be, with reasons, and what was decided")
        .Produces<TracingView>().Produces<Problem>(404);
}

/// <summary>People who wait for a number are of no practice yet, and who they may be are people of any: only who sees every practice decides.</summary>
internal static class QueueOfEverybody
{
    public static CareError? Refusal(Caller caller) => caller.Practices is null ? null : new NotAllowed("the tracing queue, which is for reviewers of all practices");
}
