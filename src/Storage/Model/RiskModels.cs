namespace BetterCare.Care.Storage.Model;

/// <summary>Where a model stands on its way into use. The number is stored; never reuse one.</summary>
public enum ModelState : byte
{
    /// <summary>Put forward; people look at it.</summary>
    Proposed = 0,

    /// <summary>In force: runs use it unless they say otherwise. One at most.</summary>
    Active = 1,

    /// <summary>Was in force. May be activated again.</summary>
    Retired = 2,

    /// <summary>Taken back before it was ever in force.</summary>
    Withdrawn = 3,
}

/// <summary>What people did about a model. The number is stored; never reuse one.</summary>
public enum ModelAction : byte
{
    /// <summary>Put it forward.</summary>
    Proposed = 0,

    /// <summary>Reviewed it and recommend it.</summary>
    Recommended = 1,

    /// <summary>Reviewed it and object.</summary>
    Objected = 2,

    /// <summary>Put it in force.</summary>
    Activated = 3,

    /// <summary>Took it out of force, or it made way for another.</summary>
    Retired = 4,

    /// <summary>Took it back before it was in force.</summary>
    Withdrawn = 5,
}

/// <summary>A version of a risk model of this place. The document never changes; only its state does.</summary>
public sealed class RiskModelRecord
{
    /// <summary>Id of the model, the same for all its versions.</summary>
    public required string ModelId { get; set; }

    /// <summary>Version.</summary>
    public required string Version { get; set; }

    /// <summary><c>logistic</c> or <c>ebm</c>.</summary>
    public required string Kind { get; set; }

    /// <summary>Where it stands.</summary>
    public ModelState State { get; set; }

    /// <summary><c>trained</c>, <c>document</c> or <c>coefficients</c>.</summary>
    public required string Origin { get; set; }

    /// <summary>One sentence that says what it is; from the card.</summary>
    public required string Summary { get; set; }

    /// <summary>The model document as JSON.</summary>
    public required string Document { get; set; }

    /// <summary>SHA-256 of the document, hex.</summary>
    public required string Hash { get; set; }

    /// <summary>Who put it forward.</summary>
    public required string ProposedBy { get; set; }

    /// <summary>Unix milliseconds.</summary>
    public long ProposedAt { get; set; }
}

/// <summary>One step of a model's history. Rows are added, never changed.</summary>
public sealed class RiskModelDecision
{
    /// <summary>The model.</summary>
    public required string ModelId { get; set; }

    /// <summary>Its version.</summary>
    public required string Version { get; set; }

    /// <summary>Opaque id, sortable by time.</summary>
    public required string Id { get; set; }

    /// <summary>What was done.</summary>
    public ModelAction Action { get; set; }

    /// <summary>By whom.</summary>
    public required string DecidedBy { get; set; }

    /// <summary>Unix milliseconds.</summary>
    public long DecidedAt { get; set; }

    /// <summary>Why, or what was found.</summary>
    public required string Comment { get; set; }
}
