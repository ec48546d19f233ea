using BetterCare.Care.Coordination.Reminders;
using static BetterCare.Care.Tests.Coordination.Given;

namespace BetterCare.Care.Tests.Coordination.Reminders;

public class RemindersDueTests
{
    private static readonly ReminderFacts Led = new() { Person = 1, Lead = "nurse-1" };

    [Fact]
    public void Due_NothingHappened_NoReminder() => RemindersDue.On(Today, [Led with { ReviewBy = Today.AddDays(15) }]).ShouldBeEmpty();

    [Fact]
    public void Due_LeadsPersonWasAdmittedYesterday_LeadIsTold()
    {
        var reminder = RemindersDue.On(Today, [Led with { Admissions = [DaysAgo(1)] }]).ShouldHaveSingleItem();

        (reminder.Kind, reminder.To, reminder.Occasion).ShouldBe((ReminderKind.Admitted, "nurse-1", DaysAgo(1)));
    }

    [Fact]
    public void Due_AdmittedWithoutLead_NobodyToTell() => RemindersDue.On(Today, [Led with { Lead = null, Admissions = [DaysAgo(1)] }]).ShouldBeEmpty();

    [Fact]
    public void Due_NewAtLevel4WithoutLead_TheTeamIsTold()
    {
        var reminder = RemindersDue.On(Today, [Led with { Lead = null, Level4Since = Today }]).ShouldHaveSingleItem();

        (reminder.Kind, reminder.To).ShouldBe((ReminderKind.NewLevel4, null));
    }

    [Fact]
    public void Due_ReviewBeforeOnAndAfterItsDay_DueThenOverdue()
    {
        KindAt(Today.AddDays(14)).ShouldBe(ReminderKind.ReviewDue);
        KindAt(Today).ShouldBe(ReminderKind.ReviewDue);
        KindAt(DaysAgo(1)).ShouldBe(ReminderKind.ReviewOverdue);

        static ReminderKind KindAt(DateOnly reviewBy) => RemindersDue.On(Today, [Led with { ReviewBy = reviewBy }]).ShouldHaveSingleItem().Kind;
    }

    [Fact]
    public void Due_TaskOverdue_OwnerIsTold_LeadWhereNobodyOwnsIt() =>
        RemindersDue.On(Today, [Led with { Tasks = [new("a", "ot-1", DaysAgo(2)), new("b", null, DaysAgo(1)), new("c", "ot-1", Today)] }])
            .Select(r => r.To).ShouldBe(["ot-1", "nurse-1"]);

    [Fact]
    public void Due_AskedEveryDayForAWeek_TheSameOccasionKeepsItsId()
    {
        var facts = Led with { Admissions = [Today], Level4Since = Today, Tasks = [new("a", "ot-1", DaysAgo(2))], ReviewBy = DaysAgo(3) };

        var ids = Enumerable.Range(0, 7).SelectMany(day => RemindersDue.On(Today.AddDays(day), [facts])).Select(r => r.Id).ToArray();

        ids.Length.ShouldBe(28);
        ids.Distinct().Count().ShouldBe(4);
    }

    [Fact]
    public void Due_SameDayTwoPeopleTwoTasks_EveryIdIsItsOwn()
    {
        var tasks = new OpenTask[] { new("a", "ot-1", DaysAgo(2)), new("b", "ot-1", DaysAgo(2)) };

        RemindersDue.On(Today, [Led with { Tasks = tasks }, Led with { Person = 2, Tasks = tasks }]).Select(r => r.Id).Distinct().Count().ShouldBe(4);
    }

    [Fact]
    public void Due_LeadHasChanged_TheNewLeadIsRemindedToo() =>
        RemindersDue.On(Today, [Led with { ReviewBy = Today }]).Single().Id
            .ShouldNotBe(RemindersDue.On(Today, [Led with { Lead = "matron-1", ReviewBy = Today }]).Single().Id);

    [Fact]
    public void Due_AdmittedEightDaysAgo_IsNoLongerNews() => RemindersDue.On(Today, [Led with { Admissions = [DaysAgo(7)] }]).ShouldBeEmpty();
}
