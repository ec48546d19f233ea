using BetterCare.Care.Coordination.Mdt;
using static BetterCare.Care.Tests.Coordination.Given;

namespace BetterCare.Care.Tests.Coordination.Mdt;

public class AgendaTests
{
    private static readonly AgendaOptions Options = new() { MeetingOn = Today, LastMeetingOn = DaysAgo(14) };

    [Fact]
    public void Draw_LeadPlanAndNothingNew_NotOnTheAgenda() => Agenda.Draw([Settled(1)], Options).ShouldBeEmpty();

    [Fact]
    public void Draw_SeveralPeople_MostUrgentReasonFirst()
    {
        var items = Agenda.Draw(
            [
                Settled(1) with { PlanReviewBy = DaysAgo(1) },
                Settled(2) with { HasLead = false },
                Settled(3) with { PreviousLevel = 3 },
                Settled(4) with { AdmittedOn = DaysAgo(2) },
                Settled(5) with { AdmittedOn = DaysAgo(9), DischargedOn = DaysAgo(3) },
            ],
            Options);

        items.Select(i => i.Person).ShouldBe([4, 5, 3, 2, 1]);
        items[1].Reasons.ShouldHaveSingleItem().Text.ShouldBe("Discharged from hospital on 1 March 2026.");
    }

    [Fact]
    public void Draw_SameReason_HigherRiskFirst()
    {
        var items = Agenda.Draw([Settled(1) with { HasLead = false, Risk = 0.3 }, Settled(2) with { HasLead = false, Risk = 0.6 }], Options);

        items.Select(i => i.Person).ShouldBe([2, 1]);
    }

    [Fact]
    public void Draw_NewAtLevel4WithNothing_ListsEveryReason() =>
        Agenda.Draw([new AgendaRow { Person = 1, Level = 4 }], Options).ShouldHaveSingleItem().Reasons.Select(r => r.Kind)
            .ShouldBe([AgendaReasonKind.NewAtLevel4, AgendaReasonKind.NoLead, AgendaReasonKind.PlanMissing]);

    [Fact]
    public void Draw_Level2WithoutLeadAndPlan_NeedsNeither() => Agenda.Draw([new AgendaRow { Person = 1, Level = 2 }], Options).ShouldBeEmpty();

    [Fact]
    public void Draw_LeadLeavesNextWeek_IsRaisedBeforeItHappens() =>
        Agenda.Draw([Settled(1) with { LeadLeavesOn = Today.AddDays(7) }], Options).ShouldHaveSingleItem().Reasons[0].Text
            .ShouldBe("The accountable lead leaves on 11 March 2026.");

    [Fact]
    public void Draw_RoseFrom2To3AndAgreedLevelRunsOut_BothReasons() =>
        Agenda.Draw([Settled(1) with { Level = 3, PreviousLevel = 2, AgreedLevelUntil = Today.AddDays(20) }], Options)[0].Reasons.Select(r => r.Kind)
            .ShouldBe([AgendaReasonKind.Risen, AgendaReasonKind.AgreedLevelExpiring]);

    [Fact]
    public void Draw_AdmittedBeforeTheLastMeeting_IsNoLongerNews() =>
        Agenda.Draw([Settled(1) with { AdmittedOn = DaysAgo(15) }], Options).ShouldBeEmpty();

    [Fact]
    public void Draw_MoreThanTheMeetingCanTake_KeepsTheMostUrgent() =>
        Agenda.Draw([Settled(1) with { HasPlan = false }, Settled(2) with { AdmittedOn = Today }], Options with { MaxItems = 1 }).ShouldHaveSingleItem().Person.ShouldBe(2);

    private static AgendaRow Settled(long person) => new() { Person = person, Level = 4, PreviousLevel = 4, HasLead = true, HasPlan = true, PlanReviewBy = Today.AddDays(30) };
}
