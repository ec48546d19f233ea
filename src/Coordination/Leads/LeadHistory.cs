using System.Collections.Immutable;

namespace BetterCare.Care.Coordination.Leads;

/// <summary>A time during which one professional was accountable for one person.</summary>
/// <param name="Professional">Key of the professional.</param>
/// <param name="From">First day.</param>
/// <param name="Until">First day on which it no longer holds; null: still so, with no end known.</param>
/// <param name="ConfirmedBy">Key of the human who decided.</param>
/// <param name="Reason">Why this professional.</param>
/// <param name="EndReason">Why it ended; null while it has not.</param>
public sealed record LeadPeriod(string Professional, DateOnly From, DateOnly? Until, string ConfirmedBy, string Reason, string? EndReason = null)
{
    /// <summary>Holds on a day.</summary>
    public bool HoldsOn(DateOnly day) => From <= day && (Until is null || day < Until);
}

/// <summary>
/// All leads that one person has had, in order. Periods never overlap, so there is at most one lead on any day;
/// every change names the human who decided and why. Nothing is ever taken out: a choice corrected on the day it was made
/// stays as a period of no days.
/// </summary>
public sealed record LeadHistory
{
    /// <summary>At most one lead at any time.</summary>
    public const string SingleLead = "lead-single";

    /// <summary>A change of lead has a reason and a named human.</summary>
    public const string ReasonGiven = "lead-reason";

    /// <summary>Changes are recorded in the order in which they happen.</summary>
    public const string InOrder = "lead-order";

    private LeadHistory(ImmutableArray<LeadPeriod> periods) => Periods = periods;

    /// <summary>No lead yet.</summary>
    public static LeadHistory Empty { get; } = new([]);

    /// <summary>The periods, oldest first.</summary>
    public ImmutableArray<LeadPeriod> Periods { get; }

    /// <summary>Reads stored periods; refuses those that overlap.</summary>
    public static Decision<LeadHistory> Of(IEnumerable<LeadPeriod> periods)
    {
        var ordered = periods.OrderBy(p => p.From).ThenBy(p => p.Until ?? DateOnly.MaxValue).ToImmutableArray();
        for (var i = 0; i < ordered.Length; i++)
        {
            if (ordered[i].Until < ordered[i].From)
            {
                return new UnmetRule(InOrder, "A lead ends before the day it begins.", "Correct the dates: the first day without the lead is not before the first day with them.");
            }

            if (i > 0 && (ordered[i - 1].Until is null || ordered[i - 1].Until > ordered[i].From))
            {
                return new UnmetRule(SingleLead, "Two leads overlap: exactly one professional is accountable at a time.", "End the earlier lead on the day the later one begins.");
            }
        }

        return new LeadHistory(ordered);
    }

    /// <summary>The lead on a day; null: nobody.</summary>
    public LeadPeriod? On(DateOnly day)
    {
        foreach (var period in Periods)
        {
            if (period.HoldsOn(day))
            {
                return period;
            }
        }

        return null;
    }

    /// <summary>
    /// Makes <paramref name="professional"/> the lead from <paramref name="asOf"/>. Whoever leads then hands over on that day.
    /// </summary>
    /// <param name="person">The person.</param>
    /// <param name="professional">The new lead; null when the key is not in the register.</param>
    /// <param name="asOf">First day.</param>
    /// <param name="confirmedBy">Key of the human who decides.</param>
    /// <param name="reason">Why, in a few words.</param>
    public Decision<LeadHistory> Appoint(PersonForLead person, Professional? professional, DateOnly asOf, string confirmedBy, string reason)
    {
        var unmet = new List<UnmetRule>(LeadRules.Unmet(professional, person, asOf));
        AddUnlessGiven(unmet, confirmedBy, reason);
        var last = Periods.Length == 0 ? null : Periods[^1];
        var leads = last is not null && (last.Until is null || last.Until > asOf);
        if (last is not null && (last.From > asOf || last.Until > asOf && last.EndReason is not null))
        {
            unmet.Add(new UnmetRule(InOrder, "A later change of lead is already recorded.", "Choose a later day, or change the later lead instead."));
        }

        if (leads && professional is not null && string.Equals(last!.Professional, professional.Key, StringComparison.Ordinal))
        {
            unmet.Add(new UnmetRule(SingleLead, "This professional is the lead already.", "Nothing needs to be done."));
        }

        if (unmet.Count > 0)
        {
            return unmet;
        }

        var before = leads ? Periods.SetItem(Periods.Length - 1, last! with { Until = asOf, EndReason = "Handed over: " + reason }) : Periods;

        // The last day that the register knows is the last day of leading: nobody stays accountable after leaving.
        DateOnly? until = professional!.LastDay is { } lastDay && lastDay < DateOnly.MaxValue ? lastDay.AddDays(1) : null;
        return new LeadHistory(before.Add(new LeadPeriod(professional.Key, asOf, until, confirmedBy, reason)));
    }

