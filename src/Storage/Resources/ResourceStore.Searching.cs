using System.Globalization;
using System.Text;
using BetterCare.Care.Fhir;
using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Storage.Resources;

/// <summary>Of whom a search across people may find resources.</summary>
/// <param name="Practices">ODS codes of the practices; null: all.</param>
/// <param name="Hidden">Flags of people who are not among them: opt-outs from the purpose in hand, and restricted records.</param>
public sealed record PeopleFilter(IReadOnlySet<string>? Practices, PersonFlags Hidden)
{
    /// <summary>Everybody: for the service's own look-ups, never for an answer to a search.</summary>
    public static PeopleFilter Everybody { get; } = new(null, PersonFlags.None);
}

/// <summary>What access to a person's record depends on.</summary>
/// <param name="PracticeCode">ODS code; empty where not known.</param>
/// <param name="Flags">Restricted and the like.</param>
public sealed record PersonAccess(string PracticeCode, PersonFlags Flags);

/// <summary>A resource and what its person carries.</summary>
/// <param name="Resource">Its current version.</param>
/// <param name="Flags">Restricted and the like; none where it is about nobody.</param>
public sealed record FoundResource(StoredResource Resource, PersonFlags Flags);

/// <summary>A person's resources of a type.</summary>
/// <param name="Own">Those that are kept under them, by id.</param>
/// <param name="Shared">Those that are not theirs alone; those kept under another person too.</param>
/// <param name="Flags">Restricted and the like.</param>
public sealed record PersonResources(List<StoredResource> Own, List<StoredResource> Shared, PersonFlags Flags);

/// <summary>Candidates of searches: each method uses one index and gives a limited number of rows.</summary>
public sealed partial class ResourceStore : IAsyncDisposable
{
    private const string Aliased = "r.patient_key, r.type, r.id, r.version, r.last_updated, r.deleted, r.meta_at, r.body";

    private const string OwnSql = "SELECT id, version, last_updated, meta_at, body FROM resource WHERE patient_key=@p0 AND type=@p1 AND NOT deleted ORDER BY id LIMIT @p2";

    private readonly string _sharedSql =
        $"SELECT {Aliased} FROM resource_person l JOIN {database.ResourceById} r ON r.type=l.type AND r.id=l.id WHERE l.patient_key=@p0 AND NOT l.former AND NOT r.deleted";

    private readonly RowReads _rows = new(database);

    /// <summary>What access to a person depends on; null where there is none of that key.</summary>
    public ValueTask<PersonAccess?> AccessAsync(long patientKey, CancellationToken ct) => _rows.FirstAsync(
        "SELECT practice_code, flags FROM patient WHERE patient_key=@p0",
        [patientKey],
        static row => new PersonAccess(row.Text(0), (PersonFlags)row.Long(1)),
        ct);

    /// <summary>The current version, deleted or not, if it is about nobody but such people, with the flags of the person whose it is; null else.</summary>
    /// <param name="type">Type.</param>
    /// <param name="id">Logical id.</param>
    /// <param name="people">Of whom it may be.</param>
    /// <param name="former">Whether everybody counts whom it ever belonged to.</param>
    /// <param name="ct">Cancels.</param>
    public ValueTask<FoundResource?> FindAsync(ResourceType type, string id, PeopleFilter people, bool former, CancellationToken ct)
    {
        if (!IsId(id))
        {
            return ValueTask.FromResult<FoundResource?>(null);
        }

        var (visible, all) = Of(people, [(short)type, id], former);
        return _rows.FirstAsync(
            $"SELECT {Aliased}, COALESCE((SELECT o.flags FROM patient o WHERE o.patient_key=r.patient_key), 0) FROM {database.ResourceById} r WHERE r.type=@p0 AND r.id=@p1{visible}",
            all,
            static row => new FoundResource(Resource(row), (PersonFlags)row.Long(8)),
            ct);
    }

