using System.Data.Common;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Fhir.Validation;
using BetterCare.Care.Storage.Audit;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Storage.Tracing;
using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Storage.Resources;

/// <summary>What a write does with a resource.</summary>
public enum WriteMethod : byte
{
    /// <summary>Stores this version, whether it is the first or not; the same content again changes nothing.</summary>
    Upsert,

    /// <summary>Marks the resource as deleted.</summary>
    Delete,
}

/// <summary>What became of a resource in a write.</summary>
public enum WriteOutcome : byte
{
    /// <summary>Not written.</summary>
    None,

    /// <summary>Stored for the first time.</summary>
    Created,

    /// <summary>Stored as a new version.</summary>
    Updated,

    /// <summary>The same content was there.</summary>
    Unchanged,

    /// <summary>Deleted.</summary>
    Deleted,

    /// <summary>Another supplier's Patient for a person we have: kept beside it, not over it.</summary>
    KeptBeside,
}

/// <summary>A validated resource on its way into the store: the body is final but for version and time.</summary>
public sealed record PreparedResource
{
    /// <summary>What to do.</summary>
    public WriteMethod Method { get; init; }

    /// <summary>Its type.</summary>
    public ResourceType Type { get; init; }

    /// <summary>Its logical id here.</summary>
    public required string Id { get; init; }

    /// <summary>The person; 0 for shared resources.</summary>
    public long PatientKey { get; set; }

    /// <summary>Everybody whom it belongs to, <see cref="PatientKey"/> included, where that is not one person alone; else empty.</summary>
    public long[] People { get; internal set; } = [];

    /// <summary>As whom the person was named, where that record has been taken up by another; null: as themself.</summary>
    public FormerPerson? Former { get; internal set; }

    /// <summary>Only kept beside the Patient that is shown, whoever sent that.</summary>
    public bool IsBeside { get; init; }

    /// <summary>Whose id <see cref="SourceId"/> is, where the resource is kept under another supplier; 0: <see cref="SupplierKey"/>'s.</summary>
    public int SourceSupplier { get; init; }

    /// <summary>Who sent it.</summary>
    public int SupplierKey { get; init; }

    /// <summary>The JSON to keep.</summary>
    public ReadOnlyMemory<byte> Body
    {
        get;
        internal set
        {
            field = value;
            Packed = null;
        }
    }

    /// <summary>Where version and time go when it is read.</summary>
    public int MetaAt { get; init; }

    /// <summary>Hash of the body.</summary>
    public long ContentHash { get; internal set; }

    /// <summary>Line of a bulk file or place in a Bundle, from 1.</summary>
    public long Line { get; internal set; }

    /// <summary>Business identifiers, hashed.</summary>
    public long[] Identifiers { get; init; } = [];

    /// <summary>Codes, hashed.</summary>
    public long[] Codes { get; init; } = [];

    /// <summary>Day for the code index.</summary>
    public int Day { get; init; }

    /// <summary>Events that it tells.</summary>
    public TimelineEvent[] Events { get; init; } = [];

    /// <summary>Practitioners of those events that are contacts: the event's index and the logical id.</summary>
    public (int Event, string PractitionerId)[] Contacts { get; init; } = [];

    /// <summary>First and last day of a registration with a practice; last 0: current.</summary>
    public (int From, int Until)? Registration { get; init; }

    /// <summary>The person's row, for a Patient.</summary>
    public Patient? Patient { get; init; }

    /// <summary>The practice, for an Organization that is one.</summary>
    public Practice? Practice { get; init; }

    /// <summary>The supplier's own id of the person, for a Patient posted under one.</summary>
    public string? SourceId { get; internal set; }

    /// <summary>If-Match: the version that must be current; null: any.</summary>
    public int? ExpectedVersion { get; set; }

    /// <summary>If-None-Match: * (must not exist).</summary>
    public bool MustNotExist { get; internal set; }

    /// <summary>What became of it.</summary>
    public WriteOutcome Outcome { get; internal set; }

    /// <summary>Its version after the write.</summary>
    public int Version { get; internal set; }

    /// <summary>Unix milliseconds of that version.</summary>
    public long LastUpdated { get; internal set; }

