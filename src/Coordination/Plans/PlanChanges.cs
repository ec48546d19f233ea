namespace BetterCare.Care.Coordination.Plans;

/// <summary>How a part of a plan differs between two versions.</summary>
public enum PlanChangeKind
{
    /// <summary>Only in the later version.</summary>
    Added,

    /// <summary>Only in the earlier version.</summary>
    Removed,

    /// <summary>In both, and different.</summary>
    Changed,
}

/// <summary>One difference between two versions of a plan. It names the part, never its content.</summary>
/// <param name="Heading">The heading: <c>about-me</c>, <c>goals</c>, <c>actions</c> …</param>
/// <param name="Kind">How it differs.</param>
/// <param name="Item">Id of the goal or action, or key of the contributor; null for a heading that is one text.</param>
public sealed record PlanChange(string Heading, PlanChangeKind Kind, string? Item = null);

/// <summary>What changed between versions, for the history and for an editor whose version has been overtaken.</summary>
public static class PlanChanges
{
    /// <summary>The differences, in the order of the headings.</summary>
    public static IReadOnlyList<PlanChange> Between(JointCarePlan earlier, JointCarePlan later)
    {
        var changes = new List<PlanChange>();
        One("status", earlier.Status, later.Status);
        One("about-me", earlier.AboutMe, later.AboutMe);
        One("assessment", earlier.AssessmentSummary, later.AssessmentSummary);
        Each("goals", earlier.Goals, later.Goals, g => g.Id);
        Each("actions", earlier.Actions, later.Actions, a => a.Id);
        One("preferences", earlier.Preferences, later.Preferences);
        One("lead", earlier.Lead, later.Lead);
        One("lead-phone", earlier.LeadPhone, later.LeadPhone);
        Each("contributors", earlier.Contributors, later.Contributors, c => c.Professional);
        One("agreement", earlier.Agreement, later.Agreement);
        Each("contingency", earlier.Contingency?.Steps ?? [], later.Contingency?.Steps ?? [], s => s.Trigger, showItem: false);
        One("allergies", earlier.AllergiesNoted, later.AllergiesNoted);
        One("medicines", earlier.MedicinesNoted, later.MedicinesNoted);
        One("review", (earlier.ReviewedOn, earlier.ReviewDue), (later.ReviewedOn, later.ReviewDue));
        One("outcome", earlier.Outcome, later.Outcome);
        return changes;

        void One<T>(string heading, T before, T after)
        {
            if (!EqualityComparer<T>.Default.Equals(before, after))
            {
                changes.Add(new PlanChange(heading, before is null ? PlanChangeKind.Added : after is null ? PlanChangeKind.Removed : PlanChangeKind.Changed));
            }
        }

        // Triggers are the person's own words and stay out of the list of changes.
        void Each<T>(string heading, IReadOnlyList<T> before, IReadOnlyList<T> after, Func<T, string> key, bool showItem = true)
        {
            var old = before.ToLookup(key, StringComparer.Ordinal);
            var now = after.ToLookup(key, StringComparer.Ordinal);
            foreach (var item in before.Concat(after).Select(key).Distinct(StringComparer.Ordinal))
            {
                if (!old[item].SequenceEqual(now[item]))
                {
                    var kind = !old.Contains(item) ? PlanChangeKind.Added : !now.Contains(item) ? PlanChangeKind.Removed : PlanChangeKind.Changed;
                    changes.Add(new PlanChange(heading, kind, showItem ? item : null));
                }
            }
        }
    }

    /// <summary>
    /// What two editors who began from the same version both changed, and differently: to be settled by people. Everything
    /// else can be taken from both.
    /// </summary>
    public static IReadOnlyList<PlanChange> Conflicts(JointCarePlan common, JointCarePlan theirs, JointCarePlan mine)
    {
        var apart = Between(theirs, mine).Select(c => (c.Heading, c.Item)).ToHashSet();
        var theirChanges = Between(common, theirs).Select(c => (c.Heading, c.Item)).ToHashSet();
        return [.. Between(common, mine).Where(c => theirChanges.Contains((c.Heading, c.Item)) && apart.Contains((c.Heading, c.Item)))];
    }
}
