using BetterCare.Care.Coordination.Leads;
using FsCheck;
using FsCheck.Fluent;
using static BetterCare.Care.Tests.Coordination.Given;

namespace BetterCare.Care.Tests.Coordination.Leads;

public class LeadRulesTests
{
    [Fact]
    public void MayLead_RegisteredNurseOfThePlace_Yes() => LeadRules.Unmet(Professional("nurse"), Person(), Today).ShouldBeEmpty();

    [Fact]
    public void MayLead_NotInTheRegister_RefusedByName() => LeadRules.Unmet(null, Person(), Today).Rules().ShouldBe([LeadRules.Registered]);

    [Fact]
    public void MayLead_RegistrationLapsed_RefusedByName() =>
        LeadRules.Unmet(Professional("nurse") with { IsRegistered = false }, Person(), Today).Rules().ShouldBe([LeadRules.Registered]);

    [Fact]
    public void MayLead_LeftYesterday_RefusedButLastDayItselfIsFine()
    {
        LeadRules.Unmet(Professional("nurse") with { LastDay = DaysAgo(1) }, Person(), Today).Rules().ShouldBe([LeadRules.NotLeft]);
        LeadRules.Unmet(Professional("nurse") with { LastDay = Today }, Person(), Today).ShouldBeEmpty();
    }

    [Fact]
    public void MayLead_StartsNextWeek_Refused() =>
        LeadRules.Unmet(Professional("nurse") with { From = Today.AddDays(7) }, Person(), Today).Rules().ShouldBe([LeadRules.Current]);

    [Fact]
    public void MayLead_AnotherPlace_Refused() =>
        LeadRules.Unmet(Professional("nurse") with { Place = "Westshire" }, Person(), Today).Rules().ShouldBe([LeadRules.SamePlace]);

    [Fact]
    public void MayLead_CoversOtherPractices_Refused() =>
        LeadRules.Unmet(Professional("nurse") with { Practices = Set("P81002") }, Person(), Today).Rules().ShouldBe([LeadRules.SamePlace]);

    [Fact]
    public void MayLead_ParamedicLeftOtherPlace_EveryRuleIsListedWithWhatToDo()
    {
        var unmet = LeadRules.Unmet(Professional("p", RoleKind.Paramedic) with { LeadEligible = false, LastDay = DaysAgo(3), Place = "Westshire" }, Person(), Today);

        unmet.Rules().ShouldBe([LeadRules.NotLeft, LeadRules.SamePlace, LeadRules.EligibleRole]);
        unmet.ShouldAllBe(u => u.HowToSatisfy.Length > 10);
    }

    [Fact]
    public void HandOver_NurseToMatron_NurseEndsTheDayMatronBegins()
    {
        var history = LeadHistory.Empty.Appoint(Person(), Professional("nurse"), DaysAgo(100), "gp-1", "Knows her best").Value
            .Appoint(Person(), Professional("matron", RoleKind.CommunityMatron), Today, "gp-1", "Needs have changed").Value;

        history.On(DaysAgo(1))!.Professional.ShouldBe("nurse");
        history.On(Today)!.Professional.ShouldBe("matron");
        history.Periods[0].EndReason.ShouldBe("Handed over: Needs have changed");
    }

    [Fact]
    public void HandOver_BeforeTheNurseLeavesNextMonth_IsAllowed()
    {
        var leaving = Professional("nurse") with { LastDay = Today.AddDays(30) };
        var history = LeadHistory.Empty.Appoint(Person(), leaving, DaysAgo(100), "gp-1", "Knows her best").Value;

        var after = history.Appoint(Person(), Professional("matron"), Today, "gp-1", "Nurse is leaving").Value;

        history.On(Today.AddDays(31)).ShouldBeNull();
        after.On(Today.AddDays(31))!.Professional.ShouldBe("matron");
    }

    [Fact]
    public void Appoint_WrongPersonChosenAndCorrectedTheSameDay_KeepsBothAndOneLeads()
    {
        var history = LeadHistory.Empty.Appoint(Person(), Professional("a"), Today, "gp-1", "Slip").Value
            .Appoint(Person(), Professional("b"), Today, "gp-1", "Corrected").Value;

        history.Periods.Length.ShouldBe(2);
        history.On(Today)!.Professional.ShouldBe("b");
    }

