using BetterCare.Care.Coordination.Leads;
using BetterCare.Care.Coordination.Mdt;
using static BetterCare.Care.Tests.Coordination.Given;

namespace BetterCare.Care.Tests.Coordination.Mdt;

public class MdtRulesTests
{
    private static readonly MinutesLabels Labels = new(p => $"Person {p}", p => p);

    [Fact]
    public void Quorum_HealthSocialCareAndChair_Quorate() => MdtRules.Quorum(Meeting()).ShouldBeEmpty();

    [Fact]
    public void Quorum_SocialWorkerSentApologies_NotQuorate()
    {
        var meeting = Meeting();

        MdtRules.Quorum(meeting with { Attendance = [meeting.Attendance[0], meeting.Attendance[1] with { Attended = false }] }).Rules().ShouldBe([MdtRules.QuorumSocialCare]);
    }

    [Fact]
    public void Quorum_Nobody_EveryRuleIsListed() =>
        MdtRules.Quorum(Meeting() with { Attendance = [] }).Rules().ShouldBe([MdtRules.QuorumHealth, MdtRules.QuorumSocialCare, MdtRules.Chair]);

    [Fact]
    public void Close_EveryoneDecidedAndQuorate_TakesASnapshotThatNeverChanges()
    {
        var closed = MdtRules.Close(Decided(), Today).Value;

        closed.Status.ShouldBe(MeetingStatus.Closed);
        closed.Snapshot!.Lines.ShouldHaveSingleItem().Decisions.Length.ShouldBe(2);
        closed.Snapshot.Fingerprint.ShouldBe(MdtRules.Fingerprint(closed.Team, Today, closed.Snapshot.Lines));
        MdtRules.Decide(closed, new MdtDecision(1, DecisionKind.ReviewPlan, "gp-1")).Unmet.Rules().ShouldBe([MdtRules.NotClosed]);
        MdtRules.AddTask(closed, new MdtTask("t9", 1, "x", "gp-1", Today)).Unmet.Rules().ShouldBe([MdtRules.NotClosed]);
        MdtRules.Close(closed, Today).Unmet.Rules().ShouldBe([MdtRules.NotClosed]);
    }

    [Fact]
    public void Snapshot_OneWordChanged_FingerprintTells()
    {
        var snapshot = MdtRules.Close(Decided(), Today).Value.Snapshot!;
        var forged = snapshot.Lines[0] with { Decisions = [snapshot.Lines[0].Decisions[0] with { Reason = "Something else" }, snapshot.Lines[0].Decisions[1]] };

        MdtRules.Fingerprint("Riverside MDT", Today, [forged]).ShouldNotBe(snapshot.Fingerprint);
    }

    [Fact]
    public void Close_WithoutQuorumAndUndecided_RefusedWithBothRules()
    {
        var meeting = Meeting() with { Attendance = [Meeting().Attendance[0]] };

        MdtRules.Close(meeting, Today).Unmet.Rules().ShouldBe([MdtRules.QuorumSocialCare, MdtRules.EveryoneDecided]);
    }

    [Fact]
    public void Close_DeciderTurnsOutNotToHaveAttended_Refused()
    {
        var meeting = Decided();
        var corrected = meeting with { Attendance = [meeting.Attendance[0] with { Professional = "gp-2" }, meeting.Attendance[1]] };

        MdtRules.Close(corrected, Today).Unmet.Rules().ShouldContain(MdtRules.DecidedByAttendee);
    }

    [Fact]
    public void Decide_AgreeLevelWithoutReasonOrLastDay_RefusedWithBothRules() =>
        MdtRules.Decide(Meeting(), new MdtDecision(1, DecisionKind.AgreeLevel, "gp-1", null, 3)).Unmet.Rules().ShouldBe([MdtRules.ReasonGiven, MdtRules.AgreedLevel]);

