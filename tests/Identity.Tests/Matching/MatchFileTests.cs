using BetterCare.Care.Identity.Matching;
using BetterCare.Care.Synthetic.Matching;
using FsCheck;
using FsCheck.Fluent;

namespace BetterCare.Care.Tests.Identity.Matching;

/// <summary>The matcher against a synthetic file of which the truth is known; the full size is <c>./run bench match</c>.</summary>
public sealed class MatchFileTests
{
    [Fact]
    public void DirtyFile_CertainIsRight_AndFewAreMissed()
    {
        const int People = 40_000;
        var file = new MatchFile(People, 7);
        var names = new NameBook();
        var population = file.Population().Select(r => Of(r, names)).ToArray();
        foreach (ref readonly var person in population.AsSpan())
        {
            names.Count(in person);
        }

        names.Weigh();
        var matcher = new PersonIndex(population).NewMatcher(new MatchModel(People));
        int certain = 0, wrong = 0, found = 0, there = 0;
        foreach (var record in file.Records(4_000, 0.7, 0.1, 0.2))
        {
            var asked = Of(record, names);
            var best = matcher.Match(in asked);
            there += record.Person < People ? 1 : 0;
            if (best.Length > 0 && best[0].Result.Grade >= MatchGrade.Probable)
            {
                var right = best[0].At == record.Person;
                certain += best[0].Result.Grade == MatchGrade.Certain ? 1 : 0;
                wrong += best[0].Result.Grade == MatchGrade.Certain && !right ? 1 : 0;
                found += right ? 1 : 0;
            }
        }

        certain.ShouldBeGreaterThan(2_000);
        wrong.ShouldBe(0);
        ((double)found / there).ShouldBeGreaterThan(0.97);
    }

    [Fact]
    public void Match_TwoWhoFitAlike_IsForAHuman()
    {
        var names = new NameBook();
        var text = new PersonText { Family = "Rigby", Given = ["Jean"], Birth = "1938-01-05", Postcode = "WA7 1AA" };
        var twice = Person.Of(text, names);
        names.Weigh();

        var found = new PersonIndex([twice, twice]).NewMatcher(new MatchModel(100_000)).Match(in twice);

        found.Length.ShouldBe(2);
        found[0].Result.Grade.ShouldBe(MatchGrade.Probable);
        found[1].Result.Grade.ShouldBe(MatchGrade.Probable);
    }

    [Fact]
    public void Match_AllocatesNothing()
    {
        var file = new MatchFile(2_000, 3);
        var names = new NameBook();
        var population = file.Population().Select(r => Of(r, names)).ToArray();
        names.Weigh();
        var matcher = new PersonIndex(population).NewMatcher(new MatchModel(2_000));
        var asked = population[17];
        matcher.Match(in asked);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            matcher.Match(in asked);
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(1_000);
    }

    [Fact]
    public void Scoring_IsTheSame_WhicheverRecordIsAsked() => Prop.ForAll(
        Arb.From(Gen.Two(Gen.Choose(0, 499))),
        pair =>
        {
            var names = new NameBook();
            var people = new MatchFile(500, 5).Population().Select(r => Of(r, names)).ToArray();
            names.Weigh();
            var model = new MatchModel(500);

            var (one, other) = (model.Score(in people[pair.Item1], in people[pair.Item2]), model.Score(in people[pair.Item2], in people[pair.Item1]));

            return one.Grade == other.Grade && Math.Abs(one.Weight - other.Weight) < 1e-4;
        }).QuickCheckThrowOnFailure();

    private static Person Of(MatchRecord r, NameBook names) => Person.Of(
        new PersonText { Number = r.Number, Family = r.Family, Given = r.Given, Birth = r.Birth, Gender = r.Gender, Postcode = r.Postcode, Phone = r.Phone }, names);
}
