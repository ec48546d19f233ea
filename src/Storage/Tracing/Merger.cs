using System.Data.Common;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Storage.Coverage;
using BetterCare.Care.Storage.Ingest;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Storage.OptOuts;
using BetterCare.Care.Storage.Resources;
using BetterCare.Care.Stratification.Timelines;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace BetterCare.Care.Storage.Tracing;

/// <summary>What a merge, or the undoing of one, is decided on.</summary>
/// <param name="DecidedBy">Who decided: a named human.</param>
/// <param name="Reason">Why.</param>
/// <param name="At">When.</param>
/// <param name="Today">The day of it, where the service runs.</param>
/// <param name="RenderedBy">The supplier of what the service itself tells of leads and plans: made anew for the record that remains.</param>
public sealed record MergeDecision(string DecidedBy, string Reason, DateTimeOffset At, DateOnly Today, int RenderedBy)
{
    /// <summary>Says nothing: a reason may be personal.</summary>
    public override string ToString() => "(merge decision)";
}

/// <summary>
/// Makes two records of one person one, and takes that back (docs/decisions/0016-merges.md). Everything that is the person's
/// moves within the transaction that the caller has begun: resources with their references, timeline, levels, scores, leads,
/// plans, meetings, coverage. Every row is remembered as it was.
/// </summary>
public sealed partial class Merger(Directories directories)
{
    /// <summary>Recorded as the reason why something ended.</summary>
    public const string Ended = "Two records of one person were merged; that of the record that remains is in force.";

    private static readonly HashSet<string> OwnRules = new(StringComparer.Ordinal) { "resource", "resource_of_service", "standing_of_survivor", "mdt_meeting_record" };

    /// <summary>Waits until nobody writes about people, and keeps it so until the transaction ends; first of all in it.</summary>
    public static async Task LockAsync(CareDbContext db, IReadOnlyList<long> people, DateOnly today, CancellationToken ct)
    {
        await Coverage(db).LockAsync(today, ct);
        if (db.Database.IsNpgsql())
        {
            var connection = db.Database.GetDbConnection();
            await Admission.RunAsync(connection, $"SELECT pg_advisory_xact_lock({PostgresBulkSession.MergeLock})", _ => { });
            foreach (var person in people.Order())
            {
                await Admission.RunAsync(connection, "SELECT 1 FROM patient WHERE patient_key=@key FOR UPDATE", c => c.Add("key", person));
            }
        }
    }

    /// <summary>Makes two records one; the caller commits, and then calls <see cref="Directories.ForgetPeople"/>.</summary>
    /// <param name="db">With the transaction, locked.</param>
    /// <param name="from">The record that is taken up.</param>
    /// <param name="into">The record that remains.</param>
    /// <param name="renumbered">The one that remains was made for this: it is the same under its new number.</param>
    /// <param name="decision">Who decided, when and why.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<PersonMerge> MergeAsync(CareDbContext db, Patient from, Patient into, bool renumbered, MergeDecision decision, CancellationToken ct)
    {
        var merge = new PersonMerge
        {
            Id = Guid.CreateVersion7(decision.At).ToString(),
            FromNumber = from.NhsNumber.Number,
            IntoNumber = into.NhsNumber.Number,
            FromKey = from.PatientKey,
            IntoKey = into.PatientKey,
            DecidedBy = decision.DecidedBy,
            DecidedAt = decision.At.ToUnixTimeMilliseconds(),
            Reason = decision.Reason,
            Restricted = from.Flags.HasFlag(PersonFlags.Restricted) && !into.Flags.HasFlag(PersonFlags.Restricted),
            Renumbered = renumbered,
        };
        db.Merges.Add(merge);
        await db.SaveChangesAsync(ct);
        var work = await WorkAsync(db, merge, decision, ct);
        await using var session = work.Session;
        await MoveDecisionsAsync(work);
        await MoveResourcesAsync(work);
        await work.Journal.TakeAsync(new PersonTable("patient", ["patient_key"]), (await work.Journal.RowsAsync("patient", "patient_key=@key", c => c.Add("key", merge.FromKey)))[0]);
        await ProvenanceAsync(work, merge.Id, ProvenanceOf.Merge(merge.Id, work.From, work.Into, decision), merge.IntoKey, ct);
        await FinishAsync(work, [merge.FromKey, merge.IntoKey], ct);
        await Admission.RunAsync(work.Connection, "DELETE FROM merge_proposal WHERE from_number=@from", c => c.Add("from", merge.FromNumber));
        return merge;
    }

