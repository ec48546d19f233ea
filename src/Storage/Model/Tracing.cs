namespace BetterCare.Care.Storage.Model;

/// <summary>Where a person who came without an NHS number stands.</summary>
public enum TracingState : byte
{
    /// <summary>Waits to be traced.</summary>
    Waiting = 0,

    /// <summary>Waits for a human: nobody, several, or nobody certain was found.</summary>
    Review = 1,

    /// <summary>The number is known; what was posted is in the person's record.</summary>
    Traced = 2,

    /// <summary>Set aside by a human: not to be traced. Kept.</summary>
    SetAside = 3,
}

/// <summary>A person who came without an NHS number, as the supplier posted them.</summary>
public sealed class TracingPerson
{
    /// <summary>Opaque id; the same for the same supplier and source id.</summary>
    public required string Id { get; set; }

    /// <summary>Who sent them.</summary>
    public int SupplierKey { get; set; }

    /// <summary>The supplier's own id of the person, by which other resources refer to them.</summary>
    public required string SourceId { get; set; }

    /// <summary>The Patient as posted, with <see cref="SourceId"/> as its id.</summary>
    public required byte[] Body { get; set; }

    /// <summary>Hash of the body: the same again changes nothing.</summary>
    public long ContentHash { get; set; }

    /// <summary>Where it stands.</summary>
    public TracingState State { get; set; }

    /// <summary>Unix milliseconds of the first arrival.</summary>
    public long ReceivedAt { get; set; }

    /// <summary>Attempts to trace so far.</summary>
    public int Attempts { get; set; }

    /// <summary>Unix milliseconds before which no attempt is made.</summary>
    public long NextAttemptAt { get; set; }

    /// <summary>The number found; 0 none.</summary>
    public long NhsNumber { get; set; }

    /// <summary>What tracing adds to the Patient when it is admitted, as JSON (<c>TracedDetails</c>); null until traced.</summary>
    public string? Added { get; set; }

    /// <summary>Why it stands where it stands, in plain English without identifiers.</summary>
    public string Note { get; set; } = "";
}

/// <summary>A resource about a person who waits; admitted with them.</summary>
public sealed class TracingResource
{
    /// <summary>The person.</summary>
    public required string PersonId { get; set; }

    /// <summary>Resource type number.</summary>
    public byte Type { get; set; }

    /// <summary>Logical id, ours already.</summary>
    public required string Id { get; set; }

    /// <summary>The JSON as posted, its references made ours but for that to the person.</summary>
    public required byte[] Body { get; set; }

    /// <summary>Whether it is in the record of the traced person.</summary>
    public bool Admitted { get; set; }

    /// <summary>Why it could not be admitted; empty where nothing stands against it.</summary>
    public string Refusal { get; set; } = "";
}

/// <summary>Someone who may be the person who waits.</summary>
public sealed class TracingCandidate
{
    /// <summary>The person who waits.</summary>
    public required string PersonId { get; set; }

    /// <summary>Their number.</summary>
    public long NhsNumber { get; set; }

    /// <summary><c>pds</c> or <c>here</c>.</summary>
    public required string Source { get; set; }

    /// <summary>FHIR match-grade.</summary>
    public required string Grade { get; set; }

    /// <summary>0 to 1.</summary>
    public double Score { get; set; }

    /// <summary>Why, a line each; no identifiers.</summary>
    public required string Reasons { get; set; }

    /// <summary>What the answer adds on admission, as JSON (<c>TracedDetails</c>).</summary>
    public required string Added { get; set; }
}

/// <summary>A decision about a person who waits: rows are added, never changed.</summary>
public sealed class TracingDecision
{
    /// <summary>The person who waits.</summary>
    public required string PersonId { get; set; }

    /// <summary>Opaque id, sortable by time.</summary>
    public required string Id { get; set; }

    /// <summary><c>linked</c>, <c>set-aside</c> or <c>undone</c>.</summary>
    public required string Kind { get; set; }

    /// <summary>The number linked or unlinked; 0 none.</summary>
    public long NhsNumber { get; set; }

    /// <summary>Who decided: a user, or <c>tracing</c> where the match was certain.</summary>
    public required string DecidedBy { get; set; }

    /// <summary>Unix milliseconds.</summary>
    public long DecidedAt { get; set; }

    /// <summary>Why.</summary>
    public required string Reason { get; set; }
}

/// <summary>A number that the national service says another has taken the place of: a named human merges the two.</summary>
public sealed class MergeProposal
{
    /// <summary>The number that is no longer in force.</summary>
    public long FromNumber { get; set; }

    /// <summary>The number that is.</summary>
    public long IntoNumber { get; set; }

    /// <summary>Who says so: <c>pds</c>.</summary>
    public required string Source { get; set; }

    /// <summary>Who asked.</summary>
    public required string FoundBy { get; set; }

    /// <summary>Unix milliseconds.</summary>
    public long FoundAt { get; set; }
}

/// <summary>A resource that came under a former number since the merge: undoing the merge takes it back to that number.</summary>
public sealed class MergeArrival
{
    /// <summary>The merge.</summary>
    public required string MergeId { get; set; }

    /// <summary><see cref="Fhir.ResourceType"/> number.</summary>
    public byte Type { get; set; }

    /// <summary>Logical id.</summary>
    public required string Id { get; set; }
}

/// <summary>Two records found to be one person's, made one; or one person whose number changed.</summary>
public sealed class PersonMerge
{
    /// <summary>Opaque id, sortable by time.</summary>
    public required string Id { get; set; }

    /// <summary>The number that is no longer in force.</summary>
    public long FromNumber { get; set; }

    /// <summary>The number that is.</summary>
    public long IntoNumber { get; set; }

    /// <summary>Key of the record that was taken up.</summary>
    public long FromKey { get; set; }

    /// <summary>Key of the record that remains.</summary>
    public long IntoKey { get; set; }

    /// <summary>Who decided.</summary>
    public required string DecidedBy { get; set; }

    /// <summary>Unix milliseconds.</summary>
    public long DecidedAt { get; set; }

    /// <summary>Why.</summary>
    public required string Reason { get; set; }

    /// <summary>Who undid it; null while in force.</summary>
    public string? UndoneBy { get; set; }

    /// <summary>Unix milliseconds; 0 while in force.</summary>
    public long UndoneAt { get; set; }

    /// <summary>Why it was undone; null while in force.</summary>
    public string? UndoneReason { get; set; }

    /// <summary>The record that was taken up is restricted (R or V) and the other was not: the one that remains is, whatever its supplier sends.</summary>
    public bool Restricted { get; set; }

    /// <summary>Nobody was here under the number in force: the person got it, and what is posted under the former number goes on to be theirs.</summary>
    public bool Renumbered { get; set; }
}

/// <summary>One row that a merge touched, as it was: what undoing it puts back.</summary>
public sealed class PersonMergeRow
{
    /// <summary>The merge.</summary>
    public required string MergeId { get; set; }

    /// <summary>Order within the merge, from 1; undone from the last.</summary>
    public int Ordinal { get; set; }

    /// <summary>The table.</summary>
    public required string TableName { get; set; }

    /// <summary>Key of the row as it is since, as a JSON object.</summary>
    public required string RowKey { get; set; }

    /// <summary>The columns to put back, as a JSON object; bytes as base64. The whole row where it was taken away; empty where the merge added it.</summary>
    public required string Before { get; set; }

    /// <summary>Whether the row was taken away, and is put back whole.</summary>
    public bool Removed { get; set; }
}
