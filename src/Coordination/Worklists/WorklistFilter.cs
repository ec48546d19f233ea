using System.Collections.Frozen;
using System.Globalization;

namespace BetterCare.Care.Coordination.Worklists;

/// <summary>How a person's level compares with the previous run.</summary>
public enum LevelChange
{
    /// <summary>As before.</summary>
    Same,

    /// <summary>Was not on the list.</summary>
    New,

    /// <summary>Higher than before.</summary>
    Risen,

    /// <summary>Lower than before.</summary>
    Fallen,
}

/// <summary>Frailty by the electronic Frailty Index.</summary>
public enum FrailtyBand
{
    /// <summary>Up to 0.12.</summary>
    Fit,

    /// <summary>Above 0.12, up to 0.24.</summary>
    Mild,

    /// <summary>Above 0.24, up to 0.36.</summary>
    Moderate,

    /// <summary>Above 0.36.</summary>
    Severe,
}

/// <summary>A person of the list, as far as filters look at them.</summary>
public sealed record WorklistRow
{
    /// <summary>Storage key.</summary>
    public required long Person { get; init; }

    /// <summary>Practice code.</summary>
    public required string Practice { get; init; }

    /// <summary>Neighbourhood code; null: none.</summary>
    public string? Neighbourhood { get; init; }

    /// <summary>Level in force.</summary>
    public required int Level { get; init; }

    /// <summary>Change against the previous run.</summary>
    public LevelChange Change { get; init; }

    /// <summary>Ids of the predictors that contribute most.</summary>
    public IReadOnlyList<string> Reasons { get; init; } = [];

    /// <summary>Key of the accountable lead; null: none.</summary>
    public string? Lead { get; init; }

    /// <summary>Has a joint plan in force.</summary>
    public bool HasPlan { get; init; }

    /// <summary>Last day for the plan's review; null: none.</summary>
    public DateOnly? PlanReviewBy { get; init; }

    /// <summary>Latest admission; null: none.</summary>
    public DateOnly? AdmittedOn { get; init; }

    /// <summary>Latest discharge; null: none.</summary>
    public DateOnly? DischargedOn { get; init; }

    /// <summary>Frailty.</summary>
    public FrailtyBand Frailty { get; init; }

    /// <summary>Ids of the conditions on record.</summary>
    public IReadOnlyList<string> Conditions { get; init; } = [];

    /// <summary>Lives in a care home.</summary>
    public bool InCareHome { get; init; }
}

/// <summary>
/// A filter of the worklist, as saved and as asked for. Values of one kind are alternatives; kinds add up: practice A or B,
/// and level 4, and no lead. Storage answers it in SQL; <see cref="Matches"/> is what the SQL must agree with.
/// </summary>
public sealed record WorklistFilter
{
    /// <summary>The parameter is known.</summary>
    public const string KnownParameter = "worklist-parameter";

    /// <summary>The value is valid.</summary>
    public const string ValidValue = "worklist-value";

    /// <summary>No filter: the whole list.</summary>
    public static WorklistFilter All { get; } = new();

    /// <summary>Practice codes; empty: any.</summary>
    public FrozenSet<string> Practices { get; init; } = [];

    /// <summary>Neighbourhood codes; empty: any.</summary>
    public FrozenSet<string> Neighbourhoods { get; init; } = [];

    /// <summary>Levels; empty: any.</summary>
    public FrozenSet<int> Levels { get; init; } = [];

    /// <summary>Changes; empty: any.</summary>
    public FrozenSet<LevelChange> Changes { get; init; } = [];

    /// <summary>Predictors among the main reasons; empty: any.</summary>
    public FrozenSet<string> Reasons { get; init; } = [];

    /// <summary>Frailty bands; empty: any.</summary>
    public FrozenSet<FrailtyBand> Frailty { get; init; } = [];

    /// <summary>Conditions on record; empty: any.</summary>
    public FrozenSet<string> Conditions { get; init; } = [];

    /// <summary>Only people without (true) or with (false) a lead; null: either.</summary>
    public bool? NoLead { get; init; }

    /// <summary>Only people without (true) or with (false) a plan in force; null: either.</summary>
    public bool? PlanMissing { get; init; }

