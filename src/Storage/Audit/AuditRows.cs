using BetterCare.Care.Fhir;

namespace BetterCare.Care.Storage.Audit;

/// <summary>A link of the audit chain as it is stored. Rows are only ever added, and cut off from the oldest when retention says so.</summary>
public sealed class AuditRow
{
    /// <summary>Which chain: <see cref="AuditChain"/>.</summary>
    public byte Chain { get; init; }

    /// <summary>Place in the chain, from 1, without gaps.</summary>
    public long Seq { get; init; }

    /// <summary>Unix milliseconds.</summary>
    public long At { get; init; }

    /// <summary>User or client id.</summary>
    public required string Agent { get; init; }

    /// <summary>Role.</summary>
    public required string Role { get; init; }

    /// <summary>Purpose of use.</summary>
    public required string Purpose { get; init; }

    /// <summary><see cref="AuditAction"/>.</summary>
    public AuditAction Action { get; init; }

    /// <summary><see cref="AuditOutcome"/>.</summary>
    public AuditOutcome Outcome { get; init; }

    /// <summary>The request.</summary>
    public required string RequestId { get; init; }

    /// <summary>The use case.</summary>
    public required string Interaction { get; init; }

    /// <summary>Resource type; None: none.</summary>
    public ResourceType Type { get; init; }

    /// <summary>Resource id.</summary>
    public required string ResourceId { get; init; }

    /// <summary>Names of the parameters.</summary>
    public required string Query { get; init; }

    /// <summary>Reason.</summary>
    public required string Reason { get; init; }

    /// <summary>Keys of people, packed (<see cref="AuditChain.Pack"/>).</summary>
    public required byte[] People { get; init; }

    /// <summary>SHA-256 of this row and the hash before it.</summary>
    public required byte[] Hash { get; init; }

    /// <summary>The entry that it holds.</summary>
    public AuditEntry Entry() => new()
    {
        At = At,
        Agent = Agent,
        Role = Role,
        Purpose = Purpose,
        Action = Action,
        Outcome = Outcome,
        RequestId = RequestId,
        Interaction = Interaction,
        Type = Type,
        ResourceId = ResourceId,
        Query = Query,
        Reason = Reason,
        People = AuditChain.Unpack(People),
    };

    /// <summary>Says where it stands, nothing of what it holds.</summary>
    public override string ToString() => $"{Chain}:{Seq}";
}

/// <summary>Finds the rows about a person. Derived from the chain, in the background, up to <see cref="AuditChainState.IndexedSeq"/>.</summary>
public sealed class AuditPerson
{
    /// <summary>The person, 0, or minus an NHS number; see <see cref="AuditEntry.People"/>.</summary>
    public long PatientKey { get; init; }

    /// <summary>Which chain.</summary>
    public byte Chain { get; init; }

    /// <summary>The row.</summary>
    public long Seq { get; init; }
}

/// <summary>What is known about a chain beside its rows.</summary>
public sealed class AuditChainState
{
    /// <summary>Which chain.</summary>
    public byte Chain { get; init; }

    /// <summary>The last row that retention has cut off; 0: none.</summary>
    public long CutSeq { get; set; }

    /// <summary>That row's hash: what is left is verified from here.</summary>
    public required byte[] CutHash { get; set; }

    /// <summary>The last row that <see cref="AuditPerson"/> covers.</summary>
    public long IndexedSeq { get; set; }
}