    /// <summary>What a search within a person's record looks through.</summary>
    /// <param name="patientKey">The person.</param>
    /// <param name="type">Resource type.</param>
    /// <param name="limit">How many of their own at most.</param>
    /// <param name="ct">Cancels.</param>
    public async ValueTask<PersonResources> OfPersonAsync(long patientKey, ResourceType type, int limit, CancellationToken ct)
    {
        var own = new RowQuery<StoredResource>(OwnSql, [patientKey, (short)type, limit], Own(patientKey, type));
        var shared = new RowQuery<StoredResource>(_sharedSql + " AND l.type=@p1", [patientKey, (short)type], Resource);
        var flags = new RowQuery<PersonFlags>("SELECT flags FROM patient WHERE patient_key=@p0", [patientKey], static row => (PersonFlags)row.Long(0), onlyFirst: true);
        await _rows.TogetherAsync([own, shared, flags], ct);
        return new PersonResources(own.Rows, shared.Rows, flags.First);
    }

    /// <summary>A person's current resources of a type.</summary>
    public ValueTask<List<StoredResource>> ListOfPatientAsync(long patientKey, ResourceType type, int limit, CancellationToken ct) => _rows.ListAsync(
        OwnSql,
        [patientKey, (short)type, limit],
        Own(patientKey, type),
        ct);

    /// <summary>When the latest version of any resource of a type was stored, in Unix milliseconds; 0 never. Read from the end of an index.</summary>
    public ValueTask<long> LastUpdatedAsync(ResourceType type, CancellationToken ct) => _rows.FirstAsync(
        "SELECT last_updated FROM resource WHERE type=@p0 ORDER BY last_updated DESC LIMIT 1", [(short)type], row => row.Long(0), ct);

    /// <summary>All of a person's current resources, by type and id.</summary>
    public ValueTask<List<StoredResource>> ListOfPatientAsync(long patientKey, CancellationToken ct) => _rows.ListAsync(
        $"SELECT {Columns} FROM resource WHERE patient_key=@p0 AND NOT deleted ORDER BY type, id", [patientKey], Resource, ct);

    /// <summary>A person's current resources that are not theirs alone, of one type or of all; those kept under another person too.</summary>
    public ValueTask<List<StoredResource>> SharedWithAsync(long patientKey, ResourceType? type, CancellationToken ct) => _rows.FewAsync(
        _sharedSql + (type is null ? "" : " AND l.type=@p1"),
        type is { } t ? [patientKey, (short)t] : [patientKey],
        Resource,
        ct);

    /// <summary>Everybody whom a resource belongs to that is not one person's alone; empty where it is.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="id">Its id.</param>
    /// <param name="former">Whether those count whom only former versions name.</param>
    /// <param name="ct">Cancels.</param>
    public ValueTask<List<long>> PeopleOfAsync(ResourceType type, string id, bool former, CancellationToken ct) => _rows.FewAsync(
        "SELECT patient_key FROM resource_person WHERE type=@p0 AND id=@p1" + (former ? "" : " AND NOT former"), [(short)type, id], static row => row.Long(0), ct);

    /// <summary>Current resources with a hashed identifier.</summary>
    public ValueTask<List<StoredResource>> ByIdentifierAsync(ResourceType type, long hash, PeopleFilter people, int limit, CancellationToken ct)
    {
        var (sql, values) = Selection(
            "resource_identifier i JOIN resource r ON r.patient_key=i.patient_key AND r.type=i.type AND r.id=i.id", "i.hash=@p0 AND i.type=@p1", [hash, (short)type], people, "", limit);
        return _rows.FewAsync(sql, values, Resource, ct);
    }

