using BetterCare.Care.Api.Security;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Storage.Audit;
using BetterCare.Care.Storage.Resources;
using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Api.Features.Resources;

/// <summary>
/// Whose records a caller may see. What is not the caller's is as if it were not there: in reads, searches, includes, chains
/// and counts alike. People with a restricted record are found by their exact number only.
/// </summary>
public sealed class Visibility(ResourceStore store, Directories directories, CurrentCaller current)
{
    /// <summary>ODS codes of the caller's practices; null: all.</summary>
    public IReadOnlySet<string>? Practices => current.Caller.Practices;

    /// <summary>For searches across people.</summary>
    public PeopleFilter Search => new(Practices, Restricted: false);

    /// <summary>For searches by exact number or id.</summary>
    public PeopleFilter Exact => new(Practices, Restricted: true);

    /// <summary>Whether the caller may see what is about a person; resources about nobody are everybody's.</summary>
    public async ValueTask<bool> MaySeeAsync(long patientKey, CancellationToken ct)
    {
        if (Practices is null || patientKey == 0 || current.Caller.MaySee((await store.AccessAsync(patientKey, ct))?.PracticeCode ?? ""))
        {
            return true;
        }

        AccessTrail.Current?.Refused(patientKey);
        return false;
    }

    /// <summary>Whether a search that did not name the person may show what is about them.</summary>
    public async ValueTask<bool> MayFindAsync(long patientKey, CancellationToken ct) => patientKey == 0
        || (await store.AccessAsync(patientKey, ct) is { } access && !access.Flags.HasFlag(PersonFlags.Restricted) && current.Caller.MaySee(access.PracticeCode));

    /// <summary>The key of a person named by number whom the caller may see; null else.</summary>
    public async ValueTask<long?> PersonAsync(string id, CancellationToken ct)
    {
        if (!NhsNumber.TryParse(id, out var number))
        {
            return null;
        }

        if (await directories.FindAsync(number, ct) is { } key)
        {
            return await MaySeeAsync(key, ct) ? key : null;
        }

        AccessTrail.Current?.Refused(number);
        return null;
    }

    /// <summary>A resource by type and id, deleted or not, if the caller may see it.</summary>
    public async ValueTask<StoredResource?> FindAsync(ResourceType type, string id, CancellationToken ct) =>
        await store.ReadAsync(type, id, ct) is { } found && await MaySeeAsync(found.PatientKey, ct) ? found : null;
}
