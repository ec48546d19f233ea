using System.Text.Json;
using BetterCare.Care.Api.Features.Coordination;
using BetterCare.Care.Api.Features.Leads;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Coordination.Plans;
using BetterCare.Care.Fhir.Validation;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Model;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.CarePlans;

/// <summary>Somebody else's version came first: says what it changed, and what both changed.</summary>
public sealed record Overtaken(string Problem, IReadOnlyList<Issue> Changes) : CareError(412, "conflict", Problem)
{
    /// <inheritdoc/>
    public override IReadOnlyList<Issue> Issues => Changes;
}

/// <summary>
/// Writes versions of plans. Single requests, reviews and meetings act through the same code, within a transaction that the
/// caller has begun and commits.
/// </summary>
public sealed class PlanDecisions(CareDbContext db, People people, ProfessionalRegister registers, DecisionResources resources, CurrentCaller current, TimeProvider clock)
{
    /// <summary>Two editors began from the same version and changed the same part differently.</summary>
    public const string BothChanged = "plan-both-changed";

    /// <summary>Somebody else changed this part since.</summary>
    public const string Changed = "plan-changed";

    /// <summary>A version of a person's plan; null: there is none.</summary>
    public async Task<JointCarePlan?> ReadAsync(long patientKey, int version, CancellationToken ct)
    {
        var json = await db.CarePlans.Where(p => p.PatientKey == patientKey && p.Version == version).Select(p => p.Plan).SingleOrDefaultAsync(ct);
        return json is null ? null : JsonSerializer.Deserialize<JointCarePlan>(json, PutCarePlan.Json);
    }

    /// <summary>What stands in the way of an editor who began from a version; null: it is still the latest.</summary>
    /// <param name="standing">The person.</param>
    /// <param name="expected">The version that the editor began from; null: none was named.</param>
    /// <param name="mine">What the editor wants to store; null where that is not yet known.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<CareError?> OvertakenAsync(PersonStanding standing, int? expected, JointCarePlan? mine, CancellationToken ct)
    {
        var latest = standing.PlanVersion;
        if (expected == latest || (expected is null && latest == 0))
        {
            return null;
        }

        if (latest == 0)
        {
            return new Conflict(412, "There is no plan yet: send it without If-Match.");
        }

        if (expected is null)
        {
            return new Conflict(428, $"The person has a plan. Send If-Match: W/\"{latest}\", so that no one's work is overwritten.");
        }

        var problem = $"The plan is at version {latest} by now. Read it, apply your change to it, and send If-Match: W/\"{latest}\".";
        var theirs = (await ReadAsync(standing.PatientKey, latest, ct))!;
        if (await ReadAsync(standing.PatientKey, expected.Value, ct) is not { } common)
        {
            return new Conflict(412, problem);
        }

        var conflicts = mine is null ? [] : PlanChanges.Conflicts(common, theirs, mine).Select(c => (c.Heading, c.Item)).ToHashSet();
        return new Overtaken(problem, [.. PlanChanges.Between(common, theirs).Select(c => conflicts.Contains((c.Heading, c.Item))
            ? new Issue(IssueSeverity.Error, "conflict", Where(c), $"{InWords(c)} since version {expected}, and differently by you: settle it between you.", BothChanged)
            : new Issue(IssueSeverity.Information, "conflict", Where(c), $"{InWords(c)} since version {expected}: take it over.", Changed))]);
    }

