using BetterCare.Care.Fhir;
using BetterCare.Care.Storage.Resources;

namespace BetterCare.Care.Api.Features.Resources;

/// <summary>
/// People's records as a caller may see them: what is kept under each person, and what belongs to several people
/// (appointments of two, groups, what a carer observed), where none of the others is hidden from the caller.
/// </summary>
public sealed class PatientRecords(ResourceStore store)
{
    /// <summary>Everything of one person, by type and id.</summary>
    public async Task<List<StoredResource>> ListAsync(long person, Visibility visibility, CancellationToken ct)
    {
        var found = await store.ListOfPatientAsync(person, ct);
        if (await ShareAsync(found, new HashSet<long> { person }, null, visibility, ct))
        {
            found.Sort(ByTypeAndId);
        }

        return found;
    }

    /// <summary>Resources of a type of some people.</summary>
    /// <param name="people">Their keys; the caller may see them. 0: what is about nobody.</param>
    /// <param name="type">The type.</param>
    /// <param name="limit">How many of each person at most.</param>
    /// <param name="visibility">Who asks; null: the service itself.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<List<StoredResource>> ListAsync(IReadOnlySet<long> people, ResourceType type, int limit, Visibility? visibility, CancellationToken ct)
    {
        List<StoredResource>? found = null;
        foreach (var person in people)
        {
            var own = await store.ListOfPatientAsync(person, type, limit, ct);
            if (found is null)
            {
                found = own;
            }
            else
            {
                found.AddRange(own);
            }
        }

        found ??= [];
        if (SearchCandidates.IsAboutPeople(type))
        {
            await ShareAsync(found, people, type, visibility, ct);
        }

        return found;
    }

    /// <summary>Adds what the people share with others and the caller may see, and takes out what the caller may not.</summary>
    /// <returns>Whether something was added.</returns>
    private async ValueTask<bool> ShareAsync(List<StoredResource> found, IReadOnlySet<long> people, ResourceType? type, Visibility? visibility, CancellationToken ct)
    {
        HashSet<(ResourceType, string)>? seen = null;
        var count = found.Count;
        foreach (var person in people)
        {
            foreach (var shared in await store.SharedWithAsync(person, type, ct))
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
        }

        return found.Count > count;
    }

    private static int ByTypeAndId(StoredResource a, StoredResource b)
    {
        var order = a.Type.CompareTo(b.Type);
        return order != 0 ? order : string.CompareOrdinal(a.Id, b.Id);
    }
}
