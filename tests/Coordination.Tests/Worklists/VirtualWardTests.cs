using BetterCare.Care.Coordination.Worklists;
using static BetterCare.Care.Tests.Coordination.Given;

namespace BetterCare.Care.Tests.Coordination.Worklists;

public class VirtualWardTests
{
    private static readonly VirtualWard Ward = new() { Name = "Riverside", Beds = 2 };

    [Fact]
    public void Admit_BedFree_TakesIt() => Ward.Admit(1, Today, "Heart failure").Value.Occupied(Today).ShouldBe(1);

    [Fact]
    public void Admit_AllBedsTaken_Refused() =>
        Ward.Admit(1, Today, "x").Value.Admit(2, Today, "x").Value.Admit(3, Today, "x").Unmet.Rules().ShouldBe([VirtualWard.BedFree]);

    [Fact]
    public void Admit_TwiceOrWithoutReason_Refused() =>
        Ward.Admit(1, DaysAgo(2), "x").Value.Admit(1, Today, " ").Unmet.Rules().ShouldBe([VirtualWard.OnceOnly, VirtualWard.InOrder]);

    [Fact]
    public void Discharge_BedIsFreeThatDay()
    {
        var ward = Ward.Admit(1, DaysAgo(5), "x").Value.Discharge(1, Today, WardOutcome.UsualCare).Value;

        ward.Occupied(DaysAgo(1)).ShouldBe(1);
        ward.Occupied(Today).ShouldBe(0);
        ward.MeanLengthOfStay(DaysAgo(30), Today.AddDays(1)).ShouldBe(5);
        ward.Admit(1, Today, "Again").IsAllowed.ShouldBeTrue();
    }

    [Fact]
    public void Discharge_NotOnTheWardOrBeforeAdmission_Refused()
    {
        Ward.Discharge(1, Today, WardOutcome.UsualCare).Unmet.Rules().ShouldBe([VirtualWard.OnceOnly]);
        Ward.Admit(1, Today, "x").Value.Discharge(1, DaysAgo(1), WardOutcome.UsualCare).Unmet.Rules().ShouldBe([VirtualWard.InOrder]);
    }

    [Theory]
    [InlineData(14, 0)]
    [InlineData(15, 1)]
    public void LongStays_MoreThanTwoWeeks_AreNoted(int days, int noted) =>
        Ward.Admit(1, DaysAgo(days), "x").Value.LongStays(Today).Count.ShouldBe(noted);
}
