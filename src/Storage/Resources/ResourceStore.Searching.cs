using System.Globalization;
using System.Text;
using BetterCare.Care.Fhir;
using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Storage.Resources;

/// <summary>Of whom a search across people may find resources.</summary>
/// <param name="Practices">ODS codes of the practices; null: all.</param>
/// <param name="Restricted">Whether people with a restricted record are among them: only where they were asked for by number.</param>
public sealed record PeopleFilter(IReadOnlySet<string>? Practices, bool Restricted)
{
    /// <summary>Everybody: for the service's own look-ups, never for an answer to a search.</summary>
    public static PeopleFilter Everybody { get; } = new(null, true);
}

/// <summary>What access to a person's record depends on.</summary>
/// <param name="PracticeCode">ODS code; empty where not known.</param>
/// <param name="Flags">Restricted and the like.</param>
public sealed record PersonAccess(string PracticeCode, PersonFlags Flags);

/// <summary>Candidates of searches: each method uses one index and gives a limited number of rows.</summary>
public sealed partial class ResourceStore : IAsyncDisposable
{
    private const string Aliased = "r.patient_key, r.type, r.id, r.version, r.last_updated, r.deleted, r.meta_at, r.body";

    private readonly RowReads _rows = new(database);

    /// <summary>What access to a person depends on; null where there is none of that key.</summary>
    public ValueTask<PersonAccess?> AccessAsync(long patientKey, CancellationToken ct) => _rows.FirstAsync(
        "SELECT practice_code, flags FROM patient WHERE patient_key=@p0",
        [patientKey],
        static row => new PersonAccess(row.Text(0), (PersonFlags)row.Long(1)),
        ct);

    /// <summary>A person's current resources of a type.</summary>
    public ValueTask<List<StoredResource>> ListOfPatientAsync(long patientKey, ResourceType type, int limit, CancellationToken ct) => _rows.ListAsync(
        $"SELECT {Columns} FROM resource WHERE patient_key=@p0 AND type=@p1 AND NOT deleted ORDER BY id LIMIT @p2",
        [patientKey, (short)type, limit],
        Resource,
        ct);

    /// <summary>All of a person's current resources, by type and id.</summary>
    public ValueTask<List<StoredResource>> ListOfPatientAsync(long patientKey, CancellationToken ct) => _rows.ListAsync(
        $"SELECT {Columns} FROM resource WHERE patient_key=@p0 AND NOT deleted ORDER BY type, id", [patientKey], Resource, ct);

    /// <summary>Current resources with a hashed identifier.</summary>
    public ValueTask<List<StoredResource>> ByIdentifierAsync(ResourceType type, long hash, PeopleFilter people, int limit, CancellationToken ct) => SelectAsync(
        "resource_identifier i JOIN resource r ON r.patient_key=i.patient_key AND r.type=i.type AND r.id=i.id",
        "i.hash=@p0 AND i.type=@p1",
        [hash, (short)type],
        people,
        "",
        limit,
        ct);

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
        "resource r", "r.type=@p0 AND r.id>@p1", [(short)type, afterId], people, "ORDER BY r.id", limit, ct);

    /// <summary>How many current resources there are of a type.</summary>
    public async ValueTask<long> CountAsync(ResourceType type, PeopleFilter people, CancellationToken ct)
    {
        var (visible, values) = Of(people, [(short)type]);
        return await _rows.FirstAsync($"SELECT COUNT(*) FROM resource r WHERE r.type=@p0 AND NOT r.deleted{visible}", values, static row => row.Long(0), ct);
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

    /// <summary>Versions of a type, newest first: those stored up to an instant and, at that instant, before an id and version.</summary>
    public async ValueTask<List<StoredResource>> HistoryAsync(ResourceType type, (long At, string Id, int Version) before, long since, PeopleFilter people, int limit, CancellationToken ct)
    {
        const string Where = "r.type=@p0 AND r.last_updated>=@p1 AND (r.last_updated<@p2 OR (r.last_updated=@p2 AND (r.id<@p3 OR (r.id=@p3 AND r.version<@p4))))";
        object[] values = [(short)type, since, before.At, before.Id, before.Version];
        const string Newest = "ORDER BY r.last_updated DESC, r.id DESC, r.version DESC";
        var found = await SelectAsync("resource r", Where, values, people, Newest, limit, ct, deleted: true);
        found.AddRange(await SelectAsync("resource_history r", Where, values, people, Newest, limit, ct, deleted: true));
        return [.. found.OrderByDescending(r => r.LastUpdated).ThenByDescending(r => r.Id, StringComparer.Ordinal).ThenByDescending(r => r.Version).Take(limit)];
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
        var (visible, all) = Of(people, values);
        return _rows.ListAsync(
            $"SELECT {Aliased} FROM {from} WHERE {where}{(deleted ? "" : " AND NOT r.deleted")}{visible} {order} LIMIT @p{all.Length}", [.. all, limit], Resource, ct);
    }

    private static (string Where, object[] Values) Of(PeopleFilter people, object[] values)
    {
        if (people is { Restricted: true, Practices: null })
        {
            return ("", values);
        }

        var text = new StringBuilder(" AND (r.patient_key=0 OR EXISTS (SELECT 1 FROM patient p WHERE p.patient_key=r.patient_key");
        if (!people.Restricted)
        {
            text.Append(" AND (p.flags & ").Append((int)PersonFlags.Restricted).Append(")=0");
        }

        if (people.Practices is { } practices)
        {
            text.Append(" AND p.practice_code IN (");
            text.AppendJoin(',', practices.Order(StringComparer.Ordinal).Select((_, i) => $"@p{values.Length + i}")).Append(')');
            values = [.. values, .. practices.Order(StringComparer.Ordinal)];
        }

        return (text.Append("))").ToString(), values);
    }

    private static StoredResource Resource(StoredRow row) => new(
        row.Long(0), (ResourceType)row.Long(1), row.Text(2), (int)row.Long(3), row.Long(4), row.Long(5) != 0, (int)row.Long(6), row.Blob(7));
}