    /// <summary>Only people whose plan is (true) or is not (false) overdue; null: either.</summary>
    public bool? PlanOverdue { get; init; }

    /// <summary>Admitted within so many days and not home yet; null: either.</summary>
    public int? AdmittedWithinDays { get; init; }

    /// <summary>Discharged within so many days; null: either.</summary>
    public int? DischargedWithinDays { get; init; }

    /// <summary>Lives (true) or does not live (false) in a care home; null: either.</summary>
    public bool? InCareHome { get; init; }

    /// <summary>Only the people whom this professional leads; null: any.</summary>
    public string? Lead { get; init; }

    /// <summary>Whether a person is on the filtered list.</summary>
    /// <param name="row">The person.</param>
    /// <param name="asOf">The day.</param>
    public bool Matches(WorklistRow row, DateOnly asOf) =>
        In(Practices, row.Practice)
        && (Neighbourhoods.Count == 0 || (row.Neighbourhood is { } neighbourhood && Neighbourhoods.Contains(neighbourhood)))
        && In(Levels, row.Level)
        && In(Changes, row.Change)
        && (Reasons.Count == 0 || row.Reasons.Any(Reasons.Contains))
        && In(Frailty, row.Frailty)
        && (Conditions.Count == 0 || row.Conditions.Any(Conditions.Contains))
        && (NoLead is null || NoLead == row.Lead is null)
        && (PlanMissing is null || PlanMissing == !row.HasPlan)
        && (PlanOverdue is null || PlanOverdue == (row.HasPlan && row.PlanReviewBy < asOf))
        && (AdmittedWithinDays is not { } admitted || (Within(row.AdmittedOn, admitted, asOf) && !(row.DischargedOn >= row.AdmittedOn)))
        && (DischargedWithinDays is not { } discharged || Within(row.DischargedOn, discharged, asOf))
        && (InCareHome is null || InCareHome == row.InCareHome)
        && (Lead is null || string.Equals(Lead, row.Lead, StringComparison.Ordinal));

    /// <summary>Reads query values. Names: practice, neighbourhood, level, change, reason, frailty, condition (repeat, or separate by commas), noLead, planMissing, planOverdue, careHome (true or false), admittedWithin, dischargedWithin (days), caseload (me).</summary>
    /// <param name="query">Names and values; empty values are passed over.</param>
    /// <param name="me">Key of the professional who asks, for <c>caseload=me</c>; null: not a professional.</param>
    /// <returns>The filter, or every value that is wrong. Values are never repeated in the answer.</returns>
    public static Decision<WorklistFilter> Parse(IEnumerable<KeyValuePair<string, string?>> query, string? me = null)
    {
        var filter = All;
        var unmet = new List<UnmetRule>();
        foreach (var group in query.Where(q => !string.IsNullOrWhiteSpace(q.Value)).GroupBy(q => q.Key, q => q.Value!, StringComparer.Ordinal))
        {
            var values = group.SelectMany(v => v.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).ToArray();
            filter = group.Key switch
            {
                "practice" => filter with { Practices = Codes(values) },
                "neighbourhood" => filter with { Neighbourhoods = Codes(values) },
                "level" => filter with { Levels = Each<int>(values, v => v is ['1' or '2' or '3' or '4'] ? v[0] - '0' : null, "1, 2, 3 or 4") },
                "change" => filter with { Changes = Each<LevelChange>(values, Named<LevelChange>, "same, new, risen or fallen") },
                "reason" => filter with { Reasons = values.ToFrozenSet(StringComparer.Ordinal) },
                "frailty" => filter with { Frailty = Each<FrailtyBand>(values, Named<FrailtyBand>, "fit, mild, moderate or severe") },
                "condition" => filter with { Conditions = values.ToFrozenSet(StringComparer.Ordinal) },
                "noLead" => filter with { NoLead = Flag(values) },
                "planMissing" => filter with { PlanMissing = Flag(values) },
                "planOverdue" => filter with { PlanOverdue = Flag(values) },
                "careHome" => filter with { InCareHome = Flag(values) },
                "admittedWithin" => filter with { AdmittedWithinDays = Days(values) },
                "dischargedWithin" => filter with { DischargedWithinDays = Days(values) },
                "caseload" => filter with { Lead = Caseload(values) },
                _ => Unknown(filter),
            };

            FrozenSet<T> Each<T>(string[] texts, Func<string, T?> read, string allowed)
                where T : struct
            {
                var set = new HashSet<T>();
                foreach (var text in texts)
                {
                    if (read(text) is { } value)
                    {
                        set.Add(value);
                    }
                    else
                    {
                        Wrong(allowed);
                    }
                }

                return set.ToFrozenSet();
            }

            FrozenSet<string> Codes(string[] texts)
            {
                if (!Array.TrueForAll(texts, t => t.Length <= 12 && t.All(char.IsAsciiLetterOrDigit)))
                {
                    Wrong("an organisation code of letters and digits");
                }

                return texts.Select(t => t.ToUpperInvariant()).ToFrozenSet(StringComparer.Ordinal);
            }

            bool? Flag(string[] texts)
            {
                if (texts is ["true" or "false"])
                {
                    return texts[0] is "true";
                }

                Wrong("true or false");
                return null;
            }

            int? Days(string[] texts)
            {
                if (texts is [var text] && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var days) && days is >= 1 and <= 365)
                {
                    return days;
                }

                Wrong("a number of days from 1 to 365");
                return null;
            }

            string? Caseload(string[] texts)
            {
                if (texts is ["me"] && me is not null)
                {
                    return me;
                }

                Wrong(me is null ? "left out: only professionals have a caseload" : "me");
                return null;
            }

            WorklistFilter Unknown(WorklistFilter so)
            {
                unmet.Add(new UnmetRule(KnownParameter, "A parameter is not known.", "Use practice, neighbourhood, level, change, reason, frailty, condition, noLead, planMissing, planOverdue, careHome, admittedWithin, dischargedWithin or caseload."));
                return so;
            }

            void Wrong(string allowed) => unmet.Add(new UnmetRule(ValidValue, $"The value of {group.Key} is not valid.", $"It must be {allowed}."));
        }

