using BetterCare.Care.Api.Security;
using BetterCare.Care.Fhir;
using BetterCare.Care.Storage.Resources;
using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Api.Features.Resources;

/// <content>The same for many resources at once: a look-up for all people of a page, not one for each.</content>
public sealed partial class Visibility
{
    /// <summary>Resources that the caller may see, as they may see them; see <see cref="ShownAsync(StoredResource, CancellationToken)"/>.</summary>
    public async ValueTask<List<StoredResource>> ShownAsync(List<StoredResource> found, CancellationToken ct)
    {
        // The flags of whose record was searched came with it.
        if (!current.Caller.SeesRestricted || found.TrueForAll(r => !MayBeMasked(r) || IsKnownOpen(r)))
        {
            return found;
        }

        var people = await PeopleAsync(found.Where(r => MayBeMasked(r) && ShownPeople.NamesOthers(r)), ct);
        var access = await store.AccessAsync(Keys(found, people), ct);
        for (var i = 0; i < found.Count; i++)
        {
            found[i] = IsMasked(found[i], people, access) ? RestrictedRecord.Masked(found[i]) : found[i];
        }

        return found;
    }

    /// <summary>Of resources that a search would bring along, those that it may show, as the caller may see them.</summary>
    /// <param name="found">The resources.</param>
    /// <param name="named">The people whom the search named, and whom the caller may see.</param>
    /// <param name="ct">Cancels.</param>
    public async ValueTask<List<StoredResource>> FindableAsync(IEnumerable<StoredResource> found, IReadOnlySet<long> named, CancellationToken ct)
    {
        var allowed = found.Where(r => Allows(r.Type, FhirAccess.Search)).ToList();
        var people = await PeopleAsync(allowed.Where(r => SearchCandidates.IsAboutPeople(r.Type)), ct);
        var access = await store.AccessAsync(Keys(allowed, people), ct);
        bool MayFind(long person) => person == 0 || named.Contains(person)
            || (access.TryGetValue(person, out var a) && (a.Flags & PersonFlags.Restricted) == PersonFlags.None && current.Caller.MaySee(a.PracticeCode, a.Flags));
        return
        [
            .. allowed.Where(r => MayFind(r.PatientKey) && people[(r.Type, r.Id)].All(p => p.Former || MayFind(p.Person)))
                .Select(r => IsMasked(r, people, access) ? RestrictedRecord.Masked(r) : r),
        ];
    }

    private async ValueTask<ILookup<(ResourceType Type, string Id), (long Person, bool Former)>> PeopleAsync(IEnumerable<StoredResource> resources, CancellationToken ct)
    {
        var rows = new List<((ResourceType, string) Key, (long, bool) Person)>();
        foreach (var type in resources.GroupBy(r => r.Type))
        {
            var ids = type.Select(r => r.Id).Distinct(StringComparer.Ordinal).ToList();
            rows.AddRange((await store.PeopleOfAsync(type.Key, ids, ct)).Select(p => ((type.Key, p.Id), (p.Person, p.Former))));
        }

        return rows.ToLookup(r => r.Key, r => r.Person);
    }

    private static HashSet<long> Keys(List<StoredResource> resources, ILookup<(ResourceType Type, string Id), (long Person, bool Former)> people)
    {
        var keys = resources.Select(r => r.PatientKey).ToHashSet();
        keys.UnionWith(people.SelectMany(p => p).Select(p => p.Person));
        keys.Remove(0);
        return keys;
    }

    private bool IsMasked(StoredResource resource, ILookup<(ResourceType Type, string Id), (long Person, bool Former)> people, Dictionary<long, PersonAccess> access)
    {
        bool IsRestricted(long person) => access.TryGetValue(person, out var a) && (a.Flags & PersonFlags.Restricted) != PersonFlags.None;
        return MayBeMasked(resource)
            && (IsRestricted(resource.PatientKey) || (ShownPeople.NamesOthers(resource) && people[(resource.Type, resource.Id)].Any(p => IsRestricted(p.Person))));
    }

    private bool IsKnownOpen(StoredResource resource) =>
        _restricted.TryGetValue(resource.PatientKey, out var restricted) && !restricted && !ShownPeople.NamesOthers(resource);

    private bool MayBeMasked(StoredResource resource) =>
        current.Caller.SeesRestricted && !resource.Deleted && resource.Type != ResourceType.Patient && SearchCandidates.IsAboutPeople(resource.Type);
}
