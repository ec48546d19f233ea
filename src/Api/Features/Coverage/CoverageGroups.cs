using System.Globalization;
using BetterCare.Care.Coordination.Coverage;
using BetterCare.Care.Storage.Coverage;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Storage.Runs;
using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Api.Features.Coverage;

/// <summary>What coverage can be asked by, and how cells fall into groups.</summary>
public static class CoverageGroups
{
    /// <summary>Lowest level that is high risk: the national condition counts levels 3 and 4.</summary>
    public const int HighRiskFrom = 3;

    /// <summary>The row for what no record tells.</summary>
    public const string NotKnown = "not known";

    /// <summary>Groups of practices, the finest first.</summary>
    public static IReadOnlyList<string> OfPractices { get; } = ["practice", "neighbourhood", "locality", "place", "icb"];

    /// <summary>What people can be counted by.</summary>
    public static IReadOnlyList<string> Dimensions { get; } = [.. OfPractices, "age", "sex", "deprivation"];

    // The same groups under the names that the template, and the time, use.
    private static readonly Dictionary<string, string> OtherNames = new(StringComparer.OrdinalIgnoreCase)
    {
        ["ccg"] = "locality",
        ["sub-icb"] = "locality",
        ["pcn"] = "neighbourhood",
        ["local-authority"] = "place",
    };

    /// <summary>The dimension of a name; null where there is none.</summary>
    public static string? Find(string name) => OtherNames.GetValueOrDefault(name) ?? Dimensions.FirstOrDefault(d => string.Equals(d, name, StringComparison.OrdinalIgnoreCase));

    /// <summary>How cells are split for a dimension.</summary>
    public static CoverageSplit SplitOf(string dimension) => dimension switch
    {
        "age" => CoverageSplit.Age,
        "sex" => CoverageSplit.Sex,
        "deprivation" => CoverageSplit.Deprivation,
        _ => CoverageSplit.None,
    };

    /// <summary>The group of a cell.</summary>
    public static string Of(string dimension, CoverageCell cell, IReadOnlyDictionary<string, Practice> practices)
    {
        switch (dimension)
        {
            case "age":
                return AgeBand.Name(cell.Part);
            case "sex":
                return ((Sex)cell.Part).ToString().ToLowerInvariant();
            case "deprivation":
                return cell.Part == 0 ? NotKnown : string.Create(CultureInfo.InvariantCulture, $"quintile {cell.Part}");
        }

        var practice = practices.GetValueOrDefault(cell.PracticeCode);
        var name = dimension switch
        {
            "practice" => cell.PracticeCode.Length == 0 ? "" : $"{cell.PracticeCode} {practice?.Name}".Trim(),
            "neighbourhood" => practice?.Neighbourhood,
            "locality" => practice?.Locality,
            "place" => practice?.Place,
            _ => practice?.Icb,
        };
        return string.IsNullOrEmpty(name) ? NotKnown : name;
    }

    /// <summary>What a cell adds.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="byModel">High risk by the model's level.</param>
    public static CoverageCounts CountsOf(CoverageCell cell, bool byModel)
    {
        var isHigh = (byModel ? cell.ModelLevel : cell.Level) >= HighRiskFrom;
        int OfHigh(int count) => isHigh ? count : 0;
        return new CoverageCounts
        {
            People = cell.People,
            NumberVerified = cell.Verified,
            HighRisk = OfHigh(cell.People),
            WithLead = OfHigh(cell.LeadHealth + cell.LeadSocialCare + cell.LeadVoluntary),
            WithPlan = OfHigh(cell.WithPlan),
            WithBoth = OfHigh(cell.WithBoth),
            PlanOverdue = OfHigh(cell.PlanOverdue),
            LeadInHealth = OfHigh(cell.LeadHealth),
            LeadInSocialCare = OfHigh(cell.LeadSocialCare),
            LeadInVoluntary = OfHigh(cell.LeadVoluntary),
        };
    }

    /// <summary>Adds cells up.</summary>
    public static CoverageCounts Sum(IEnumerable<CoverageCell> cells, bool byModel = false) => cells.Aggregate(default(CoverageCounts), (sum, cell) => sum + CountsOf(cell, byModel));

    /// <summary>A level as tiers name it.</summary>
    public static string LevelName(int level) => level == 0 ? "not scored" : level.ToString(CultureInfo.InvariantCulture);
}
