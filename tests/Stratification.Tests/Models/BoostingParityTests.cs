using System.Reflection;
using System.Text.Json;
using BetterCare.Care.Stratification.Evaluation;
using BetterCare.Care.Stratification.Features;
using BetterCare.Care.Stratification.Models;
using BetterCare.Care.Tests.Stratification.Given;

namespace BetterCare.Care.Tests.Stratification.Models;

/// <summary>The boosting machine against the best of three XGBoost models on the same people; see Reference/make_boosting_reference.py.</summary>
public sealed class BoostingParityTests
{
    [Fact]
    public void Train_SamePeopleAsXgboost_RanksAsWell()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("reference_boosting.json")!;
        var expected = JsonDocument.Parse(stream).RootElement;
        var (train, test) = (expected.GetProperty("train").GetInt32(), expected.GetProperty("test").GetInt32());
        var (data, scored) = (Make(0, train), Make(train, test));

        var model = new BoostingTrainer().Fit(data).ToModel();
        var scores = Enumerable.Range(0, test).Select(i => model.Score(scored.Row(i))).ToArray();

        // Equal numbers of events show that both made the same people.
        (data.Events + scored.Events).ShouldBe(expected.GetProperty("events").GetInt32());
        var auroc = Discrimination.Auroc(scores, [.. Enumerable.Range(0, test).Select(scored.Outcome)]);
        auroc.ShouldBeGreaterThan(expected.GetProperty("xgboostAuroc").GetDouble() - 0.003);
        auroc.ShouldBeLessThanOrEqualTo(expected.GetProperty("truthAuroc").GetDouble() + 0.001);
    }

    private static TrainingSet Make(int from, int people)
    {
        var set = new TrainingSet(FeatureSet.Of(["age", "emerg_adm_0_12m", "heart_failure", "medicine_count", "bmi", "efi"]));
        var u = new double[9];
        for (var i = from; i < from + people; i++)
        {
            for (var k = 0; k < u.Length; k++)
            {
                u[k] = (TrainingSet.Mix(((ulong)i * 16) + (ulong)k) >> 11) / (double)(1UL << 53);
            }

            var age = 18 + Math.Floor(82 * u[0]);
            var emergency = u[1] < 0.8 ? 0 : 1 + Math.Floor(5 * u[2] * u[2]);
            var heartFailure = u[3] < 0.08 ? 1 : 0;
            var medicines = Math.Floor(15 * u[4] * u[4] * age / 60);
            var bmi = u[5] < 0.3 ? double.NaN : Math.Floor(16 + (30 * u[6]));
            var efi = age < 65 ? double.NaN : Math.Floor(18 * u[7]) / 36;
            var z = -3.4 + (0.002 * Math.Pow((age - 45) / 5, 2)) + (0.55 * Math.Min(emergency, 4)) + (0.06 * medicines) + (0.5 * heartFailure)
                + (age >= 75 ? 0.9 * heartFailure : 0) + (bmi < 18.5 ? 0.7 : 0) + (double.IsNaN(efi) ? 0 : 2.5 * efi);
            set.Add(i, [(float)age, (float)emergency, heartFailure, (float)medicines, (float)bmi, (float)efi], u[8] < Logistic.Probability(z));
        }

        return set;
    }
}
