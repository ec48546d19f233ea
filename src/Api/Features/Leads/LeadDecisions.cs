using BetterCare.Care.Api.Features.Coordination;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Coordination.Leads;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Model;
using Microsoft.EntityFrameworkCore;
using LeadState = BetterCare.Care.Storage.Model.LeadState;

namespace BetterCare.Care.Api.Features.Leads;

/// <summary>
/// Decisions about who leads. Single requests, meetings and departures act through the same code, within a transaction that
/// the caller has begun and commits.
/// </summary>
public sealed class LeadDecisions(CareDbContext db, People people, ProfessionalRegister registers, DecisionResources resources, CurrentCaller current, TimeProvider clock)
{
    /// <summary>Why a lead ended whose professional left: found again by the agenda.</summary>
    public const string LeftTheRole = "Left the role";

    /// <summary>Makes a professional the lead from today; whoever leads then hands over today.</summary>
    public async Task<Result<LeadRecord>> AppointAsync(PersonStanding standing, string practitioner, string reason, CancellationToken ct)
    {
        var who = (await registers.ReadAsync(ct)).GetValueOrDefault(practitioner);
        var place = await db.Practices.Where(p => p.Code == standing.PracticeCode).Select(p => p.Place).SingleOrDefaultAsync(ct) ?? "";
        var person = ProposeLeads.PersonOf(standing, [], new Dictionary<int, string>(), place);
        var unmet = LeadRules.Unmet(who?.Professional, person, people.Today);
        if (unmet.Count > 0)
        {
            return new RuleNotMet(unmet[0].Rule, string.Join(' ', unmet.Select(u => $"{u.Detail} {u.HowToSatisfy}")));
        }

        var open = await db.Leads.Where(l => l.PatientKey == standing.PatientKey && l.State != LeadState.Ended).ToListAsync(ct);
        if (open.Find(l => l.State == LeadState.Confirmed && l.PractitionerId == practitioner) is { } already)
        {
            return already;
        }

        foreach (var record in open)
        {
            if (record.State == LeadState.Confirmed)
            {
                (record.EndDay, record.EndReason) = (people.Today.DayNumber, reason);
            }

            record.State = LeadState.Ended;
        }

        // The former lead ends in a statement before: the database allows one current lead at any moment.
        await db.SaveChangesAsync(ct);
        var decided = new LeadRecord
        {
            Id = Guid.CreateVersion7().ToString(),
            PatientKey = standing.PatientKey,
            State = LeadState.Confirmed,
            PractitionerId = who!.Professional.Key,
            PractitionerName = who.Name,
            Role = who.Professional.Role,
            Sector = SetLeadProfessional.SectorName(who.Professional.Sector),
            Reasons = reason,
            DecidedBy = current.Caller.Name,
            DecidedAt = clock.GetUtcNow().ToUnixTimeMilliseconds(),
            StartDay = people.Today.DayNumber,
        };
        db.Leads.Add(decided);
        standing.LeadState = LeadState.Confirmed;
        standing.HasLead = true;
        standing.LeadId = decided.PractitionerId;
        standing.LeadName = decided.PractitionerName;
        standing.LeadRole = decided.Role;
        await KeepAsync(standing, ct);
        return decided;
    }

    /// <summary>Ends the current lead without a successor: the person goes on the agenda.</summary>
    /// <param name="standing">The person.</param>
    /// <param name="lastDay">Last day of leading; not before the first.</param>
    /// <param name="reason">Why; kept.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>The ended lead; null: nobody led.</returns>
    public async Task<LeadRecord?> EndAsync(PersonStanding standing, DateOnly lastDay, string reason, CancellationToken ct)
    {
        var record = await db.Leads.SingleOrDefaultAsync(l => l.PatientKey == standing.PatientKey && l.State == LeadState.Confirmed, ct);
        if (record is null)
        {
            return null;
        }

        record.State = LeadState.Ended;
        record.EndDay = Math.Max(record.StartDay, lastDay.DayNumber);
        record.EndReason = reason;
        standing.HasLead = false;
        standing.LeadState = LeadState.Proposed;
        (standing.LeadId, standing.LeadName, standing.LeadRole) = ("", "", "");
        await KeepAsync(standing, ct);
        return record;
    }

    /// <summary>
    /// Ends the leads of everyone whom a professional leads, because the professional leaves. A person at a time, so that
    /// somebody at work on one of them never holds up the others.
    /// </summary>
    /// <returns>How many people have no lead now, and stand on the next agenda for it.</returns>
    public async Task<int> DepartAsync(string practitioner, DateOnly lastDay, string reason, CancellationToken ct)
    {
        var keys = await db.Leads.Where(l => l.PractitionerId == practitioner && l.State == LeadState.Confirmed).Select(l => l.PatientKey).ToListAsync(ct);
        var ended = 0;
        foreach (var key in keys)
        {
            if ((await people.FindAsync(key, ct)).Error is not null)
            {
                continue;
            }

            await using var transaction = await resources.BeginAsync(ct);
            var standing = await db.Standings.SingleAsync(s => s.PatientKey == key, ct);
            ended += await EndAsync(standing, lastDay, $"{LeftTheRole}: {reason}", ct) is null ? 0 : 1;
            await transaction.CommitAsync(ct);
        }

        return ended;
    }

    private async Task KeepAsync(PersonStanding standing, CancellationToken ct)
    {
        await people.KeepAsync(standing, ct);
        await resources.KeepAsync(standing.PatientKey, ct);
    }
}
