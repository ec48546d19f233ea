namespace BetterCare.Care.Stratification.Models;

/// <summary>
/// What one predictor (or a pair of predictors together) adds to a person's log-odds. The contributions of a person
/// add up exactly to the log-odds of the probability.
/// </summary>
/// <param name="Feature">Position in the model's feature ids, or one of the negative constants here.</param>
/// <param name="With">Position of the second predictor of an interaction; -1: none.</param>
/// <param name="LogOdds">Added log-odds; exp of it multiplies the odds.</param>
public readonly record struct Contribution(short Feature, short With, float LogOdds)
{
    /// <summary><see cref="Feature"/> of the starting point that everyone shares.</summary>
    public const short Baseline = -1;

    /// <summary><see cref="Feature"/> of the step from the raw to the calibrated log-odds, where that is not a straight line.</summary>
    public const short Calibration = -2;
}

/// <summary>
/// A model that turns a person's features into the probability of an emergency admission in the next 12 months, and
/// can say exactly why. Immutable; safe for any number of threads. This is the seam for models of any other make.
/// </summary>
public interface IRiskModel
{
    /// <summary>Stable id of the model.</summary>
    string Id { get; }

    /// <summary>Version of the model.</summary>
    string Version { get; }

    /// <summary>Ids of the predictors, in the order in which values are to be given.</summary>
    IReadOnlyList<string> FeatureIds { get; }

    /// <summary>The most contributions that <see cref="Explain"/> can give.</summary>
    int MaximumContributions { get; }

    /// <summary>Probability from 0 to 1, calibrated.</summary>
    /// <param name="features">Values in the order of <see cref="FeatureIds"/>; NaN: not known.</param>
    double Score(ReadOnlySpan<float> features);

    /// <summary>
    /// The contributions of one person: the baseline first, then every predictor and pair in the model's order
    /// (also those that add nothing). They add up to ln(p / (1 - p)) of <see cref="Score"/>.
    /// </summary>
    /// <param name="features">Values in the order of <see cref="FeatureIds"/>.</param>
    /// <param name="contributions">Room for <see cref="MaximumContributions"/>.</param>
    /// <returns>How many were written.</returns>
    int Explain(ReadOnlySpan<float> features, Span<Contribution> contributions);
}

/// <summary>Learns a model from people whose outcome is known.</summary>
public interface IRiskModelTrainer
{
    /// <summary>Kind of model: "logistic" or "ebm".</summary>
    string Kind { get; }

    /// <summary>Learns a model. The same data and options give the same bytes, whatever the number of cores.</summary>
    /// <param name="data">People, features and outcomes.</param>
    /// <param name="card">What the document says about itself; the trainer fills in counts and performance.</param>
    /// <param name="progress">Told how far it is; may be null.</param>
    /// <param name="ct">Stops the training.</param>
    /// <exception cref="TrainingException">The data cannot carry a model; the message says what would do.</exception>
    ModelDocument Train(TrainingSet data, ModelCard card, IProgress<TrainingProgress>? progress = null, CancellationToken ct = default);
}

/// <summary>How far a training is.</summary>
/// <param name="Stage">What is being done, in plain English.</param>
/// <param name="Done">Share done, 0 to 1.</param>
public sealed record TrainingProgress(string Stage, double Done);

/// <summary>A training set cannot carry a model.</summary>
public sealed class TrainingException(string message) : Exception(message);

/// <summary>A model document cannot be used as it is.</summary>
public sealed class ModelDocumentException(string message) : Exception(message);
