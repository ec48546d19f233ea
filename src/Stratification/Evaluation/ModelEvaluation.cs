using System.Text.Json;
using System.Text.Json.Serialization;
using BetterCare.Care.Stratification.Models;

namespace BetterCare.Care.Stratification.Evaluation;

/// <summary>How good a model is on a sample, ready for JSON. Intervals are 95 %.</summary>
public sealed record ModelEvaluation
{
    private static readonly double[] CutShares = [0.005, 0.01, 0.02, 0.05];

    /// <summary>Share of people at which groups are compared.</summary>
    public const double FairnessShare = 0.05;

    /// <summary>People in the sample.</summary>
    public required int People { get; init; }

    /// <summary>People with the outcome.</summary>
    public required int Events { get; init; }

    /// <summary>Mean probability.</summary>
    public required double MeanPredicted { get; init; }

    /// <summary>Area under the ROC curve (DeLong).</summary>
    public required Estimate Auroc { get; init; }

    /// <summary>Average precision; chance level is the share of people with the outcome.</summary>
    public required double AveragePrecision { get; init; }

    /// <summary>Mean squared error of the probability.</summary>
    public required double Brier { get; init; }

    /// <summary>1 minus Brier over the Brier score of telling everyone the mean; 0: no better than that.</summary>
    public required double ScaledBrier { get; init; }

    /// <summary>Slope of the outcome on the predicted log-odds; below 1: predictions too extreme.</summary>
    public required Estimate CalibrationSlope { get; init; }

    /// <summary>Calibration in the large, in log-odds; above 0: predictions too low on the whole.</summary>
    public required Estimate CalibrationIntercept { get; init; }

    /// <summary>Tenths of the sample, the highest risk first.</summary>
    public required IReadOnlyList<RiskBand> Deciles { get; init; }

    /// <summary>The top 0.5, 1, 2 and 5 % of the sample.</summary>
    public required IReadOnlyList<CutPerformance> Cuts { get; init; }

    /// <summary>The same by sex, age, deprivation and ethnic group.</summary>
    public required IReadOnlyList<GroupPerformance> Groups { get; init; }

    /// <summary>Points of the ROC curve.</summary>
    public required IReadOnlyList<RocPoint> Roc { get; init; }

    /// <summary>Twenty bands of equal size, the lowest risk first, for the calibration plot.</summary>
    public required IReadOnlyList<RiskBand> Calibration { get; init; }

    /// <summary>Evaluates a sample.</summary>
    /// <exception cref="EvaluationException">There are too few people with or without the outcome.</exception>
    public static ModelEvaluation Of(EvaluationSample sample)
    {
        if (sample.Events < 2 || sample.Count - sample.Events < 2)
        {
            throw new EvaluationException($"An evaluation needs people with the outcome and people without; there are {sample.Events} and {sample.Count - sample.Events}.");
        }

        var probability = sample.Probabilities.ToArray();
        var outcome = sample.Outcomes.ToArray();
        var order = Discrimination.DescendingOrder(probability);
        var line = CalibrationLine.Fit(Array.ConvertAll(probability, Logistic.LogOdds), outcome);
        var brier = Brier0(probability, outcome);
        var prevalence = (double)sample.Events / sample.Count;
        return new ModelEvaluation
        {
            People = sample.Count,
            Events = sample.Events,
            MeanPredicted = probability.Average(),
            Auroc = Discrimination.AurocWithInterval(probability, outcome),
            AveragePrecision = Discrimination.AveragePrecision(probability, outcome),
            Brier = brier,
            ScaledBrier = 1 - (brier / (prevalence * (1 - prevalence))),
            CalibrationSlope = Estimate.Normal(line.Slope, line.SlopeError),
            CalibrationIntercept = Estimate.Normal(line.InTheLarge, line.InTheLargeError),
            Deciles = Bands(probability, outcome, order, 10),
            Cuts = [.. CutShares.Select(s => CutPerformance.At(s, probability, outcome, order))],
            Groups = GroupPerformance.Table(sample, probability[order[Math.Clamp((int)(FairnessShare * sample.Count), 1, sample.Count) - 1]]),
            Roc = RocPoint.Curve(probability, outcome, order),
            Calibration = [.. Bands(probability, outcome, order, 20).Reverse()],
        };
    }

    /// <summary>The evaluation as UTF-8 JSON.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, EvaluationJson.Default.ModelEvaluation);

