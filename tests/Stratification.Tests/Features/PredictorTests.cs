using BetterCare.Care.Stratification.Features;
using BetterCare.Care.Stratification.Timelines;
using BetterCare.Care.Tests.Stratification.Given;

namespace BetterCare.Care.Tests.Stratification.Features;

public sealed class PredictorTests
{
    private static PersonBuilder Person => new();

    [Fact]
    public void EmergencyAdmissions_CountsThoseOfTheLastYearOnly() =>
        Person.Admitted(10).Admitted(365).Admitted(366).Admitted(20, flags: EventFlags.None).Value("emerg_adm_0_12m").ShouldBe(2);

    [Fact]
    public void EmergencyAdmissions_Maternity_DoesNotCount() =>
        Person.Admitted(10, flags: EventFlags.Emergency | EventFlags.Maternity).Value("emerg_adm_0_12m").ShouldBe(0);

    [Fact]
    public void EmergencyAdmissions_SameSpellPostedTwice_CountsOnce() =>
        Person.Admitted(10, 3).Admitted(10, 3, "I500").Value("emerg_adm_0_12m").ShouldBe(1);

    [Fact]
    public void EmergencyAdmissions_OlderOnes_Are13To36MonthsAgo() =>
        Person.Admitted(10).Admitted(366).Admitted(1095).Admitted(1096).Value("emerg_adm_13_36m").ShouldBe(2);

    [Fact]
    public void BedDays_SpellAcrossTheWindow_CountsNightsInside() =>
        Person.Admitted(370, 10).Admitted(30, 4).Value("emerg_bed_days_12m").ShouldBe(5 + 4);

    [Fact]
    public void BedDays_StillInHospital_CountsNightsUntilTheIndexDate() =>
        Person.Admitted(6, 200).Value("emerg_bed_days_12m").ShouldBe(6);

    [Fact]
    public void DaysSinceDischarge_StillInHospital_IsZero() =>
        Person.Admitted(6, TimelineEvent.Ongoing).Value("days_since_discharge").ShouldBe(0);

    [Fact]
    public void DaysSinceDischarge_NeverAdmitted_IsNotKnown() => Person.Value("days_since_discharge").ShouldBe(float.NaN);

    [Fact]
    public void DaysSinceDischarge_AfterAStay_CountsFromItsEnd() => Person.Admitted(50, 8).Value("days_since_discharge").ShouldBe(42);

    [Fact]
    public void LastStay_OnlyTheLatestOneCounts() =>
        Person.Admitted(200, 12).Admitted(20, 1).Value("last_los_ge5d").ShouldBe(0);

    [Theory]
    [InlineData("I500", 1)]
    [InlineData("J20", 0)] // acute bronchitis counts only beside chronic airways disease
    [InlineData("S720", 0)]
    public void AmbulatoryCareSensitive_FollowsThePrimaryDiagnosis(string icd10, float expected) =>
        Person.Admitted(100, 2, icd10).Value("acsc_adm_24m").ShouldBe(expected);

    [Fact]
    public void AmbulatoryCareSensitive_BronchitisBesideCopd_Counts() =>
        Person.Admitted(100, 2, "J20").Diagnosed("J44", 100).Value("acsc_adm_24m").ShouldBe(1);

    [Fact]
    public void AmbulatoryCareSensitive_PrimaryDiagnosisPostedApart_Counts() =>
        Person.Admitted(100, 4).Add(new TimelineEvent { Day = PersonBuilder.Index.Day - 98, Kind = EventKind.Diagnosis, Code = Icd10Code.Pack("J441"), Flags = EventFlags.Primary })
            .Value("acsc_adm_24m").ShouldBe(1);

    [Fact]
    public void AmbulatoryCareSensitive_InfluenzaBesideSickleCell_DoesNotCount() =>
        Person.Admitted(100, 2, "J10").Diagnosed("D570", 100).Value("acsc_adm_24m").ShouldBe(0);

    [Fact]
    public void AmbulatoryCareSensitive_AdultPneumoniaOfChildrensList_DoesNotCount() =>
        Person.Admitted(100, 2, "J12").Value("acsc_adm_24m").ShouldBe(0);

    [Fact]
    public void Condition_LaterResolved_IsDropped() =>
        Person.Has(ConditionGroup.Diabetes, 1000).Has(ConditionGroup.Diabetes, 10, resolved: true).Value("diabetes").ShouldBe(0);

    [Fact]
    public void Condition_RecordedAgainAfterResolution_Counts() =>
        Person.Has(ConditionGroup.Diabetes, 1000).Has(ConditionGroup.Diabetes, 500, resolved: true).Has(ConditionGroup.Diabetes, 10).Value("diabetes").ShouldBe(1);

    [Fact]
    public void Condition_FromAHospitalDiagnosis_Counts() => Person.Diagnosed("I50.0").Value("heart_failure").ShouldBe(1);

    [Fact]
    public void SocialFact_FromAHospitalDiagnosis_Counts() => Person.Diagnosed("Z60.2").Value("lives_alone").ShouldBe(1);

