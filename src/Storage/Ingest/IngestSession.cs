using System.Collections.Concurrent;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Storage.Resources;
using BetterCare.Care.Storage.Tracing;

namespace BetterCare.Care.Storage.Ingest;

/// <summary>
/// What one import or one transaction knows beyond what is committed: the people whom it brings itself. Others see them
/// only once they are stored. Safe for the threads of one import.
/// </summary>
#pragma warning disable CA1001 // The semaphore has no wait handle, so it holds nothing to dispose of.
public sealed class IngestSession(Directories directories)
#pragma warning restore CA1001
{
    private readonly ConcurrentDictionary<long, long> _numbers = new();
    private readonly ConcurrentDictionary<(int Supplier, string Id), (long Key, NhsNumber Number, FormerPerson? Former)> _aliases = new();
    private readonly ConcurrentDictionary<long, NhsNumber> _numberOf = new();
    private readonly ConcurrentDictionary<(int Supplier, string Id), string> _waiting = new();
    private readonly ConcurrentDictionary<long, bool> _brought = new();
    private readonly SemaphoreSlim _lock = new(1, 1);

    /// <summary>The look-ups behind it.</summary>
    public Directories Directories { get; } = directories;

    /// <summary>Of whom the sender may send data; null: of everybody.</summary>
    public ISenderFence? Fence { get; init; }

    /// <summary>The supplier of everything in this session; null: each resource's <c>meta.source</c> says.</summary>
    public string? Supplier { get; init; }

    /// <summary>Under which sources the sender may write; the first is meant where a resource names none. Null: any, or none.</summary>
    public IReadOnlyList<string>? Sources { get; init; }

    /// <summary>The supplier of a resource that names this source.</summary>
    /// <param name="named">The part of <c>meta.source</c> before the #; empty: it names none.</param>
    public string SupplierOf(string named) => Supplier ?? (named.Length == 0 && Sources is { } own ? own[0] : named);

    /// <summary>Whether the sender may write as a supplier.</summary>
    public bool MayWriteAs(string supplier) => Sources is not { } own || own.Contains(supplier, StringComparer.Ordinal);

    /// <summary>
    /// Whether a resource waits until everybody whom it belongs to is here: in a bulk import files come in any order. Else
    /// those who are here are enough, as long as the one it is about is among them.
    /// </summary>
    public bool WaitsForEverybody { get; set; }

    /// <summary>References of a transaction that stand for its own entries: <c>urn:uuid:…</c> to <c>Type/id</c>.</summary>
    public Dictionary<string, string> FullUrls { get; } = new(StringComparer.Ordinal);

    /// <summary>A session that knows the same people, for what another supplier says.</summary>
    public IngestSession For(string? supplier)
    {
        var other = new IngestSession(Directories) { Supplier = supplier };
        foreach (var (number, key) in _numbers)
        {
            other._numbers[number] = key;
            other._numberOf[key] = NhsNumber.FromStored(number);
        }

        return other;
    }

    /// <summary>The key of the person with this number; null where there is none, or none that the sender may send data of.</summary>
    public async ValueTask<long?> FindAsync(NhsNumber number, CancellationToken ct) =>
        await KeyOfAsync(number, ct) is { } key && await MaySendAsync(key, ct) ? key : null;

    /// <summary>Whether the sender may send data of a person: brought by this session itself, or not beyond the fence.</summary>
    public async ValueTask<bool> MaySendAsync(long key, CancellationToken ct) => Fence is null || _brought.ContainsKey(key) || await Fence.AllowsAsync(key, ct);

    /// <summary>Tells of a person who is stored in the same commit, and of whom the directories therefore do not know yet, or know what no longer holds.</summary>
    public void Know(NhsNumber number, long key)
    {
        _numbers[number.Number] = key;
        _numberOf[key] = number;
    }

    /// <summary>The key and number of the person whom a supplier calls so, and as whom they were known before a merge; or null.</summary>
    public async ValueTask<(long Key, NhsNumber Number, FormerPerson? Former)?> FindAsync(int supplier, string sourceId, CancellationToken ct)
    {
        if (_aliases.TryGetValue((supplier, sourceId), out var found))
        {
            return found;
        }

        if (await Directories.FirstKeyAsync(supplier, sourceId, ct) is not { } key)
        {
            return null;
        }

        var former = (await Directories.MergedAsync(ct)).Of(key);
        key = former?.IntoKey ?? key;
        if (!await MaySendAsync(key, ct))
        {
            return null;
        }

        if (!_numberOf.TryGetValue(key, out var number))
        {
            number = await Directories.NumberOfAsync(key, ct);
            _numberOf[key] = number;
        }

        _aliases[(supplier, sourceId)] = (key, number, former);
        return (key, number, former);
    }

    /// <summary>The id in the tracing queue of the person whom a supplier calls so, or null where they do not wait.</summary>
    public async ValueTask<string?> FindWaitingAsync(int supplier, string sourceId, CancellationToken ct)
    {
        if (_waiting.TryGetValue((supplier, sourceId), out var person))
        {
            return person;
        }

        var id = WaitingItem.IdOf(supplier, sourceId);
        return await Directories.IsWaitingAsync(id, ct) ? _waiting[(supplier, sourceId)] = id : null;
    }

    /// <summary>A supplier calls a person so who was known by a former number.</summary>
    internal void Call(int supplier, string sourceId, FormerPerson former) => _aliases[(supplier, sourceId)] = (former.IntoKey, former.IntoNumber, former);

    /// <summary>The id in the tracing queue of a person whom this session brings without a number.</summary>
    public string BringWaiting(int supplier, string sourceId) => _waiting[(supplier, sourceId)] = WaitingItem.IdOf(supplier, sourceId);

    /// <summary>The key of a person whom this session brings, new where there is none.</summary>
    public async ValueTask<long> BringAsync(NhsNumber number, int supplier, string? sourceId, CancellationToken ct)
    {
        await _lock.WaitAsync(ct);
        try
        {
            if (await KeyOfAsync(number, ct) is not { } key)
            {
                key = await Directories.NewKeyAsync(ct);
                _brought[key] = true;
            }

            _numbers[number.Number] = key;
            _numberOf[key] = number;
            if (sourceId is not null)
            {
                _aliases[(supplier, sourceId)] = (key, number, null);
            }

            return key;
        }
        finally
        {
            _lock.Release();
        }
    }

    private async ValueTask<long?> KeyOfAsync(NhsNumber number, CancellationToken ct) =>
        _numbers.TryGetValue(number.Number, out var key) ? key : await Directories.FindAsync(number, ct);
}
