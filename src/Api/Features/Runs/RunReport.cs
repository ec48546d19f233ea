using System.Text.Json;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Stratification.Features;
using BetterCare.Care.Stratification.Runs;

namespace BetterCare.Care.Api.Features.Runs;

/// <summary>What a run was asked to be.</summary>
/// <param name="IndexDate">yyyy-MM-dd.</param>
/// <param name="Policy">Id of a tier policy preset; not read where <paramref name="Tiers"/> are given.</param>
/// <param name="Model">Id or id/version of a model that is or was in force, or the name of one that ships; null: the one in force.</param>
/// <param name="Tiers">A policy of the place's own.</param>
/// <param name="HonourNationalOptOut">Leave out people with a national data opt-out as well: for planning, not for finding cases for their own care.</param>
public sealed record RunRequest(string IndexDate, string Policy, string? Model, TierPolicy? Tiers = null, bool HonourNationalOptOut = false);

/// <summary>A run as told to people.</summary>
/// <param name="Id">The job.</param>
/// <param name="RunId">Number of the run; 0 while there is none.</param>
/// <param name="Status"><c>queued</c>, <c>running</c>, <c>completed</c>, <c>failed</c> or <c>cancelled</c>.</param>
/// <param name="IndexDate">Index date.</param>
/// <param name="Model">Model.</param>
/// <param name="ModelVersion">Its version.</param>
/// <param name="Note">What kind of model it is: said with every answer.</param>
/// <param name="Policy">Tier policy.</param>
/// <param name="People">People scored.</param>
/// <param name="Excluded">People left out, by reason.</param>
/// <param name="ExpectedAdmissions">People expected to be admitted as an emergency within 12 months.</param>
/// <param name="Levels">People by level, the highest first.</param>
/// <param name="PreviousRunId">The run that changes are told against; 0 none.</param>
/// <param name="Changes">People by change since the previous run: none, new, risen, fallen, left.</param>
/// <param name="Stability">Population stability index of the probabilities against the previous run: below 0.1 stable, from 0.25 moved a lot.</param>
/// <param name="Fingerprint">SHA-256 of the result: the same data, model, policy and date give the same.</param>
/// <param name="Percent">How far it is.</param>
/// <param name="Phase">What is being done.</param>
/// <param name="Message">Why it failed, and what would do.</param>
public sealed record RunReport(
    string Id,
    int RunId,
    string Status,
    string IndexDate,
    string Model,
    string ModelVersion,
    string? Note,
    string Policy,
    int People,
    IReadOnlyDictionary<string, int> Excluded,
    double ExpectedAdmissions,
    IReadOnlyList<LevelCount> Levels,
    int PreviousRunId,
    IReadOnlyDictionary<string, int> Changes,
    double? Stability,
    string? Fingerprint,
    double Percent,
    string Phase,
    string? Message)
{
    /// <summary>Tells a job and what it has come to.</summary>
    /// <param name="job">The job.</param>
    /// <param name="run">Its run; null while there is none.</param>
    /// <param name="note">What kind of model it is.</param>
    /// <param name="progress">How far it is.</param>
    internal static RunReport Of(Job job, StratificationRun? run, string? note, (double Percent, string Phase) progress)
    {
        var request = JsonSerializer.Deserialize<RunRequest>(job.Request, JsonSerializerOptions.Web)!;
        var done = run is { Status: JobStatus.Completed };
        var moved = done ? JsonSerializer.Deserialize<int[][]>(run!.Transitions)! : [];
        return new RunReport(
            job.Id,
            run?.RunId ?? 0,
            job.Status.ToString().ToLowerInvariant(),
            request.IndexDate,
            run?.ModelId ?? "",
            run?.ModelVersion ?? "",
            note,
            request.Tiers?.Id ?? request.Policy,
            run?.People ?? 0,
            JsonSerializer.Deserialize<Dictionary<string, int>>(run?.Excluded ?? "{}")!,
            run?.ExpectedAdmissions ?? 0,
            moved.Length == 0 ? [] : [.. new[] { 4, 3, 2, 1 }.Select(l => (Level: l, People: moved.Sum(row => row[l]))).Where(l => l.People > 0).Select(l => new LevelCount(l.Level, l.People, 100.0 * l.People / Math.Max(1, run!.People)))],
            run?.PreviousRunId ?? 0,
            moved.Length == 0 ? new Dictionary<string, int>() : Count(moved),
            run?.Stability,
            done ? run!.Fingerprint : null,
            progress.Percent,
            progress.Phase,
            job.Message);
    }

    /// <summary>A reason for leaving somebody out, as a word.</summary>
    internal static string Word(ExclusionReason reason) => JsonNamingPolicy.KebabCaseLower.ConvertName(reason.ToString());

    private static Dictionary<string, int> Count(int[][] moved)
    {
        int Where(Func<int, int, bool> which) => Enumerable.Range(0, 5).Sum(from => Enumerable.Range(0, 5).Sum(to => which(from, to) ? moved[from][to] : 0));
        return new Dictionary<string, int>(StringComparer.Ordinal)
        {
            ["none"] = Where((from, to) => from > 0 && from == to),
            ["new"] = Where((from, to) => from == 0 && to > 0),
            ["risen"] = Where((from, to) => from > 0 && to > from),
            ["fallen"] = Where((from, to) => to > 0 && to < from),
            ["left"] = Where((from, to) => from > 0 && to == 0),
        };
    }
}

/// <summary>People at a level.</summary>
public sealed record LevelCount(int Level, int People, double Percent);
