using System.Buffers;
using System.Text;
using BetterCare.Care.Api.Features.Resources;
using BetterCare.Care.Api.Features.RiskAssessments;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Fhir.Search;
using BetterCare.Care.Storage.Resources;
using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Api.Features.Export;

/// <summary>Writes the files of an export: rows are streamed from the store, one NDJSON file per type, whatever their number.</summary>
public sealed class ExportWriter(ResourceStore store, RenderedRisks risks, Directories directories)
{
    private const int FlushAt = 1 << 16;
    private const int CheckEvery = 5000;
    private const int DeletionsPerLine = 1000;

    /// <summary>Writes everything that was asked for, as it was at an instant.</summary>
    /// <param name="request">What was asked for.</param>
    /// <param name="at">The instant, Unix milliseconds.</param>
    /// <param name="folder">An empty folder.</param>
    /// <param name="goOn">Told how many resources are written; false: stop, it was cancelled.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>The files; null where it was cancelled.</returns>
    public async Task<List<ExportFile>?> WriteAsync(ExportRequest request, long at, string folder, Func<long, Task<bool>> goOn, CancellationToken ct)
    {
        var who = new Who(request, store, await MembersAsync(request, ct));
        var filters = request.Filters.Select(f => ExportRequest.Filter(f, DateTimeOffset.FromUnixTimeMilliseconds(at))).OfType<SearchRequest>().ToLookup(f => f.Type);
        var files = new List<ExportFile>();
        long done = 0;
        foreach (var type in TypesOf(request))
        {
            var wanted = filters[type].ToList();
            var shared = await store.PeopleOfTypeAsync(type, former: false, ct);
            await using var file = new Lines(folder, $"{type.Name()}.ndjson");
            await foreach (var resource in ResourcesAsync(type, request, at, ct))
            {
                if (resource.LastUpdated < request.Since
                    || (wanted.Count > 0 && resource.ToUtf8() is var json && !wanted.Exists(f => f.Matches(json)))
                    || !await who.MayHaveAsync(resource, shared[resource.Id], ct))
                {
                    continue;
                }

                file.Write(resource);
                await file.EndLineAsync(ct);
                if (++done % CheckEvery == 0 && !await goOn(done))
                {
                    return null;
                }
            }

            await file.CloseAsync(ct);
            if (file.Count > 0)
            {
                files.Add(new ExportFile(type.Name(), file.Name, file.Count));
            }

            if (!await goOn(done))
            {
                return null;
            }
        }

        if (request.Since > 0)
        {
            await DeletionsAsync(request, at, folder, who, files, ct);
        }

        return files;
    }

    private async IAsyncEnumerable<StoredResource> ResourcesAsync(
        ResourceType type, ExportRequest request, long at, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var resource in store.AsOfAsync(type, at, ct))
        {
            yield return resource;
        }

