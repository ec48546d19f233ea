using BetterCare.Care.Coordination.Bcf;

namespace BetterCare.Care.Tests.Coordination.Bcf;

public class BcfCountingTests
{
    private static readonly DateOnly April = new(2025, 4, 1), NextApril = new(2026, 4, 1), Day = new(2025, 11, 10);

    [Fact]
    public void CareHomes_OnlyPermanentSupportedAdmissionsOfThe65sCountAndTransfersDoNot()
    {
        CareHomeAdmission[] events =
        [
            new(1, 65, Day, IsPermanent: true, IsCouncilSupported: true, FromAnotherHome: false),
            new(2, 64, Day, IsPermanent: true, IsCouncilSupported: true, FromAnotherHome: false),
            new(3, 80, Day, IsPermanent: false, IsCouncilSupported: true, FromAnotherHome: false),
            new(4, 80, Day, IsPermanent: true, IsCouncilSupported: false, FromAnotherHome: false),
            new(5, 80, Day, IsPermanent: true, IsCouncilSupported: true, FromAnotherHome: true),
            new(6, 80, NextApril, IsPermanent: true, IsCouncilSupported: true, FromAnotherHome: false),
        ];

        BcfCounting.CareHomeAdmissions(events, April, NextApril).ShouldBe(1);
    }

    [Fact]
    public void Reablement_DiedOrInHospitalOrNotFollowedUp_IsNotAtHome()
    {
        ReablementDischarge[] events =
        [
            new(1, 70, Day, true, Whereabouts.AtHome), new(2, 70, Day, true, Whereabouts.Died), new(3, 70, Day, true, Whereabouts.InHospital),
            new(4, 70, Day, true, Whereabouts.NotKnown), new(5, 70, Day, false, Whereabouts.AtHome), new(6, 60, Day, true, Whereabouts.AtHome),
            new(7, 70, new DateOnly(2025, 9, 30), true, Whereabouts.AtHome), new(8, 70, new DateOnly(2025, 12, 31), true, Whereabouts.AtHome),
        ];

        BcfCounting.StillAtHome(events, 2025).ShouldBe(new BcfCount(2, 5));
    }

    [Fact]
    public void DelayedTransfers_OnlyDaysWithinThePeriodCountAndThenTheMonthlyMean()
    {
        DelayedTransfer[] events =
        [
            new(1, 80, new DateOnly(2025, 3, 25), new DateOnly(2025, 4, 4)),
            new(2, 80, new DateOnly(2025, 5, 30), null),
            new(3, 17, new DateOnly(2025, 4, 1), new DateOnly(2025, 4, 30)),
            new(4, 80, new DateOnly(2025, 4, 9), new DateOnly(2025, 4, 9)),
        ];

        BcfCounting.DelayedDaysPerMonth(events, April, 2).ShouldBe((3 + 2) / 2m);
    }

    [Theory]
    [InlineData("J45.9", 10, AvoidableLists.ChronicConditions | AvoidableLists.ChildrensLongTerm)]
    [InlineData("J459", 40, AvoidableLists.ChronicConditions)]
    [InlineData("N39.0", 80, AvoidableLists.AcuteConditions)]
    [InlineData("N39.3", 80, AvoidableLists.None)]
    [InlineData("J18.1", 3, AvoidableLists.AcuteConditions | AvoidableLists.ChildrensRespiratory)]
    [InlineData("J18.9", 60, AvoidableLists.None)]
    [InlineData("S72.0", 80, AvoidableLists.None)]
    public void Avoidable_ByPrimaryDiagnosisAndAge(string code, int age, AvoidableLists lists) =>
        AvoidableAdmission.Lists(Spell(1, Day, code) with { Age = age }).ShouldBe(lists);

    [Fact]
    public void Avoidable_InTwoLists_CountsOnce() =>
        BcfCounting.AvoidableAdmissions([Spell(1, Day, "J45") with { Age = 10 }], April, NextApril).ShouldBe(1);

    [Fact]
    public void Avoidable_HeartFailureWithBypassOperation_DoesNotCount()
    {
        AvoidableAdmission.Counts(Spell(1, Day, "I50.0") with { Procedures = ["K40.1"] }).ShouldBeFalse();
        AvoidableAdmission.Counts(Spell(1, Day, "I50.0") with { Procedures = ["X40.1"] }).ShouldBeTrue();
    }

    [Fact]
    public void Avoidable_HeartFailureWithK73_ExcludesOnlyFromApril2017()
    {
        AvoidableAdmission.Counts(Spell(1, new DateOnly(2017, 3, 31), "I50") with { Procedures = ["K73"] }).ShouldBeTrue();
        AvoidableAdmission.Counts(Spell(1, new DateOnly(2017, 4, 1), "I50") with { Procedures = ["K73"] }).ShouldBeFalse();
    }

    [Fact]
    public void Avoidable_AnginaWithAnyOperationOfTheRange_DoesNotCount() =>
        AvoidableAdmission.Counts(Spell(1, Day, "I20.9") with { Procedures = ["M45.1"] }).ShouldBeFalse();

