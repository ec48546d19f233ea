using BetterCare.Care.Api.Features.RiskAssessments;
using BetterCare.Care.Fhir;
using BetterCare.Care.Storage.Resources;

namespace BetterCare.Care.Api.Features.Resources;

/// <summary>
/// People's records as a caller may see them: what is kept under each person, what belongs to several people (appointments
/// of two, groups, what a carer observed) where none of the others is hidden from the caller, and what is rendered from
/// stratification runs.
/// </summary>
public sealed class PatientRecords(ResourceStore store, RenderedRisks risks)
{
    /// <summary>The current version of a resource, kept or rendered, deleted or not; null where there never was one.</summary>
    public async ValueTask<StoredResource?> FindAsync(ResourceType type, string id, CancellationToken ct) =>
        RenderedIds.IsRendered(type, id) ? await risks.FindAsync(id, ct) : await store.ReadAsync(type, id, ct);

    /// <summary>The current versions of resources by their keys <c>Type/id</c>, kept or rendered, in that order; what never was is left out.</summary>
    public async ValueTask<List<StoredResource>> FindAsync(IEnumerable<string> keys, CancellationToken ct)
    {
        var named = keys.Select(k => k.Split('/', 2)).Select(k => (Type: ResourceTypes.Parse(k[0]), Id: k[1])).ToList();
        var found = new Dictionary<(ResourceType, string), StoredResource>();
        foreach (var type in named.Where(n => !RenderedIds.IsRendered(n.Type, n.Id)).GroupBy(n => n.Type))
        {
            foreach (var resource in await store.ReadAsync(type.Key, type.Select(n => n.Id).ToList(), ct))
            {
                found[(resource.Type, resource.Id)] = resource;
            }
        }

        foreach (var (type, id) in named.Where(n => RenderedIds.IsRendered(n.Type, n.Id)))
        {
            if (await risks.FindAsync(id, ct) is { } rendered)
            {
                found[(type, id)] = rendered;
            }
        }

        return [.. named.Where(found.ContainsKey).Select(n => found[n])];
    }

    /// <summary>A version of a resource; null where there is none of that number.</summary>
    public async ValueTask<StoredResource?> FindAsync(ResourceType type, string id, int version, CancellationToken ct) => !RenderedIds.IsRendered(type, id)
        ? await store.ReadVersionAsync(type, id, version, ct)
        : version == 1 ? await risks.FindAsync(id, ct) : null;

    /// <summary>Everything of one person, by type and id.</summary>
    public async Task<List<StoredResource>> ListAsync(long person, Visibility visibility, CancellationToken ct)
    {
        var found = await store.ListOfPatientAsync(person, ct);
        var rendered = await risks.OfPersonAsync(person, ct);
        found.AddRange(rendered);
        if (await ShareAsync(found, new HashSet<long> { person }, await store.SharedWithAsync(person, null, ct), visibility, ct) || rendered.Count > 0)
        {
            found.Sort(ByTypeAndId);
        }

        return await visibility.ShownAsync(found, ct);
    }

    /// <summary>Resources of a type of some people.</summary>
    /// <param name="people">Their keys; the caller may see them. 0: what is about nobody.</param>
    /// <param name="type">The type.</param>
    /// <param name="limit">How many of each person at most.</param>
    /// <param name="visibility">Who asks; null: the service itself.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<List<StoredResource>> ListAsync(IReadOnlySet<long> people, ResourceType type, int limit, Visibility? visibility, CancellationToken ct)
    {
        List<StoredResource>? found = null, shared = null;
        foreach (var person in people)
        {
            var part = await store.OfPersonAsync(person, type, limit, ct);
            visibility?.Knows(person, part.Flags);
            found = With(found, part.Own);
            shared = With(shared, part.Shared);
        }

        found ??= [];
        if (shared is { Count: > 0 } && SearchCandidates.IsAboutPeople(type))
        {
            await ShareAsync(found, people, shared, visibility, ct);
        }

        // What the service itself looks for (conditional requests) is what was posted.
        if (type == ResourceType.RiskAssessment && visibility is not null)
        {
            foreach (var person in people)
            {
                found.AddRange(await risks.OfPersonAsync(person, ct));
            }
        }

        return visibility is null ? found : await visibility.ShownAsync(found, ct);
    }

    /// <summary>Adds what the people share with others and the caller may see, and takes out what the caller may not.</summary>
    /// <returns>Whether something was added.</returns>
    private static async ValueTask<bool> ShareAsync(
        List<StoredResource> found, IReadOnlySet<long> people, List<StoredResource> sharedByAny, Visibility? visibility, CancellationToken ct)
    {
        HashSet<(ResourceType, string)>? seen = null;
        var count = found.Count;
        foreach (var shared in sharedByAny)
        {
            if (!(seen ??= []).Add((shared.Type, shared.Id)))
            {
                continue;
            }

            var own = people.Contains(shared.PatientKey);
            if (visibility is not null && !await visibility.MayFindAsync(shared, people, ct))
            {
                if (own)
                {
                    found.RemoveAll(r => r.Type == shared.Type && r.Id == shared.Id);
                    count--;
                }
            }
            else if (!own)
            {
                found.Add(shared);
            }
        }

        return found.Count > count;
    }

    private static List<StoredResource> With(List<StoredResource>? all, List<StoredResource> more)
    {
        if (all is null)
        {
            return more;
        }

        all.AddRange(more);
        return all;
    }

    private static int ByTypeAndId(StoredResource a, StoredResource b)
    {
        var order = a.Type.CompareTo(b.Type);
        return order != 0 ? order : string.CompareOrdinal(a.Id, b.Id);
    }
}
