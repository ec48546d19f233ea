namespace BetterCare.Care.Storage.Model;

/// <summary>
/// A level that people agreed on knowledge that the model does not have (soft intelligence), beside the level of the model.
/// Rows are added and ended, never overwritten.
/// </summary>
public sealed class AgreedLevelRecord
{
    /// <summary><see cref="EndReason"/> and <see cref="EndedBy"/> of a level that ran out.</summary>
    public const string Expired = "expired";

    /// <summary>The person.</summary>
    public long PatientKey { get; set; }

    /// <summary>Opaque id, sortable by time.</summary>
    public required string Id { get; set; }

    /// <summary>1 to 4.</summary>
    public byte Level { get; set; }

    /// <summary>Level by the model when this one was agreed; 0 not stratified.</summary>
    public byte ModelLevel { get; set; }

    /// <summary>Why they differ.</summary>
    public required string Reason { get; set; }

    /// <summary>Who answers for it.</summary>
    public required string DecidedBy { get; set; }

    /// <summary>Unix milliseconds.</summary>
    public long DecidedAt { get; set; }

    /// <summary>First day in force.</summary>
    public int StartDay { get; set; }

    /// <summary>Last day in force, as agreed.</summary>
    public int ExpiresDay { get; set; }

    /// <summary>Day on which it ended, for whatever reason; 0 in force.</summary>
    public int EndDay { get; set; }

    /// <summary>Why it ended; null while in force.</summary>
    public string? EndReason { get; set; }

    /// <summary>Who ended it; null while in force.</summary>
    public string? EndedBy { get; set; }
}
