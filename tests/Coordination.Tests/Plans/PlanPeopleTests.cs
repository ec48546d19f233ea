using BetterCare.Care.Coordination.Leads;
using BetterCare.Care.Coordination.Plans;
using static BetterCare.Care.Tests.Coordination.Given;

namespace BetterCare.Care.Tests.Coordination.Plans;

/// <summary>A plan is joint because of who contributed: so they must be who it says.</summary>
public class PlanPeopleTests
{
    private static readonly Professional Nurse = Professional("nurse");

    [Fact]
    public void Contributor_OfThePlaceInTheirSector_IsKnown() => Judge(By(Nurse), Nurse).ShouldBeEmpty();

    [Fact]
    public void Contributor_NotRegistered_OrWithoutAName_Refused()
    {
        Judge(By(Nurse), null).ShouldBe([PlanPeople.Contributor]);
        Judge(By(Nurse) with { Professional = " " }, Nurse).ShouldBe([PlanPeople.Contributor]);
        Judge(By(Nurse), Nurse with { IsRegistered = false }).ShouldBe([PlanPeople.Contributor]);
    }

    [Fact]
    public void Contributor_IsJudgedByTheDayOfTheContribution()
    {
        var left = Nurse with { LastDay = DaysAgo(10) };

        Judge(By(Nurse) with { On = DaysAgo(10) }, left).ShouldBeEmpty("was there on the last day");
        Judge(By(Nurse) with { On = DaysAgo(9) }, left).ShouldBe([PlanPeople.Contributor]);
        Judge(By(Nurse) with { On = DaysAgo(20) }, Nurse with { From = DaysAgo(19) }).ShouldBe([PlanPeople.Contributor]);
    }

    [Fact]
    public void Contributor_OfAnotherPlace_OrEnteredForAnotherSector_Refused()
    {
        Judge(By(Nurse), Nurse with { Place = "Westshire" }).ShouldBe([PlanPeople.Contributor]);
        Judge(By(Nurse) with { Sector = Sector.SocialCare }, Nurse).ShouldBe([PlanPeople.ContributorSector]);
    }

    [Fact]
    public void WhoStoodInTheVersionBefore_IsNotJudgedAgain()
    {
        var plan = new JointCarePlan { Contributors = [By(Nurse)], Actions = [new PlanAction("a1", "Visit", "nurse", Today)] };

        PlanPeople.Unmet(plan, plan, _ => null, Nurse.Place, Today).ShouldBeEmpty();
        PlanPeople.Unmet(plan with { Actions = [new PlanAction("a2", "Visit", "nurse", Today)] }, plan, _ => null, Nurse.Place, Today).Rules().ShouldBe([PlanPeople.Owner]);
    }

    [Fact]
    public void OwnerOfAnAction_IsThePersonTheCarerOrAProfessionalInTheRole()
    {
        var plan = new JointCarePlan
        {
            Actions =
            [
                new PlanAction("a1", "Weigh daily", PlanPeople.ThePerson, Today), new PlanAction("a2", "Shopping", PlanPeople.TheCarer, Today), new PlanAction("a3", "Dressing", "nurse", Today),
                new PlanAction("a4", "Not given out yet", null, null), new PlanAction("a5", "Done long ago", "gone", DaysAgo(90), ActionStatus.Done),
            ],
        };

        PlanPeople.Unmet(plan, null, key => key == "nurse" ? Nurse : null, Nurse.Place, Today).ShouldBeEmpty();
        PlanPeople.Unmet(plan, null, key => key == "nurse" ? Nurse with { LastDay = DaysAgo(1) } : null, Nurse.Place, Today).ShouldHaveSingleItem().Detail.ShouldStartWith("The owner of action 3 left on ");
    }

    private static PlanContributor By(Professional professional) => new(professional.Key, professional.Role, professional.Sector, DaysAgo(5));

    private static IEnumerable<string> Judge(PlanContributor contributor, Professional? known) =>
        PlanPeople.Unmet(new JointCarePlan { Contributors = [contributor] }, null, _ => known, Nurse.Place, Today).Rules();
}
