using BetterCare.Care.Storage.Model;
using BetterCare.Care.Storage.Resources;

namespace BetterCare.Care.Storage.Runs;

/// <summary>Which run everybody works with. Every page of a list asks, so it is a prepared look-up and no more.</summary>
/// <param name="database">Where.</param>
public sealed class LatestRun(CareDatabase database) : IAsyncDisposable
{
    private readonly RowReads _rows = new(database);

    /// <summary>Number of the latest run that is completed; 0 none.</summary>
    public ValueTask<int> IdAsync(CancellationToken ct) =>
        _rows.FirstAsync("SELECT run_id FROM stratification_run WHERE status=@p0 ORDER BY run_id DESC LIMIT 1", [(short)JobStatus.Completed], static row => (int)row.Long(0), ct);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _rows.DisposeAsync();
}