    /// <summary>Ends the current lead without a successor: the person goes on the agenda with "no lead".</summary>
    /// <param name="from">First day without the lead.</param>
    /// <param name="confirmedBy">Key of the human who decides.</param>
    /// <param name="reason">Why.</param>
    public Decision<LeadHistory> End(DateOnly from, string confirmedBy, string reason)
    {
        var unmet = new List<UnmetRule>();
        AddUnlessGiven(unmet, confirmedBy, reason);
        if (Periods.Length == 0 || (Periods[^1].Until is { } until && until <= from))
        {
            unmet.Add(new UnmetRule(SingleLead, "Nobody leads on that day, so nobody can be released.", "Nothing needs to be done."));
        }
        else if (Periods[^1].From > from)
        {
            unmet.Add(new UnmetRule(InOrder, "The lead begins after that day.", "Choose the day the lead began, or a later one."));
        }

        return unmet.Count > 0 ? unmet : new LeadHistory(Periods.SetItem(Periods.Length - 1, Periods[^1] with { Until = from, EndReason = reason }));
    }

    /// <summary>The professional leaves: if they lead, the lead ends the day after their last day, or sooner if it did already.</summary>
    /// <param name="professional">Key of the professional who leaves.</param>
    /// <param name="lastDay">Their last day in the role.</param>
    /// <returns>The new history, and whether the person loses their lead by it.</returns>
    public (LeadHistory History, bool LosesLead) WhenLeaves(string professional, DateOnly lastDay)
    {
        if (Periods.Length == 0 || !string.Equals(Periods[^1].Professional, professional, StringComparison.Ordinal))
        {
            return (this, false);
        }

        var last = Periods[^1];
        var gone = lastDay.AddDays(1);
        if (last.Until <= gone)
        {
            return (this, last.Until == gone);
        }

        // A period that had not begun by then never takes effect, but stays on record.
        var until = last.From > gone ? last.From : gone;
        return (new LeadHistory(Periods.SetItem(Periods.Length - 1, last with { Until = until, EndReason = "Left the role" })), true);
    }

    /// <summary>Everyone who loses their lead when a professional leaves: they go on the agenda.</summary>
    /// <param name="histories">Histories by person; those whom the professional does not lead are passed over.</param>
    /// <param name="professional">Key of the professional who leaves.</param>
    /// <param name="lastDay">Their last day in the role.</param>
    public static IEnumerable<(long Person, LeadHistory After)> Affected(IEnumerable<(long Person, LeadHistory History)> histories, string professional, DateOnly lastDay)
    {
        foreach (var (person, history) in histories)
        {
            var (after, losesLead) = history.WhenLeaves(professional, lastDay);
            if (losesLead)
            {
                yield return (person, after);
            }
        }
    }

    private static void AddUnlessGiven(List<UnmetRule> unmet, string confirmedBy, string reason)
    {
        if (string.IsNullOrWhiteSpace(confirmedBy) || string.IsNullOrWhiteSpace(reason))
        {
            unmet.Add(new UnmetRule(ReasonGiven, "A change of lead needs a named human and a reason.", "Say who decides and why, in a few words."));
        }
    }
}
