using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Identity.Merging;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Audit;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Storage.Resources;
using BetterCare.Care.Storage.Tracing;
using BetterCare.Care.Stratification.Timelines;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Merges;

/// <summary>A named human makes two records of one person one.</summary>
public static class MergePeople
{
    /// <summary>Which, and why.</summary>
    public sealed record Command(string? From, string? Into, string? Reason, bool DifferencesReviewed) : IRequest<Result<MergeView>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ResolveIdentity;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Listed;

        /// <inheritdoc/>
        public override string ToString() => "merge people";
    }

    /// <summary>Checks the two and merges them, with everything that hangs on it, in one commit.</summary>
    public sealed class Handler(CareDbContext db, MergeWork merges, Merger merger, Renumbering renumbering, Directories directories, People people) : IRequestHandler<Command, Result<MergeView>>
    {
        /// <inheritdoc/>
        public async Task<Result<MergeView>> Handle(Command request, CancellationToken cancellationToken)
        {
            var ct = cancellationToken;
            if (Reasons.Unfit(request.Reason) is { } unfit)
            {
                return unfit;
            }

            var found = await TwoAsync(request, ct);
            if (found.Error is { } error)
            {
                return error;
            }

            var (fromKey, intoKey, into) = found.Value;
            var decision = await merges.DecisionAsync(request.Reason!, ct);
            PersonMerge merge;
            await using (var transaction = await merges.BeginAsync([fromKey, intoKey], ct))
            {
                // Read again: what was true before the lock need not be true now.
                var from = await db.Patients.AsNoTracking().SingleOrDefaultAsync(p => p.PatientKey == fromKey, ct);
                var remaining = await db.Patients.AsNoTracking().SingleOrDefaultAsync(p => p.PatientKey == intoKey, ct);
                if (from is null || (remaining is null && intoKey != 0))
                {
                    return new Conflict(409, "One of the two was merged with another record just now. Look again, and repeat it if it still holds.");
                }

                if (await merges.RunUnderWayAsync(ct) is { } underWay)
                {
                    return underWay;
                }

                var superseded = await db.MergeProposals.AnyAsync(p => p.FromNumber == from.NhsNumber.Number && p.IntoNumber == into.Number, ct);
                if (remaining is not null && MergeRules.Unmet(SideOf(from), SideOf(remaining), superseded, request.DifferencesReviewed) is { } refusal)
                {
                    return new RuleNotMet(refusal.Rule, refusal.Detail);
                }

                if (remaining is null && !superseded)
                {
                    return new NotVisible("person of one of these numbers");
                }

                var renumbered = remaining is null;
                remaining ??= await renumbering.GiveAsync(from, into, decision.At, ct);
                merge = await merger.MergeAsync(db, from, remaining, renumbered, decision, ct);
                if (!renumbered)
                {
                    await merges.TellAsync(merge.IntoKey, ct);
                }

                AccessTrail.Current?.Saw([merge.FromKey, merge.IntoKey]);
                await transaction.CommitAsync(ct);
            }

            directories.ForgetPeople();
            if (merge.Renumbered)
            {
                // Who has just got a number is known to others from the commit on.
                await using var transaction = await merges.BeginAsync([merge.IntoKey], ct);
                await merges.TellAsync(merge.IntoKey, ct);
                await transaction.CommitAsync(ct);
            }

            return MergeView.Of(merge);
        }

        /// <summary>The keys of the two, whom the caller may see; key 0: nobody is here under the number in force.</summary>
        private async Task<Result<(long From, long Into, NhsNumber Number)>> TwoAsync(Command request, CancellationToken ct)
        {
            if (!NhsNumber.TryParse(request.From, out var from) || !NhsNumber.TryParse(request.Into, out var into))
            {
                return new Invalid(NhsNumber.TryParse(request.From, out _) ? "into" : "from", "This is not a valid NHS number: ten digits, the last a check digit.");
            }

            var first = await people.FindAsync(from.Value, ct);
            if (first.Error is { } error)
            {
                return error;
            }

            var merged = await directories.MergedAsync(ct);
            into = merged.Of(into)?.IntoNumber ?? into;
            if (first.Value.NhsNumber == into)
            {
                return new RuleNotMet(MergeRules.TwoRecords, "The two numbers mean one record already.");
            }

            if (merged.Of(from) is not null)
            {
                return new Conflict(409, "The first number is a former one already. Merge the number that is in force for it.");
            }

            if (await directories.FindAsync(into, ct) is null)
            {
                return (first.Value.PatientKey, 0, into);
            }

            var second = await people.FindAsync(into.Value, ct);
            return second.Error is { } notYours ? notYours : (first.Value.PatientKey, second.Value.PatientKey, into);
        }

        private static MergeSide SideOf(Patient patient) =>
            new(patient.BirthDay, (int)patient.Sex, patient.DeathDay != 0, patient.Flags.HasFlag(PersonFlags.NumberVerified));
    }

    /// <summary>What a client sends.</summary>
    /// <param name="From">The number that is no longer in force.</param>
    /// <param name="Into">The number that is.</param>
    /// <param name="Reason">Why; kept, and told in the Provenance.</param>
    /// <param name="DifferencesReviewed">The reviewer has looked at dates of birth or sexes that differ.</param>
    public sealed record Body(string? From, string? Into, string? Reason, bool DifferencesReviewed);

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/merges",
        async (Body body, IMediator mediator, CancellationToken ct) =>
            (await mediator.Send(new Command(body.From, body.Into, body.Reason, body.DifferencesReviewed), ct)).Match(merge => Results.Created($"/v1/merges/{merge.Id}", merge), Problems.From))
        .WithName("MergePeople").WithTags("Identity").WithSummary("Make two records of one person one; everything moves in one commit, and can be undone")
        .Produces<MergeView>(201).Produces<Problem>(400).Produces<Problem>(404).Produces<Problem>(409).Produces<Problem>(422);
}
