using System.Text.Json;
using BetterCare.Care.Api.Features.Matching;
using BetterCare.Care.Api.Features.Resources;
using BetterCare.Care.Api.Features.Tracing.Pds;
using BetterCare.Care.Identity.Matching;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Audit;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Storage.Tracing;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Tracing;

/// <summary>What a pass over the tracing queue came to.</summary>
/// <param name="Linked">Certain, and in a record now.</param>
/// <param name="ForReview">For a human to decide.</param>
/// <param name="StillWaiting">PDS gave no answer, or there is none; tried again later.</param>
/// <param name="AdmittedLate">Resources that came while their person was being traced.</param>
public sealed record TracingPass(int Linked, int ForReview, int StillWaiting, int AdmittedLate);

/// <summary>
/// Traces the people who came without an NHS number: first among those who are here, then in PDS by its own recipe. Only
/// what is certain is linked; everything else is for a named human. When PDS is away the queue waits, longer each time.
/// </summary>
#pragma warning disable CA1001 // The semaphore has no wait handle, so it holds nothing to dispose of.
public sealed partial class Tracer(
    IDbContextFactory<CareDbContext> contexts, LocalMatching matching, IPdsClient pds, Admission admission, TimeProvider clock, ILogger<Tracer> log)
#pragma warning restore CA1001
{
    /// <summary>As whom certain matches are recorded.</summary>
    public const string Machine = "tracing";

    private const int AtOnce = 4;
    private const int MostCandidates = 5;
    private static readonly TimeSpan Claim = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(6);

    private readonly SemaphoreSlim _one = new(1, 1);

    /// <summary>Traces the people whose turn it is.</summary>
    /// <param name="limit">How many at most.</param>
    /// <param name="ct">Stops between people.</param>
    public async Task<TracingPass> PassAsync(int limit, CancellationToken ct)
    {
        await _one.WaitAsync(ct);
        try
        {
            var late = await admission.AdmitLateAsync(ct);
            var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
            List<string> due;
            await using (var db = await contexts.CreateDbContextAsync(ct))
            {
                due = await db.TracingPeople.Where(p => p.State == TracingState.Waiting && p.NextAttemptAt <= now)
                    .OrderBy(p => p.NextAttemptAt).ThenBy(p => p.Id).Select(p => p.Id).Take(limit).ToListAsync(ct);
            }

            int linked = 0, review = 0, waiting = 0;
            await Parallel.ForEachAsync(due, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = ct }, async (id, token) =>
            {
                AccessTrail.Current = AccessTrail.Current?.Fork();
                switch (await TraceAsync(id, token))
                {
                    case TracingState.Traced:
                        Interlocked.Increment(ref linked);
                        break;
                    case TracingState.Review:
                        Interlocked.Increment(ref review);
                        break;
                    case TracingState.Waiting:
                        Interlocked.Increment(ref waiting);
                        break;
                }
            });
            if (due.Count > 0 || late > 0)
            {
                Passed(linked, review, waiting, late);
            }

            return new TracingPass(linked, review, waiting, late);
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Traces one person; null where another process is at it.</summary>
    private async Task<TracingState?> TraceAsync(string id, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var now = clock.GetUtcNow();
        var (nowMs, until) = (now.ToUnixTimeMilliseconds(), (now + Claim).ToUnixTimeMilliseconds());
        if (await db.TracingPeople.Where(p => p.Id == id && p.State == TracingState.Waiting && p.NextAttemptAt <= nowMs)
            .ExecuteUpdateAsync(s => s.SetProperty(p => p.NextAttemptAt, until), ct) == 0)
        {
            return null;
        }

        var person = await db.TracingPeople.SingleAsync(p => p.Id == id, ct);
        var text = PatientText.Of(person.Body) with { Number = null };
        var here = await matching.FindAsync(text, null, ct);
        if (here is [{ Result.Grade: MatchGrade.Certain } certain, ..])
        {
            return await LinkAsync(person, new TracedDetails(certain.Number.Value, false, "", false), "The same person is here already", certain.Result, ct);
        }

        var candidates = here.Take(MostCandidates)
            .Select(h => Row(id, "here", new TracedDetails(h.Number.Value, false, "", false), h.Result)).ToDictionary(c => c.NhsNumber);
        var reply = await SearchAsync(text, ct);
        var note = "";
        switch (reply)
        {
            case PdsReply.Found { People: [var found, ..] }:
                var result = await matching.CompareAsync(text, found.Text with { Number = null }, ct);
                var details = new TracedDetails(found.Number.Value, true, found.Practice, found.Restricted);
                if (result.Grade == MatchGrade.Certain && !found.Restricted && !found.Deceased)
                {
                    return await LinkAsync(person, details, "PDS has exactly one such person", result, ct);
                }

                candidates[found.Number.Number] = Row(id, "pds", details, result);
                note = found.Restricted ? "PDS has one such person, whose record is restricted: a human decides."
                    : found.Deceased ? "PDS has one such person, who has died: a human decides."
                    : "PDS has one such person, but not everything agrees: a human decides.";
                break;
            case PdsReply.TooMany:
                note = "PDS has more than one such person: a human decides.";
                break;
            case PdsReply.Nobody or PdsReply.Invalidated:
                note = "PDS found nobody: ask the supplier for what is missing, or decide.";
                break;
            case PdsReply.Refused refused:
                note = $"PDS cannot search with what is known ({refused.Code}): ask the supplier for family name and date of birth, or decide.";
                break;
            case PdsReply.Unavailable away:
                await SaveAsync(db, person, candidates.Values, TracingState.Waiting, $"{away.Why}; tried again later.", ct);
                return TracingState.Waiting;
        }

        await SaveAsync(db, person, candidates.Values, TracingState.Review, note, ct);
        return TracingState.Review;
    }

    /// <summary>PDS's recipe: by the beginnings first, fuzzy only where that finds nobody, for every hit is audited there.</summary>
    private async Task<PdsReply> SearchAsync(PersonText text, CancellationToken ct)
    {
        var reply = await pds.SearchAsync(new PdsSearch(text, Fuzzy: false), ct);
        return reply is PdsReply.Nobody or PdsReply.Refused { Code: "MISSING_VALUE" } ? await pds.SearchAsync(new PdsSearch(text, Fuzzy: true), ct) : reply;
    }

    private async Task<TracingState> LinkAsync(TracingPerson person, TracedDetails details, string why, MatchResult result, CancellationToken ct)
    {
        var report = await admission.LinkAsync(person.Id, details, Machine, $"{why}. {string.Join(" ", MatchReasons.Of(result.Comparison))}", ct);
        if (report.Done)
        {
            return TracingState.Traced;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        var row = await db.TracingPeople.SingleAsync(p => p.Id == person.Id, ct);
        await SaveAsync(db, row, [Row(person.Id, "here", details, result)], TracingState.Review, "The match is certain, but the store refused the record: look at it.", ct);
        return TracingState.Review;
    }

    private async Task SaveAsync(CareDbContext db, TracingPerson person, IEnumerable<TracingCandidate> candidates, TracingState state, string note, CancellationToken ct)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await db.TracingCandidates.Where(c => c.PersonId == person.Id).ExecuteDeleteAsync(ct);
        db.TracingCandidates.AddRange(candidates);
        person.State = state;
        person.Note = note;
        person.Attempts++;
        var wait = TimeSpan.FromMinutes(Math.Min(LongestWait.TotalMinutes, Math.Pow(2, Math.Min(12, person.Attempts))));
        person.NextAttemptAt = (clock.GetUtcNow() + wait).ToUnixTimeMilliseconds();
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
    }

    private static TracingCandidate Row(string person, string source, TracedDetails details, in MatchResult result) => new()
    {
        PersonId = person,
        NhsNumber = Fhir.Nhs.NhsNumber.Parse(details.Number).Number,
        Source = source,
        Grade = PopulationMatcher.GradeOf(result.Grade),
        Score = (double)PopulationMatcher.ScoreOf(result),
        Reasons = JsonSerializer.Serialize(MatchReasons.Of(result.Comparison)),
        Added = details.ToJson(),
    };

    [LoggerMessage(1710, LogLevel.Information, "Tracing: {Linked} linked, {Review} for review, {Waiting} waiting, {Late} resources admitted late")]
    private partial void Passed(int linked, int review, int waiting, int late);
}
