using System.Data.Common;
using BetterCare.Care.Storage.Audit;
using BetterCare.Care.Storage.Model;

namespace BetterCare.Care.Storage.Resources;

/// <summary>The engine's side of a commit: sets of rows in, nothing decided here.</summary>
internal interface IBulkSession : IAsyncDisposable
{
    /// <summary>The connection whose transaction the commit is.</summary>
    DbConnection Connection { get; }

    /// <summary>Begins a transaction.</summary>
    /// <param name="bulk">Nobody waits for an answer but imports: throughput goes before evenness.</param>
    Task BeginAsync(bool bulk);

    Task CommitAsync();

    /// <summary>Completes when every commit before the call is on the disk.</summary>
    Task SyncAsync();

    Task RollbackAsync();

    /// <summary>
    /// How often people have been merged or merges undone, as the commit sees it. Until the commit ends nobody merges.
    /// </summary>
    Task<long> MergeEpochAsync();

    /// <summary>Fills <see cref="PreparedResource.Before"/>. Ids that nobody has may be taken for their items until <see cref="ReleaseAsync"/>.</summary>
    Task FindAsync(List<PreparedResource> items);

    /// <summary>Gives back the ids of what was found to be new and not inserted.</summary>
    Task ReleaseAsync();

    Task WritePatientsAsync(List<Patient> patients, List<PatientAlias> aliases, List<Practice> practices);

    /// <summary>Copies the current rows of what will be updated to history, and takes them out of the indexes.</summary>
    Task ArchiveAsync(List<PreparedResource> updates);

    /// <summary>Takes out everything derived of a range of people, to be written anew.</summary>
    Task ClearDerivedAsync(long fromKey, long toKey);

    /// <summary>Writes index entries.</summary>
    Task IndexAsync(List<PreparedResource> items);

    Task InsertAsync(List<PreparedResource> inserts);

    Task UpdateAsync(List<PreparedResource> updates);

    /// <summary>Notes whom resources belong to that are not one person's alone.</summary>
    Task ShareAsync(List<PreparedResource> written);

    Task KeepBesideAsync(List<PreparedResource> besides);

    /// <summary>Keeps the latest registration of each person.</summary>
    Task RegisterAsync(List<(long PatientKey, int From, int Until)> registrations);

    /// <summary>Keys of practitioners by logical id, made where they are new.</summary>
    Task<Dictionary<string, int>> ProfessionalKeysAsync(List<string> practitionerIds);

    Task<Dictionary<long, byte[]>> ReadTimelinesAsync(List<long> patientKeys);

    Task WriteTimelinesAsync(List<(long PatientKey, byte[] Events)> rows);

    /// <summary>Adds to the audit chain of changes; last, before the commit.</summary>
    Task AppendAuditAsync(IReadOnlyList<AuditEntry> entries);

    /// <summary>Stores how far an import file is, with its rejects and waiting lines.</summary>
    Task SaveCheckpointAsync(ImportCheckpoint checkpoint, List<PreparedResource> items);
}
