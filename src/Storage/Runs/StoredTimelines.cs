using System.Data.Common;
using System.Runtime.InteropServices;
using BetterCare.Care.Storage.Resources;
using BetterCare.Care.Stratification.Runs;
using BetterCare.Care.Stratification.Timelines;
using Microsoft.Data.Sqlite;

namespace BetterCare.Care.Storage.Runs;

/// <summary>
/// Streams everyone's facts and timelines in key order, one row per person, and keeps what the list and the coverage need
/// beside the score. The engine reads it from one thread at a time.
/// </summary>
public abstract class StoredTimelines : ITimelineSource, IAsyncDisposable
{
    private const int BatchSize = 2048;

    private const string Query = """
        SELECT p.patient_key, p.birth_day, p.death_day, p.registered_day, p.deregistered_day, p.sex, p.deprivation, p.ethnicity,
          p.flags, p.practice_code, t.events
        FROM patient p LEFT JOIN timeline t ON t.patient_key = p.patient_key ORDER BY p.patient_key
        """;

    private readonly DbConnection _connection;
    private readonly int _indexDay;
    private int _first;
    private int _last;
    private readonly Dictionary<string, (string Code, int Number)> _practices = new(StringComparer.Ordinal);

    private StoredTimelines(DbConnection connection, int indexDay)
    {
        _connection = connection;
        _indexDay = indexDay;
    }

    /// <summary>Everyone read so far, in key order.</summary>
    public List<PersonSeen> Seen { get; } = [];

    /// <summary>The days between which contacts and admissions lie, of everyone read so far; null while there are none.</summary>
    public DataPeriod? Period => _last == 0 ? null : new DataPeriod(DateOnly.FromDayNumber(_first), DateOnly.FromDayNumber(_last));

    /// <summary>Reads through everyone once, only for the period that the data covers.</summary>
    public static async Task<DataPeriod?> PeriodAsync(CareDatabase database, CancellationToken ct)
    {
        await using var source = await OpenAsync(database, int.MaxValue, ct);
        var batch = new PersonTimelineBatch();
        while (source.TryFill(batch))
        {
            ct.ThrowIfCancellationRequested();
            batch.Clear();
            source.Seen.Clear();
        }

        return source.Period;
    }

    /// <summary>Starts reading.</summary>
    public static async Task<StoredTimelines> OpenAsync(CareDatabase database, int indexDay, CancellationToken ct)
    {
        var connection = await database.OpenAsync(ct);
        if (database.Engine == DatabaseEngine.Sqlite)
        {
            return new OfSqlite(connection, indexDay);
        }

        var command = connection.CreateCommand();
        command.CommandText = Query;
        command.CommandTimeout = 0;
        return new OfReader(connection, command, await command.ExecuteReaderAsync(ct), indexDay);
    }

    /// <inheritdoc/>
    public bool TryFill(PersonTimelineBatch batch)
    {
        while (batch.Count < BatchSize && Next(out var key, out var facts, out var practice, out var stored))
        {
            var events = MemoryMarshal.Cast<byte, TimelineEvent>(stored);
            batch.Add(key, in facts, events, practice.Number);
            Seen.Add(new PersonSeen(key, practice.Code, facts, LastAdmission(events)));
            Widen(events);
        }

        return batch.Count > 0;
    }

    /// <inheritdoc/>
    public virtual async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Reads the next row; the bytes are valid until the one after.</summary>
    private protected abstract bool Next(out long key, out PersonFacts facts, out (string Code, int Number) practice, out ReadOnlySpan<byte> events);

    /// <summary>One string and one number per practice, not one per person. Numbers only tell practices apart.</summary>
    private protected (string Code, int Number) Practice(string code)
    {
        if (!_practices.TryGetValue(code, out var one))
        {
            one = (code, _practices.Count + 1);
            _practices.Add(code, one);
        }

        return one;
    }

    private void Widen(ReadOnlySpan<TimelineEvent> events)
    {
        foreach (ref readonly var e in events)
        {
            if (e.Kind is EventKind.Admission or EventKind.GpContact)
            {
                _first = _first == 0 ? e.Day : Math.Min(_first, e.Day);
                break;
            }
        }

        for (var i = events.Length - 1; i >= 0; i--)
        {
            if (events[i].Kind is EventKind.Admission or EventKind.GpContact)
            {
                _last = Math.Max(_last, events[i].Day);
                break;
            }
        }
    }

    private int LastAdmission(ReadOnlySpan<TimelineEvent> events)
    {
        for (var i = events.Length - 1; i >= 0; i--)
        {
            if (events[i].Kind == EventKind.Admission && events[i].Day < _indexDay)
            {
                return events[i].Day;
            }
        }

        return 0;
    }

    private sealed class OfSqlite(DbConnection connection, int indexDay) : StoredTimelines(connection, indexDay)
    {
        private readonly SqliteStatement _rows = new(((SqliteConnection)connection).Handle!, Query);
        private bool _ended;

        public override ValueTask DisposeAsync()
        {
            _rows.Dispose();
            return base.DisposeAsync();
        }

        private protected override bool Next(out long key, out PersonFacts facts, out (string Code, int Number) practice, out ReadOnlySpan<byte> events)
        {
            // A statement that is stepped past its end begins again.
            _ended = _ended || !_rows.Step();
            if (_ended)
            {
                key = 0;
                facts = default;
                practice = default;
                events = default;
                return false;
            }

            key = _rows.Long(0);
            facts = new PersonFacts(
                (int)_rows.Long(1), (int)_rows.Long(2), (int)_rows.Long(3), (int)_rows.Long(4), (Sex)_rows.Long(5), (byte)_rows.Long(6),
                (byte)_rows.Long(7), (PersonFlags)_rows.Long(8));
            practice = Practice(_rows.Text(9));
            events = _rows.Blob(10);
            return true;
        }
    }

    private sealed class OfReader(DbConnection connection, DbCommand command, DbDataReader reader, int indexDay) : StoredTimelines(connection, indexDay)
    {
        public override async ValueTask DisposeAsync()
        {
            await reader.DisposeAsync();
            await command.DisposeAsync();
            await base.DisposeAsync();
        }

        private protected override bool Next(out long key, out PersonFacts facts, out (string Code, int Number) practice, out ReadOnlySpan<byte> events)
        {
            if (!reader.Read())
            {
                key = 0;
                facts = default;
                practice = default;
                events = default;
                return false;
            }

            key = reader.GetInt64(0);
            facts = new PersonFacts(
                reader.GetInt32(1), reader.GetInt32(2), reader.GetInt32(3), reader.GetInt32(4), (Sex)reader.GetInt16(5),
                (byte)reader.GetInt16(6), (byte)reader.GetInt16(7), (PersonFlags)reader.GetInt16(8));
            practice = Practice(reader.GetString(9));
            events = reader.IsDBNull(10) ? default : reader.GetFieldValue<byte[]>(10);
            return true;
        }
    }
}

/// <summary>A person as a run saw them.</summary>
public readonly record struct PersonSeen(long PatientKey, string PracticeCode, PersonFacts Facts, int LastAdmissionDay);
