using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Fhir.Search;
using BetterCare.Care.Storage.Audit;
using BetterCare.Care.Storage.Ingest;
using BetterCare.Care.Storage.Resources;
using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Api.Features.Resources;

/// <summary>
/// Whose records a caller may see, and of which types. What is not the caller's is as if it were not there: in reads, searches,
/// includes, chains, counts and writes alike. People with a restricted record are found by their exact number only, by the
/// team that is named for it; people who opted out of the purpose in hand are not found at all.
/// </summary>
public sealed partial class Visibility(ResourceStore store, PatientRecords records, Directories directories, CurrentCaller current) : ISenderFence
{
    // Looked up once a request.
    private readonly Dictionary<long, bool> _restricted = [];

    /// <summary>ODS codes of the caller's practices; null: all.</summary>
    public IReadOnlySet<string>? Practices => current.Caller.Practices;

    /// <summary>For searches across people.</summary>
    public PeopleFilter Search => new(Practices, current.Caller.Hidden | PersonFlags.Restricted);

    /// <summary>For searches by exact number or id.</summary>
    public PeopleFilter Exact => new(Practices, current.Caller.Hidden);

    /// <summary>What a request that writes knows of its sender.</summary>
    public IngestSession Session => new(directories) { Fence = Practices is null ? null : this, Sources = current.Caller.Sources };

    /// <summary>Who asks, where a look-up for a write is limited to what the sender may see; null: the sender may see everybody.</summary>
    public Visibility? OfSender => Practices is null ? null : this;

    /// <summary>Whether what is there already may be told in answer to a write.</summary>
    public bool MayTell(ResourceType type) => current.Caller.Grants.Contains(Grant.ReadRecords) && Allows(type, FhirAccess.Read);

    /// <inheritdoc/>
    string ISenderFence.Supplier => $"urn:bettercare:beside:{current.Caller.Name}";

    /// <summary>Why the caller may not delete a resource; null: they may. A client takes back what it sent itself.</summary>
    public CareError? DeletionRefusal(StoredResource resource) => resource.Deleted || current.Caller.Sources?.Contains(ResourceWrites.SourceOf(resource), StringComparer.Ordinal) != false
        ? null
        : new NotAllowed("deleting what another source sent");

    /// <summary>The token's scopes; null: not limited.</summary>
    public FhirScopes? Scopes => current.Caller.Scopes;

    private bool SeesEverybody => current.Caller is { Practices: null, Hidden: PersonFlags.None };

    /// <summary>Whether the token's scopes allow an interaction on a type.</summary>
    public bool Allows(ResourceType type, FhirAccess access) => current.Caller.Scopes?.Allows(type, access) ?? true;

    /// <summary>Why the token's scopes do not allow an interaction on a type; null: they do.</summary>
    public CareError? Refusal(ResourceType type, FhirAccess access) => Allows(type, access) ? null : new OutOfScope(type.Name(), access.ToString().ToLowerInvariant());

    /// <summary>Why the token's scopes do not allow a search: its own type, and every type that it looks into by chains and <c>_has</c>; null: they do.</summary>
    public CareError? Refusal(SearchRequest search)
    {
        if (current.Caller.Scopes is null)
        {
            return null;
        }

        return search.SubSearches.Select(s => s.Type).Prepend(search.Type).Select(t => Refusal(t, FhirAccess.Search)).FirstOrDefault(r => r is not null);
    }

    /// <summary>Whether the caller may see what is about a person; resources about nobody are everybody's.</summary>
    public async ValueTask<bool> MaySeeAsync(long patientKey, CancellationToken ct)
    {
        if (SeesEverybody || patientKey == 0 || (await store.AccessAsync(patientKey, ct) is { } access && current.Caller.MaySee(access.PracticeCode, access.Flags)))
        {
            return true;
        }

        AccessTrail.Current?.Refused(patientKey);
        return false;
    }