        if (type == ResourceType.RiskAssessment)
        {
            await foreach (var rendered in risks.AllAsync(request.Since, at, ct))
            {
                yield return rendered;
            }
        }
    }

    /// <summary>What was deleted since, as the Bulk Data guide has it: Bundles of DELETE requests.</summary>
    private async Task DeletionsAsync(ExportRequest request, long at, string folder, Who who, List<ExportFile> files, CancellationToken ct)
    {
        await using var file = new Lines(folder, "deleted.ndjson");
        var urls = new List<string>();
        foreach (var type in TypesOf(request))
        {
            var shared = await store.PeopleOfTypeAsync(type, former: true, ct);
            await foreach (var deleted in store.DeletedAsync(type, request.Since, at, ct))
            {
                if (await who.MayHaveAsync(deleted, shared[deleted.Id], ct))
                {
                    urls.Add($"{type.Name()}/{deleted.Id}");
                }
            }
        }

        foreach (var chunk in urls.Chunk(DeletionsPerLine))
        {
            var entries = string.Join(',', chunk.Select(u => $"{{\"request\":{{\"method\":\"DELETE\",\"url\":\"{u}\"}}}}"));
            Encoding.UTF8.GetBytes($"{{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[{entries}]}}", file.Buffer);
            await file.EndLineAsync(ct);
        }

        await file.CloseAsync(ct);
        if (file.Count > 0)
        {
            files.Add(new ExportFile(ResourceType.Bundle.Name(), file.Name, file.Count));
        }
    }

    private static IEnumerable<ResourceType> TypesOf(ExportRequest request)
    {
        var all = Metadata.GetMetadata.Types.Where(t => request.Level == "system" || SearchCandidates.IsAboutPeople(t));
        return request.Types.Count == 0 ? all : all.Where(t => request.Types.Contains(t.Name(), StringComparer.Ordinal));
    }

    /// <summary>The people whom the request names; null: all.</summary>
    private async Task<HashSet<long>?> MembersAsync(ExportRequest request, CancellationToken ct)
    {
        HashSet<long>? members = null;
        if (request.GroupId is { } id)
        {
            members = await store.ReadAsync(ResourceType.Group, id, ct) is { Deleted: false } group ? await KeysAsync(Members(group.Body), ct) : [];
        }

        if (request.Patients is { } named)
        {
            var people = await KeysAsync(named, ct);
            members = members is null ? people : [.. members.Intersect(people)];
        }

        return members;
    }

    private async Task<HashSet<long>> KeysAsync(IEnumerable<string> ids, CancellationToken ct)
    {
        var keys = new HashSet<long>();
        foreach (var id in ids)
        {
            if (NhsNumber.TryParse(id, out var number) && await directories.FindAsync(number, ct) is { } key)
            {
                keys.Add(key);
            }
        }

        return keys;
    }

    private static List<string> Members(byte[] group)
    {
        var ids = new List<string>();
        foreach (var member in new JsonView(group)["member"u8].Items)
        {
            var reference = member["entity"u8]["reference"u8].ToString();
            if (!member["inactive"u8].Raw.SequenceEqual("true"u8) && reference.StartsWith("Patient/", StringComparison.Ordinal))
            {
                ids.Add(reference["Patient/".Length..]);
            }
        }

        return ids;
    }

    /// <summary>Whose records go out. People with a restricted record never do: an export is the widest search there is.</summary>
    private sealed class Who(ExportRequest request, ResourceStore store, HashSet<long>? members)
    {
        private readonly HashSet<string>? _practices = request.Practices?.ToHashSet(StringComparer.Ordinal);
        private readonly Dictionary<long, bool> _visible = [];

        /// <summary>Whether a resource belongs to somebody who was asked for, and to nobody whom the one who asked may not see.</summary>
        public async ValueTask<bool> MayHaveAsync(StoredResource resource, IEnumerable<long> shared, CancellationToken ct)
        {
            var own = resource.PatientKey;
            if (own != 0 && !await IsVisibleAsync(own, ct))
            {
                return false;
            }

            var asked = own == 0 ? request.Level == "system" : IsMember(own);
            foreach (var person in shared)
            {
                if (!await IsVisibleAsync(person, ct))
                {
                    return false;
                }

                asked |= IsMember(person);
            }

            return asked;
        }

        private bool IsMember(long person) => members is null || members.Contains(person);

        private async ValueTask<bool> IsVisibleAsync(long person, CancellationToken ct)
        {
            if (!_visible.TryGetValue(person, out var visible))
            {
                _visible[person] = visible = await store.AccessAsync(person, ct) is { } access
                    && (access.Flags & (request.Hidden | PersonFlags.Restricted)) == PersonFlags.None
                    && (_practices is null || _practices.Contains(access.PracticeCode));
            }

            return visible;
        }
    }

    /// <summary>A file of lines; one that stays empty is not left behind.</summary>
    private sealed class Lines(string folder, string name) : IAsyncDisposable
    {
        private readonly FileStream _file = new(Path.Combine(folder, name), FileMode.Create, FileAccess.Write, FileShare.None, 1, useAsync: true);

        public string Name => name;

        public ArrayBufferWriter<byte> Buffer { get; } = new(FlushAt * 2);

        public long Count { get; private set; }

        /// <summary>Writes a resource as it was sent; line breaks between its parts would break the line.</summary>
        public void Write(StoredResource resource)
        {
            if (resource.Body.AsSpan().IndexOfAny((byte)'\n', (byte)'\r') < 0)
            {
                resource.WriteTo(Buffer);
                return;
            }

            // Within a JSON string a line break is always escaped, so these are all between parts.
            var bytes = resource.ToUtf8();
            bytes.AsSpan().Replace((byte)'\n', (byte)' ');
            bytes.AsSpan().Replace((byte)'\r', (byte)' ');
            Buffer.Write(bytes);
        }

        public async ValueTask EndLineAsync(CancellationToken ct)
        {
            Buffer.Write("\n"u8);
            Count++;
            if (Buffer.WrittenCount > FlushAt)
            {
                await _file.WriteAsync(Buffer.WrittenMemory, ct);
                Buffer.ResetWrittenCount();
            }
        }

        public async Task CloseAsync(CancellationToken ct)
        {
            await _file.WriteAsync(Buffer.WrittenMemory, ct);
            await _file.DisposeAsync();
            if (Count == 0)
            {
                File.Delete(Path.Combine(folder, name));
            }
        }

        public ValueTask DisposeAsync() => _file.DisposeAsync();
    }
}
