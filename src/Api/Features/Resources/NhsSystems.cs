using BetterCare.Care.Fhir.Nhs;

namespace BetterCare.Care.Api.Features.Resources;

/// <summary>Systems that the NHS has renamed: asked for by either name, kept by the one of today.</summary>
public static class NhsSystems
{
    /// <summary>Search parameters with the systems of today.</summary>
    public static IEnumerable<KeyValuePair<string, string>> OfToday(IEnumerable<KeyValuePair<string, string>> parameters) => parameters.Select(p =>
        p.Value.Contains(NhsNumber.OldSystem, StringComparison.Ordinal)
            ? KeyValuePair.Create(p.Key, p.Value.Replace(NhsNumber.OldSystem, NhsNumber.System, StringComparison.Ordinal))
            : p);
}
