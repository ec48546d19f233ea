using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Search;

namespace BetterCare.Care.Tests.Api.Leaks;

/// <summary>
/// Every way to search, made from the search parameters that the server has: <c>{num}</c> stands for a person's number,
/// <c>{mark}</c> for a mark that their resources carry.
/// </summary>
internal static class Shapes
{
    /// <summary>GET addresses of every type and parameter, directly and by chain, <c>_has</c>, inclusion, history, compartment.</summary>
    public static IEnumerable<string> All(IReadOnlyCollection<string> types)
    {
        foreach (var type in Enum.GetValues<ResourceType>().Where(t => t is not (ResourceType.None or ResourceType.Bundle or ResourceType.Parameters or ResourceType.OperationOutcome)))
        {
            foreach (var shape in OfType(type, types.Contains(type.Name()) || type == ResourceType.Patient))
            {
                yield return $"/fhir/{shape}";
            }
        }

        yield return "/fhir/_history?_count=1000";
        yield return "/fhir/Patient/{num}";
        yield return "/fhir/Patient/{num}/_history";
        yield return "/fhir/Patient/{num}/_history/1";
        yield return "/fhir/Patient/{num}/$everything";
        yield return "/fhir/Patient/{num}/$everything?_type=Observation&_count=1";
        yield return "/fhir/Patient/{num}/*";
        yield return "/fhir/Group/{mark}-group/$export";
    }

    private static IEnumerable<string> OfType(ResourceType type, bool populated)
    {
        var name = type.Name();
        var id = $"{{mark}}-{name.ToLowerInvariant()}";
        var parameters = SearchParameters.For(type).All.Where(p => p.IsSupported).ToList();
        foreach (var parameter in parameters)
        {
            var direct = $"{name}?{parameter.Code}={ValueOf(parameter)}";
            yield return direct;
            yield return $"{name}?{parameter.Code}:missing=false&_lastUpdated=ge2001-01-01";
            if (!populated)
            {
                continue;
            }

            yield return $"{direct}&_summary=count";
            if (parameter.Type != SearchParameterType.Reference)
            {
                yield return $"Patient?_has:{name}:{OwnerOf(parameters)}:{parameter.Code}={ValueOf(parameter)}";
                continue;
            }

            yield return $"{name}?_id=mine-{name.ToLowerInvariant()}&_include={name}:{parameter.Code}";
            yield return $"Patient?_id={LeakWorld.Mine},{{num}}&_revinclude={name}:{parameter.Code}";
            yield return $"Practitioner?_lastUpdated=ge2001-01-01&_revinclude={name}:{parameter.Code}";
            yield return $"Patient?_has:{name}:{parameter.Code}:_id={id}";
            if (parameter.Targets.Contains(ResourceType.Patient))
            {
                yield return $"{name}?{parameter.Code}:Patient.family={{mark}}";
                yield return $"{name}?{parameter.Code}:Patient.identifier={{num}}";
                yield return $"{name}?{parameter.Code}:Patient._id={{num}}";
                yield return $"{name}?{parameter.Code}:identifier=https://fhir.nhs.uk/Id/nhs-number|{{num}}";
                yield return $"{name}?{parameter.Code}={{num}}&_total=accurate";
                yield return $"{name}?{parameter.Code}=Patient/{LeakWorld.Mine},Patient/{{num}}&_sort=-_lastUpdated&_count=1&_total=accurate";
            }
        }

        yield return $"{name}?_count=1&_total=accurate";
        yield return $"{name}?_summary=count";
        yield return $"{name}?_lastUpdated=ge2001-01-01&_total=accurate&_count=1000";
        yield return $"{name}?_id={id}";
        yield return $"{name}?_id={id}&_summary=count";
        yield return $"{name}?_id={id}&_elements=id";
        yield return $"{name}/{id}";
        yield return $"{name}/{id}/_history";
        yield return $"{name}/{id}/_history/1";
        yield return $"{name}/_history?_count=1000";
        yield return $"Patient/{{num}}/{name}";
        yield return $"Patient/{{num}}/{name}?_summary=count";
    }

    private static string OwnerOf(List<SearchParameter> parameters) =>
        parameters.Find(p => p.Code is "patient" or "subject")?.Code ?? parameters.Find(p => p.Targets.Contains(ResourceType.Patient))?.Code ?? "patient";

    private static string ValueOf(SearchParameter parameter) => parameter.Type switch
    {
        SearchParameterType.Reference => parameter.Targets.Contains(ResourceType.Patient) ? "Patient/{num}" : $"{(parameter.Targets.Count > 0 ? parameter.Targets[0].Name() : "Observation")}/{{mark}}-observation",
        SearchParameterType.Token => "urn:{mark}|{mark}",
        SearchParameterType.Date => "ge2001-01-01",
        SearchParameterType.Number or SearchParameterType.Quantity => "gt0",
        SearchParameterType.Uri => "urn:{mark}",
        SearchParameterType.Composite => "{mark}$gt0",
        _ => "{mark}",
    };
}
