using System.Text;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Fhir.Search;
using BetterCare.Care.Storage.Resources;

namespace BetterCare.Care.Api.Features.Resources;

/// <summary>
/// Finds the resources among which a search's results are, by the narrowest index that its conditions allow: ids, the
/// person, identifiers, codes and dates, practices, days of birth and names. Shared types are small enough to be looked
/// through. What would read everything is refused, with what would do.
/// </summary>
public sealed partial class SearchCandidates(ResourceStore store, PatientRecords records, Directories directories)
{
    /// <summary>Most resources that a search looks at; a fifth of a second's work at worst.</summary>
    public const int Max = 20_000;

    private const int MaxPeople = 500;
    private const int HalfYear = 184;

    /// <summary>Whether resources of a type belong to people's records rather than to everybody.</summary>
    public static bool IsAboutPeople(ResourceType type) => type == ResourceType.Patient || PatientCompartment.OwnerParameters(type).Count > 0;

    /// <summary>The candidates.</summary>
    /// <param name="type">What is searched.</param>
    /// <param name="plan">What an index could use.</param>
    /// <param name="criteria">The conditions themselves.</param>
    /// <param name="subs">What the sub-searches found; null where there are none.</param>
    /// <param name="visibility">Who asks; null: the service itself.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<Result<List<StoredResource>>> FindAsync(
        ResourceType type, CriteriaPlan plan, IReadOnlyList<Criterion> criteria, SubSearchResults? subs, Visibility? visibility, CancellationToken ct)
    {
        var search = visibility?.Search ?? PeopleFilter.Everybody;
        var exact = visibility?.Exact ?? PeopleFilter.Everybody;
        if (plan.Ids is { } ids)
        {
            return await ByIdAsync(type, ids, visibility, ct);
        }

        if (plan.Compartments is { Count: <= MaxPeople } named)
        {
            return await OfPeopleAsync(type, named, visibility, ct);
        }

        if (plan.Identifiers is { } identifiers)
        {
            // An NHS number is exact: it finds a restricted record too.
            var isNumber = type == ResourceType.Patient && identifiers.All(i => NhsNumber.TryParse(i.Value, out _));
            return await UnionAsync(identifiers, (i, limit) => store.ByIdentifierAsync(
                type, Hashing.Identifier((byte)type, Encoding.UTF8.GetBytes(i.System ?? ""), Encoding.UTF8.GetBytes(i.Value)), isNumber ? exact : search, limit, ct));
        }

        foreach (var sub in plan.PatientSearches)
        {
            var people = subs?[sub].Where(k => k.StartsWith("Patient/", StringComparison.Ordinal)).Select(k => k["Patient/".Length..]).ToList();
            if (people is { Count: <= MaxPeople })
            {
                // Whom the sub-search found by exact number may be restricted; by anything else it did not find them.
                return await OfPeopleAsync(type, people, visibility, ct);
            }
        }

        if (IndexedCodes(type, plan) is { } codes)
        {
            var days = plan.Date is { } date && IndexKeys.CoversDay(type) ? Days(date) : ((int, int)?)null;
            return await UnionAsync(codes, (c, limit) => store.ByCodeAsync(type, HashOf(c), days, search, limit, ct));
        }

        if (type == ResourceType.Patient && await PatientsAsync(plan, criteria, search, ct) is { } patients)
        {
            return patients;
        }

        if (!IsAboutPeople(type))
        {
            return Limited(await store.ListOfPatientAsync(0, type, Max + 1, ct));
        }

        if (plan.LastUpdated is { } updated)
        {
            var (from, to) = Updated(updated);
            return Limited(await store.UpdatedAsync(type, from, to, search, Max + 1, ct));
        }

        return new TooCostly($"This search would read every {type.Name()} there is. {Advice(type)}");
    }

    private static string Advice(ResourceType type) => type == ResourceType.Patient
        ? "Give one of: identifier, _id, birthdate (with family or given), family, general-practitioner (the practice), _lastUpdated."
        : $"Give one of: patient, identifier, _id{(IndexValues.CodeParameter(type) is { } code && IndexKeys.CoversCode(type, code.Code) ? ", " + code.Code : "")}, _lastUpdated.";

    private async Task<Result<List<StoredResource>>> ByIdAsync(ResourceType type, IReadOnlyList<string> ids, Visibility? visibility, CancellationToken ct)
    {
        var found = new List<StoredResource>();
        foreach (var id in ids)
        {
            if (await records.FindAsync(type, id, ct) is { Deleted: false } row && (visibility is null || await visibility.MaySeeAsync(row, former: false, ct)))
            {
                found.Add(visibility is null ? row : await visibility.ShownAsync(row, ct));
            }
        }

        return found;
    }

    private async Task<Result<List<StoredResource>>> OfPeopleAsync(ResourceType type, IReadOnlyList<string> people, Visibility? visibility, CancellationToken ct)
    {
        var named = new HashSet<long>();
        foreach (var id in people)
        {
            var key = visibility is not null ? await visibility.PersonAsync(id, ct)
                : NhsNumber.TryParse(id, out var number) ? await directories.FindAsync(number, ct) : null;
            if (key is { } person)
            {
                named.Add(person);
            }
        }

        return Limited(await records.ListAsync(named, type, Max + 1, visibility, ct));
    }

    /// <summary>People by practice, day of birth or name; null where the conditions name none of them.</summary>
    private async Task<Result<List<StoredResource>>?> PatientsAsync(CriteriaPlan plan, IReadOnlyList<Criterion> criteria, PeopleFilter people, CancellationToken ct)
    {
        if (BornWithin(plan) is { } born)
        {
            var rows = await store.PatientsBornAsync(born.From, born.To, people, Max + 1, ct);
            if (rows.Count <= Max)
            {
                return rows;
            }
        }

        if (await PracticesAsync(plan, ct) is { } codes)
        {
            return await UnionAsync(codes, (code, limit) => store.PatientsOfPracticeAsync(code, people, limit, ct));
        }

        if (FamilyNames(criteria) is { } names)
        {
            return await UnionAsync(names, (name, limit) => store.PatientsNamedAsync(name, people, limit, ct));
        }

        return null;
    }

    /// <summary>Days of birth; null where any will do. A birth date of which only the year is known is kept as its middle.</summary>
    private static (int From, int To, bool Exact)? BornWithin(CriteriaPlan plan)
    {
        if (plan.Date is not { } born || (born.StartFrom == 0 && born.EndAfter == 0))
        {
            return null;
        }

        var exact = born.StartFrom > 0 && born.EndTo < long.MaxValue;
        var from = Day(Math.Max(born.StartFrom, born.EndAfter)) - (exact ? 1 : HalfYear);
        return (Math.Max(1, from), Day(Math.Min(born.StartBefore, born.EndTo)) + (exact ? 1 : HalfYear), exact);
    }

    /// <summary>ODS codes of the practices one of which every match has; null where any will do.</summary>
    private async ValueTask<List<string>?> PracticesAsync(CriteriaPlan plan, CancellationToken ct)
    {
        foreach (var reference in plan.References.Where(r => r.Parameter.Code is "general-practitioner" or "organization"))
        {
            var codes = new List<string>(reference.Identifiers.Select(i => i.Value));
            foreach (var key in reference.Keys.Where(k => k.StartsWith("Organization/", StringComparison.Ordinal)))
            {
                codes.Add(await directories.PracticeOfAsync(key["Organization/".Length..], ct));
            }

            if (reference.Parameter.Code == "general-practitioner" && codes.Count == reference.Keys.Count + reference.Identifiers.Count && codes.TrueForAll(c => c.Length > 0))
            {
                return codes;
            }
        }

        return null;
    }

    /// <summary>Beginnings of family names one of which every match has; null where any will do.</summary>
    private static List<string>? FamilyNames(IReadOnlyList<Criterion> criteria)
    {
        foreach (var family in criteria.OfType<ParameterCriterion>().Where(c => c is { Parameter.Code: "family", Missing: null, Modifier: "" or "exact" }))
        {
            // The list's family name is the current one; with a day of birth, any name that a person has had finds them.
            var names = family.Text.Split(',').Select(Beginning).ToList();
            if (names.TrueForAll(n => n.Length > 0))
            {
                return names;
            }
        }

        return null;
    }

    /// <summary>The letters with which a name begins: apostrophes and hyphens are written in too many ways to look up.</summary>
    private static string Beginning(string name) => new([.. name.Trim().TakeWhile(char.IsLetter)]);

    private static async Task<Result<List<StoredResource>>> UnionAsync<T>(IReadOnlyList<T> values, Func<T, int, ValueTask<List<StoredResource>>> find)
    {
        var found = await find(values[0], Max + 1);
        if (values.Count > 1)
        {
            var seen = found.Select(r => r.Id).ToHashSet(StringComparer.Ordinal);
            foreach (var value in values.Skip(1))
            {
                found.AddRange((await find(value, Max + 1)).Where(r => seen.Add(r.Id)));
                if (found.Count > Max)
                {
                    break;
                }
            }
        }

        return Limited(found);
    }

    /// <summary>Candidates, unless they are too many to look through.</summary>
    public static Result<List<StoredResource>> Limited(List<StoredResource> found) => found.Count <= Max ? found : TooMany;

    /// <summary>What a search is told that would look at more.</summary>
    internal static TooCostly TooMany { get; } =
        new($"This search would look at more than {Max} resources. Narrow it: by patient, by identifier, or by a shorter range of dates.");

    // A day more on each side: the day is as it was written, the bounds are UTC.
    private static (int From, int To) Days(DateBounds date) =>
        (Day(Math.Max(date.StartFrom, date.EndAfter)) - 1, Day(Math.Min(date.StartBefore, date.EndTo)) + 1);

    private static (long From, long To) Updated(DateBounds updated) =>
        (Milliseconds(Math.Max(updated.StartFrom, updated.EndAfter)), Milliseconds(Math.Min(updated.StartBefore, updated.EndTo)));

    private static int Day(long ticks) => (int)(Math.Min(ticks, DateTime.MaxValue.Ticks) / TimeSpan.TicksPerDay);

    private static long Milliseconds(long ticks) => (Math.Clamp(ticks, DateTime.UnixEpoch.Ticks, DateTime.MaxValue.Ticks) - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMillisecond;
}