    /// <summary>Current resources with a hashed code.</summary>
    /// <param name="type">Type.</param>
    /// <param name="hash">See <see cref="Hashing.Code"/>.</param>
    /// <param name="days">First and last day of the event; null: any.</param>
    /// <param name="people">Whose.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="ct">Cancels.</param>
    public async ValueTask<List<StoredResource>> ByCodeAsync(ResourceType type, long hash, (int From, int To)? days, PeopleFilter people, int limit, CancellationToken ct)
    {
        const string From = "resource_code i JOIN resource r ON r.patient_key=i.patient_key AND r.type=i.type AND r.id=i.id";
        if (days is not { } range)
        {
            return await SelectAsync(From, "i.type=@p0 AND i.code_hash=@p1", [(short)type, hash], people, "", limit, ct);
        }

        const string OnDays = "i.type=@p0 AND i.code_hash=@p1 AND i.day BETWEEN @p2 AND @p3";
        var found = await SelectAsync(From, OnDays, [(short)type, hash, Math.Max(1, range.From), range.To], people, "", limit, ct);
        if (found.Count < limit)
        {
            // Day 0: what is undated or has no exact day, which the range cannot exclude.
            found.AddRange(await SelectAsync(From, OnDays, [(short)type, hash, 0, 0], people, "", limit - found.Count, ct));
        }

        return found;
    }

    /// <summary>Current resources of a type that were stored within a time, Unix milliseconds, both included.</summary>
    public ValueTask<List<StoredResource>> UpdatedAsync(ResourceType type, long from, long to, PeopleFilter people, int limit, CancellationToken ct) => SelectAsync(
        "resource r", "r.type=@p0 AND r.last_updated BETWEEN @p1 AND @p2", [(short)type, from, to], people, "", limit, ct);

    /// <summary>Current resources of a type after an id, in the order of ids.</summary>
    public ValueTask<List<StoredResource>> PageAsync(ResourceType type, string afterId, PeopleFilter people, int limit, CancellationToken ct) => SelectAsync(
        $"{database.ResourceById} r", "r.type=@p0 AND r.id>@p1", [(short)type, afterId], people, "ORDER BY r.id", limit, ct);

    /// <summary>How many current resources there are of a type.</summary>
    public async ValueTask<long> CountAsync(ResourceType type, PeopleFilter people, CancellationToken ct)
    {
        var (visible, values) = Of(people, [(short)type], former: false);
        return (await _rows.ListAsync($"SELECT COUNT(*) FROM resource r WHERE r.type=@p0 AND NOT r.deleted{visible}", values, static row => row.Long(0), ct))[0];
    }

    /// <summary>Patient resources of the people of a practice.</summary>
    public ValueTask<List<StoredResource>> PatientsOfPracticeAsync(string practiceCode, PeopleFilter people, int limit, CancellationToken ct) =>
        PatientsAsync("q.practice_code=@p0", [practiceCode], people, limit, ct);

    /// <summary>Patient resources of the people born within a range of days.</summary>
    public ValueTask<List<StoredResource>> PatientsBornAsync(int from, int to, PeopleFilter people, int limit, CancellationToken ct) =>
        PatientsAsync("q.birth_day BETWEEN @p0 AND @p1", [from, to], people, limit, ct);

    /// <summary>Patient resources of the people whose family name begins so, without case and accents.</summary>
    public ValueTask<List<StoredResource>> PatientsNamedAsync(string family, PeopleFilter people, int limit, CancellationToken ct)
    {
        var prefix = FoldedText.Of(family);
        return PatientsAsync("q.family_folded>=@p0 AND q.family_folded<@p1", [prefix, prefix + '\uFFFF'], people, limit, ct);
    }