    [Fact]
    public void Avoidable_AcuteBronchitis_CountsOnlyWithCopdBesideIt()
    {
        AvoidableAdmission.Counts(Spell(1, Day, "J20.9")).ShouldBeFalse();
        AvoidableAdmission.Counts(Spell(1, Day, "J20.9") with { SecondaryDiagnoses = ["I10", "J44.1"] }).ShouldBeTrue();
    }

    [Fact]
    public void Avoidable_PneumoniaWithSickleCell_DoesNotCount() =>
        AvoidableAdmission.Counts(Spell(1, Day, "J13") with { SecondaryDiagnoses = ["D57.1"] }).ShouldBeFalse();

    [Fact]
    public void Avoidable_ElectiveOrTransferredOrDayCaseOrSexNotKnown_DoesNotCount()
    {
        var spell = Spell(1, Day, "J44.1");

        AvoidableAdmission.Counts(spell).ShouldBeTrue();
        AvoidableAdmission.Counts(spell with { Method = "11" }).ShouldBeFalse();
        AvoidableAdmission.Counts(spell with { Source = "51" }).ShouldBeFalse();
        AvoidableAdmission.Counts(spell with { PatientClass = 2 }).ShouldBeFalse();
        AvoidableAdmission.Counts(spell with { SexIsKnown = false }).ShouldBeFalse();
        AvoidableAdmission.Counts(spell with { Age = null }).ShouldBeFalse();
    }

    [Fact]
    public void Readmissions_Within29DaysCounts_30DoesNot()
    {
        var first = Spell(1, Day, "I50") with { Discharged = Day.AddDays(5) };

        BcfCounting.Readmissions([first, Spell(1, Day.AddDays(34), "I50") with { Discharged = null }], April, NextApril).ShouldBe(new BcfCount(1, 1));
        BcfCounting.Readmissions([first, Spell(1, Day.AddDays(35), "I50") with { Discharged = null }], April, NextApril).ShouldBe(new BcfCount(0, 1));
    }

    [Fact]
    public void Readmissions_TransferIsPartOfTheStay_DeathIsNoDischarge()
    {
        var ward = Spell(1, Day, "I50") with { Discharged = Day.AddDays(2) };
        var transfer = Spell(1, Day.AddDays(2), "I50") with { Source = "51", Method = "2B", Discharged = Day.AddDays(9) };
        var died = Spell(2, Day, "I50") with { Discharged = Day.AddDays(2), Died = true };

        BcfCounting.Readmissions([ward, transfer, died], April, NextApril).ShouldBe(new BcfCount(0, 1));
    }

    [Fact]
    public void Readmissions_ElectiveStayInBetween_DoesNotHideTheEmergency()
    {
        HospitalSpell[] spells =
        [
            Spell(1, Day, "I50") with { Discharged = Day.AddDays(1) },
            Spell(1, Day.AddDays(5), "H25") with { Method = "11", Discharged = Day.AddDays(5) },
            Spell(1, Day.AddDays(20), "I50") with { Discharged = null },
        ];

        BcfCounting.Readmissions(spells, April, NextApril).ShouldBe(new BcfCount(2, 2));
    }

    [Fact]
    public void Table_SplitByCcg_WholeComesFromTheCountsAndTargetIsJudged()
    {
        var table = BcfTable.Of(BcfMetric.AvoidableAdmissions, "County", [("A", new BcfCount(15_000, 600_000), null, null), ("B", new BcfCount(14_573, 583_764), null, null)], 12, baseline: 212.0m, target: 190.3m);

        table.Whole.Value.ShouldBe(208.2m);
        table.Whole.TargetIsMet.ShouldBe(false);
        table.Whole.ChangeOnBaseline.ShouldBe(-1.8m);
        table.Areas[0].Value.ShouldBe(208.3m);
    }

    [Fact]
    public void Publish_OneCcgHasOneReadmission_HiddenAndNotToBeSubtracted()
    {
        var table = BcfTable.Of(BcfMetric.Readmissions, "County", [("A", new BcfCount(11, 400), null, null), ("B", new BcfCount(1, 350), null, null)], 12);

        var published = PublishedBcf.Of(table);

        published.Areas[1].IsHidden.ShouldBeTrue();
        published.Areas[0].IsHidden.ShouldBeTrue("12 less 11 would leave the one");
        published.Whole.Value.ShouldBe(1.3m);
    }

    [Fact]
    public void Table_NobodyInTheDenominator_HasNoValue() =>
        new BcfLine(BcfMetric.StillAtHome, "A", new BcfCount(0, 0), 3).Value.ShouldBeNull();

    private static HospitalSpell Spell(long person, DateOnly on, string diagnosis) =>
        new() { Person = person, Admitted = on, Discharged = on.AddDays(3), Age = 80, Method = "21", Source = "19", PrimaryDiagnosis = diagnosis };
}
