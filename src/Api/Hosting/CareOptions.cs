namespace BetterCare.Care.Api.Hosting;

/// <summary>Settings of the service; section <c>Care</c>, environment <c>Care__…</c>.</summary>
public sealed class CareOptions
{
    /// <summary>A SQLite file, or a PostgreSQL connection string (<c>Host=…</c>).</summary>
    public string Database { get; set; } = ".data/care.db";

    /// <summary><c>demo</c>: one user with every grant, on loopback only. <c>production</c>: callers bring tokens.</summary>
    public string Profile { get; set; } = "demo";

    /// <summary>Folder for rejects and uploads.</summary>
    public string WorkFolder { get; set; } = ".data";

    /// <summary>Largest body of a request in bytes; larger is 413.</summary>
    public long MaxBodyBytes { get; set; } = 50L << 20;

    /// <summary>Largest NDJSON upload of <c>$import</c> in bytes.</summary>
    public long MaxUploadBytes { get; set; } = 4L << 30;

    /// <summary>Days for which audit rows are kept; 0: for ever.</summary>
    public int AuditKeepDays { get; set; }

    /// <summary>
    /// Milliseconds for which the audit of an access that changes nothing may be with the operating system before it is forced
    /// to the disk: what a power failure can take. 0: the answer waits for the disk. Changes always do.
    /// </summary>
    public int AuditSyncMilliseconds { get; set; } = 100;

    /// <summary>Bulk exports under way at a time; one more is answered 429.</summary>
    public int MaxExports { get; set; } = 8;

    /// <summary>Hours for which the files of an export are kept once it is done.</summary>
    public double ExportHours { get; set; } = 24;

    /// <summary>Folder from which <c>$import</c> may read files by name; empty: uploads only.</summary>
    public string ImportFolder { get; set; } = "";
}
