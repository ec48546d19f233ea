using System.Globalization;
using System.IO.Compression;
using System.Text;
using BetterCare.Care.Fhir;

namespace BetterCare.Care.Synthetic.Ndjson;

/// <summary>The open files of a cohort.</summary>
internal sealed class CohortFiles : IAsyncDisposable
{
    private readonly Dictionary<ResourceType, Stream> _streams = [];
    private readonly Dictionary<ResourceType, long> _counts = [];
    private readonly List<string> _paths = [];
    private readonly FileStream _hiddenRisk;
    private readonly FileStream _patientIndex;

    public CohortFiles(string folder, bool gzip)
    {
        foreach (var type in Chunk.Types)
        {
            var path = Path.Combine(folder, type.Name() + (gzip ? ".ndjson.gz" : ".ndjson"));

            // An older cohort in the other form would be imported beside this one.
            File.Delete(Path.Combine(folder, type.Name() + (gzip ? ".ndjson" : ".ndjson.gz")));
            _paths.Add(path);
            _counts[type] = 0;
            var file = Create(path);
            _streams[type] = gzip ? new GZipStream(file, CompressionLevel.Fastest) : file;
        }

        _hiddenRisk = Create(Path.Combine(folder, "hidden-risk.csv"));
        _patientIndex = Create(Path.Combine(folder, "patient-index.csv"));
    }

    public long Resources { get; private set; }

    public async Task WriteHeadersAsync(CohortOptions options, CancellationToken ct)
    {
        var head = "nhs_number," + string.Join(',', options.IndexDates.Select(d => d.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture))) + "\n";
        await _hiddenRisk.WriteAsync(Encoding.UTF8.GetBytes(head), ct).ConfigureAwait(false);
        await _patientIndex.WriteAsync("nhs_number,gender,birth_date,deceased,practice,area,lsoa11,imd_decile\n"u8.ToArray(), ct).ConfigureAwait(false);
    }

    public async Task WriteAsync(Chunk chunk, CancellationToken ct)
    {
        foreach (var type in Chunk.Types)
        {
            var lines = chunk[type];
            if (lines.Count > 0)
            {
                _counts[type] += lines.Count;
                Resources += lines.Count;
                await _streams[type].WriteAsync(lines.WrittenMemory, ct).ConfigureAwait(false);
            }
        }

        await _hiddenRisk.WriteAsync(chunk.HiddenRisk.WrittenMemory, ct).ConfigureAwait(false);
        await _patientIndex.WriteAsync(chunk.PatientIndex.WrittenMemory, ct).ConfigureAwait(false);
    }

    public async Task<(IReadOnlyDictionary<string, long> Counts, long Bytes)> CloseAsync(CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        await DisposeAsync().ConfigureAwait(false);
        return (_counts.ToDictionary(c => c.Key.Name(), c => c.Value, StringComparer.Ordinal), _paths.Sum(p => new FileInfo(p).Length));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var stream in _streams.Values)
        {
            await stream.DisposeAsync().ConfigureAwait(false);
        }

        await _hiddenRisk.DisposeAsync().ConfigureAwait(false);
        await _patientIndex.DisposeAsync().ConfigureAwait(false);
    }

    private static FileStream Create(string path) => new(path, FileMode.Create, FileAccess.Write, FileShare.Read, 1 << 16, FileOptions.Asynchronous);
}
