using BetterCare.Care.Stratification.Models;

namespace BetterCare.Care.Stratification.Evaluation;

/// <summary>
/// Logistic regression of the outcome on the predicted log-odds: how far predictions are too extreme (slope) or off
/// on the whole (intercept, with the slope held at 1). Cox 1958; perfect: 1 and 0.
/// </summary>
/// <param name="Slope">Calibration slope.</param>
/// <param name="SlopeError">Its standard error.</param>
/// <param name="Intercept">Intercept that belongs to the slope.</param>
/// <param name="InTheLarge">Intercept with the slope held at 1 (calibration in the large).</param>
/// <param name="InTheLargeError">Its standard error.</param>
public readonly record struct CalibrationLine(double Slope, double SlopeError, double Intercept, double InTheLarge, double InTheLargeError)
{
    /// <summary>Fits the line by Newton's method.</summary>
    public static CalibrationLine Fit(ReadOnlySpan<double> logOdds, ReadOnlySpan<bool> outcome)
    {
        double a = 0, b = 1, slopeError = double.NaN;
        for (var iteration = 0; iteration < 50; iteration++)
        {
            double ga = 0, gb = 0, haa = 0, hab = 0, hbb = 0;
            for (var i = 0; i < logOdds.Length; i++)
            {
                var x = logOdds[i];
                var p = Logistic.Probability(a + (b * x));
                var r = (outcome[i] ? 1 : 0) - p;
                var w = p * (1 - p);
                ga += r;
                gb += r * x;
                haa += w;
                hab += w * x;
                hbb += w * x * x;
            }

            var determinant = (haa * hbb) - (hab * hab);
            if (!(determinant > 1e-300))
            {
                break;
            }

            var da = ((hbb * ga) - (hab * gb)) / determinant;
            var db = ((haa * gb) - (hab * ga)) / determinant;
            slopeError = Math.Sqrt(haa / determinant);
            (a, b) = (a + da, b + db);
            if (Math.Abs(da) + Math.Abs(db) < 1e-10)
            {
                break;
            }
        }

        double large = 0, largeError = double.NaN;
        for (var iteration = 0; iteration < 50; iteration++)
        {
            double g = 0, h = 0;
            for (var i = 0; i < logOdds.Length; i++)
            {
                var p = Logistic.Probability(large + logOdds[i]);
                g += (outcome[i] ? 1 : 0) - p;
                h += p * (1 - p);
            }

            if (!(h > 1e-300))
            {
                break;
            }

            largeError = Math.Sqrt(1 / h);
            large += g / h;
            if (Math.Abs(g / h) < 1e-10)
            {
                break;
            }
        }

        return new CalibrationLine(b, slopeError, a, large, largeError);
    }
}
