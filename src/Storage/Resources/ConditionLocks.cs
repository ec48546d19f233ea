using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using BetterCare.Care.Fhir.Search;
using Npgsql;

namespace BetterCare.Care.Storage.Resources;

/// <summary>
/// Lets one request at a time look a condition up and act upon what it found: else two equal conditional creates both find
/// nothing and both create. Within a process by semaphores; between processes, which only PostgreSQL has, by advisory locks,
/// which the database lets go of when a process dies.
/// </summary>
public sealed class ConditionLocks(CareDatabase database)
{
    // At most so many connections wait for locks at a time: whoever waits for a neighbour of the same process waits without one.
    private const int Stripes = 32;

    // Whoever holds a condition holds it for milliseconds; half a minute means that something is stuck.
    private const string Take = "SET lock_timeout = '30s'; SELECT pg_advisory_lock(@key)";

    private readonly SemaphoreSlim[] _local = [.. Enumerable.Range(0, Stripes).Select(_ => new SemaphoreSlim(1, 1))];

    /// <summary>Holds conditions until the result is disposed of.</summary>
    /// <param name="conditions">Type and query each: <c>Patient?identifier=…</c>.</param>
    /// <param name="ct">Cancels the wait.</param>
    /// <exception cref="StoreFailedException">Somebody else held one of them for too long.</exception>
    public async Task<IAsyncDisposable> HoldAsync(IEnumerable<string> conditions, CancellationToken ct)
    {
        // In one order, so that two requests never wait for each other.
        var keys = conditions.Select(KeyOf).Distinct().Order().ToList();
        var held = new Held();
        try
        {
            foreach (var stripe in keys.Select(k => (int)((ulong)k % Stripes)).Distinct().Order())
            {
                await _local[stripe].WaitAsync(ct);
                held.Add(_local[stripe]);
            }

            if (database.Engine == DatabaseEngine.Postgres)
            {
                held.Connection = await database.OpenAsync(ct);
                foreach (var key in keys)
                {
                    await using var command = held.Connection.CreateCommand();
                    command.CommandText = Take;
                    var parameter = command.CreateParameter();
                    parameter.ParameterName = "key";
                    parameter.Value = key;
                    command.Parameters.Add(parameter);
                    await command.ExecuteNonQueryAsync(ct);
                }
            }

            return held;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            await held.DisposeAsync();
            throw new StoreFailedException("Another request with the same condition took too long.", e);
        }
        catch
        {
            await held.DisposeAsync();
            throw;
        }
    }

    /// <summary>The same for the same condition, however it is written and whichever process asks.</summary>
    private static long KeyOf(string condition)
    {
        var mark = condition.IndexOf('?', StringComparison.Ordinal);
        var query = QueryText.Parse(condition[(mark + 1)..]).Select(p => $"{p.Key}={p.Value}").Order(StringComparer.Ordinal);
        var text = $"{condition[..Math.Max(0, mark)]}?{string.Join('&', query)}";
        return BitConverter.ToInt64(SHA256.HashData(Encoding.UTF8.GetBytes(text)), 0);
    }

    private sealed class Held : IAsyncDisposable
    {
        private readonly List<SemaphoreSlim> _local = [];

        public DbConnection? Connection { get; set; }

        public void Add(SemaphoreSlim one) => _local.Add(one);

        public async ValueTask DisposeAsync()
        {
            try
            {
                if (Connection is not null)
                {
                    // The connection goes back to the pool, so it must be let go of here.
                    await using var command = Connection.CreateCommand();
                    command.CommandText = "SELECT pg_advisory_unlock_all()";
                    await command.ExecuteNonQueryAsync(CancellationToken.None);
                    await Connection.DisposeAsync();
                    Connection = null;
                }
            }
            catch (DbException)
            {
                // A broken connection has let go already.
            }
            finally
            {
                _local.ForEach(s => s.Release());
                _local.Clear();
            }
        }
    }
}
