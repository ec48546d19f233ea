using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Audit;
using BetterCare.Care.Storage.Resources;
using BetterCare.Care.Storage.Tracing;
using MediatR;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Merges;

/// <summary>Takes a merge back.</summary>
public static class UndoMerge
{
    /// <summary>Which, and why.</summary>
    public sealed record Command(string Id, string? Reason) : IRequest<Result<MergeView>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ResolveIdentity;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Listed;

        /// <inheritdoc/>
        public override string ToString() => "undo merge";
    }

    /// <summary>Makes two records of the one again.</summary>
    public sealed class Handler(CareDbContext db, MergeWork merges, Merger merger, Directories directories) : IRequestHandler<Command, Result<MergeView>>
    {
        /// <inheritdoc/>
        public async Task<Result<MergeView>> Handle(Command request, CancellationToken cancellationToken)
        {
            var ct = cancellationToken;
            if (Reasons.Unfit(request.Reason) is { } unfit)
            {
                return unfit;
            }

            if (await merges.FindAsync(request.Id, ct) is not { } merge)
            {
                return new NotVisible("merge");
            }

            var decision = await merges.DecisionAsync(request.Reason!, ct);
            await using (var transaction = await merges.BeginAsync([merge.IntoKey], ct))
            {
                await db.Entry(merge).ReloadAsync(ct);
                if (merge.UndoneAt != 0)
                {
                    return new Conflict(409, "This merge has been undone already.");
                }

                // The rows of the later one are remembered as the earlier one left them.
                if (await db.Merges.AsNoTracking().Where(m => m.UndoneAt == 0 && string.Compare(m.Id, merge.Id) > 0 && (m.FromKey == merge.IntoKey || m.IntoKey == merge.IntoKey))
                    .OrderByDescending(m => m.Id).FirstOrDefaultAsync(ct) is { } later)
                {
                    return new Conflict(409, $"The record that remained has been part of another merge since. Undo that one first: DELETE /v1/merges/{later.Id}.");
                }

                if (await merges.RunUnderWayAsync(ct) is { } underWay)
                {
                    return underWay;
                }

                await merger.UndoAsync(db, merge, decision, ct);
                await merges.ForgetRemindersAsync(merge, ct);
                await merges.TellAsync(merge.IntoKey, ct);
                AccessTrail.Current?.Saw([merge.FromKey, merge.IntoKey]);
                await transaction.CommitAsync(ct);
            }

            directories.ForgetPeople();
            return MergeView.Of(merge);
        }
    }

    /// <summary>What a client sends.</summary>
    /// <param name="Reason">Why; kept, and told in the Provenance.</param>
    public sealed record Body(string? Reason);

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapDelete("/v1/merges/{id}",
        async (string id, [FromBody] Body body, IMediator mediator, CancellationToken ct) => (await mediator.Send(new Command(id, body.Reason), ct)).Match(merge => Results.Ok(merge), Problems.From))
        .WithName("UndoMerge").WithTags("Identity").WithSummary("Take a merge back: two records again, each with what it had")
        .Produces<MergeView>().Produces<Problem>(400).Produces<Problem>(404).Produces<Problem>(409);
}
