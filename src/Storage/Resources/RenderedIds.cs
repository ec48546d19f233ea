using System.Globalization;
using BetterCare.Care.Fhir;

namespace BetterCare.Care.Storage.Resources;

/// <summary>Ids of resources that the service makes itself from other tables: nobody can store one under such an id.</summary>
public static class RenderedIds
{
    /// <summary>RiskAssessments of runs: <c>risk-{run}-{NHS number}</c>.</summary>
    public const string RiskPrefix = "risk-";

    /// <summary>Whether an id is kept for what is rendered.</summary>
    public static bool IsRendered(ResourceType type, string id) => type == ResourceType.RiskAssessment
        && id.StartsWith(RiskPrefix, StringComparison.Ordinal)
        && id.Length > RiskPrefix.Length + 11
        && id[^11] == '-'
        && long.TryParse(id.AsSpan(id.Length - 10), NumberStyles.None, CultureInfo.InvariantCulture, out _)
        && int.TryParse(id.AsSpan(RiskPrefix.Length, id.Length - RiskPrefix.Length - 11), NumberStyles.None, CultureInfo.InvariantCulture, out _);
}
