using BetterCare.Care.Storage.Ingest;
using BetterCare.Care.Storage.OptOuts;

namespace BetterCare.Care.Storage.Resources;

/// <summary>
/// Makes everything derived anew from the resources: people's rows, index entries and timelines. A thousand people per
/// transaction, so that a stop half-way leaves every person either as before or done.
/// </summary>
public sealed class Rebuilder(CareDatabase database, ResourceStore store, Directories directories, TimeProvider clock)
{
    private const long PeoplePerTransaction = 1000;

    /// <summary>Rebuilds.</summary>
    /// <returns>Resources read.</returns>
    public async Task<long> RunAsync(IProgress<double>? progress, CancellationToken ct)
    {
        await using IBulkSession session = database.Engine == DatabaseEngine.Sqlite
            ? new SqliteBulkSession(await database.OpenAsync(ct))
            : new PostgresBulkSession(await database.OpenAsync(ct));
        var ingest = new IngestSession(directories);
        var preparer = new ResourcePreparer();
        var last = await store.LastPatientKeyAsync(ct);
        long resources = 0;

        // Key 0 holds what is about no one person; practices come out of it, so it goes first.
        for (long from = 0; from <= last; from += from == 0 ? 1 : PeoplePerTransaction)
        {
            ct.ThrowIfCancellationRequested();
            var to = from == 0 ? 0 : Math.Min(last, from + PeoplePerTransaction - 1);
            var items = new List<PreparedResource>();
            await foreach (var (stored, supplier) in store.OfPatientsAsync(from, to, ct))
            {
                items.Add(await preparer.DeriveAsync(ingest, stored, supplier, ct));
            }

            resources += items.Count;
            await session.BeginAsync(bulk: true);
            try
            {
                await WriteAsync(session, from, to, items, clock.GetUtcNow().ToUnixTimeMilliseconds());
                await session.CommitAsync();
            }
            catch
            {
                await session.RollbackAsync();
                throw;
            }

            progress?.Report(last == 0 ? 1 : (double)to / last);
        }

        return resources;
    }

    /// <summary>Makes what is derived of some people anew, within the open transaction.</summary>
    /// <param name="session">Where.</param>
    /// <param name="from">The first key.</param>
    /// <param name="to">The last.</param>
    /// <param name="items">All current resources of these people, as they are read again.</param>
    /// <param name="now">Unix milliseconds.</param>
    internal static async Task WriteAsync(IBulkSession session, long from, long to, List<PreparedResource> items, long now)
    {
        await session.ClearDerivedAsync(from, to);
        await session.WritePatientsAsync(
            [.. items.Where(i => i.Patient is not null).Select(i => i.Patient!)], [], [.. items.Where(i => i.Practice is not null).Select(i => i.Practice!)]);
        await OptOutWriter.FollowAsync(session.Connection, items, now);
        await session.RegisterAsync([.. items.Where(i => i.Registration is not null).Select(i => (i.PatientKey, i.Registration!.Value.From, i.Registration.Value.Until))]);
        await session.IndexAsync(items);
        await session.ShareAsync([.. items.Where(i => i.People.Length > 0)]);
        await ResourceWriter.TimelinesAsync(session, items);
    }
}
