using System.Collections.Concurrent;
using System.Diagnostics;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Stratification.Timelines;
using BetterCare.Care.Synthetic.Ndjson;
using BetterCare.Care.Synthetic.People;
using BetterCare.Care.Synthetic.Timelines;

namespace BetterCare.Care.Synthetic;

/// <summary>
/// Makes a synthetic UK cohort: real practices, made-up people, professionals and four years of care, as FHIR R4 NDJSON.
/// Nobody in it exists; NHS numbers are from the range that is never issued.
/// </summary>
public static class CohortGenerator
{
    private const int ChunkPeople = 128;

    /// <summary>
    /// Writes one NDJSON file per resource type into <paramref name="folder"/>, plus hidden-risk.csv (the true
    /// probability per person and index date, for judging models; never import it) and patient-index.csv (practice, small
    /// area and IMD decile per person). Memory stays flat: people are made in chunks on all cores and written in order.
    /// </summary>
    /// <param name="options">What to make.</param>
    /// <param name="folder">Created if missing; files of the same names are overwritten.</param>
    /// <param name="progress">Told after each chunk.</param>
    /// <param name="ct">Stops between chunks; what was written stays.</param>
    public static async Task<CohortSummary> WriteNdjsonAsync(
        CohortOptions options, string folder, IProgress<CohortProgress>? progress = null, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var watch = Stopwatch.StartNew();
        var plan = new CohortPlan(options);
        var text = new ResourceText(plan);
        Directory.CreateDirectory(folder);
        await using var files = new CohortFiles(folder, options.Gzip);

        var place = new Chunk();
        PlaceWriter.Write(text, place);
        await files.WriteAsync(place, ct).ConfigureAwait(false);
        await files.WriteHeadersAsync(options, ct).ConfigureAwait(false);

        var idle = new Stack<Worker>();
        var running = new Queue<Task<Chunk>>();
        var busy = new Queue<Worker>();
        var started = 0;
        var written = 0;
        while (written < options.Patients)
        {
            ct.ThrowIfCancellationRequested();
            while (started < options.Patients && running.Count < Environment.ProcessorCount + 2)
            {
                var from = started;
                var to = started = Math.Min(options.Patients, started + ChunkPeople);
                var worker = idle.Count > 0 ? idle.Pop() : new Worker(plan, text);
                busy.Enqueue(worker);
                running.Enqueue(Task.Run(() => worker.Make(from, to), ct));
            }

            var chunk = await running.Dequeue().ConfigureAwait(false);
            await files.WriteAsync(chunk, ct).ConfigureAwait(false);
            written += chunk.People;
            idle.Push(busy.Dequeue());
            progress?.Report(new CohortProgress(written, options.Patients, files.Resources));
        }

        var (counts, bytes) = await files.CloseAsync(ct).ConfigureAwait(false);
        return new CohortSummary(counts, bytes, watch.Elapsed);
    }

    /// <summary>
    /// The same people as timelines, without FHIR between: for training and benchmarks at scale. In order of the patient
    /// key, which counts from 1; made on all cores, a few thousand ahead of the reader.
    /// </summary>
    /// <param name="options">What to make; Gzip and InvalidRate do not matter here.</param>
    /// <param name="ct">Stops between chunks.</param>
    public static IEnumerable<SyntheticTimeline> Timelines(CohortOptions options, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        CohortOptions.Check(options);
        return MakeTimelines(options, ct);
    }

    private static IEnumerable<SyntheticTimeline> MakeTimelines(CohortOptions options, CancellationToken ct)
    {
        var plan = new CohortPlan(options);
        var text = new ResourceText(plan);
        var idle = new ConcurrentBag<TimelineWorker>();
        var running = new Queue<Task<SyntheticTimeline[]>>();
        var started = 0;
        while (started < options.Patients || running.Count > 0)
        {
            while (started < options.Patients && running.Count < Environment.ProcessorCount * 4)
            {
                var from = started;
                var to = started = Math.Min(options.Patients, started + ChunkPeople);
                running.Enqueue(Task.Run(
                    () =>
                    {
                        var worker = idle.TryTake(out var taken) ? taken : new TimelineWorker(plan, text);
                        var made = worker.Make(from, to);
                        idle.Add(worker);
                        return made;
                    },
                    ct));
            }

            foreach (var timeline in running.Dequeue().GetAwaiter().GetResult())
            {
                yield return timeline;
            }
        }
    }

    /// <summary>What one core needs to make people; used again for the next chunk.</summary>
    private sealed class Worker(CohortPlan plan, ResourceText text)
    {
        private readonly LifeSimulator _simulator = new(plan);
        private readonly PersonWriter _writer = new(text);
        private readonly Person _person = new();
        private readonly Chunk _chunk = new();

        public Chunk Make(int from, int to)
        {
            _chunk.Clear();
            for (var index = from; index < to; index++)
            {
                _simulator.Live(index, _person);
                _writer.Write(_person, _chunk);
            }

            return _chunk;
        }
    }

    private sealed class TimelineWorker(CohortPlan plan, ResourceText text)
    {
        private readonly LifeSimulator _simulator = new(plan);
        private readonly TimelineWriter _writer = new(text);
        private readonly Person _person = new();

        public SyntheticTimeline[] Make(int from, int to)
        {
            var made = new SyntheticTimeline[to - from];
            for (var index = from; index < to; index++)
            {
                _simulator.Live(index, _person);
                var (family, given) = PatientWriter.NameOf(text, _person);
                made[index - from] = new SyntheticTimeline(_person.Number, _person.Practice.OdsCode, family, given, _writer.Write(_person), _person.TrueRisk.ToArray());
            }

            return made;
        }
    }
}

/// <summary>A synthetic person's timeline with the truth about them.</summary>
/// <param name="Number">NHS number, of nobody.</param>
/// <param name="Practice">ODS code of the practice.</param>
/// <param name="Family">Family name.</param>
/// <param name="Given">Given name.</param>
/// <param name="Timeline">As a stratification run sees the person.</param>
/// <param name="TrueRisk">True probability of an emergency admission in the 365 days from each of <see cref="CohortOptions.IndexDates"/>; NaN where not alive and registered. Never a feature.</param>
public readonly record struct SyntheticTimeline(NhsNumber Number, string Practice, string Family, string Given, PersonTimeline Timeline, ReadOnlyMemory<double> TrueRisk);
