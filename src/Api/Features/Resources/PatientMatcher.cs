using BetterCare.Care.Api.Features.Matching;
using BetterCare.Care.Identity.Matching;
using BetterCare.Care.Storage.Resources;

namespace BetterCare.Care.Api.Features.Resources;

/// <summary>A person who may be the one asked for.</summary>
/// <param name="Resource">The Patient.</param>
/// <param name="Score">How sure, and why.</param>
public sealed record PatientMatch(StoredResource Resource, MatchScore Score);

/// <summary>Finds the people whom a description may mean.</summary>
public interface IPatientMatcher
{
    /// <summary>The matches, best first; none is worse than possible.</summary>
    /// <param name="described">A Patient, complete or not.</param>
    /// <param name="visibility">Who asks.</param>
    /// <param name="ct">Cancels.</param>
    Task<IReadOnlyList<PatientMatch>> MatchAsync(ReadOnlyMemory<byte> described, Visibility visibility, CancellationToken ct);
}

/// <summary>Rules and probabilities over the people whom the caller may see (<see cref="MatchModel"/>).</summary>
public sealed class PopulationMatcher(LocalMatching matching) : IPatientMatcher
{
    /// <inheritdoc/>
    public async Task<IReadOnlyList<PatientMatch>> MatchAsync(ReadOnlyMemory<byte> described, Visibility visibility, CancellationToken ct)
    {
        var found = await matching.FindAsync(PatientText.Of(described.Span), visibility.Practices, ct);
        return [.. found.Select(m => new PatientMatch(m.Resource, new MatchScore(ScoreOf(m.Result), GradeOf(m.Result.Grade), MatchReasons.Of(m.Result.Comparison))))];
    }

    /// <summary>The grade as FHIR's match-grade writes it.</summary>
    public static string GradeOf(MatchGrade grade) => grade switch
    {
        MatchGrade.Certain => "certain",
        MatchGrade.Probable => "probable",
        MatchGrade.Possible => "possible",
        _ => "certainly-not",
    };

    /// <summary>FHIR's search.score, 0 to 1: the probability; what a rule makes certain is not told as doubtful.</summary>
    public static decimal ScoreOf(in MatchResult result) =>
        (decimal)Math.Round(result.Grade == MatchGrade.Certain ? Math.Max(0.99, result.Probability) : result.Probability, 4);
}
