using System.Threading.Channels;

namespace BetterCare.Care.Api.Jobs;

/// <summary>Ids of jobs that wait for the worker of this process. The jobs themselves are in the database.</summary>
public sealed class JobQueue
{
    private readonly Channel<string> _ids = Channel.CreateUnbounded<string>();

    /// <summary>Hands a job to the worker.</summary>
    public void Enqueue(string jobId) => _ids.Writer.TryWrite(jobId);

    /// <summary>Jobs in order of arrival.</summary>
    public IAsyncEnumerable<string> ReadAllAsync(CancellationToken ct) => _ids.Reader.ReadAllAsync(ct);
}
