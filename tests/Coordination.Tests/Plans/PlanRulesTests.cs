using BetterCare.Care.Coordination.Leads;
using BetterCare.Care.Coordination.Plans;
using static BetterCare.Care.Tests.Coordination.Given;

namespace BetterCare.Care.Tests.Coordination.Plans;

public class PlanRulesTests
{
    [Fact]
    public void Evaluate_EverythingThere_JointCompleteAndCounts()
    {
        var verdict = PlanRules.Evaluate(AgreedPlan(), 4, Today);

        verdict.Missing.ShouldBeEmpty();
        (verdict.IsJoint, verdict.IsComplete, verdict.IsOverdue, verdict.Counts).ShouldBe((true, true, false, true));
    }

    [Fact]
    public void Evaluate_NoPlan_SaysStartOne() => PlanRules.Evaluate(null, 4, Today).Missing.Rules().ShouldBe([PlanRules.Exists]);

    [Fact]
    public void Evaluate_EmptyDraftAtLevel4_EverythingIsListedWithWhatToDo()
    {
        var missing = PlanRules.Evaluate(new JointCarePlan(), 4, Today).Missing;

        missing.Rules().ShouldBe([
            PlanRules.HealthContribution, PlanRules.SocialCareContribution, PlanRules.AgreementGiven, PlanRules.WhatMatters, PlanRules.Assessment,
            PlanRules.Goals, PlanRules.Actions, PlanRules.Preferences, PlanRules.Lead, PlanRules.Allergies, PlanRules.Medicines,
            PlanRules.Contingency, PlanRules.ReviewDate]);
        missing.ShouldAllBe(m => m.HowToSatisfy.Length > 5);
    }

    [Fact]
    public void Evaluate_OnlyHealthContributed_NotJoint()
    {
        var plan = AgreedPlan() with { Contributors = [new PlanContributor("nurse-1", "District nurse", Sector.Health, DaysAgo(20))] };

        var verdict = PlanRules.Evaluate(plan, 4, Today);

        verdict.IsJoint.ShouldBeFalse();
        verdict.Missing.ShouldHaveSingleItem().Detail.ShouldBe("A social care professional has not contributed yet.");
    }

    [Fact]
    public void Evaluate_VoluntaryWorkerContributedInsteadOfSocialCare_NotJoint()
    {
        var plan = AgreedPlan() with
        {
            Contributors = [new("n", "District nurse", Sector.Health, DaysAgo(20)), new("v", "Link worker", Sector.Voluntary, DaysAgo(20))],
        };

        PlanRules.Evaluate(plan, 3, Today).IsJoint.ShouldBeFalse();
    }

    [Fact]
    public void Evaluate_SocialCareContributionIsDatedTomorrow_DoesNotCountYet()
    {
        var plan = AgreedPlan() with
        {
            Contributors = [new("n", "District nurse", Sector.Health, DaysAgo(20)), new("s", "Social worker", Sector.SocialCare, Today.AddDays(1))],
        };

        PlanRules.Evaluate(plan, 3, Today).IsJoint.ShouldBeFalse();
        PlanRules.Evaluate(plan, 3, Today.AddDays(1)).IsJoint.ShouldBeTrue();
    }

    [Theory]
    [InlineData(4, false)]
    [InlineData(3, true)]
    public void Evaluate_NoContingencyPlan_OnlyLevel4NeedsOne(int level, bool complete) =>
        PlanRules.Evaluate(AgreedPlan() with { Contingency = null }, level, Today).IsComplete.ShouldBe(complete);

    [Fact]
    public void Evaluate_ContingencyStepWithoutContact_IsMissing() =>
        PlanRules.Evaluate(AgreedPlan() with { Contingency = new ContingencyPlan([new ContingencyStep("Falls", "Do not lift", " ")]) }, 4, Today)
            .Missing.Rules().ShouldBe([PlanRules.Contingency]);

    [Fact]
    public void Evaluate_ActionWithoutOwnerAndDate_BothAreMissing()
    {
        var plan = AgreedPlan() with { Actions = [new PlanAction("a", "Stair rail", null, null), new PlanAction("b", "Old", null, null, ActionStatus.Cancelled), new PlanAction("c", "Call", "person", Today)] };

        PlanRules.Evaluate(plan, 4, Today).Missing.Select(m => (m.Rule, m.Detail)).ShouldBe([
            (PlanRules.ActionOwner, "1 action has no owner."), (PlanRules.ActionDue, "1 action has no due date.")]);
    }

