namespace BetterCare.Care.Coordination.Plans;

/// <summary>Whether a plan that somebody sends can be read at all, before anything is judged of it: no gaps, no two things of one id, no novels.</summary>
public static class PlanShape
{
    /// <summary>Most goals, actions, contributors or steps of one plan.</summary>
    public const int MostItems = 200;

    /// <summary>Longest text, in characters.</summary>
    public const int LongestText = 8000;

    /// <summary>Longest id of a goal or an action, and longest name of a role or owner, in characters.</summary>
    public const int LongestName = 200;

    /// <summary>The first part that cannot be read, and what to send instead; null: all can.</summary>
    public static (string Where, string Problem)? Unfit(JointCarePlan plan) =>
        List("goals", "id and text", plan.Goals, g => Id(g.Id) && Text(g.Text), g => g.Id)
        ?? List("actions", "id and text", plan.Actions, a => Id(a.Id) && Text(a.Text) && Name(a.Owner), a => a.Id)
        ?? List("contributors", "professional and role", plan.Contributors, c => Id(c.Professional) && Id(c.Role), null)
        ?? (plan.Contingency is { } contingency ? List("contingency.steps", "trigger, action and contact", contingency.Steps, s => Text(s.Trigger) && Text(s.Action) && Text(s.Contact), null) : null)
        ?? Long("aboutMe", plan.AboutMe) ?? Long("assessmentSummary", plan.AssessmentSummary) ?? Long("preferences", plan.Preferences) ?? Long("leadPhone", plan.LeadPhone);

    private static (string, string)? List<T>(string where, string needs, IReadOnlyList<T?>? items, Func<T, bool> fits, Func<T, string>? id)
        where T : class
    {
        if (items is null || items.Count > MostItems)
        {
            return (where, $"Leave {where} out, or send a list of up to {MostItems}.");
        }

        foreach (var item in items)
        {
            if (item is null || !fits(item))
            {
                return (where, $"Each entry of {where} needs {needs}; names and ids have up to {LongestName} characters, texts up to {LongestText}.");
            }
        }

        return id is not null && items.Select(i => id(i!)).Distinct(StringComparer.Ordinal).Count() < items.Count
            ? (where, $"Two entries of {where} have the same id: give each its own.")
            : null;
    }

    private static (string, string)? Long(string where, string? text) => text?.Length > LongestText ? (where, $"Write {where} in up to {LongestText} characters.") : null;

    private static bool Id(string? id) => !string.IsNullOrWhiteSpace(id) && id.Length <= LongestName;

    private static bool Name(string? name) => name is null || name.Length <= LongestName;

    private static bool Text(string? text) => text is { Length: <= LongestText };
}
