using System.Text;
using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Tests.Stratification.Timelines;

public sealed class VocabularyTests
{
    private static readonly ClinicalCodes Codes = ClinicalCodes.Default;

    [Theory]
    [InlineData(CodeSystemKind.Snomed, "49436004", ConditionGroup.AtrialFibrillation)]
    [InlineData(CodeSystemKind.Snomed, "22298006", ConditionGroup.MyocardialInfarction)]
    [InlineData(CodeSystemKind.Snomed, "22298006", ConditionGroup.CoronaryHeartDisease)]
    [InlineData(CodeSystemKind.Icd10, "I50.0", ConditionGroup.HeartFailure)]
    [InlineData(CodeSystemKind.Icd10, "J441", ConditionGroup.Copd)]
    [InlineData(CodeSystemKind.Icd10, "S72.0", ConditionGroup.HipFracture)]
    [InlineData(CodeSystemKind.Icd10, "S72.0", ConditionGroup.FragilityFracture)]
    [InlineData(CodeSystemKind.Icd10, "C50.9", ConditionGroup.Cancer)]
    [InlineData(CodeSystemKind.Icd10, "W19", ConditionGroup.Falls)]
    public void Find_KnownCode_MeansTheCondition(CodeSystemKind system, string code, ConditionGroup group) =>
        Meanings(system, code).ShouldContain(new CodeMeaning(MeaningKind.Condition, (ushort)group, false, float.NaN));

    [Fact]
    public void Find_LivesAlone_IsASocialFact() =>
        Meanings(CodeSystemKind.Snomed, "105529008").ShouldBe([new CodeMeaning(MeaningKind.Social, (ushort)SocialFact.LivesAlone, false, float.NaN)]);

    [Fact]
    public void Find_ResolvedCode_SaysSo() =>
        Meanings(CodeSystemKind.Snomed, "162660004").ShouldBe([new CodeMeaning(MeaningKind.Condition, (ushort)ConditionGroup.Asthma, true, float.NaN)]);

    [Fact]
    public void Find_ExSmoker_CarriesItsOwnValue() =>
        Meanings(CodeSystemKind.Snomed, "8517006").ShouldBe([new CodeMeaning(MeaningKind.Measurement, (ushort)MeasurementKind.SmokingStatus, false, SmokingStatus.Ex)]);

    [Fact]
    public void Find_LoincHaemoglobin_IsAMeasurementWithAPostedValue() =>
        Meanings(CodeSystemKind.Loinc, "718-7").ShouldBe([new CodeMeaning(MeaningKind.Measurement, (ushort)MeasurementKind.Haemoglobin, false, float.NaN)]);

    [Theory]
    [InlineData(CodeSystemKind.Snomed, "1")]
    [InlineData(CodeSystemKind.Snomed, "")]
    [InlineData(CodeSystemKind.Snomed, "not a code")]
    [InlineData(CodeSystemKind.Snomed, "99999999999999999999")]
    [InlineData(CodeSystemKind.Icd10, "ZZ")]
    [InlineData(CodeSystemKind.Icd10, "A really long text that is no code")]
    [InlineData(CodeSystemKind.Loinc, "0-0")]
    [InlineData(CodeSystemKind.Other, "49436004")]
    public void Find_UnknownCode_HasNoMeaning(CodeSystemKind system, string code) => Meanings(system, code).ShouldBeEmpty();

    [Fact]
    public void Find_AnyCode_DoesNotAllocate()
    {
        var snomed = "49436004"u8.ToArray();
        var icd = "I50.0"u8.ToArray();
        Codes.Find(CodeSystemKind.Snomed, snomed);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            Codes.Find(CodeSystemKind.Snomed, snomed);
            Codes.Find(CodeSystemKind.Icd10, icd);
        }

        GC.GetAllocatedBytesForCurrentThread().ShouldBe(before);
    }

    [Theory]
    [InlineData("Apixaban 5 mg tablets", MedicineGroup.Anticoagulant)]
    [InlineData("Warfarin Sodium 5 MG Oral Tablet", MedicineGroup.Anticoagulant)]
    [InlineData("Acetaminophen 325 MG / Oxycodone Hydrochloride 5 MG", MedicineGroup.Opioid)]
    [InlineData("Co-codamol 8mg/500mg tablets", MedicineGroup.Opioid)]
    [InlineData("Hydrocortisone 1% cream", MedicineGroup.None)]
    [InlineData("Prednisolone 5mg tablets", MedicineGroup.OralSteroid)]
    [InlineData("Vitamin B compound tablets", MedicineGroup.None)]
    [InlineData("", MedicineGroup.None)]
    public void FromName_NameAsPosted_FindsTheRiskiestGroup(string name, MedicineGroup group) => MedicineGroups.FromName(name).ShouldBe(group);

    [Fact]
    public void FromName_TwoStrengthsOfOneIngredient_AreOneMedicine()
    {
        MedicineCode.FromName("Apixaban 5 mg tablets").ShouldBe(MedicineCode.FromName("apixaban 2.5mg"));
        MedicineCode.FromName("Apixaban 5 mg tablets").ShouldNotBe(MedicineCode.FromName("Rivaroxaban 20 mg tablets"));
    }

    [Theory]
    [InlineData(MeasurementKind.Haemoglobin, 12.5, "g/dL", 125)]
    [InlineData(MeasurementKind.HbA1c, 7.0, "%", 53)]
    [InlineData(MeasurementKind.Creatinine, 1.0, "mg/dL", 88.42)]
    [InlineData(MeasurementKind.BodyMassIndex, 27.1, "kg/m2", 27.1)]
    public void TryConvert_KnownUnit_GivesTheKindsUnit(MeasurementKind kind, double value, string unit, double expected)
    {
        MeasurementUnits.TryConvert(kind, value, unit, out var result).ShouldBeTrue();
        ((double)result).ShouldBe(expected, 0.1);
    }

    [Theory]
    [InlineData(MeasurementKind.Haemoglobin, 125, "mmol/L")]
    [InlineData(MeasurementKind.BodyMassIndex, 2700, "kg/m2")]
    public void TryConvert_UnknownUnitOrImpossibleValue_IsRefused(MeasurementKind kind, double value, string unit) =>
        MeasurementUnits.TryConvert(kind, value, unit, out _).ShouldBeFalse();

    private static CodeMeaning[] Meanings(CodeSystemKind system, string code) => Codes.Find(system, Encoding.UTF8.GetBytes(code)).ToArray();
}
