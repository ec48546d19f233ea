using System.Runtime.ExceptionServices;

namespace BetterCare.Care.Stratification.Runs;

/// <summary>
/// Works through a source with several threads: they take turns to read a batch, work on their batches side by side,
/// and the results come back in the order of reading, so nothing depends on how many threads there are.
/// </summary>
internal static class BatchWork
{
    /// <summary>Maps every batch of a source.</summary>
    /// <param name="source">Read by one thread at a time.</param>
    /// <param name="workers">Threads; 0: one per core.</param>
    /// <param name="createWorker">Makes one thread's worker, with memory of its own.</param>
    /// <param name="progress">Told the number of people read so far; may be null.</param>
    /// <param name="ct">Stops between batches.</param>
    public static List<TResult> Map<TResult>(ITimelineSource source, int workers, Func<Func<PersonTimelineBatch, TResult>> createWorker, IProgress<int>? progress, CancellationToken ct)
        where TResult : class
    {
        var results = new List<TResult?>();
        var reading = new Lock();
        var read = 0;
        var ended = false;
        var count = workers > 0 ? workers : Environment.ProcessorCount;
        Unwrapped(() => Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = count, CancellationToken = ct }, _ =>
        {
            var batch = new PersonTimelineBatch();
            var work = createWorker();
            while (true)
            {
                ct.ThrowIfCancellationRequested();
                int place;
                lock (reading)
                {
                    batch.Clear();
                    if (ended)
                    {
                        return;
                    }

                    // Set before the call too: a source that has failed is not asked again by the other workers.
                    ended = true;
                    ended = !source.TryFill(batch);
                    if (ended)
                    {
                        return;
                    }

                    place = results.Count;
                    results.Add(null);
                    read += batch.Count;
                    progress?.Report(read);
                }

                var result = work(batch);
                lock (reading)
                {
                    results[place] = result;
                }
            }
        }));
        return results!;
    }

    // A source that fails should be seen to fail by its own exception, not by one about threads.
    private static void Unwrapped(Action work)
    {
        try
        {
            work();
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
    }
}
