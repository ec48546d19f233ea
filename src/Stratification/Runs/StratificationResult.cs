using System.Runtime.InteropServices;
using System.Security.Cryptography;
using BetterCare.Care.Stratification.Features;
using BetterCare.Care.Stratification.Models;

namespace BetterCare.Care.Stratification.Runs;

/// <summary>One of the largest contributions of a person, kept with the run.</summary>
/// <param name="Feature">Position in the model's feature ids.</param>
/// <param name="With">Position of the second predictor of an interaction; -1: none.</param>
/// <param name="LogOdds">What it adds to the log-odds.</param>
/// <param name="Value">Value of the predictor; NaN: not known.</param>
/// <param name="WithValue">Value of the second predictor.</param>
public readonly record struct RunReason(short Feature, short With, float LogOdds, float Value, float WithValue);

/// <summary>
/// What a run found: one row per person in arrays, sorted by patient key. A million people take about 110 MB, reasons included.
/// </summary>
public sealed class StratificationResult
{
    /// <summary>Reasons kept per person.</summary>
    public const int ReasonsPerPerson = 5;

    internal StratificationResult(IRiskModel model, TierPolicy policy, IndexDate index, Eligibility eligibility)
    {
        Model = model;
        Policy = policy;
        Index = index;
        Eligibility = eligibility;
    }

    /// <summary>The model.</summary>
    public IRiskModel Model { get; }

    /// <summary>The policy, cuts included.</summary>
    public TierPolicy Policy { get; }

    /// <summary>The index date.</summary>
    public IndexDate Index { get; }

    /// <summary>Who belonged to the population.</summary>
    public Eligibility Eligibility { get; }

    /// <summary>People scored.</summary>
    public int Count => PatientKeys.Length;

    /// <summary>Keys, rising.</summary>
    public long[] PatientKeys { get; internal init; } = [];

    /// <summary>Probability of each person, 0 to 1.</summary>
    public float[] Probabilities { get; internal init; } = [];

    /// <summary>Level of each person, 1 to 4.</summary>
    public byte[] Levels { get; internal init; } = [];

    /// <summary>Rank of each person among all scored, 1 the highest risk.</summary>
    public int[] Ranks { get; internal init; } = [];

    /// <summary>Row of each rank: the first is the person at highest risk.</summary>
    public int[] ByRank { get; internal init; } = [];

    /// <summary>The shared starting point of all explanations, in log-odds.</summary>
    public float Baseline { get; internal init; }

    /// <summary>Log-odds of each person that the baseline and the kept reasons leave over: the smaller contributions together.</summary>
    public float[] OtherLogOdds { get; internal init; } = [];

    /// <summary>People left out, by reason.</summary>
    public IReadOnlyDictionary<ExclusionReason, int> Excluded { get; internal init; } = new Dictionary<ExclusionReason, int>();

    /// <summary>People looked at, scored or left out.</summary>
    public int Considered => Count + Excluded.Values.Sum();

    internal RunReason[] AllReasons { get; init; } = [];

    /// <summary>The largest contributions of a person, largest first; those of 0 are left out.</summary>
    public ReadOnlySpan<RunReason> Reasons(int row)
    {
        var all = AllReasons.AsSpan(row * ReasonsPerPerson, ReasonsPerPerson);
        var n = 0;
        while (n < all.Length && all[n].LogOdds != 0)
        {
            n++;
        }

        return all[..n];
    }

    /// <summary>A reason in plain English.</summary>
    public string Describe(in RunReason reason) => ReasonText.Of(Model, reason.Feature, reason.With, reason.Value, reason.WithValue);

    /// <summary>Number of people at a level.</summary>
    public int CountAt(RiskLevel level) => Levels.AsSpan().Count((byte)level.Value);

    /// <summary>SHA-256 over keys, probabilities, levels and reasons: equal runs, equal fingerprints.</summary>
    public string Fingerprint()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(MemoryMarshal.AsBytes(PatientKeys.AsSpan()));
        hash.AppendData(MemoryMarshal.AsBytes(Probabilities.AsSpan()));
        hash.AppendData(Levels);
        hash.AppendData(MemoryMarshal.AsBytes(OtherLogOdds.AsSpan()));
        hash.AppendData(MemoryMarshal.AsBytes(AllReasons.AsSpan()));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}

/// <summary>Contributions in plain English.</summary>
public static class ReasonText
{
    /// <summary>The text of a contribution.</summary>
    public static string Of(IRiskModel model, int feature, int with, float value, float withValue) => feature switch
    {
        Contribution.Baseline => "Starting point: an average person",
        Contribution.Calibration => "Adjustment to what was really seen (calibration)",
        _ when with < 0 => Describe(model, feature, value),
        _ => $"{Describe(model, feature, value)}, together with: {Describe(model, with, withValue)}",
    };

    private static string Describe(IRiskModel model, int feature, float value)
    {
        var id = model.FeatureIds[feature];
        return Predictors.Find(id)?.Describe(value) ?? id;
    }
}
