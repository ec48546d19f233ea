using BetterCare.Care.Coordination.Coverage;
using BetterCare.Care.Coordination.Leads;
using BetterCare.Care.Coordination.Plans;
using FsCheck;
using FsCheck.Fluent;

namespace BetterCare.Care.Tests.Coordination.Coverage;

public class CoverageReleaseTests
{
    private static readonly CoverageCounts Riverside = Counts(8_000, 400, 300, 250, 200);
    private static readonly CoverageCounts Hillview = Counts(5_200, 103, 80, 6, 6);

    [Fact]
    public void Publish_TwoPractices_AnswersTheThreeQuestionsFromRoundedFigures()
    {
        var release = CoverageRelease.Publish(Riverside + Hillview, [new Breakdown("practice", [new("A", Riverside), new("B", Hillview)])]);

        var riverside = release.Breakdowns[0].Rows[0].Figures;
        (riverside.HighRiskOfPeople.Value, riverside.LeadOfHighRisk.Value, riverside.HighRisk.Value).ShouldBe((5.0m, 75.0m, 400));
        release.Breakdowns[0].Rows[1].Figures.WithPlan.IsHidden.ShouldBeTrue();
        release.Breakdowns[0].Rows[1].Figures.PlanOfHighRisk.ToString().ShouldBe("*");
        release.Total.WithLead.Value.ShouldBe(380);
    }

    [Fact]
    public void Publish_SmallPlansInOnePractice_CannotBeSubtractedFromTheTotal()
    {
        // 98 + 6 = 104: 105 less 100 would leave 1 to 9, that is nothing new; 98 + 1 = 99 would leave 1 to 4.
        var a = Counts(500, 200, 120, 98, 98);
        var b = Counts(500, 100, 50, 1, 1);

        var rows = CoverageRelease.Publish(a + b, [new Breakdown("practice", [new("A", a), new("B", b)])]).Breakdowns[0].Rows;

        rows[0].Figures.WithPlan.IsHidden.ShouldBeTrue();
        rows[1].Figures.WithPlan.IsHidden.ShouldBeTrue();
        rows[0].Figures.WithLead.Value.ShouldBe(120);
    }

    [Fact]
    public void Publish_RowsDoNotAddUp_IsRefused() =>
        Should.Throw<ArgumentException>(() => CoverageRelease.Publish(Riverside, [new Breakdown("sex", [new("female", Hillview)])]))
            .Message.ShouldStartWith("Breakdown by sex: The rows do not add up to the total.");

    [Fact]
    public void Publish_PracticesWithinNeighbourhoods_OnePracticeCannotBeSubtractedFromItsNeighbourhood()
    {
        var small = Counts(40, 5, 4, 2, 1);
        var north = Riverside + small;

        var release = CoverageRelease.Publish(north + Hillview, [
            new Breakdown("neighbourhood", [new("North", north), new("South", Hillview)]),
            new Breakdown("practice", [new("A", Riverside, "North"), new("C", small, "North"), new("B", Hillview, "South")], "neighbourhood")]);

        release.Breakdowns[1].Rows[1].Figures.HighRisk.IsHidden.ShouldBeTrue();
        release.Breakdowns[0].Rows[0].Figures.People.Value.ShouldBe(8_040);
    }

    [Fact]
    public void Publish_OnePersonOfNoPlace_IsProtectedWithoutHidingTheHeadline()
    {
        var lost = Counts(11, 1, 0, 0, 0);
        var children = Counts(600, 0, 0, 0, 0);
        var adults = Riverside + Hillview + lost;
        Breakdown Groups(string name, string a, string b) => new(name, [new(a, Riverside + children), new(b, Hillview), new("not known", lost)]);
        Breakdown Crossed(string name, string a, string b) => new(
            name + " and population",
            [new($"{a} | adults", Riverside, a, "adults"), new($"{a} | under 18", children, a, "under 18"), new($"{b} | adults", Hillview, b, "adults"), new("not known | adults", lost, "not known", "adults")],
            name,
            "population");

        var release = CoverageRelease.Publish(adults + children, [
            new Breakdown("population", [new("adults", adults), new("under 18", children)]),
            Groups("place", "North", "South"), Crossed("place", "North", "South"), Groups("locality", "N", "S"), Crossed("locality", "N", "S")]);

        release.Total.HighRisk.Value.ShouldBe(505);
        release.Breakdowns[0].Rows[0].Figures.HighRisk.Value.ShouldBe(505);
        release.Breakdowns[1].Rows[2].Figures.HighRisk.IsHidden.ShouldBeTrue();
        release.Breakdowns[1].Rows.Count(r => r.Figures.HighRisk.IsHidden).ShouldBe(2, "one more, so that it cannot be subtracted");
        release.Breakdowns[2].Rows[2].Figures.HighRisk.IsHidden.ShouldBe(release.Breakdowns[1].Rows[1].Figures.HighRisk.IsHidden, "the same figure is hidden everywhere or nowhere");
    }

    [Fact]
    public void Publish_CrossedBreakdown_CellsAreGuardedAgainstBothMargins()
    {
        var (aOld, aYoung, bOld, bYoung) = (Plans(98), Plans(60), Plans(1), Plans(45));

        var release = CoverageRelease.Publish(aOld + aYoung + bOld + bYoung, [
            new Breakdown("practice", [new("A", aOld + aYoung), new("B", bOld + bYoung)]),
            new Breakdown("age", [new("65+", aOld + bOld), new("18-64", aYoung + bYoung)]),
            new Breakdown("practice and age", [new("A 65+", aOld, "A", "65+"), new("A 18-64", aYoung, "A", "18-64"), new("B 65+", bOld, "B", "65+"), new("B 18-64", bYoung, "B", "18-64")], "practice", "age")]);

        var cells = release.Breakdowns[2].Rows;
        cells[2].Figures.WithPlan.IsHidden.ShouldBeTrue();
        cells[0].Figures.WithPlan.IsHidden.ShouldBeTrue("99 by age less 98 would leave the one");
        release.Breakdowns[0].Rows[0].Figures.WithPlan.Value.ShouldBe(160);

        static CoverageCounts Plans(int plans) => Counts(500, 150, 40, plans, 0);
    }

