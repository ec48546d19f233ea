using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Storage.Resources;

namespace BetterCare.Care.Api.Features.Ingest;

/// <summary>Finds what a conditional create or update means: <c>identifier=system|value</c>, answered by the identifier index.</summary>
public sealed class ConditionalReads(ResourceStore store)
{
    /// <summary>Ids of the matches, two at most; null where the query is not of that form.</summary>
    public async ValueTask<IReadOnlyList<string>?> FindAsync(ResourceType type, string query, CancellationToken ct)
    {
        const string Prefix = "identifier=";
        if (!query.StartsWith(Prefix, StringComparison.Ordinal) || query.Contains('&', StringComparison.Ordinal))
        {
            return null;
        }

        var value = Uri.UnescapeDataString(query[Prefix.Length..]);
        var bar = value.IndexOf('|', StringComparison.Ordinal);
        var system = bar < 0 ? "" : value[..bar];
        if (type == ResourceType.Patient && system == NhsNumber.OldSystem)
        {
            system = NhsNumber.System;
        }

        var found = new List<string>();
        await foreach (var resource in store.ByIdentifierAsync(type, system, value[(bar + 1)..], ct))
        {
            found.Add(resource.Id);
            if (found.Count == 2)
            {
                break;
            }
        }

        return found;
    }
}