    internal static double Brier0(double[] probability, bool[] outcome)
    {
        var sum = 0.0;
        for (var i = 0; i < probability.Length; i++)
        {
            var error = probability[i] - (outcome[i] ? 1 : 0);
            sum += error * error;
        }

        return sum / probability.Length;
    }

    private static RiskBand[] Bands(double[] probability, bool[] outcome, int[] order, int count)
    {
        var bands = new RiskBand[count];
        for (var b = 0; b < count; b++)
        {
            var from = (int)((long)b * order.Length / count);
            var to = (int)((long)(b + 1) * order.Length / count);
            double predicted = 0;
            var events = 0;
            for (var i = from; i < to; i++)
            {
                predicted += probability[order[i]];
                events += outcome[order[i]] ? 1 : 0;
            }

            var people = to - from;
            bands[b] = people == 0
                ? new RiskBand(b + 1, 0, 0, 0, 0, 0, new Estimate(0, 0, 1))
                : new RiskBand(b + 1, people, events, probability[order[to - 1]], probability[order[from]], predicted / people, Proportion.Wilson(events, people));
        }

        return bands;
    }
}

/// <summary>A sample cannot be evaluated.</summary>
public sealed class EvaluationException(string message) : Exception(message);

/// <summary>People of like risk.</summary>
/// <param name="Number">1 for the first.</param>
/// <param name="People">How many.</param>
/// <param name="Events">How many had the outcome.</param>
/// <param name="Lowest">Lowest probability.</param>
/// <param name="Highest">Highest probability.</param>
/// <param name="Predicted">Mean probability.</param>
/// <param name="Observed">Share who had the outcome.</param>
public sealed record RiskBand(int Number, int People, int Events, double Lowest, double Highest, double Predicted, Estimate Observed);

/// <summary>A point of the ROC curve.</summary>
/// <param name="FalsePositiveRate">1 - specificity.</param>
/// <param name="TruePositiveRate">Sensitivity.</param>
/// <param name="Threshold">Probability at the point.</param>
public sealed record RocPoint(double FalsePositiveRate, double TruePositiveRate, double Threshold)
{
    private const int Points = 200;

    internal static RocPoint[] Curve(double[] probability, bool[] outcome, int[] order)
    {
        double events = outcome.Count(o => o), others = outcome.Length - events;
        var points = new List<RocPoint> { new(0, 0, 1) };
        double found = 0, alarms = 0, nextAt = 0;
        for (var i = 0; i < order.Length; i++)
        {
            found += outcome[order[i]] ? 1 : 0;
            alarms += outcome[order[i]] ? 0 : 1;
            var endOfTie = i + 1 == order.Length || probability[order[i + 1]] != probability[order[i]];
            if (endOfTie && ((found / events) + (alarms / others) >= nextAt || i + 1 == order.Length))
            {
                points.Add(new RocPoint(alarms / others, found / events, probability[order[i]]));
                nextAt = (found / events) + (alarms / others) + (2.0 / Points);
            }
        }

        return [.. points];
    }
}

/// <summary>What a cut at the top of the list finds.</summary>
/// <param name="Share">Share of the sample above the cut.</param>
/// <param name="People">People above the cut.</param>
/// <param name="Threshold">Lowest probability above the cut.</param>
/// <param name="MeanPredicted">Mean probability above the cut.</param>
/// <param name="PositivePredictiveValue">Share of them who had the outcome (Wilson).</param>
/// <param name="Sensitivity">Share of all with the outcome who are among them (Wilson).</param>
public sealed record CutPerformance(double Share, int People, double Threshold, double MeanPredicted, Estimate PositivePredictiveValue, Estimate Sensitivity)
{
    internal static CutPerformance At(double share, double[] probability, bool[] outcome, int[] order)
    {
        var people = Math.Clamp((int)Math.Floor((share * order.Length) + 0.5 + 1e-9), 1, order.Length);
        var found = 0;
        var predicted = 0.0;
        for (var i = 0; i < people; i++)
        {
            found += outcome[order[i]] ? 1 : 0;
            predicted += probability[order[i]];
        }

        return new CutPerformance(share, people, probability[order[people - 1]], predicted / people, Proportion.Wilson(found, people), Proportion.Wilson(found, outcome.Count(o => o)));
    }
}