    [Fact]
    public void Vocabulary_EveryNumber_FitsTheHistory()
    {
        Enum.GetValues<ConditionGroup>().Max(g => (int)g).ShouldBeLessThan(128);
        Enum.GetValues<MeasurementKind>().Max(k => (int)k).ShouldBeLessThan(32);
        Enum.GetValues<MedicineGroup>().Max(g => (int)g).ShouldBeLessThan(64);
    }

    [Fact]
    public void Cancer_FirstFoundLongAgo_DoesNotCount() =>
        Person.Has(ConditionGroup.Cancer, 3000).Has(ConditionGroup.Cancer, 30).Value("cancer_5y").ShouldBe(0);

    [Fact]
    public void Ckd_BestOfTheLastTwoMeasurements_Decides()
    {
        Person.Measured(MeasurementKind.Egfr, 55, 200).Measured(MeasurementKind.Egfr, 40, 20).Value("ckd").ShouldBe(1);
        Person.Measured(MeasurementKind.Egfr, 65, 200).Measured(MeasurementKind.Egfr, 40, 20).Value("ckd").ShouldBe(0);
    }

    [Fact]
    public void Medicines_TwoStrengthsOfOne_AreOneMedicine() =>
        Person.Takes("Warfarin 1mg").Takes("Warfarin 3mg").Takes("Omeprazole").Takes("Ramipril", 400).Value("medicine_count").ShouldBe(2);

    [Fact]
    public void HighRiskMedicines_InsulinAndSulfonylurea_AreOneKind() =>
        Person.Takes("Insulin glargine").Takes("Gliclazide").Takes("Apixaban").Takes("Ramipril").Value("high_risk_medicines").ShouldBe(2);

    [Fact]
    public void CareHome_LeftLongAgo_DoesNotCount() =>
        Person.Lives(SocialFact.CareHomeResident, 1200, 100).Value("care_home_resident").ShouldBe(0);

    [Fact]
    public void CareHome_DischargedToOne_Counts() =>
        Person.Admitted(50, 3, flags: EventFlags.Emergency | EventFlags.CareHome).Value("care_home_resident").ShouldBe(1);

    [Fact]
    public void BodyMassIndex_NotRecorded_ComesFromWeightAndHeight() =>
        Person.Measured(MeasurementKind.Height, 160, 2000).Measured(MeasurementKind.Weight, 64, 100).Value("bmi").ShouldBe(25, 0.01f);

    [Fact]
    public void Measurement_TooOld_IsNotKnown() =>
        Person.Measured(MeasurementKind.Haemoglobin, 100, 731).Value("low_haemoglobin").ShouldBe(float.NaN);

    [Fact]
    public void All_EveryPredictor_IsDeclaredOnceWithWordsAndSource()
    {
        Predictors.All.Select(p => p.Id).ShouldBeUnique();
        Predictors.All.ShouldAllBe(p => p.Label.Length > 0 && p.Reason.Length > 0 && p.Unit.Length > 0 && p.Source.Length > 0);
        Predictors.All.SelectMany(p => p.DefaultTerms.Select(t => (p.Id, t.Feature))).ShouldAllBe(t => t.Id == t.Feature);
        Predictors.DefaultIds.Count.ShouldBeGreaterThanOrEqualTo(60);
    }

    [Theory]
    [InlineData("emerg_adm_0_12m", 3, "3 emergency admissions in the last 12 months")]
    [InlineData("emerg_adm_0_12m", 1, "1 emergency admission in the last 12 months")]
    [InlineData("emerg_adm_0_12m", 0, "No emergency admission in the last 12 months")]
    [InlineData("bmi", float.NaN, "Body mass index: not known")]
    [InlineData("lives_alone", 1, "Lives alone")]
    [InlineData("smoking", 1, "Used to smoke")]
    [InlineData("deprivation_quintile", 5, "Lives in one of the most deprived areas (quintile 5 of 5)")]
    [InlineData("frailty_recorded", 3, "Severe frailty recorded by a clinician")]
    public void Describe_Value_ReadsAsPlainEnglish(string id, float value, string expected) =>
        Predictors.Find(id)!.Describe(value).ShouldBe(expected);

    [Fact]
    public void Of_UnknownPredictor_IsRefusedByName() =>
        Should.Throw<UnknownPredictorException>(() => FeatureSet.Of(["age", "shoe_size"])).Message.ShouldStartWith("Unknown predictor: shoe_size. The known ones are: age");

    [Fact]
    public void Extract_ManyPeople_DoesNotAllocate()
    {
        var person = Person.Admitted(10, 3, "I500").Diagnosed("E112").Takes("Warfarin").Has(ConditionGroup.Dementia).Lives(SocialFact.LivesAlone).Measured(MeasurementKind.BodyMassIndex, 24).Build();
        var features = FeatureSet.Of(Predictors.All.Select(p => p.Id));
        var values = new float[features.Count];
        var history = new PersonHistory();
        features.Extract(in person, PersonBuilder.Index, history, values);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            features.Extract(in person, PersonBuilder.Index, history, values);
        }

        GC.GetAllocatedBytesForCurrentThread().ShouldBe(before);
    }
}