    [Fact]
    public void Answer_NationalCondition_ReadsAsTheTemplateAsks()
    {
        var answer = NationalConditionAnswer.From(CoverageRelease.Publish(Riverside, []), "By model.", new DateOnly(2026, 2, 28));

        answer.HighRisk.ShouldBe("On 28 February 2026, 5.0 % of adults (400 of 8000) were identified as at high risk of hospital admission.");
        answer.JointPlanAndLead.ShouldBe("Of them, 75.0 % (300) had an accountable lead professional, 62.5 % (250) a joint care plan in force, and 50.0 % (200) both.");
        answer.Legend.ShouldBe(CoverageRelease.Legend);
    }

    [Fact]
    public void Cell_OfOnePerson_LeadAndPlanCountOnlyAtHighRisk()
    {
        var plan = PlanRules.Evaluate(Given.AgreedPlan(), 4, Given.Today);

        CoverageCounts.Of(4, 3, Sector.SocialCare, plan, numberVerified: true).ShouldBe(new CoverageCounts { People = 1, NumberVerified = 1, HighRisk = 1, WithLead = 1, WithPlan = 1, WithBoth = 1, LeadInSocialCare = 1 });
        CoverageCounts.Of(2, 3, Sector.Health, plan, numberVerified: false).ShouldBe(new CoverageCounts { People = 1 });
    }

    [Fact]
    public void Publish_ByLevel_HighRiskReadsAsThePeopleOfTheLevel()
    {
        CoverageCounts[] levels = [Level(900, high: false), Level(160, high: false), Level(40, high: true), Level(3, high: true)];
        var rows = CoverageRelease.Publish(levels.Aggregate((a, b) => a + b), [new Breakdown("level", [.. levels.Select((c, i) => new BreakdownRow($"{i + 1}", c))])]).Breakdowns[0].Rows;

        rows[2].Figures.HighRisk.ShouldBe(rows[2].Figures.People);
        rows[3].Figures.People.IsHidden.ShouldBeTrue();
        rows[0].Figures.HighRisk.Value.ShouldBe(0);
    }

    [Fact]
    public void Exact_ForRolesThatMaySeePeople_NothingIsRounded() =>
        CoverageRelease.Exact(Hillview, []).Total.WithPlan.Value.ShouldBe(6);

    /// <summary>Any release: small counts are hidden, the total reads the same as by itself or is hidden, and shown figures are the rounded ones.</summary>
    [Fact]
    public void Publish_AnyRelease_SmallCountsAreHidden()
    {
        var cell = from people in Gen.Choose(0, 60)
                   from high in Gen.Choose(0, people)
                   from lead in Gen.Choose(0, high)
                   from plan in Gen.Choose(0, high)
                   from both in Gen.Choose(Math.Max(0, lead + plan - high), Math.Min(lead, plan))
                   select Counts(people, high, lead, plan, both);
        Check.QuickThrowOnFailure(Prop.ForAll(cell.NonEmptyListOf().ToArbitrary(), cells =>
        {
            var total = cells.Aggregate((a, b) => a + b);
            var release = CoverageRelease.Publish(total, [new Breakdown("practice", [.. cells.Select((c, i) => new BreakdownRow($"P{i}", c))])]);
            foreach (var (row, exact) in release.Breakdowns[0].Rows.Zip(cells))
            {
                ShouldBeSafe(row.Figures.People, exact.People);
                ShouldBeSafe(row.Figures.HighRisk, exact.HighRisk);
                ShouldBeSafe(row.Figures.WithLead, exact.WithLead);
                ShouldBeSafe(row.Figures.WithBoth, exact.WithBoth);
            }

            ShouldBeSafe(release.Total.WithPlan, total.WithPlan);
        }));

        static void ShouldBeSafe(SuppressedCount published, int exact)
        {
            if (exact is >= 1 and <= 7)
            {
                published.IsHidden.ShouldBeTrue();
            }

            if (!published.IsHidden)
            {
                published.ShouldBe(SuppressedCount.Of(exact));
            }
        }
    }

    [Fact]
    public void Approach_FromModelAndPolicy_SaysWhatIsDoneAndThatPeopleDecide()
    {
        var text = ApproachText.Describe(
            new ModelDescriptor("Eastshire EBM", "1.2", "an emergency admission in the next 12 months", "a synthetic cohort", IsSynthetic: true, 0.78),
            new PolicyDescriptor("prism", ["level 4: the 0.5 % at highest risk", "level 3: the next 4.5 %"], "all registered adults", [4, 3]),
            new DateOnly(2026, 3, 1),
            levelIsAgreed: true);

        text.ShouldContain("High risk means levels 3 and 4.");
        text.ShouldContain("synthetic people");
        text.ShouldContain("0.78");
        text.ShouldEndWith("The latest run has the index date 1 March 2026.");
    }

    private static CoverageCounts Counts(int people, int high, int lead, int plan, int both) => new()
    {
        People = people,
        NumberVerified = people,
        HighRisk = high,
        WithLead = lead,
        WithPlan = plan,
        WithBoth = both,
        LeadInHealth = lead,
    };

    private static CoverageCounts Level(int people, bool high) => new() { People = people, HighRisk = high ? people : 0 };
}
