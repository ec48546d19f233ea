using BetterCare.Care.Coordination.Assessment;
using BetterCare.Care.Coordination.Leads;
using static BetterCare.Care.Tests.Coordination.Given;

namespace BetterCare.Care.Tests.Coordination.Assessment;

public class JointAssessmentTests
{
    private static readonly AssessmentQuestion[] Questions =
    [
        new("alone", "Lives alone?", "LivesAlone"), new("carer", "Has a carer?", "HasCarer"), new("falls", "Fallen this year?"), new("problems", "Problems", AllowsSeveral: true),
    ];

    [Fact]
    public void Combine_NurseAndSocialWorker_WhatEachAddedConfirmedAndSawOtherwise()
    {
        var assessment = Combine(
            Nurse(10, ("alone", "true"), ("falls", "true"), ("problems", "breathless")),
            SocialWorker(5, ("alone", "true"), ("falls", "false"), ("carer", "true"), ("problems", "damp home")))!;

        assessment.IsJoint.ShouldBeTrue();
        assessment.On.ShouldBe(DaysAgo(5));
        assessment.Contributions[0].Added.ShouldBe(["alone", "falls", "problems"]);
        assessment.Contributions[1].Added.ShouldBe(["carer", "problems"]);
        assessment.Contributions[1].Confirmed.ShouldBe(["alone"]);
        assessment.Contributions[1].Differed.ShouldBe(["falls"]);
    }

    [Fact]
    public void Combine_TheyDisagreeAboutFalls_ConflictIsShownWithBothAnswersNewestFirst()
    {
        var conflict = Combine(Nurse(10, ("falls", "true")), SocialWorker(5, ("falls", "false")))!.Conflicts.ShouldHaveSingleItem();

        conflict.Answers.Select(a => (a.Role, a.Value)).ShouldBe([("Social worker", "false"), ("District nurse", "true")]);
    }

    [Fact]
    public void Combine_SocialFacts_GoBackToTheTimelineAndDisputesAreMarked()
    {
        var facts = Combine(Nurse(10, ("alone", "true"), ("carer", "true")), SocialWorker(5, ("alone", "false")))!.SocialFacts;

        facts.ShouldBe([new SocialFactTold("LivesAlone", "false", DaysAgo(5), true), new SocialFactTold("HasCarer", "true", DaysAgo(10), false)]);
    }

    [Fact]
    public void Combine_NurseAnsweredHalfAYearEarlier_IsNotOnePointInTime()
    {
        var assessment = Combine(Nurse(180, ("falls", "true")), SocialWorker(5, ("falls", "false")))!;

        assessment.IsJoint.ShouldBeFalse();
        assessment.LeftOut.ShouldHaveSingleItem().Role.ShouldBe("District nurse");
        assessment.Conflicts.ShouldBeEmpty();
    }

    [Fact]
    public void Combine_NurseAnsweredTwice_OnlyTheNewerCounts()
    {
        var assessment = Combine(Nurse(10, ("falls", "true")), Nurse(3, ("falls", "false")))!;

        assessment.Conflicts.ShouldBeEmpty();
        assessment.Answers[2].Answers.ShouldHaveSingleItem().Value.ShouldBe("false");
    }

    [Fact]
    public void Combine_OrderOfPosting_MakesNoDifference()
    {
        var a = Nurse(10, ("falls", "true"));
        var b = SocialWorker(5, ("falls", "false"));

        Combine(a, b)!.Contributions.Select(c => c.Professional).ShouldBe(Combine(b, a)!.Contributions.Select(c => c.Professional));
    }

    [Fact]
    public void Combine_NobodyAnsweredYet_ThereIsNoAssessment() => Combine(Nurse(-1, ("falls", "true"))).ShouldBeNull();

    private static JointAssessment? Combine(params AssessmentResponse[] responses) => JointAssessment.Combine(Questions, responses, Today);

    private static AssessmentResponse Nurse(int daysAgo, params (string LinkId, string Value)[] answers) =>
        new("nurse-1", "District nurse", Sector.Health, DaysAgo(daysAgo), [.. answers.Select(a => new AssessmentAnswer(a.LinkId, a.Value))]);

    private static AssessmentResponse SocialWorker(int daysAgo, params (string LinkId, string Value)[] answers) =>
        new("social-1", "Social worker", Sector.SocialCare, DaysAgo(daysAgo), [.. answers.Select(a => new AssessmentAnswer(a.LinkId, a.Value))]);
}
