using System.Collections.Concurrent;
using System.Data.Common;
using System.Globalization;
using Npgsql;

namespace BetterCare.Care.Storage.Resources;

/// <summary>
/// Short reads of PostgreSQL, by key: over a few connections that stay open with their statements prepared, and together with
/// those of other requests. Whoever comes while a connection is idle asks at once; who comes while it is busy is asked for
/// with everybody else who waits, in one message. Under load most of the price of a look-up is waking a process on either
/// side, and so a wake serves many. What may read long does not belong here: it would keep the others waiting.
/// </summary>
/// <param name="open">Opens a connection.</param>
internal sealed class PostgresLanes(Func<CancellationToken, Task<DbConnection>> open) : IAsyncDisposable
{
    // More than one, so that a longer answer does not hold up everybody; few, so that those who wait are many.
    private readonly Lane[] _lanes = [.. Enumerable.Range(0, Math.Clamp(Environment.ProcessorCount, 2, 8)).Select(_ => new Lane(open))];

    /// <summary>Completes when every query has its rows.</summary>
    public Task AskAsync(RowQuery[] queries, CancellationToken ct)
    {
        var best = _lanes[0];
        foreach (var lane in _lanes)
        {
            if (lane.Load < best.Load)
            {
                best = lane;
            }
        }

        return best.AskAsync(new Asked(queries, ct));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var lane in _lanes)
        {
            await lane.DisposeAsync();
        }
    }

    /// <summary>The queries of one who asks.</summary>
    private sealed class Asked(RowQuery[] queries, CancellationToken ct)
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public RowQuery[] Queries => queries;

        public Task Done => _done.Task;

        /// <summary>Whether nobody waits for it any more.</summary>
        public bool IsOver => _done.Task.IsCompleted || (ct.IsCancellationRequested && _done.TrySetCanceled(ct));

        public void Answered() => _done.TrySetResult();

        public void Failed(Exception why) => _done.TrySetException(why);
    }

    /// <summary>One connection, and who waits for it.</summary>
    private sealed class Lane(Func<CancellationToken, Task<DbConnection>> open) : IAsyncDisposable
    {
        // A statement is told apart by its text; the limit of the caller's practices makes a few hundred of them.
        private const int MaxPrepared = 500;

        private static readonly ConcurrentDictionary<string, string> Positional = new(StringComparer.Ordinal);
        private readonly Lock _lock = new();
        private readonly HashSet<string> _prepared = new(StringComparer.Ordinal);
        private List<Asked> _waiting = [];
        private List<Asked> _spare = [];
        private NpgsqlConnection? _connection;
        private Task _loop = Task.CompletedTask;
        private bool _running;

        /// <summary>How many come before whoever asks now.</summary>
        public int Load => _running ? 1 + _waiting.Count : 0;

        public Task AskAsync(Asked asked)
        {
            lock (_lock)
            {
                _waiting.Add(asked);
                if (_running)
                {
                    return asked.Done;
                }

                _running = true;
            }

            return LeadAsync(asked);
        }

        public async ValueTask DisposeAsync()
        {
            await _loop;
            await CloseAsync();
        }

        /// <summary>Asks for what waits, one's own with it; what came in the meantime is the pool's, so that no request serves the others for ever.</summary>
        private async Task LeadAsync(Asked asked)
        {
            // Behind whatever is ready to run: it may bring company. On an idle machine that is nothing.
            await Task.Yield();
            await AnswerAsync();
            lock (_lock)
            {
                if (_waiting.Count == 0)
                {
                    _running = false;
                }
                else
                {
                    _loop = Task.Run(AnswerAllAsync);
                }
            }

            await asked.Done;
        }

        private async Task AnswerAllAsync()
        {
            while (true)
            {
                await AnswerAsync();
                lock (_lock)
                {
                    if (_waiting.Count == 0)
                    {
                        _running = false;
                        return;
                    }
                }
            }
        }

        private async Task AnswerAsync()
        {
            List<Asked> all;
            lock (_lock)
            {
                all = _waiting;
                _waiting = _spare;
            }

            try
            {
                await SendAsync(all);
            }
#pragma warning disable CA1031 // Whatever went wrong, those who wait must hear of it and the lane must live on.
            catch (Exception)
            {
                // Each by itself: one that cannot be answered fails alone, and a server that was restarted is found again.
                await CloseAsync();
                foreach (var one in all)
                {
                    try
                    {
                        await SendAsync([one]);
                    }
                    catch (Exception e)
                    {
                        one.Failed(e);
                        await CloseAsync();
                    }
                }
            }
#pragma warning restore CA1031

            all.Clear();
            _spare = all;
        }

        private async Task SendAsync(List<Asked> all)
        {
            all.RemoveAll(static a => a.IsOver);
            if (all.Count == 0)
            {
                return;
            }

            if (_prepared.Count > MaxPrepared)
            {
                await CloseAsync();
            }

            _connection ??= (NpgsqlConnection)await open(CancellationToken.None);
            await using var batch = new NpgsqlBatch(_connection);
            foreach (var asked in all)
            {
                foreach (var query in asked.Queries)
                {
                    batch.BatchCommands.Add(Command(query));
                }
            }

            // Nothing is sent for what is prepared already.
            await batch.PrepareAsync();
            await using var reader = await batch.ExecuteReaderAsync();
            var row = new ReaderRow(reader);
            foreach (var asked in all)
            {
                foreach (var query in asked.Queries)
                {
                    query.Begin();
                    while (await reader.ReadAsync() && query.Take(row))
                    {
                    }

                    await reader.NextResultAsync();
                }

                asked.Answered();
            }
        }

        private NpgsqlBatchCommand Command(RowQuery query)
        {
            var sql = Positional.GetOrAdd(query.Sql, static (named, count) => Numbered(named, count), query.Values.Length);
            _prepared.Add(sql);
            var command = new NpgsqlBatchCommand(sql);
            foreach (var value in query.Values)
            {
                command.Parameters.Add(value switch
                {
                    long number => new NpgsqlParameter<long> { TypedValue = number },
                    short number => new NpgsqlParameter<short> { TypedValue = number },
                    int number => new NpgsqlParameter<int> { TypedValue = number },
                    string text => new NpgsqlParameter<string> { TypedValue = text },
                    _ => new NpgsqlParameter { Value = value },
                });
            }

            return command;
        }

        private async ValueTask CloseAsync()
        {
            _prepared.Clear();
            if (_connection is { } connection)
            {
                _connection = null;
                await connection.DisposeAsync();
            }
        }

        /// <summary>The query with the server's own names of parameters; the driver would translate them each time.</summary>
        private static string Numbered(string named, int count)
        {
            // From the last, so that @p1 is not taken for the beginning of @p10.
            for (var i = count; i > 0; i--)
            {
                named = named.Replace(string.Create(CultureInfo.InvariantCulture, $"@p{i - 1}"), string.Create(CultureInfo.InvariantCulture, $"${i}"), StringComparison.Ordinal);
            }

            return named;
        }
    }
}
