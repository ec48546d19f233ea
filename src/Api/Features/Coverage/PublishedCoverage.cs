using System.Text.Json.Serialization;
using BetterCare.Care.Coordination.Coverage;

namespace BetterCare.Care.Api.Features.Coverage;

/// <summary>A release as it is kept: suppressed figures only.</summary>
/// <param name="StandsFor">The day, yyyy-MM-dd.</param>
/// <param name="Approach">By what approach, as it was then.</param>
/// <param name="ModelHighRisk">High risk by the model alone, of adults and of the whole list.</param>
/// <param name="Total">The whole list.</param>
/// <param name="Breakdowns">By dimension.</param>
public sealed record PublishedCoverage(string StandsFor, string Approach, IReadOnlyList<int?> ModelHighRisk, int?[] Total, IReadOnlyDictionary<string, IReadOnlyList<PublishedGroup>> Breakdowns)
{
    /// <summary>The breakdown into adults and under-18s.</summary>
    internal const string Population = CoverageRelease.PopulationDimension;

    internal const string Adults = "adults", Children = "under 18";

    /// <summary>The breakdown of adults by level.</summary>
    internal const string Level = CoverageRelease.LevelDimension;

    /// <summary>The breakdown of a dimension for adults and under-18s.</summary>
    internal static string ByPopulation(string dimension) => dimension + " and population";

    /// <summary>Takes over what may be published.</summary>
    internal static PublishedCoverage Of(DateOnly standsFor, string approach, IReadOnlyList<SuppressedCount> modelHighRisk, CoverageRelease release) => new(
        standsFor.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture),
        approach,
        [.. modelHighRisk.Select(c => c.Value)],
        Numbers(release.Total),
        release.Breakdowns.ToDictionary(
            b => b.Dimension,
            IReadOnlyList<PublishedGroup> (b) => [.. b.Rows.Select(r => new PublishedGroup(r.Value, r.Parents, Numbers(r.Figures)))],
            StringComparer.Ordinal));

    /// <summary>The total of a population.</summary>
    internal CoverageFigures TotalOf(bool wholeList) =>
        Figures(wholeList ? Total : Breakdowns[Population].FirstOrDefault(g => g.Value == Adults)?.Figures ?? [.. Enumerable.Repeat<int?>(0, 10)]);

    /// <summary>The rows of a dimension for a population.</summary>
    internal IEnumerable<(string Group, CoverageFigures Figures)> RowsOf(string dimension, bool wholeList) =>
        wholeList ? Breakdowns[dimension].Select(g => (g.Value, Figures(g.Figures)))
        : dimension == "age" ? Breakdowns[dimension].Where(g => g.Parents[0] == Adults).Select(g => (g.Value, Figures(g.Figures)))
        : Breakdowns[ByPopulation(dimension)].Where(g => g.Parents[1] == Adults).Select(g => (g.Parents[0], Figures(g.Figures)));

    /// <summary>Adults by level.</summary>
    internal IEnumerable<(string Level, SuppressedCount People)> Tiers() =>
        Breakdowns[Level].Where(g => g.Parents[0] == Adults).Select(g => (g.Value, Figures(g.Figures).People));

    private static int?[] Numbers(CoverageFigures f) =>
    [
        f.People.Value, f.NumberVerified.Value, f.HighRisk.Value, f.WithLead.Value, f.WithPlan.Value, f.WithBoth.Value,
        f.PlanOverdue.Value, f.LeadInHealth.Value, f.LeadInSocialCare.Value, f.LeadInVoluntary.Value,
    ];

    private static CoverageFigures Figures(int?[] n) => new()
    {
        People = Count(n[0]),
        NumberVerified = Count(n[1]),
        HighRisk = Count(n[2]),
        WithLead = Count(n[3]),
        WithPlan = Count(n[4]),
        WithBoth = Count(n[5]),
        PlanOverdue = Count(n[6]),
        LeadInHealth = Count(n[7]),
        LeadInSocialCare = Count(n[8]),
        LeadInVoluntary = Count(n[9]),
    };

    /// <summary>A figure again: what is kept has been suppressed and rounded already.</summary>
    internal static SuppressedCount Count(int? kept) => kept is { } value ? SuppressedCount.Exact(value) : SuppressedCount.Hidden;
}

/// <summary>A group of a release.</summary>
/// <param name="Value">Its name.</param>
/// <param name="Parents">The coarser groups that it belongs to.</param>
/// <param name="Figures">The ten figures in the order of <see cref="CoverageFigures"/>; null where hidden.</param>
public sealed record PublishedGroup(string Value, IReadOnlyList<string> Parents, int?[] Figures);

/// <summary>JSON of releases.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(PublishedCoverage))]
internal sealed partial class ReleaseJson : JsonSerializerContext;
