using BetterCare.Care.Api.Security;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Storage.Resources;
using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Api.Features.Resources;

/// <summary>
/// Whose records a caller may see. What is not the caller's is as if it were not there: in reads, searches, includes, chains
/// and counts alike. People with a restricted record are found by their exact number only.
/// </summary>
public sealed class Visibility(ResourceStore store, PatientRecords records, Directories directories, CurrentCaller current)
{
    /// <summary>ODS codes of the caller's practices; null: all.</summary>
    public IReadOnlySet<string>? Practices => current.Caller.Practices;

    /// <summary>For searches across people.</summary>
    public PeopleFilter Search => new(Practices, Restricted: false);

    /// <summary>For searches by exact number or id.</summary>
    public PeopleFilter Exact => new(Practices, Restricted: true);

    /// <summary>Whether the caller may see what is about a person; resources about nobody are everybody's.</summary>
    public async ValueTask<bool> MaySeeAsync(long patientKey, CancellationToken ct) =>
        Practices is null || patientKey == 0 || current.Caller.MaySee((await store.AccessAsync(patientKey, ct))?.PracticeCode ?? "");

    /// <summary>Whether the caller may see a resource that was asked for by its id: whoever may see everybody whom it belongs to.</summary>
    /// <param name="resource">The resource.</param>
    /// <param name="former">Whether former versions are to be shown: then everybody counts whom it ever belonged to.</param>
    /// <param name="ct">Cancels.</param>
    public async ValueTask<bool> MaySeeAsync(StoredResource resource, bool former, CancellationToken ct)
    {
        if (Practices is null)
        {
            return true;
        }

        if (!await MaySeeAsync(resource.PatientKey, ct))
        {
            return false;
        }

        foreach (var person in await PeopleOfAsync(resource, former, ct))
        {
            if (!await MaySeeAsync(person, ct))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether a search may show a resource: those whom it named the caller may see, of the others none is restricted.</summary>
    /// <param name="resource">The resource.</param>
    /// <param name="named">The people whom the search named, and whom the caller may see.</param>
    /// <param name="ct">Cancels.</param>
    public async ValueTask<bool> MayFindAsync(StoredResource resource, IReadOnlySet<long> named, CancellationToken ct)
    {
        if (!named.Contains(resource.PatientKey) && !await MayFindAsync(resource.PatientKey, ct))
        {
            return false;
        }

        foreach (var person in await PeopleOfAsync(resource, former: false, ct))
        {
            if (!named.Contains(person) && !await MayFindAsync(person, ct))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The key of a person named by number whom the caller may see; null else.</summary>
    public async ValueTask<long?> PersonAsync(string id, CancellationToken ct) =>
        NhsNumber.TryParse(id, out var number) && await directories.FindAsync(number, ct) is { } key && await MaySeeAsync(key, ct) ? key : null;

    /// <summary>A resource by type and id, deleted or not, if the caller may see it.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="id">Its id.</param>
    /// <param name="ct">Cancels.</param>
    /// <param name="former">Whether its former versions are to be shown as well.</param>
    public async ValueTask<StoredResource?> FindAsync(ResourceType type, string id, CancellationToken ct, bool former = false) =>
        await records.FindAsync(type, id, ct) is { } found && await MaySeeAsync(found, former, ct) ? found : null;

    /// <summary>Whether a search that did not name the person may show what is about them.</summary>
    private async ValueTask<bool> MayFindAsync(long patientKey, CancellationToken ct) => patientKey == 0
        || (await store.AccessAsync(patientKey, ct) is { } access && !access.Flags.HasFlag(PersonFlags.Restricted) && current.Caller.MaySee(access.PracticeCode));

    private async ValueTask<List<long>> PeopleOfAsync(StoredResource resource, bool former, CancellationToken ct) =>
        SearchCandidates.IsAboutPeople(resource.Type) ? await store.PeopleOfAsync(resource.Type, resource.Id, former, ct) : [];
}
