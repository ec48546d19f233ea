namespace BetterCare.Care.Storage.Model;

/// <summary>Somebody opened a person's urgent-care view ("broke the glass"). Rows are only ever added.</summary>
public sealed class UrgentCareAccess
{
    /// <summary>The person.</summary>
    public long PatientKey { get; set; }

    /// <summary>Opaque id, sortable by time.</summary>
    public required string Id { get; set; }

    /// <summary>Who looked.</summary>
    public required string AccessedBy { get; set; }

    /// <summary>Unix milliseconds.</summary>
    public long AccessedAt { get; set; }

    /// <summary>Why, in the words of who looked.</summary>
    public required string Reason { get; set; }

    /// <summary>When the lead was told of it; Unix milliseconds; 0 not yet.</summary>
    public long ToldAt { get; set; }
}