    /// <summary>Judges a plan and keeps it as the next version; or the rule that refuses it.</summary>
    public async Task<Result<PlanView>> WriteAsync(PersonStanding standing, JointCarePlan plan, CancellationToken ct)
    {
        var latest = standing.PlanVersion == 0 ? null : await ReadAsync(standing.PatientKey, standing.PlanVersion, ct);
        if (latest?.Status == PlanStatus.Closed && plan.Status == PlanStatus.Closed)
        {
            return new RuleNotMet(PlanRules.StatusOrder, "The plan is closed, and a closed plan stays as it was. Start a new one: send it as a draft.");
        }

        if (await UnknownAsync(standing, plan, latest?.Status == PlanStatus.Closed ? null : latest, ct) is { } unknown)
        {
            return unknown;
        }

        // Who leads is the register's to say: the plan tells the accountable lead on record.
        plan = plan with { Lead = standing.HasLead ? standing.LeadId : plan.Lead, Outcome = plan.Status == PlanStatus.Closed ? plan.Outcome : null };
        var verdict = PlanRules.Evaluate(plan, People.LevelOf(standing), people.Today);
        if (plan.Status == PlanStatus.Agreed && verdict.Missing.FirstOrDefault(m => m.Rule == PlanRules.AgreementGiven) is { } disagreed)
        {
            return new RuleNotMet(PlanRules.AgreementGiven, $"{disagreed.Detail} {disagreed.HowToSatisfy}");
        }

        if (plan.Status == PlanStatus.Closed && plan.Outcome is null)
        {
            return new RuleNotMet(PlanRules.OutcomeGiven, "A plan is closed with an outcome: goals-met, declined, moved, died, no-longer-needed or replaced.");
        }

        standing.PlanVersion++;
        standing.PlanState = plan.Status.ToString().ToLowerInvariant();
        standing.PlanJoint = verdict.Counts;
        standing.PlanComplete = verdict.IsComplete;
        standing.ReviewDay = verdict.ReviewBy?.DayNumber ?? 0;
        db.CarePlans.Add(new CarePlanVersion
        {
            PatientKey = standing.PatientKey,
            Version = standing.PlanVersion,
            Plan = JsonSerializer.Serialize(plan, PutCarePlan.Json),
            WrittenBy = current.Caller.Name,
            WrittenAt = clock.GetUtcNow().ToUnixTimeMilliseconds(),
        });
        await people.KeepAsync(standing, ct);
        await resources.KeepAsync(standing.PatientKey, ct);
        return PutCarePlan.ViewOf(standing.PlanVersion, plan, verdict, current.Caller.Name);
    }

    /// <summary>Reads the latest version, changes it and keeps the next: for reviews, closing and meetings.</summary>
    public async Task<Result<PlanView>> ChangeAsync(PersonStanding standing, int? expected, Func<JointCarePlan, Result<JointCarePlan>> change, CancellationToken ct)
    {
        if (standing.PlanVersion == 0)
        {
            return new NotVisible("care plan");
        }

        if (await OvertakenAsync(standing, expected, null, ct) is { } overtaken)
        {
            return overtaken;
        }

        var changed = change((await ReadAsync(standing.PatientKey, standing.PlanVersion, ct))!);
        return changed.Error is { } error ? error : await WriteAsync(standing, changed.Value, ct);
    }

    /// <summary>Somebody whom the plan newly names is not who it says; null: all are known.</summary>
    private async Task<RuleNotMet?> UnknownAsync(PersonStanding standing, JointCarePlan plan, JointCarePlan? before, CancellationToken ct)
    {
        if (plan.Contributors.Count == 0 && plan.Actions.Count == 0)
        {
            return null;
        }

        var register = await registers.ReadAsync(ct);
        var place = await db.Practices.Where(p => p.Code == standing.PracticeCode).Select(p => p.Place).SingleOrDefaultAsync(ct) ?? "";
        var unmet = PlanPeople.Unmet(plan, before, id => register.GetValueOrDefault(id)?.Professional, place, people.Today);
        return unmet.Count == 0 ? null : new RuleNotMet(unmet[0].Rule, string.Join(' ', unmet.Select(u => $"{u.Detail} {u.HowToSatisfy}")));
    }

    private static string Where(PlanChange change) => change.Item is null ? change.Heading : $"{change.Heading}[{change.Item}]";

    private static string InWords(PlanChange change) => $"{change.Heading} was {change.Kind.ToString().ToLowerInvariant()}";
}
