using BetterCare.Care.Coordination.Plans;
using static BetterCare.Care.Tests.Coordination.Given;

namespace BetterCare.Care.Tests.Coordination.Plans;

public class PlanChangesTests
{
    private static readonly JointCarePlan Plan = AgreedPlan();

    [Fact]
    public void Between_SameContent_NoChange() => PlanChanges.Between(Plan, AgreedPlan()).ShouldBeEmpty();

    [Fact]
    public void Between_ActionDoneGoalAddedPreferencesRemoved_EachIsNamedWithoutItsText() =>
        PlanChanges.Between(Plan, Plan with
        {
            Actions = [Plan.Actions[0] with { Status = ActionStatus.Done }],
            Goals = [.. Plan.Goals, new PlanGoal("g2", "See the sea.")],
            Preferences = null,
        }).ShouldBe([
            new PlanChange("goals", PlanChangeKind.Added, "g2"), new PlanChange("actions", PlanChangeKind.Changed, "a1"), new PlanChange("preferences", PlanChangeKind.Removed)]);

    [Fact]
    public void Conflicts_NurseChangesTheActionAndSocialWorkerTheGoal_NothingToSettle()
    {
        var theirs = Plan with { Actions = [Plan.Actions[0] with { Status = ActionStatus.Done }] };
        var mine = Plan with { Goals = [new PlanGoal("g1", "Walk to the shop by May.")] };

        PlanChanges.Conflicts(Plan, theirs, mine).ShouldBeEmpty();
    }

    [Fact]
    public void Conflicts_BothMoveTheReviewDate_OnlyIfToDifferentDays()
    {
        var theirs = Plan with { ReviewDue = Today.AddDays(10) };

        PlanChanges.Conflicts(Plan, theirs, Plan with { ReviewDue = Today.AddDays(20) }).ShouldHaveSingleItem().Heading.ShouldBe("review");
        PlanChanges.Conflicts(Plan, theirs, Plan with { ReviewDue = Today.AddDays(10) }).ShouldBeEmpty();
    }
}