    /// <summary>
    /// Entries of an index after a place, with their resources where people and deletions allow: as many entries as asked for,
    /// or all that there are. What is left out is an entry all the same, so that who reads on knows how far they got.
    /// </summary>
    internal ValueTask<List<IndexEntry>> EntriesAsync(
        IndexStretch stretch, IndexPlace after, bool descending, PeopleFilter people, int limit, CancellationToken ct)
    {
        var (entries, values) = stretch.EntriesAfter(after, descending, limit);
        var (visible, all) = Of(people, values, former: false);
        var type = stretch.Type;
        var named = stretch.NamesResources ? " AND r.id=e.i" : "";
        return _rows.ListAsync(
            $"SELECT e.v, e.k, e.i, COALESCE(r.version,0), r.last_updated, r.meta_at, r.id, r.body FROM ({entries}) e "
            + $"LEFT JOIN resource r ON r.patient_key=e.k AND r.type={((int)type).ToString(CultureInfo.InvariantCulture)}{named} AND NOT r.deleted{visible}",
            all,
            row =>
            {
                var place = new IndexPlace(row.Long(0) + stretch.Offset, row.Long(1), row.Text(2));
                var version = (int)row.Long(3);
                return new IndexEntry(place, version == 0
                    ? null
                    : RestrictedRecord.Shown(new StoredResource(place.PatientKey, type, row.Text(6), version, row.Long(4), false, (int)row.Long(5), row.Body(7))));
            },
            ct);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _rows.DisposeAsync();

    private ValueTask<List<StoredResource>> PatientsAsync(string where, object[] values, PeopleFilter people, int limit, CancellationToken ct) => SelectAsync(
        "patient q JOIN resource r ON r.patient_key=q.patient_key",
        $"{where} AND r.type={((int)ResourceType.Patient).ToString(CultureInfo.InvariantCulture)}",
        values,
        people,
        "",
        limit,
        ct);

    private ValueTask<List<StoredResource>> SelectAsync(
        string from, string where, object[] values, PeopleFilter people, string order, int limit, CancellationToken ct, bool deleted = false)
    {
        var (sql, all) = Selection(from, where, values, people, order, limit, deleted);
        return _rows.ListAsync(sql, all, Resource, ct);
    }

    private static (string Sql, object[] Values) Selection(string from, string where, object[] values, PeopleFilter people, string order, int limit, bool deleted = false)
    {
        var (visible, all) = Of(people, values, former: deleted);
        return ($"SELECT {Aliased} FROM {from} WHERE {where}{(deleted ? "" : " AND NOT r.deleted")}{visible} {order} LIMIT @p{all.Length}", [.. all, limit]);
    }

    /// <summary>
    /// What leaves out resources of people whom the caller may not see. One that belongs to several is shown to those who may
    /// see each of them; its versions, to those who may see everybody that it ever belonged to.
    /// </summary>
    private static (string Where, object[] Values) Of(PeopleFilter people, object[] values, bool former)
    {
        if (people is { Hidden: PersonFlags.None, Practices: null })
        {
            return ("", values);
        }

        var hidden = new StringBuilder();
        if (people.Hidden != PersonFlags.None)
        {
            hidden.Append("(p.flags & ").Append((int)people.Hidden).Append(")<>0");
        }

        if (people.Practices is { } practices)
        {
            hidden.Append(hidden.Length == 0 ? "" : " OR ").Append(practices.Count == 0 ? "1=1" : "p.practice_code NOT IN (");
            hidden.AppendJoin(',', practices.Order(StringComparer.Ordinal).Select((_, i) => $"@p{values.Length + i}")).Append(practices.Count == 0 ? "" : ")");
            values = [.. values, .. practices.Order(StringComparer.Ordinal)];
        }

        return ($" AND (r.patient_key=0 OR EXISTS (SELECT 1 FROM patient p WHERE p.patient_key=r.patient_key AND NOT ({hidden})))"
            + " AND NOT EXISTS (SELECT 1 FROM resource_person l JOIN patient p ON p.patient_key=l.patient_key"
            + $" WHERE l.type=r.type AND l.id=r.id{(former ? "" : " AND NOT l.former")} AND ({hidden}))", values);
    }

    /// <summary>Reads rows of <see cref="OwnSql"/>, which leave out what is the same in each.</summary>
    private static Func<StoredRow, StoredResource> Own(long patientKey, ResourceType type) => row =>
        RestrictedRecord.Shown(new(patientKey, type, row.Text(0), (int)row.Long(1), row.Long(2), false, (int)row.Long(3), row.Body(4)));

    private static StoredResource Resource(StoredRow row) => RestrictedRecord.Shown(new(
        row.Long(0), (ResourceType)row.Long(1), row.Text(2), (int)row.Long(3), row.Long(4), row.Long(5) != 0, (int)row.Long(6), row.Body(7)));
}
