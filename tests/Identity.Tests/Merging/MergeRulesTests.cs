using BetterCare.Care.Identity.Merging;

namespace BetterCare.Care.Tests.Identity.Merging;

public sealed class MergeRulesTests
{
    private static readonly MergeSide Ann = new(700_000, 2, false, false);

    [Fact]
    public void Unmet_SamePersonUnverified_MayBeMerged() => MergeRules.Unmet(Ann, Ann, false, false).ShouldBeNull();

    [Fact]
    public void Unmet_OneHasDied_IsRefused_WhateverPdsAndTheReviewerSay() =>
        MergeRules.Unmet(Ann, Ann with { HasDied = true }, true, true)!.Rule.ShouldBe(MergeRules.BothAlive);

    [Fact]
    public void Unmet_BothVerified_OnlyPdsItselfMaySayThatOneWasSuperseded()
    {
        var verified = Ann with { IsVerified = true };
        MergeRules.Unmet(verified, verified, false, true)!.Rule.ShouldBe(MergeRules.OneVerified);
        MergeRules.Unmet(verified, verified, true, false).ShouldBeNull();
    }

    [Fact]
    public void Unmet_VerifiedIntoUnverified_IsTheWrongWayRound()
    {
        MergeRules.Unmet(Ann with { IsVerified = true }, Ann, false, true)!.Rule.ShouldBe(MergeRules.KeepVerified);
        MergeRules.Unmet(Ann, Ann with { IsVerified = true }, false, false).ShouldBeNull();
    }

    [Fact]
    public void Unmet_DifferentBirthdayOrSex_HasToBeLookedAt()
    {
        MergeRules.Unmet(Ann, Ann with { BirthDay = 1, Sex = 1 }, false, false)!.Detail.ShouldContain("date of birth and sex");
        MergeRules.Unmet(Ann, Ann with { BirthDay = 1 }, false, true).ShouldBeNull();
        MergeRules.Unmet(Ann, Ann with { Sex = 0 }, false, false).ShouldBeNull();
    }
}
