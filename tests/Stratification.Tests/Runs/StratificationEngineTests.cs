using BetterCare.Care.Stratification.Features;
using BetterCare.Care.Stratification.Models;
using BetterCare.Care.Stratification.Runs;
using BetterCare.Care.Stratification.Timelines;
using BetterCare.Care.Tests.Stratification.Given;

namespace BetterCare.Care.Tests.Stratification.Runs;

public sealed class StratificationEngineTests
{
    private static readonly IRiskModel Model = ModelDocument.Shipped("starting-values").ToModel();

    [Fact]
    public void Run_AnyNumberOfWorkersAndBatches_GivesTheSameBytes()
    {
        var people = Population.Of(3000).ToList();

        var fingerprints = new[] { (1, 3000), (2, 100), (4, 77), (3, 1) }.Select(c => Run(people, c.Item1, c.Item2).Fingerprint());

        fingerprints.Distinct().Count().ShouldBe(1);
    }

    [Fact]
    public void Run_SourceOutOfOrder_GivesTheSameBytes()
    {
        var people = Population.Of(1000).ToList();

        Run(people.AsEnumerable().Reverse()).Fingerprint().ShouldBe(Run(people).Fingerprint());
    }

    [Fact]
    public void Run_Everyone_IsScoredOrLeftOutForAReason()
    {
        var result = Run(Population.Of(3000));

        result.Considered.ShouldBe(3000);
        result.Excluded.Keys.ShouldBe([ExclusionReason.Deceased, ExclusionReason.TypeOneOptOut, ExclusionReason.UnderAge]);
        result.Levels.ShouldAllBe(l => l >= 1 && l <= 4);
        result.ByRank.Select(i => result.Probabilities[i]).ShouldBeInOrder(SortDirection.Descending);
        result.Ranks[result.ByRank[0]].ShouldBe(1);
    }

    [Fact]
    public void Run_Reasons_AddUpToTheScore()
    {
        var result = Run(Population.Of(500));

        for (var i = 0; i < result.Count; i++)
        {
            var sum = result.Baseline + result.OtherLogOdds[i];
            foreach (var reason in result.Reasons(i))
            {
                sum += reason.LogOdds;
            }

            ((double)sum).ShouldBe(Logistic.LogOdds(result.Probabilities[i]), 1e-3);
        }
    }

    [Fact]
    public void Run_Reasons_AreInPlainEnglishLargestFirst()
    {
        var person = new PersonBuilder().Aged(50).Admitted(20, 2).Admitted(60, 2).Admitted(90, 2).Build();

        var result = Run([person]);

        var reasons = result.Reasons(0).ToArray();
        result.Describe(reasons[0]).ShouldBe("3 emergency admissions in the last 12 months");
        reasons.Select(r => Math.Abs(r.LogOdds)).ShouldBeInOrder(SortDirection.Descending);
    }

    [Fact]
    public void Run_EqualRisk_RanksByPatientKey()
    {
        var twins = Enumerable.Range(1, 10).Select(k => new PersonBuilder().Build(k)).ToList();

        var result = Run(twins, policy: TierPolicy.ByCapacity(3, 3, 3));

        result.Levels.ShouldBe([4, 4, 4, 3, 3, 3, 2, 2, 2, 1]);
    }

    [Fact]
    public void Run_Halton_PutsPeopleWithoutLongTermConditionsAtLevelOne()
    {
        var healthy = Enumerable.Range(1, 20).Select(k => new PersonBuilder().Aged(95).Admitted(5).Build(k));
        var ill = Enumerable.Range(21, 20).Select(k => new PersonBuilder().Aged(50).Has(ConditionGroup.Diabetes).Build(k));

        var result = Run(healthy.Concat(ill), policy: TierPolicy.Preset("halton-2014"));

        result.Levels[..20].ShouldAllBe(l => l == 1);
        result.Levels[20..].Count(l => l == 4).ShouldBe(1);
        result.Levels[20..].Count(l => l == 3).ShouldBe(4);
        result.Levels[20..].Count(l => l == 2).ShouldBe(15);
    }

    [Fact]
    public void Run_RankedWithinPractice_GivesEveryPracticeItsShare()
    {
        var policy = TierPolicy.ByCapacity(1, 1, 1) with { Scope = TierScope.EachGroup };

        var result = new StratificationEngine(Model, policy, PersonBuilder.Index).Run(new TwoPractices(), ct: TestContext.Current.CancellationToken);

        // The first practice has the older people, yet each practice has one person at level 4.
        result.Levels.ShouldBe([4, 3, 2, 1, 1, 4, 3, 2, 1, 1]);
    }

    [Fact]
    public void Of_OnePerson_ListsEverythingThatAddsUp()
    {
        var person = new PersonBuilder().Aged(88).Admitted(20, 9).Has(ConditionGroup.HeartFailure).Build();

        var explanation = PersonExplanation.Of(Model, in person, PersonBuilder.Index);

        explanation.Lines.Sum(l => l.LogOdds).ShouldBe(Logistic.LogOdds(explanation.Probability), 1e-4);
        explanation.Lines[0].Text.ShouldBe("Starting point: an average person");
        explanation.Lines[1].Text.ShouldBe("Aged 88");
        explanation.Lines.Select(l => l.Text).ShouldContain("Heart failure");
    }

    [Fact]
    public void Run_SourceThatFails_FailsWithItsOwnException()
    {
        var engine = new StratificationEngine(Model, TierPolicy.Preset("prism"), PersonBuilder.Index);

        Should.Throw<InvalidDataException>(() => engine.Run(new BrokenSource(), ct: TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Run_Nobody_IsAnEmptyResult() => Run([]).Count.ShouldBe(0);

    private static StratificationResult Run(IEnumerable<PersonTimeline> people, int workers = 2, int batch = 256, TierPolicy? policy = null)
    {
        using var source = new TimelineSequence(people, batch);
        return new StratificationEngine(Model, policy ?? TierPolicy.Preset("prism"), PersonBuilder.Index).Run(source, workers, ct: TestContext.Current.CancellationToken);
    }

    private sealed class BrokenSource : ITimelineSource
    {
        public bool TryFill(PersonTimelineBatch batch) => throw new InvalidDataException("The disk is gone.");
    }

    private sealed class TwoPractices : ITimelineSource
    {
        private bool _read;

        public bool TryFill(PersonTimelineBatch batch)
        {
            for (var k = 0; k < 10 && !_read; k++)
            {
                var person = new PersonBuilder().Aged(k < 5 ? 88 : 58).Build(k + 1);
                batch.Add(person.PatientKey, person.Facts, person.Events.Span, k < 5 ? 1 : 2);
            }

            _read = true;
            return batch.Count > 0;
        }
    }
}
