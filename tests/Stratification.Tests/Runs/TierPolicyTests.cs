using BetterCare.Care.Stratification.Runs;
using FsCheck;
using FsCheck.Fluent;

namespace BetterCare.Care.Tests.Stratification.Runs;

public sealed class TierPolicyTests
{
    [Fact]
    public void Assign_Prism_TakesHalfFiveAndTwentyPercent()
    {
        var levels = Assign(TierPolicy.Preset("prism"), 10_000);

        levels.Count(l => l == 4).ShouldBe(50);
        levels.Count(l => l == 3).ShouldBe(450);
        levels.Count(l => l == 2).ShouldBe(1500);
        levels.ShouldBeInOrder(SortDirection.Descending);
    }

    [Fact]
    public void Assign_Thresholds_IncludeTheCutItself()
    {
        var levels = new byte[5];

        TierPolicy.Preset("emis-qadmissions-bands").Assign([0.5f, 0.28f, 0.18f, 0.12f, 0.1199f], levels);

        levels.ShouldBe([4, 4, 3, 2, 1]);
    }

    [Fact]
    public void Assign_Capacity_FillsTheTeamsFirst() =>
        Assign(TierPolicy.ByCapacity(3, 10, 20), 100).GroupBy(l => l).Select(g => (g.Key, g.Count())).ShouldBe([(4, 3), (3, 10), (2, 20), (1, 67)]);

    [Fact]
    public void Assign_CapacityAbovePopulation_LeavesNobodyOut() => Assign(TierPolicy.ByCapacity(30, 100, 0), 50).ShouldBe([.. Enumerable.Repeat((byte)4, 30), .. Enumerable.Repeat((byte)3, 20)]);

    [Theory]
    [InlineData(TierRule.Share, 0.05, 0.005, 0.2, "The levels overlap")]
    [InlineData(TierRule.Share, 0.5, 5, 20, "The levels overlap")]
    [InlineData(TierRule.Share, 0.005, 0.05, double.NaN, "needs three numbers")]
    [InlineData(TierRule.Probability, 0.1, 0.3, 0.5, "The levels overlap")]
    [InlineData(TierRule.Probability, 50, 30, 10, "not percent")]
    [InlineData(TierRule.Capacity, 1.5, 3, 4, "whole numbers")]
    public void Validate_ImpossibleCuts_AreRefusedWithWhatWouldDo(TierRule rule, double four, double three, double two, string message) =>
        Should.Throw<TierPolicyException>(() => new TierPolicy("x", "x", rule, four, three, two).Validate()).Message.ShouldContain(message);

    [Fact]
    public void Preset_Unknown_NamesTheOnesThereAre() =>
        Should.Throw<TierPolicyException>(() => TierPolicy.Preset("zodiac")).Message.ShouldContain("prism, combined-model, halton-2014, emis-qadmissions-bands");

    [Fact]
    public void Presets_All_AreValid()
    {
        foreach (var preset in TierPolicy.Presets)
        {
            preset.Validate();
            preset.Source.ShouldNotBeEmpty();
        }
    }

    [Fact]
    public void Between_TwoRuns_FindsNewRisenFallenAndLeft()
    {
        var comparison = RunComparison.Between([1, 2, 3, 4], [1, 2, 3, 4], [2, 3, 4, 5], [3, 3, 2, 1]);

        comparison.Moves.ShouldBe([
            new LevelMove(1, LevelChange.Left, 1, 0),
            new LevelMove(2, LevelChange.Risen, 2, 3),
            new LevelMove(4, LevelChange.Fallen, 4, 2),
            new LevelMove(5, LevelChange.New, 0, 1),
        ]);
        comparison.Count(LevelChange.Same).ShouldBe(1);
        comparison.Transitions[2][3].ShouldBe(1);
    }

    [Fact]
    public void Assign_AnySharesAndPopulation_NeverPutsLowerRiskHigher() =>
        Prop.ForAll(Gen.Choose(0, 1000).ArrayOf(3).Select(a => a.Order().ToArray()).ToArbitrary(), Gen.Choose(0, 400).ToArbitrary(), (shares, people) =>
        {
            var policy = new TierPolicy("x", "x", TierRule.Share, shares[0] / 1000.0, shares[1] / 1000.0, shares[2] / 1000.0);

            var levels = Assign(policy, people);

            return levels.Zip(levels.Skip(1)).All(p => p.First >= p.Second)
                && Math.Abs(levels.Count(l => l == 4) - (people * shares[0] / 1000.0)) <= 0.5 + 1e-9;
        }).Check(Config.QuickThrowOnFailure);

    [Fact]
    public void Planner_AnyCut_AddsUpExpectedAdmissions()
    {
        var planner = new TierPlanner([0.8f, 0.4f, 0.2f, 0.1f]);

        planner.ForPeople(2, 10).ShouldBe(new TierPlan(2, 0.5, 0.4f, 0.8 + 0.4f, (0.8 + 0.4f) / 2, (0.8 + 0.4f) / (0.8 + 0.4f + 0.2f + 0.1f), 20), TierPlans.Close);
        planner.ForShare(0.25).People.ShouldBe(1);
        planner.ForProbability(0.2).People.ShouldBe(3);
        planner.ForHours(25, 10).People.ShouldBe(2);
        planner.ForPeople(0).PositivePredictiveValue.ShouldBe(0);
        planner.ForPeople(99).Sensitivity.ShouldBe(1);
    }

    [Fact]
    public void Planner_Unsorted_IsRefused() => Should.Throw<ArgumentException>(() => new TierPlanner([0.1f, 0.2f]));

    private static byte[] Assign(TierPolicy policy, int people)
    {
        var ranked = Enumerable.Range(0, people).Select(i => 1f - (i / (float)people)).ToArray();
        var levels = new byte[people];
        policy.Assign(ranked, levels);
        return levels;
    }

    private sealed class TierPlans : IEqualityComparer<TierPlan>
    {
        public static TierPlans Close { get; } = new();

        public bool Equals(TierPlan x, TierPlan y) =>
            x.People == y.People && Near(x.ShareOfPopulation, y.ShareOfPopulation) && Near(x.Threshold, y.Threshold) && Near(x.ExpectedAdmissions, y.ExpectedAdmissions)
            && Near(x.PositivePredictiveValue, y.PositivePredictiveValue) && Near(x.Sensitivity, y.Sensitivity) && Near(x.StaffHours, y.StaffHours);

        public int GetHashCode(TierPlan plan) => plan.People;

        private static bool Near(double a, double b) => Math.Abs(a - b) < 1e-6;
    }
}
