using System.Data.Common;
using System.Runtime.InteropServices;
using BetterCare.Care.Stratification.Runs;
using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Storage.Runs;

/// <summary>
/// Streams everyone's facts and timelines in key order, one row per person, and keeps what the list and the coverage need
/// beside the score. The engine reads it from one thread at a time.
/// </summary>
public sealed class StoredTimelines : ITimelineSource, IAsyncDisposable
{
    private const int BatchSize = 2048;

    private readonly DbConnection _connection;
    private readonly DbCommand _command;
    private readonly DbDataReader _reader;
    private readonly int _indexDay;
    private readonly Dictionary<string, string> _practices = new(StringComparer.Ordinal);
    private byte[] _buffer = new byte[1 << 16];

    private StoredTimelines(DbConnection connection, DbCommand command, DbDataReader reader, int indexDay)
    {
        _connection = connection;
        _command = command;
        _reader = reader;
        _indexDay = indexDay;
    }

    /// <summary>Everyone read so far, in key order.</summary>
    public List<PersonSeen> Seen { get; } = [];

    /// <summary>Starts reading.</summary>
    public static async Task<StoredTimelines> OpenAsync(CareDatabase database, int indexDay, CancellationToken ct)
    {
        var connection = await database.OpenAsync(ct);
        var command = connection.CreateCommand();
        command.CommandText = """
            SELECT p.patient_key, p.birth_day, p.death_day, p.registered_day, p.deregistered_day, p.sex, p.deprivation, p.ethnicity,
              p.flags, p.practice_code, t.events
            FROM patient p LEFT JOIN timeline t ON t.patient_key = p.patient_key ORDER BY p.patient_key
            """;
        command.CommandTimeout = 0;
        return new StoredTimelines(connection, command, await command.ExecuteReaderAsync(System.Data.CommandBehavior.SequentialAccess, ct), indexDay);
    }

    /// <inheritdoc/>
    public bool TryFill(PersonTimelineBatch batch)
    {
        while (batch.Count < BatchSize && _reader.Read())
        {
            var key = _reader.GetInt64(0);
            var facts = new PersonFacts(
                _reader.GetInt32(1), _reader.GetInt32(2), _reader.GetInt32(3), _reader.GetInt32(4), (Sex)_reader.GetInt16(5),
                (byte)_reader.GetInt16(6), (byte)_reader.GetInt16(7), (PersonFlags)_reader.GetInt16(8));
            var practice = _reader.GetString(9);
            var length = 0;
            if (!_reader.IsDBNull(10))
            {
                int read;
                while ((read = (int)_reader.GetBytes(10, length, _buffer, length, _buffer.Length - length)) > 0)
                {
                    length += read;
                    if (length == _buffer.Length)
                    {
                        Array.Resize(ref _buffer, _buffer.Length * 2);
                    }
                }
            }

            var events = MemoryMarshal.Cast<byte, TimelineEvent>(_buffer.AsSpan(0, length));
            batch.Add(key, in facts, events);
            Seen.Add(new PersonSeen(key, Interned(practice), facts, LastAdmission(events)));
        }

        return batch.Count > 0;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _reader.DisposeAsync();
        await _command.DisposeAsync();
        await _connection.DisposeAsync();
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

    private string Interned(string practice)
    {
        if (!_practices.TryGetValue(practice, out var one))
        {
            _practices[practice] = one = practice;
        }

        return one;
    }
}

/// <summary>A person as a run saw them.</summary>
public readonly record struct PersonSeen(long PatientKey, string PracticeCode, PersonFacts Facts, int LastAdmissionDay);
