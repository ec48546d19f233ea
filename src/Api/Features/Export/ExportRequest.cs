using System.Globalization;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Search;
using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Api.Features.Export;

/// <summary>What an export was asked for; kept with the job.</summary>
/// <param name="Level">system, Patient or Group.</param>
/// <param name="GroupId">For a Group: its id.</param>
/// <param name="Types">Types by name; empty: all.</param>
/// <param name="Since">Only what was stored or deleted since, Unix milliseconds; 0: all.</param>
/// <param name="Url">The request, for the manifest.</param>
/// <param name="Practices">ODS codes of the practices that the one who asked may see; null: all.</param>
public sealed record ExportRequest(string Level, string? GroupId, IReadOnlyList<string> Types, long Since, string Url, IReadOnlyList<string>? Practices)
{
    private const string Takes = "$export takes _type (resource types, with commas), _typeFilter (searches such as Observation?code=…, percent-encoded, without chains), "
        + "_since (an instant), _outputFormat (application/fhir+ndjson) and, posted for Patient or Group, patient (references).";

    /// <summary>Searches of which one must find a resource of its type (<c>Observation?code=…</c>); types without one go out whole.</summary>
    public IReadOnlyList<string> Filters { get; init; } = [];

    /// <summary>Flags of people who do not go out, beside restricted records: opt-outs from the purpose that was stated.</summary>
    public PersonFlags Hidden { get; init; }

    /// <summary>NHS numbers of the only people to export; null: all of the level.</summary>
    public IReadOnlyList<string>? Patients { get; init; }

    /// <summary>Reads the parameters of a request.</summary>
    /// <param name="level">system, Patient or Group.</param>
    /// <param name="groupId">For a Group: its id.</param>
    /// <param name="parameters">Names and values.</param>
    /// <param name="lenient">Whether what is not understood is passed over.</param>
    /// <param name="url">The request, for the manifest.</param>
    public static Result<ExportRequest> Read(string level, string? groupId, IReadOnlyList<KeyValuePair<string, string>> parameters, bool lenient, string url)
    {
        var types = new List<string>();
        var filters = new List<string>();
        var patients = new List<string>();
        var since = DateTimeOffset.UnixEpoch;
        foreach (var (name, value) in parameters)
        {
            var good = true;
            switch (name)
            {
                case "_type":
                    types.AddRange(Split(value));
                    good = types.TrueForAll(t => ResourceTypes.Parse(t) != ResourceType.None);
                    break;
                case "_typeFilter":
                    filters.AddRange(Split(value));
                    good = filters.TrueForAll(f => Filter(f, DateTimeOffset.UnixEpoch) is not null);
                    break;
                case "_since":
                    good = DateTimeOffset.TryParse(value.Replace(' ', '+'), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out since);
                    break;
                case "_outputFormat":
                    good = value.Replace(' ', '+') is "application/fhir+ndjson" or "application/ndjson" or "ndjson";
                    break;
                case "patient" when level != "system":
                    patients.Add(value.StartsWith("Patient/", StringComparison.Ordinal) ? value["Patient/".Length..] : "");
                    break;
                case "_format" or "_pretty":
                    break;
                default:
                    good = lenient;
                    break;
            }

            if (!good)
            {
                return new Invalid(name is "_type" or "_typeFilter" or "_since" or "_outputFormat" ? $"http.{name}" : "http", Takes);
            }
        }

        return new ExportRequest(level, groupId, [.. types.Distinct(StringComparer.Ordinal)], Math.Max(0, since.ToUnixTimeMilliseconds()), url, null)
        {
            Filters = filters,
            Patients = patients.Count == 0 ? null : patients,
        };
    }

    /// <summary>Reads a filter; null where it is none: a search on a type's own elements, without chains.</summary>
    public static SearchRequest? Filter(string text, DateTimeOffset now)
    {
        var mark = text.IndexOf('?', StringComparison.Ordinal);
        var type = ResourceTypes.Parse(text[..Math.Max(0, mark)]);
        if (type == ResourceType.None)
        {
            return null;
        }

        var search = SearchRequest.Parse(type, text[(mark + 1)..], new SearchOptions { Now = now });
        return search.IsValid && search.SubSearches.Count == 0 && search.Criteria.Count > 0 ? search : null;
    }

    private static string[] Split(string text) => text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}

/// <summary>One file of an export.</summary>
/// <param name="Type">Resource type; Bundle: the deletions since.</param>
/// <param name="Name">File name.</param>
/// <param name="Count">Lines.</param>
public sealed record ExportFile(string Type, string Name, long Count);