/// <summary>How good the model is for one group. Figures that need more people are null.</summary>
/// <param name="Dimension">"Sex", "Age", "Deprivation quintile" or "Ethnic group".</param>
/// <param name="Group">The group in words.</param>
/// <param name="People">People in the group.</param>
/// <param name="Events">People with the outcome.</param>
/// <param name="MeanPredicted">Mean probability.</param>
/// <param name="Observed">Share who had the outcome (Wilson).</param>
/// <param name="ObservedToExpected">Outcomes seen for every one predicted; null without any expected.</param>
/// <param name="Auroc">Discrimination within the group; null below ten with or without the outcome.</param>
/// <param name="CalibrationSlope">Slope within the group; null below ten with or without the outcome.</param>
/// <param name="SelectedShare">Share of the group above the cut that takes the top 5 % of everyone.</param>
/// <param name="PositivePredictiveValue">Share of those selected who had the outcome; null where nobody is.</param>
/// <param name="Sensitivity">Share of the group's people with the outcome who are selected; null without any.</param>
public sealed record GroupPerformance(
    string Dimension, string Group, int People, int Events, double MeanPredicted, Estimate Observed, double? ObservedToExpected,
    Estimate? Auroc, Estimate? CalibrationSlope, double SelectedShare, Estimate? PositivePredictiveValue, Estimate? Sensitivity)
{
    private const int FewestForCurves = 10;

    internal static GroupPerformance[] Table(EvaluationSample sample, double threshold)
    {
        (string Dimension, Func<PersonGroups, string> Group)[] dimensions =
        [
            ("Sex", g => g.Sex.ToString().ToLowerInvariant()),
            ("Age", g => g.AgeBand),
            ("Deprivation quintile", g => g.Deprivation),
            ("Ethnic group", g => g.EthnicGroup),
        ];
        return [.. dimensions.SelectMany(d => Enumerable.Range(0, sample.Count)
            .GroupBy(i => d.Group(sample.Groups[i]), StringComparer.Ordinal)
            .OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => Of(d.Dimension, g.Key, [.. g], sample, threshold)))];
    }

    private static GroupPerformance Of(string dimension, string group, int[] rows, EvaluationSample sample, double threshold)
    {
        var probability = Array.ConvertAll(rows, i => sample.Probabilities[i]);
        var outcome = Array.ConvertAll(rows, i => sample.Outcomes[i]);
        var events = outcome.Count(o => o);
        var expected = probability.Sum();
        var selected = probability.Count(p => p >= threshold);
        var found = probability.Zip(outcome, (p, o) => o && p >= threshold).Count(hit => hit);
        var enough = events >= FewestForCurves && rows.Length - events >= FewestForCurves;
        CalibrationLine? line = enough ? CalibrationLine.Fit(Array.ConvertAll(probability, Logistic.LogOdds), outcome) : null;
        return new GroupPerformance(
            dimension, group, rows.Length, events, expected / rows.Length, Proportion.Wilson(events, rows.Length), expected > 0 ? events / expected : null,
            enough ? Discrimination.AurocWithInterval(probability, outcome) : null,
            line is { } l && double.IsFinite(l.SlopeError) ? Estimate.Normal(l.Slope, l.SlopeError) : null,
            (double)selected / rows.Length,
            selected == 0 ? null : Proportion.Wilson(found, selected),
            events == 0 ? null : Proportion.Wilson(found, events));
    }
}

/// <summary>Proportions.</summary>
public static class Proportion
{
    /// <summary>A proportion with Wilson's 95 % interval (1927), which holds for small numbers too.</summary>
    public static Estimate Wilson(int hits, int of)
    {
        if (of == 0)
        {
            return new Estimate(0, 0, 1);
        }

        const double z2 = Estimate.Z95 * Estimate.Z95;
        var p = (double)hits / of;
        var centre = (p + (z2 / (2 * of))) / (1 + (z2 / of));
        var half = Estimate.Z95 / (1 + (z2 / of)) * Math.Sqrt((p * (1 - p) / of) + (z2 / (4.0 * of * of)));
        return new Estimate(p, Math.Max(0, centre - half), Math.Min(1, centre + half));
    }
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, NewLine = "\n")]
[JsonSerializable(typeof(ModelEvaluation))]
[JsonSerializable(typeof(MatchedComparison))]
[JsonSerializable(typeof(DriftReport))]
internal sealed partial class EvaluationJson : JsonSerializerContext;
