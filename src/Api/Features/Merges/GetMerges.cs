using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Resources;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Merges;

/// <summary>Lists merges.</summary>
public static class GetMerges
{
    private const int MostOnAPage = 200;

    /// <summary>Which page.</summary>
    public sealed record Query(string? Before, int Count) : IRequest<Result<IReadOnlyList<MergeView>>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ResolveIdentity;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Listed;
    }

    /// <summary>Reads them, the latest first.</summary>
    public sealed class Handler(CareDbContext db, MergeWork merges) : IRequestHandler<Query, Result<IReadOnlyList<MergeView>>>
    {
        /// <inheritdoc/>
        public async Task<Result<IReadOnlyList<MergeView>>> Handle(Query request, CancellationToken cancellationToken)
        {
            if (request.Count is < 1 or > MostOnAPage)
            {
                return new Invalid("count", $"A page has 1 to {MostOnAPage} merges.");
            }

            // Ids are UUIDs that begin with the time, so "g" is after every one of them.
            var before = request.Before is { Length: > 0 } id ? id : "g";
            var shown = new List<MergeView>();
            foreach (var merge in await db.Merges.AsNoTracking().Where(m => string.Compare(m.Id, before) < 0).OrderByDescending(m => m.Id).Take(5 * MostOnAPage).ToListAsync(cancellationToken))
            {
                if (await merges.MaySeeAsync(merge, cancellationToken))
                {
                    shown.Add(MergeView.Of(merge));
                    if (shown.Count == request.Count)
                    {
                        break;
                    }
                }
            }

            return shown;
        }
    }

    /// <summary>Serves them.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/merges",
        async (string? before, int? count, IMediator mediator, CancellationToken ct) => (await mediator.Send(new Query(before, count ?? 50), ct)).Match(merges => Results.Ok(merges), Problems.From))
        .WithName("GetMerges").WithTags("Identity").WithSummary("Merges, the latest first: who, when, why, undone or not; the next page with before=ID")
        .Produces<IReadOnlyList<MergeView>>().Produces<Problem>(400);
}

/// <summary>A number that PDS says was superseded; to be merged by a named human.</summary>
/// <param name="From">The number that is no longer in force.</param>
/// <param name="Into">The number that is.</param>
/// <param name="IsHere">Whether there is a record of that number here; else the person gets the number.</param>
/// <param name="Source">Who says so.</param>
/// <param name="FoundAt">When.</param>
public sealed record MergeProposalView(string From, string Into, bool IsHere, string Source, DateTimeOffset FoundAt)
{
    /// <summary>Says nothing: numbers are personal.</summary>
    public override string ToString() => "(merge proposal)";
}

/// <summary>Lists numbers that PDS says were superseded, and that nobody has merged yet.</summary>
public static class GetMergeProposals
{
    private const int Most = 500;

    /// <summary>All of them.</summary>
    public sealed record Query : IRequest<Result<IReadOnlyList<MergeProposalView>>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ResolveIdentity;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Listed;
    }

    /// <summary>Reads those of people whom the caller may see.</summary>
    public sealed class Handler(CareDbContext db, People people, Directories directories) : IRequestHandler<Query, Result<IReadOnlyList<MergeProposalView>>>
    {
        /// <inheritdoc/>
        public async Task<Result<IReadOnlyList<MergeProposalView>>> Handle(Query request, CancellationToken cancellationToken)
        {
            var ct = cancellationToken;
            var shown = new List<MergeProposalView>();
            foreach (var proposal in await db.MergeProposals.AsNoTracking().OrderBy(p => p.FoundAt).Take(Most).ToListAsync(ct))
            {
                var (from, into) = (NhsNumber.FromStored(proposal.FromNumber).Value, NhsNumber.FromStored(proposal.IntoNumber));
                var isHere = await directories.FindAsync(into, ct) is not null;
                if ((await people.FindAsync(from, ct)).Error is null && (!isHere || (await people.FindAsync(into.Value, ct)).Error is null))
                {
                    shown.Add(new MergeProposalView(from, into.Value, isHere, proposal.Source, DateTimeOffset.FromUnixTimeMilliseconds(proposal.FoundAt)));
                }
            }

            return shown;
        }
    }

    /// <summary>Serves them.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/merges/proposals",
        async (IMediator mediator, CancellationToken ct) => (await mediator.Send(new Query(), ct)).Match(proposals => Results.Ok(proposals), Problems.From))
        .WithName("GetMergeProposals").WithTags("Identity").WithSummary("Numbers that PDS says were superseded, to be merged by a reviewer (POST /v1/merges)")
        .Produces<IReadOnlyList<MergeProposalView>>();
}
