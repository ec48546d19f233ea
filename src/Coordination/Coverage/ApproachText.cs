using System.Globalization;
using System.Text;

namespace BetterCare.Care.Coordination.Coverage;

/// <summary>What the approach text needs to know of the model in force.</summary>
/// <param name="Name">Name of the model.</param>
/// <param name="Version">Version.</param>
/// <param name="Outcome">What it predicts: "an emergency admission in the next 12 months".</param>
/// <param name="TrainedOn">What it was trained on, and when.</param>
/// <param name="IsSynthetic">Trained on made-up people only: said in every answer.</param>
/// <param name="Auroc">Discrimination on held-out data; null: not measured.</param>
public sealed record ModelDescriptor(string Name, string Version, string Outcome, string TrainedOn, bool IsSynthetic, double? Auroc = null);

/// <summary>What the approach text needs to know of the policy in force.</summary>
/// <param name="Name">Name of the policy.</param>
/// <param name="LevelRules">One sentence part per level, highest first: "level 4: the 0.5 % at highest risk".</param>
/// <param name="Population">Among whom people are ranked.</param>
/// <param name="HighRiskLevels">Levels that count as high risk: 4, or 3 and 4.</param>
public sealed record PolicyDescriptor(string Name, IReadOnlyList<string> LevelRules, string Population, IReadOnlyList<int> HighRiskLevels);

/// <summary>
/// The answer to "what approach do you use to identify them?" of national condition 2d, written from the model and the policy
/// in force so that it cannot drift from what is done; also the description of the Measure.
/// </summary>
public static class ApproachText
{
    /// <summary>Writes the text.</summary>
    /// <param name="model">The model of the latest run.</param>
    /// <param name="policy">Its policy.</param>
    /// <param name="runOn">Index date of the latest run; null: no run yet.</param>
    /// <param name="levelIsAgreed">The figures use the levels that people agreed; false: those of the model.</param>
    public static string Describe(ModelDescriptor model, PolicyDescriptor policy, DateOnly? runOn, bool levelIsAgreed)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"People are stratified by the model {model.Name} (version {model.Version}), which estimates each person's risk of {model.Outcome} from linked health and social care records. ");
        text.Append(CultureInfo.InvariantCulture, $"It was trained on {model.TrainedOn}. ");
        if (model.IsSynthetic)
        {
            text.Append("The training data were synthetic people, so the percentages are indicative until the model is trained on local data. ");
        }

        if (model.Auroc is { } auroc)
        {
            text.Append(CultureInfo.InvariantCulture, $"On held-out data its area under the ROC curve was {auroc:0.00}. ");
        }

        text.Append(CultureInfo.InvariantCulture, $"The policy {policy.Name} sets the levels among {policy.Population}: {string.Join("; ", policy.LevelRules)}. ");
        text.Append(CultureInfo.InvariantCulture, $"High risk means {(policy.HighRiskLevels.Count == 1 ? "level" : "levels")} {Words.List([.. policy.HighRiskLevels.Order().Select(l => l.ToString(CultureInfo.InvariantCulture))])}. ");
        text.Append(levelIsAgreed
            ? "A multidisciplinary team may agree another level than the model's, with a reason and an expiry date; the figures use the agreed level. "
            : "The figures use the model's level, before any team has agreed another. ");
        text.Append("The model proposes; a named professional decides about the level, the accountable lead and the joint plan. ");
        text.Append(runOn is { } on ? $"The latest run has the index date {Words.Date(on)}." : "No run has been made yet.");
        return text.ToString();
    }

    /// <summary>What each figure of the national condition counts, for the Measure's population criteria and for readers.</summary>
    public static IReadOnlyList<(string Id, string Title, string Numerator, string Denominator)> Statistics { get; } =
    [
        ("high-risk", "Adults identified as at high risk", "people of 18 and over whose level in force is high", "people of 18 and over who are registered"),
        ("lead", "High-risk adults with an accountable lead professional", "high-risk adults with exactly one current lead", "high-risk adults"),
        ("joint-plan", "High-risk adults with a joint care plan", "high-risk adults with an agreed plan to which health and social care both contributed, reviewed within the set interval", "high-risk adults"),
        ("both", "High-risk adults with both", "high-risk adults with both", "high-risk adults"),
    ];
}

/// <summary>The answers to national condition 2d of the Better Care Fund template, ready to read.</summary>
/// <param name="HighRisk">Question a: what proportion of the adult population is at high risk of hospital admission.</param>
/// <param name="Approach">Question b: what approach identifies them.</param>
/// <param name="JointPlanAndLead">Question c: what proportion of those has a joint care plan and an accountable professional.</param>
/// <param name="Legend">What the signs mean; null for exact figures.</param>
public sealed record NationalConditionAnswer(string HighRisk, string Approach, string JointPlanAndLead, string? Legend)
{
    /// <summary>Answers from a release of adults.</summary>
    /// <param name="adults">The release.</param>
    /// <param name="approach">From <see cref="ApproachText.Describe"/>.</param>
    /// <param name="on">The day the figures stand for.</param>
    public static NationalConditionAnswer From(CoverageRelease adults, string approach, DateOnly on)
    {
        var total = adults.Total;
        return new NationalConditionAnswer(
            $"On {Words.Date(on)}, {Percent(total.HighRiskOfPeople)} of adults ({total.HighRisk} of {total.People}) were identified as at high risk of hospital admission.",
            approach,
            $"Of them, {Percent(total.LeadOfHighRisk)} ({total.WithLead}) had an accountable lead professional, {Percent(total.PlanOfHighRisk)} ({total.WithPlan}) a joint care plan in force, and {Percent(total.BothOfHighRisk)} ({total.WithBoth}) both.",
            adults.IsExact ? null : CoverageRelease.Legend);
    }

    private static string Percent(Rate rate) => rate.Value is null ? rate.ToString() : rate + " %";
}