        return unmet.Count > 0 ? unmet : filter;
    }

    /// <summary>The filter as query values, in one fixed order: parsing them gives the filter again.</summary>
    public IReadOnlyList<KeyValuePair<string, string?>> ToQuery()
    {
        var query = new List<KeyValuePair<string, string?>>();
        Add("practice", Practices.Order(StringComparer.Ordinal));
        Add("neighbourhood", Neighbourhoods.Order(StringComparer.Ordinal));
        Add("level", Levels.Order().Select(l => l.ToString(CultureInfo.InvariantCulture)));
        Add("change", Changes.Order().Select(c => Words.Of(c.ToString())));
        Add("reason", Reasons.Order(StringComparer.Ordinal));
        Add("frailty", Frailty.Order().Select(f => Words.Of(f.ToString())));
        Add("condition", Conditions.Order(StringComparer.Ordinal));
        Add("noLead", One(NoLead));
        Add("planMissing", One(PlanMissing));
        Add("planOverdue", One(PlanOverdue));
        Add("careHome", One(InCareHome));
        Add("admittedWithin", AdmittedWithinDays is { } a ? [a.ToString(CultureInfo.InvariantCulture)] : []);
        Add("dischargedWithin", DischargedWithinDays is { } d ? [d.ToString(CultureInfo.InvariantCulture)] : []);
        Add("caseload", Lead is null ? [] : ["me"]);
        return query;

        void Add(string name, IEnumerable<string> values)
        {
            var joined = string.Join(',', values);
            if (joined.Length > 0)
            {
                query.Add(new(name, joined));
            }
        }

        static IEnumerable<string> One(bool? flag) => flag is { } set ? [set ? "true" : "false"] : [];
    }

    private static T? Named<T>(string text)
        where T : struct, Enum =>
        text.All(char.IsAsciiLetterLower) && Enum.TryParse<T>(text, ignoreCase: true, out var value) ? value : null;

    private static bool In<T>(FrozenSet<T> set, T value) => set.Count == 0 || set.Contains(value);

    private static bool Within(DateOnly? day, int days, DateOnly asOf) => day <= asOf && day > asOf.AddDays(-days);
}
