using System.Globalization;
using BetterCare.Care.Stratification.Evaluation;
using BetterCare.Care.Stratification.Features;
using MathNet.Numerics.LinearAlgebra;

namespace BetterCare.Care.Stratification.Models;

/// <summary>
/// Ridge logistic regression by iteratively reweighted least squares (Newton's method). The penalty is half the ridge
/// times the squared coefficients of standardised columns, the intercept left free: scikit-learn's C is 1 / ridge.
/// No class weights, so probabilities stay probabilities.
/// </summary>
/// <param name="terms">Columns; null: the default terms of the predictors of the training set.</param>
/// <param name="ridge">Strength of the penalty; 0: none.</param>
/// <param name="folds">Folds for calibration and performance; 0: neither.</param>
/// <param name="calibrationMethod">How the held-out people calibrate it.</param>
public sealed class LogisticTrainer(IReadOnlyList<Term>? terms = null, double ridge = 1, int folds = 5, CalibrationMethod calibrationMethod = CalibrationMethod.Platt) : IRiskModelTrainer
{
    private const int MaximumIterations = 50;

    // Of the largest step, in standard deviations of a column: far below what four decimals of a coefficient show.
    private const double Tolerance = 1e-7;

    private const int SecondStepBelow = 100_000;

    /// <inheritdoc/>
    public string Kind => "logistic";

    /// <inheritdoc/>
    public ModelDocument Train(TrainingSet data, ModelCard card, IProgress<TrainingProgress>? progress = null, CancellationToken ct = default)
    {
        data.Validate();
        var columns = terms ?? [.. data.Features.Predictors.SelectMany(p => p.DefaultTerms.Count > 0 ? p.DefaultTerms : [new Term(p.Id, TermForm.Linear)])];
        var ones = new double[columns.Count];
        Array.Fill(ones, 1);
        progress?.Report(new TrainingProgress("Looking at the columns", 0));
        var (mean, deviation) = new NormalEquations(data, columns, ones).Moments(ct);

        // A column that never varies teaches nothing and would make the equations singular: it stays out.
        var kept = Enumerable.Range(0, columns.Count).Where(j => deviation[j] > 1e-12).ToArray();
        var equations = new NormalEquations(data, [.. kept.Select(j => columns[j])], [.. kept.Select(j => deviation[j])]);
        var (beta, hessian) = Solve(data, equations, progress, ct);
        var errors = StandardErrors(hessian, equations.Width);
        var trained = new LogisticTerm[columns.Count];
        for (var j = 0; j < columns.Count; j++)
        {
            trained[j] = new LogisticTerm(columns[j], 0, null, mean[j]);
        }

        for (var k = 0; k < kept.Length; k++)
        {
            var j = kept[k];
            trained[j] = trained[j] with { Coefficient = beta[k + 1] / deviation[j], StandardError = errors[k + 1] / deviation[j] };
        }

        var document = new ModelDocument
        {
            Id = "logistic",
            Version = "1",
            Kind = Kind,
            Intercept = beta[0],
            Terms = trained,
            Card = card with
            {
                People = data.Count,
                Events = data.Events,
                Training = string.Create(CultureInfo.InvariantCulture, $"Ridge logistic regression by IRLS, ridge {ridge} on standardised columns, {kept.Length} columns, {folds} folds"),
            },
        };
        return folds < 2 ? document : Calibrate(document, data, equations, beta, hessian, progress, ct);
    }

    private (double[] Beta, double[] Hessian) Solve(TrainingSet data, NormalEquations equations, IProgress<TrainingProgress>? progress, CancellationToken ct)
    {
        var width = equations.Width;
        var beta = new double[width];
        beta[0] = Logistic.LogOdds((double)data.Events / data.Count);
        var best = double.NegativeInfinity;
        var step = new double[width];
        for (var iteration = 0; iteration < MaximumIterations; iteration++)
        {
            var sums = equations.At(beta, -1, 1, ct);
            var penalised = sums.LogLikelihood - (ridge / 2 * beta.Skip(1).Sum(b => b * b));
            if (penalised < best - (1e-9 * Math.Abs(best)))
            {
                // Newton overshot: go half the way back. Rare with a ridge, possible without.
                for (var j = 0; j < width; j++)
                {
                    step[j] /= 2;
                    beta[j] -= step[j];
                }

                continue;
            }

            best = Math.Max(best, penalised);
            step = NewtonStep(sums.Gradient, sums.Hessian, beta);
            var largest = 0.0;
            for (var j = 0; j < width; j++)
            {
                beta[j] += step[j];
                largest = Math.Max(largest, Math.Abs(step[j]));
            }

            progress?.Report(new TrainingProgress("Fitting", Math.Min(0.7, 0.1 * (iteration + 1))));
            if (largest < Tolerance)
            {
                return (beta, sums.Hessian);
            }

            if (Array.Exists(beta, b => !double.IsFinite(b) || Math.Abs(b) > 1e4))
            {
                break;
            }
        }

        throw new TrainingException("The coefficients do not settle: some column separates the people with the outcome from the others completely. Use a ridge above 0 or leave that predictor out.");
    }