    [Fact]
    public void Evaluate_ActionPastItsDate_IsListedAsOverdueButPlanIsNot()
    {
        var plan = AgreedPlan() with { Actions = [new PlanAction("a", "Stair rail", "ot-1", DaysAgo(1)), new PlanAction("b", "Done", "ot-1", DaysAgo(9), ActionStatus.Done)] };

        var verdict = PlanRules.Evaluate(plan, 4, Today);

        verdict.OverdueActions.ShouldHaveSingleItem().Id.ShouldBe("a");
        verdict.IsOverdue.ShouldBeFalse();
    }

    [Fact]
    public void Evaluate_ReviewDateWasYesterday_OverdueAndDoesNotCount()
    {
        var verdict = PlanRules.Evaluate(AgreedPlan() with { ReviewDue = DaysAgo(1) }, 4, Today);

        (verdict.IsOverdue, verdict.Counts).ShouldBe((true, false));
        PlanRules.Evaluate(AgreedPlan() with { ReviewDue = Today }, 4, Today).IsOverdue.ShouldBeFalse();
    }

    [Fact]
    public void Evaluate_PersonRoseToLevel4FourMonthsAfterAgreement_ReviewIsOverdueAtOnce()
    {
        var plan = AgreedPlan() with { Agreement = new PlanAgreement("the person", Today.AddMonths(-4), AgreementBasis.Person), ReviewDue = Today.AddMonths(2) };

        PlanRules.Evaluate(plan, 3, Today).IsOverdue.ShouldBeFalse();
        PlanRules.Evaluate(plan, 4, Today).IsOverdue.ShouldBeTrue();
        PlanRules.Evaluate(plan, 4, Today).Missing.Rules().ShouldBe([PlanRules.ReviewInterval]);
    }

    [Fact]
    public void Evaluate_DraftPlan_NeverOverdueAndNeverCounts()
    {
        var verdict = PlanRules.Evaluate(AgreedPlan() with { Status = PlanStatus.Draft, ReviewDue = DaysAgo(100) }, 4, Today);

        (verdict.IsOverdue, verdict.Counts).ShouldBe((false, false));
    }

    [Fact]
    public void Agree_NobodyAgreed_RefusedWithRuleAndWhatToDo()
    {
        var move = PlanRules.Move(AgreedPlan() with { Status = PlanStatus.Proposed, Agreement = null }, PlanStatus.Agreed, Today);

        var unmet = move.Unmet.ShouldHaveSingleItem();
        unmet.Rule.ShouldBe(PlanRules.AgreementGiven);
        unmet.HowToSatisfy.ShouldStartWith("Ask the person");
    }

    [Fact]
    public void Agree_BestInterestsWithoutCapacityAssessment_RefusedAndWithItAllowed()
    {
        var plan = AgreedPlan() with { Status = PlanStatus.Proposed, Agreement = new PlanAgreement("daughter", Today, AgreementBasis.BestInterests) };

        PlanRules.Move(plan, PlanStatus.Agreed, Today).IsAllowed.ShouldBeFalse();
        PlanRules.Move(plan with { Agreement = plan.Agreement! with { CapacityAssessedBy = "GP" } }, PlanStatus.Agreed, Today).IsAllowed.ShouldBeTrue();
    }

    [Fact]
    public void Close_WithoutOutcome_Refused()
    {
        PlanRules.Move(AgreedPlan(), PlanStatus.Closed, Today).Unmet.Rules().ShouldBe([PlanRules.OutcomeGiven]);
        PlanRules.Move(AgreedPlan(), PlanStatus.Closed, Today, PlanOutcome.GoalsMet).Value.Outcome.ShouldBe(PlanOutcome.GoalsMet);
    }

    [Theory]
    [InlineData(PlanStatus.Draft, PlanStatus.Agreed)]
    [InlineData(PlanStatus.Closed, PlanStatus.Draft)]
    [InlineData(PlanStatus.Closed, PlanStatus.Agreed)]
    [InlineData(PlanStatus.Agreed, PlanStatus.Draft)]
    public void Move_OutOfOrder_Refused(PlanStatus from, PlanStatus to) =>
        PlanRules.Move(AgreedPlan() with { Status = from }, to, Today).Unmet.Rules().ShouldBe([PlanRules.StatusOrder]);

    [Fact]
    public void Move_AgreedPlanTakenBackToChange_MustBeAgreedAgain() =>
        PlanRules.Move(AgreedPlan(), PlanStatus.Proposed, Today).Value.Agreement.ShouldBeNull();
}