    [Fact]
    public void Decide_AgreedLevelForTwoYears_Refused() =>
        MdtRules.Decide(Meeting(), new MdtDecision(1, DecisionKind.AgreeLevel, "gp-1", "x", 3, Today.AddYears(2))).Unmet.Rules().ShouldBe([MdtRules.AgreedLevel]);

    [Fact]
    public void Decide_SomebodyNotOnTheAgenda_Refused() =>
        MdtRules.Decide(Meeting(), new MdtDecision(7, DecisionKind.KeepLevel, "gp-1")).Unmet.Rules().ShouldBe([MdtRules.OnAgenda]);

    [Fact]
    public void Decide_KeepLevelAfterAgreeingAnother_Refused() =>
        MdtRules.Decide(Decided(), new MdtDecision(1, DecisionKind.KeepLevel, "gp-1")).Unmet.Rules().ShouldBe([MdtRules.OneDecision]);

    [Fact]
    public void Task_WithoutOwnerOrDueBeforeTheMeeting_Refused()
    {
        MdtRules.AddTask(Meeting(), new MdtTask("t", 1, "Visit", null, Today)).Unmet.Rules().ShouldBe([MdtRules.TaskComplete]);
        MdtRules.AddTask(Meeting(), new MdtTask("t", 1, "Visit", "gp-1", DaysAgo(1))).Unmet.Rules().ShouldBe([MdtRules.TaskComplete]);
    }

    [Fact]
    public void Minutes_Markdown_HasAttendanceDecisionsAndTasks()
    {
        var text = MdtMinutes.Markdown(MdtRules.Close(Decided(), Today).Value, Labels);

        text.ShouldStartWith("# Riverside MDT: multidisciplinary team meeting, 4 March 2026\n");
        text.ShouldContain("| gp-1 | GP | health | yes, chair |");
        text.ShouldContain("| Level 3 until 4 June 2026 | Carer has moved in | gp-1 |");
        text.ShouldContain("| Home visit | social-1 | 11 March 2026 |");
        text.ShouldContain("Quorate");
    }

    [Fact]
    public void Minutes_TextWithMarkup_IsEscapedInBoth()
    {
        var meeting = Meeting() with { Team = "<script>alert(1)</script> | *bold*" };

        MdtMinutes.Html(meeting, Labels).ShouldNotContain("<script>");
        MdtMinutes.Html(meeting, Labels).ShouldContain("&lt;script&gt;");
        MdtMinutes.Markdown(meeting, Labels).ShouldContain("&lt;script>alert(1)&lt;/script> \\| \\*bold\\*");
    }

    [Fact]
    public void Minutes_Html_PrintsByItself()
    {
        var html = MdtMinutes.Html(Decided(), Labels);

        html.ShouldContain("<html lang=\"en-GB\">");
        html.ShouldContain("@media print");
        html.ShouldContain("<th scope=\"col\">Decision</th>");
        html.ShouldNotContain("http");
        html.Split("<section>").Length.ShouldBe(html.Split("</section>").Length);
    }

    private static MdtMeeting Meeting() => new()
    {
        Team = "Riverside MDT",
        HeldOn = Today,
        Agenda = [new AgendaItem(1, 4, [new AgendaReason(AgendaReasonKind.NoLead, "Has no accountable lead professional.")])],
        Attendance = [new Attendee("gp-1", "GP", Sector.Health, IsChair: true), new Attendee("social-1", "Social worker", Sector.SocialCare)],
    };

    private static MdtMeeting Decided()
    {
        var meeting = MdtRules.Decide(Meeting(), new MdtDecision(1, DecisionKind.AgreeLevel, "gp-1", "Carer has moved in", 3, Today.AddMonths(3))).Value;
        meeting = MdtRules.Decide(meeting, new MdtDecision(1, DecisionKind.AgreeLead, "social-1", "Knows her best", Lead: "social-1")).Value;
        return MdtRules.AddTask(meeting, new MdtTask("t1", 1, "Home visit", "social-1", Today.AddDays(7))).Value;
    }
}