    private double[] NewtonStep(double[] gradient, double[] hessian, double[] beta)
    {
        var width = beta.Length;
        var system = Matrix<double>.Build.Dense(width, width, (j, k) => hessian[(Math.Max(j, k) * width) + Math.Min(j, k)] + (j == k && j > 0 ? ridge : 0));
        var right = Vector<double>.Build.Dense(width, j => gradient[j] - (j > 0 ? ridge * beta[j] : 0));
        try
        {
            return system.Cholesky().Solve(right).ToArray();
        }
        catch (ArgumentException)
        {
            throw new TrainingException("Some predictors say exactly the same thing, so their effects cannot be told apart. Use a ridge above 0 or leave one of them out.");
        }
    }

    // Variance of a ridge estimate: (H + ridge)^-1 H (H + ridge)^-1; without a ridge the inverse of the Fisher information.
    private double[] StandardErrors(double[] hessian, int width)
    {
        var information = Matrix<double>.Build.Dense(width, width, (j, k) => hessian[(Math.Max(j, k) * width) + Math.Min(j, k)]);
        var inverse = (information + Matrix<double>.Build.Diagonal(width, width, j => j > 0 ? ridge : 0)).Inverse();
        var variance = inverse * information * inverse;
        return [.. Enumerable.Range(0, width).Select(j => Math.Sqrt(Math.Max(0, variance[j, j])))];
    }

    // Every person is scored by a model that has not seen their fold: one Newton step away from the full solution with
    // the fold's own share of gradient and Hessian taken out, which is what refitting would give but for terms of
    // second order (Rad and Maleki 2020, approximate leave-out). It costs two passes, not one fit per fold. Where there
    // are few people those terms count and a second step costs little, so it is taken.
    private ModelDocument Calibrate(ModelDocument document, TrainingSet data, NormalEquations equations, double[] beta, double[] hessian, IProgress<TrainingProgress>? progress, CancellationToken ct)
    {
        var betas = new double[folds][];
        for (var f = 0; f < folds; f++)
        {
            // At the solution the gradient of all is ridge x beta.
            var all = new NormalEquations.Sums([.. beta.Select((b, j) => j > 0 ? ridge * b : 0)], hessian);
            betas[f] = WithoutFold(all, equations.At(beta, f, folds, ct), beta);
            if (data.Count <= SecondStepBelow)
            {
                betas[f] = WithoutFold(equations.At(betas[f], -1, folds, ct), equations.At(betas[f], f, folds, ct), betas[f]);
            }

            progress?.Report(new TrainingProgress("Holding out folds", 0.7 + (0.2 * (f + 1) / folds)));
        }

        var raw = new double[data.Count];
        var outcome = new bool[data.Count];
        Parallel.For(0, data.BlockCount, new ParallelOptions { CancellationToken = ct }, block =>
        {
            var scratch = equations.RowBuffer();
            for (var i = block * TrainingSet.BlockRows; i < Math.Min((block + 1) * TrainingSet.BlockRows, data.Count); i++)
            {
                raw[i] = equations.LogOdds(i, betas[data.Fold(i, folds)], scratch);
                outcome[i] = data.Outcome(i);
            }
        });
        var calibration = Calibration.Learn(calibrationMethod, raw, outcome);
        progress?.Report(new TrainingProgress("Done", 1));
        return document with
        {
            Calibration = calibration,
            Card = document.Card with { Performance = HeldOut.Performance($"{folds} folds by patient key, each scored by a model fitted without it", raw, outcome, calibration) },
        };
    }

    private double[] WithoutFold(NormalEquations.Sums all, NormalEquations.Sums own, double[] beta)
    {
        var step = NewtonStep(
            [.. all.Gradient.Zip(own.Gradient, (a, o) => a - o)],
            [.. all.Hessian.Zip(own.Hessian, (a, o) => a - o)],
            beta);
        return [.. beta.Zip(step, (b, s) => b + s)];
    }
}

/// <summary>Performance on held-out people, for model cards.</summary>
internal static class HeldOut
{
    public static ModelPerformance Performance(string how, double[] raw, bool[] outcome, Calibration calibration)
    {
        var logOdds = new double[raw.Length];
        var brier = 0.0;
        for (var i = 0; i < raw.Length; i++)
        {
            logOdds[i] = calibration.Apply(raw[i]);
            var error = Logistic.Probability(logOdds[i]) - (outcome[i] ? 1 : 0);
            brier += error * error;
        }

        var line = CalibrationLine.Fit(logOdds, outcome);
        return new ModelPerformance(how, raw.Length, outcome.Count(o => o), Discrimination.Auroc(logOdds, outcome), brier / raw.Length, line.Slope, line.InTheLarge);
    }
}