    /// <summary>Files it under another person, whose number takes the place of the one that it names.</summary>
    internal void Redirect(long key, NhsNumber from, NhsNumber into)
    {
        People = [.. People.Select(p => p == PatientKey ? key : p).Distinct()];
        PatientKey = key;
        if (Method == WriteMethod.Upsert)
        {
            Body = References.Repoint(Body.Span, from.Value, into.Value);
            ContentHash = Hashing.Content(Body.Span);
        }
    }

    /// <summary>Says the type only: a record would print the body.</summary>
    public override string ToString() => $"{Type.Name()}";

    internal Existing? Before { get; set; }

    /// <summary>How far its id is its own, where the engine keeps ids apart from rows.</summary>
    internal IdState IdState { get; set; }

    /// <summary>The body as it lies in the database; made by whoever prepares, so that the one writer need not.</summary>
    internal ReadOnlyMemory<byte> Stored => Packed ??= BodyCodec.Pack(Body.Span);

    /// <summary>See <see cref="Stored"/>; null: not made yet.</summary>
    internal ReadOnlyMemory<byte>? Packed { get; set; }

    /// <summary>An earlier version of the same resource in the same commit.</summary>
    internal PreparedResource? Supersedes { get; set; }
}

/// <summary>Whether an id is taken for a resource in the transaction under way, and no row has come for it yet.</summary>
internal enum IdState : byte
{
    /// <summary>It is not.</summary>
    None,

    /// <summary>It is taken, perhaps for another resource of the same id.</summary>
    Shared,

    /// <summary>It is taken for this one.</summary>
    Taken,
}

/// <summary>The stored state of a resource before a write.</summary>
internal sealed record Existing(long PatientKey, int Version, bool Deleted, int SupplierKey, long ContentHash, long LastUpdated);

/// <summary>How far an import file is after a batch; stored with the batch, so that a kill loses and doubles nothing.</summary>
public sealed class ImportCheckpoint
{
    /// <summary>The job.</summary>
    public required string JobId { get; init; }

    /// <summary>Which file.</summary>
    public int Ordinal { get; init; }

    /// <summary>Where the batch begins: it is stored only if the file has come exactly so far, so no gap can arise.</summary>
    public long StartOffset { get; init; }

    /// <summary>Lines stored or rejected.</summary>
    public long Lines { get; init; }

    /// <summary>Bytes of text up to which that is so.</summary>
    public long Offset { get; init; }

    /// <summary>Whether the file is done.</summary>
    public bool Finished { get; init; }

    /// <summary>Lines refused in this batch.</summary>
    public List<ImportReject> Rejects { get; } = [];

    /// <summary>Lines of this batch whose patient is not here yet.</summary>
    public List<ImportPending> Pending { get; } = [];

    /// <summary>Waiting lines that this batch settles.</summary>
    public List<ImportPending> Settled { get; } = [];
}

/// <summary>Resources that are stored together or not at all.</summary>
public sealed class WriteBatch
{
    /// <summary>The resources, in order.</summary>
    public List<PreparedResource> Items { get; } = [];

    /// <summary>What waits for an NHS number, kept in the same commit.</summary>
    public List<WaitingItem> Waiting { get; } = [];

    /// <summary>Done in the same commit, once the resources are written; null nothing.</summary>
    public Func<DbConnection, Task>? Also { get; init; }

    /// <summary>Progress of a bulk import; null for a request.</summary>
    public ImportCheckpoint? Checkpoint { get; init; }

    /// <summary>About how many bytes it holds; 0 where nobody counted, as for a request.</summary>
    public long Bytes { get; init; }

    /// <summary>Whether more of the same import is on its way.</summary>
    public bool MoreFollows { get; init; }

    /// <summary>For a bulk import: a line that cannot be written is put with the rejects and the rest goes on.</summary>
    public bool RejectsSingly => Checkpoint is not null;

    /// <summary>Whose request it is, for the audit; null: the service's own work.</summary>
    internal AccessTrail? Trail { get; set; }

    internal TaskCompletionSource<WriteFailure?> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>Why a batch was not written.</summary>
/// <param name="Item">The resource at fault.</param>
/// <param name="Status">HTTP status: 409 or 412.</param>
/// <param name="Issue">What to tell the client.</param>
public sealed record WriteFailure(PreparedResource Item, int Status, Issue Issue);