    /// <summary>Whether the caller may see a resource that was asked for by its id: whoever may see everybody whom it belongs to.</summary>
    /// <param name="resource">The resource.</param>
    /// <param name="former">Whether former versions are to be shown: then everybody counts whom it ever belonged to.</param>
    /// <param name="ct">Cancels.</param>
    public async ValueTask<bool> MaySeeAsync(StoredResource resource, bool former, CancellationToken ct)
    {
        if (SeesEverybody)
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
        if (!Allows(resource.Type, FhirAccess.Search))
        {
            return false;
        }

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

    /// <summary>
    /// A resource as the caller may see it: of a person with a restricted record, who only their team finds, without what
    /// tells where they are. A Patient leaves the store without that already.
    /// </summary>
    public async ValueTask<StoredResource> ShownAsync(StoredResource resource, CancellationToken ct) =>
        await IsMaskedAsync(resource, ct) ? RestrictedRecord.Masked(resource) : resource;

    /// <summary>Whether <see cref="ShownAsync(StoredResource, CancellationToken)"/> leaves something out.</summary>
    public async ValueTask<bool> IsMaskedAsync(StoredResource resource, CancellationToken ct)
    {
        if (!MayBeMasked(resource))
        {
            return false;
        }

        if (resource.PatientKey != 0 && await IsRestrictedAsync(resource.PatientKey, ct))
        {
            return true;
        }

        if (ShownPeople.NamesOthers(resource))
        {
            foreach (var person in await store.PeopleOfAsync(resource.Type, resource.Id, former: true, ct))
            {
                if (await IsRestrictedAsync(person, ct))
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>The key of a person named by number whom the caller may see; null else.</summary>
    public async ValueTask<long?> PersonAsync(string id, CancellationToken ct)
    {
        if (!NhsNumber.TryParse(id, out var number))
        {
            return null;
        }

        if (await directories.FindAsync(number, ct) is { } key)
        {
            if (!await MaySeeAsync(key, ct))
            {
                return null;
            }

            // Also where nothing is found: that is an answer about the person too.
            AccessTrail.Current?.Saw(key);
            return key;
        }

        AccessTrail.Current?.Refused(number);
        return null;
    }

    /// <summary>A resource by type and id, deleted or not, if the caller may see it: one look-up, whether it is there or not.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="id">Its id.</param>
    /// <param name="ct">Cancels.</param>
    /// <param name="former">Whether its former versions are to be shown as well.</param>
    public async ValueTask<StoredResource?> FindAsync(ResourceType type, string id, CancellationToken ct, bool former = false)
    {
        if (RenderedIds.IsRendered(type, id))
        {
            return await records.FindAsync(type, id, ct) is { } rendered && await MaySeeAsync(rendered, former, ct) ? rendered : null;
        }

        if (await store.FindAsync(type, id, SeesEverybody ? PeopleFilter.Everybody : Exact, former, ct) is not { } found)
        {
            return null;
        }

        Knows(found.Resource.PatientKey, found.Flags);
        return found.Resource;
    }

    /// <summary>What was read of a person with their resources need not be looked up again.</summary>
    internal void Knows(long patientKey, PersonFlags flags) => _restricted[patientKey] = (flags & PersonFlags.Restricted) != PersonFlags.None;

    /// <inheritdoc/>
    async ValueTask<bool> ISenderFence.AllowsAsync(long patientKey, CancellationToken ct) =>
        await store.AccessAsync(patientKey, ct) is not { } access || current.Caller.MaySee(access.PracticeCode);

    /// <inheritdoc/>
    bool ISenderFence.AllowsPractice(string practiceCode) => current.Caller.MaySee(practiceCode);

    /// <summary>Whether a search that did not name the person may show what is about them.</summary>
    private async ValueTask<bool> MayFindAsync(long patientKey, CancellationToken ct) => patientKey == 0
        || (await store.AccessAsync(patientKey, ct) is { } access && (access.Flags & PersonFlags.Restricted) == PersonFlags.None && current.Caller.MaySee(access.PracticeCode, access.Flags));

    private async ValueTask<bool> IsRestrictedAsync(long patientKey, CancellationToken ct)
    {
        if (!_restricted.TryGetValue(patientKey, out var restricted))
        {
            restricted = _restricted[patientKey] = await store.AccessAsync(patientKey, ct) is { } access && (access.Flags & PersonFlags.Restricted) != PersonFlags.None;
        }

        return restricted;
    }

    private async ValueTask<List<long>> PeopleOfAsync(StoredResource resource, bool former, CancellationToken ct) =>
        SearchCandidates.IsAboutPeople(resource.Type) ? await store.PeopleOfAsync(resource.Type, resource.Id, former, ct) : [];
}

/// <summary>The token's scopes do not cover a resource type.</summary>
public sealed record OutOfScope(string Type, string Interaction) : CareError(403, "forbidden", $"The scopes of your token do not allow {Interaction} of {Type}.");