    [Fact]
    public void Appoint_WithoutReasonOrHuman_Refused() =>
        LeadHistory.Empty.Appoint(Person(), Professional("nurse"), Today, " ", string.Empty).Unmet.Rules().ShouldBe([LeadHistory.ReasonGiven]);

    [Fact]
    public void Appoint_TheLeadAgain_Refused() =>
        LeadHistory.Empty.Appoint(Person(), Professional("nurse"), DaysAgo(9), "gp-1", "x").Value
            .Appoint(Person(), Professional("nurse"), Today, "gp-1", "x").Unmet.Rules().ShouldBe([LeadHistory.SingleLead]);

    [Fact]
    public void Read_TwoOpenLeads_Refused() =>
        LeadHistory.Of([new("a", DaysAgo(10), null, "x", "y"), new("b", DaysAgo(5), null, "x", "y")]).Unmet.Rules().ShouldBe([LeadHistory.SingleLead]);

    [Fact]
    public void Leave_ProfessionalLeads_PersonLosesLeadTheDayAfterTheLastDay()
    {
        var history = LeadHistory.Empty.Appoint(Person(), Professional("nurse"), DaysAgo(9), "gp-1", "x").Value;

        var (after, losesLead) = history.WhenLeaves("nurse", Today);

        losesLead.ShouldBeTrue();
        after.On(Today)!.Professional.ShouldBe("nurse");
        after.On(Today.AddDays(1)).ShouldBeNull();
        after.Periods[0].EndReason.ShouldBe("Left the role");
    }

    [Fact]
    public void Leave_NurseLeadsTwoOfThree_TheTwoAreAffected()
    {
        var nurse = LeadHistory.Empty.Appoint(Person(), Professional("nurse"), DaysAgo(9), "gp-1", "x").Value;
        var matron = LeadHistory.Empty.Appoint(Person(), Professional("matron"), DaysAgo(9), "gp-1", "x").Value;

        LeadHistory.Affected([(1, nurse), (2, matron), (3, nurse)], "nurse", Today).Select(a => a.Person).ShouldBe([1, 3]);
    }

    [Fact]
    public void Leave_SomebodyElse_NothingChanges()
    {
        var history = LeadHistory.Empty.Appoint(Person(), Professional("nurse"), DaysAgo(9), "gp-1", "x").Value;

        history.WhenLeaves("matron", Today).ShouldBe((history, false));
    }

    /// <summary>Whatever is tried, in whatever order: never two leads on one day, and what was recorded stays.</summary>
    [Fact]
    public void AnySequenceOfChanges_NeverTwoLeadsOnOneDay()
    {
        var step = from what in Gen.Choose(0, 3)
                   from who in Gen.Choose(0, 3)
                   from day in Gen.Choose(0, 60)
                   from lastDay in Gen.Choose(0, 90)
                   select (what, who, day, lastDay);
        Check.One(Config.QuickThrowOnFailure, Prop.ForAll(step.ListOf().ToArbitrary(), steps =>
        {
            var history = LeadHistory.Empty;
            foreach (var (what, who, day, lastDay) in steps)
            {
                var key = "p" + who;
                var on = Today.AddDays(day);
                var before = history.Periods.Length;
                var professional = Professional(key) with { LastDay = lastDay > 60 ? null : Today.AddDays(lastDay) };
                var change = what switch
                {
                    0 or 1 => history.Appoint(Person(), professional, on, "human", "reason"),
                    2 => history.End(on, "human", "reason"),
                    _ => history.WhenLeaves(key, on).History,
                };
                history = change.IsAllowed ? change.Value : history;
                history.Periods.Length.ShouldBeGreaterThanOrEqualTo(before);
                LeadHistory.Of(history.Periods).IsAllowed.ShouldBeTrue();
                for (var d = -1; d <= 100; d++)
                {
                    history.Periods.Count(p => p.HoldsOn(Today.AddDays(d))).ShouldBeLessThanOrEqualTo(1);
                }
            }
        }));
    }
}