    /// <summary>
    /// Takes a merge back: two records again, each with what it had. What came under the former number since goes back with it;
    /// what came under the number in force, and what was decided since, stays with the record that remained.
    /// </summary>
    /// <param name="db">With the transaction, locked.</param>
    /// <param name="merge">A merge in force, the last of those of this person.</param>
    /// <param name="decision">Who decided, when and why.</param>
    /// <param name="ct">Cancels.</param>
    public async Task UndoAsync(CareDbContext db, PersonMerge merge, MergeDecision decision, CancellationToken ct)
    {
        var work = await WorkAsync(db, merge, decision, ct);
        await using var session = work.Session;
        var rows = await work.Journal.RememberedAsync();
        await work.Journal.PutBackAsync(rows, OwnRules);
        await PutMeetingsBackAsync(work, rows);
        await PutStandingBackAsync(work, rows);
        await PutResourcesBackAsync(work, rows);
        foreach (var key in (long[])[merge.FromKey, merge.IntoKey])
        {
            await Rebuilder.WriteAsync(work.Session, key, key, await DerivedAsync(work, key), work.Now);
        }

        // A former number is told to nobody any more who may see only one of the two.
        var gone = merge.Renumbered && await EndRenumberedAsync(work);
        var made = decision with { DecidedBy = merge.DecidedBy, Reason = merge.Reason, At = DateTimeOffset.FromUnixTimeMilliseconds(merge.DecidedAt) };
        var undoing = Guid.CreateVersion7(decision.At).ToString();
        await ProvenanceAsync(work, merge.Id, ProvenanceOf.Merge(merge.Id, work.From, work.Into, made, undone: true, alone: gone), gone ? merge.FromKey : merge.IntoKey, ct);
        await ProvenanceAsync(work, undoing, ProvenanceOf.Unmerge(undoing, work.From, work.Into, decision, gone), gone ? merge.FromKey : merge.IntoKey, ct);

        (merge.UndoneBy, merge.UndoneAt, merge.UndoneReason) = (decision.DecidedBy, decision.At.ToUnixTimeMilliseconds(), decision.Reason);
        await db.SaveChangesAsync(ct);
        await FinishAsync(work, [merge.FromKey, merge.IntoKey], ct);
    }

    /// <summary>Makes ready what cannot be done within the transaction: SQLite has one writer.</summary>
    public async Task PrepareAsync(CancellationToken ct) => await directories.SupplierAsync(Admission.OwnSource, ct);

    private static async Task ProvenanceAsync(Work work, string id, byte[] json, long owner, CancellationToken ct)
    {
        var prepared = await work.Preparer.PrepareAsync(work.Own, json, 1, new WriteTarget { Id = id, IsOurs = true }, ct);
        var item = prepared.Item ?? throw new InvalidOperationException($"The Provenance of a merge is not valid: {prepared.Issues[0].Text}");
        item.PatientKey = owner;
        await work.Session.FindAsync([item]);
        var plan = new WritePlan();
        if (item.Before is not null)
        {
            plan.Move(item, work.Now);
        }
        else if (plan.Decide(new WriteBatch { Items = { item } }, work.Now) is { } failure)
        {
            throw new InvalidOperationException($"The Provenance of a merge was refused by the store ({failure.Issue.Code}).");
        }

        await ResourceWriter.ApplyAsync(work.Session, plan, work.Now);
    }

    private static CoverageWriter Coverage(CareDbContext db) => new(db.Database.GetDbConnection(), db.Database.CurrentTransaction!.GetDbTransaction());

    private static async Task FinishAsync(Work work, long[] people, CancellationToken ct)
    {
        // An opt-out of either holds for the one; a list may name either number.
        await OptOutWriter.RecountAsync(work.Connection, people, work.Now);
        foreach (var person in people)
        {
            await Coverage(work.Db).RecountAsync(person, work.Decision.Today, ct);
        }

        await Admission.RunAsync(
            work.Connection,
            $"INSERT INTO upkeep_mark (name, value) VALUES ('{Directories.MergeMark}', 1) ON CONFLICT (name) DO UPDATE SET value=upkeep_mark.value+1",
            _ => { });
    }

    private async Task<Work> WorkAsync(CareDbContext db, PersonMerge merge, MergeDecision decision, CancellationToken ct)
    {
        var connection = db.Database.GetDbConnection();
        var ingest = new IngestSession(directories);
        ingest.Know(NhsNumber.FromStored(merge.FromNumber), merge.FromKey);
        ingest.Know(NhsNumber.FromStored(merge.IntoNumber), merge.IntoKey);
        return new Work(db, connection, await JoinedWrite.JoinAsync(connection), new RowJournal(connection, merge.Id), merge, decision, ingest, await directories.MergedAsync(ct));
    }

    /// <summary>One merge or undoing in hand.</summary>
    private sealed record Work(
        CareDbContext Db, DbConnection Connection, IBulkSession Session, RowJournal Journal, PersonMerge Merge, MergeDecision Decision, IngestSession Ingest, MergedPeople Merged)
    {
        public ResourcePreparer Preparer { get; } = new();

        /// <summary>What this service says itself of who is who.</summary>
        public IngestSession Own { get; } = Ingest.For(Admission.OwnSource);

        public NhsNumber From { get; } = NhsNumber.FromStored(Merge.FromNumber);

        public NhsNumber Into { get; } = NhsNumber.FromStored(Merge.IntoNumber);

        public long Now => Decision.At.ToUnixTimeMilliseconds();

        public Task RunAsync(string sql) => Admission.RunAsync(Connection, sql, c => c.Add("from", Merge.FromKey).Add("into", Merge.IntoKey));
    }
}
