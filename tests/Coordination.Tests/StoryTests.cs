using BetterCare.Care.Coordination.Assessment;
using BetterCare.Care.Coordination.Coverage;
using BetterCare.Care.Coordination.Leads;
using BetterCare.Care.Coordination.Mdt;
using BetterCare.Care.Coordination.Plans;
using BetterCare.Care.Coordination.Reminders;
using static BetterCare.Care.Tests.Coordination.Given;

namespace BetterCare.Care.Tests.Coordination;

/// <summary>One person from the list to a reviewed plan, through every rule on the way.</summary>
public class StoryTests
{
    [Fact]
    public void MrsA_FromNewAtLevel4ToAReviewedPlan()
    {
        // The run has put her at level 4; she is on the agenda with every reason.
        var agenda = Agenda.Draw([new AgendaRow { Person = 1, Level = 4, PreviousLevel = 3, Risk = 0.41 }], new AgendaOptions { MeetingOn = Today, LastMeetingOn = DaysAgo(14) });
        agenda[0].Reasons.Select(r => r.Kind).ShouldBe([AgendaReasonKind.NewAtLevel4, AgendaReasonKind.NoLead, AgendaReasonKind.PlanMissing]);

        // Who knows her? She wants the social worker, who has seen her once.
        var nurse = Professional("nurse-1");
        var social = Professional("social-1", RoleKind.SocialWorker);
        var person = Person(1, Saw("nurse-1", 3), Saw("nurse-1", 17), Saw("social-1", 30)) with { Wish = new LeadWish { Professional = "social-1" } };
        var proposal = LeadProposals.For(person, [nurse, social], Today);
        proposal.Ranked[0].Professional.ShouldBe(social);

        // The team meets, follows her wish, and closes with quorum.
        var meeting = new MdtMeeting
        {
            Team = "Riverside MDT",
            HeldOn = Today,
            Agenda = [.. agenda],
            Attendance = [new Attendee("nurse-1", "District nurse", Sector.Health, IsChair: true), new Attendee("social-1", "Social worker", Sector.SocialCare)],
        };
        meeting = MdtRules.Decide(meeting, new MdtDecision(1, DecisionKind.AgreeLead, "nurse-1", "Her wish", Lead: "social-1")).Value;
        meeting = MdtRules.Decide(meeting, new MdtDecision(1, DecisionKind.StartPlan, "social-1")).Value;
        MdtRules.Close(meeting, Today).IsAllowed.ShouldBeTrue();
        var leads = LeadHistory.Empty.Appoint(person, social, Today, "nurse-1", "Her wish").Value;

        // Two professionals assess; the plan is not joint until she has agreed.
        var assessment = JointAssessment.Combine(
            [new AssessmentQuestion("alone", "Lives alone?", "LivesAlone")],
            [
                new AssessmentResponse("nurse-1", "District nurse", Sector.Health, Today, [new("alone", "true")]),
                new AssessmentResponse("social-1", "Social worker", Sector.SocialCare, Today, [new("alone", "true")]),
            ],
            Today)!;
        assessment.IsJoint.ShouldBeTrue();
        var draft = AgreedPlan() with { Status = PlanStatus.Proposed, Agreement = null, Lead = "social-1" };
        PlanRules.Move(draft, PlanStatus.Agreed, Today).Unmet.Rules().ShouldBe([PlanRules.AgreementGiven]);
        var plan = PlanRules.Move(draft with { Agreement = new PlanAgreement("the person", Today, AgreementBasis.Person) }, PlanStatus.Agreed, Today).Value;
        var verdict = PlanRules.Evaluate(plan, 4, Today);
        verdict.IsComplete.ShouldBeTrue();

        // She counts in the answer to the national condition.
        CoverageCounts.Of(4, 3, leads.On(Today) is null ? null : social.Sector, verdict, numberVerified: true).WithBoth.ShouldBe(1);

        // Her lead is reminded of the review, once it is near; the review is done and the next is due.
        var reviewDay = plan.ReviewDue!.Value.AddDays(-5);
        RemindersDue.On(reviewDay, [new ReminderFacts { Person = 1, Lead = "social-1", ReviewBy = verdict.ReviewBy }]).ShouldHaveSingleItem().Kind.ShouldBe(ReminderKind.ReviewDue);
        var reviewed = plan with { ReviewedOn = reviewDay, ReviewDue = reviewDay.AddMonths(3), Actions = [plan.Actions[0] with { Status = ActionStatus.Done }] };
        PlanRules.Evaluate(reviewed, 4, reviewDay).IsComplete.ShouldBeTrue();

        // The social worker leaves: she is on the next agenda.
        LeadHistory.Affected([(1, leads)], "social-1", reviewDay.AddDays(20)).ShouldHaveSingleItem().Person.ShouldBe(1);
    }

    [Theory]
    [InlineData(0, 3)]
    [InlineData(30, 3)]
    [InlineData(31, 4)]
    public void AgreedLevel_HoldsUntilItsLastDay_ThenTheModelsIsInForceAgain(int days, int level) =>
        AgreedLevel.InForce(4, [new AgreedLevel(3, Today, Today.AddDays(30), "Carer has moved in", "gp-1")], Today.AddDays(days)).ShouldBe(level);

    [Fact]
    public void AgreedLevel_AgreedAgain_TheLaterOneIsInForce() =>
        AgreedLevel.InForce(1, [new(4, DaysAgo(5), Today, "b", "gp-1"), new(3, DaysAgo(30), Today, "a", "gp-1")], Today).ShouldBe(4);
}
