using BetterCare.Care.Stratification.Features;
using BetterCare.Care.Stratification.Scores;
using BetterCare.Care.Stratification.Timelines;
using BetterCare.Care.Tests.Stratification.Given;

namespace BetterCare.Care.Tests.Stratification.Scores;

/// <summary>Scores against the published tables.</summary>
public sealed class PublishedScoreTests
{
    /// <summary>One code per Charlson condition; weights of Charlson 1987 and Quan 2011.</summary>
    public static TheoryData<string, int, int> CharlsonTable => new()
    {
        { "I21", 1, 0 }, // myocardial infarction
        { "I50", 1, 2 }, // congestive heart failure
        { "I70", 1, 0 }, // peripheral vascular disease
        { "I63", 1, 0 }, // cerebrovascular disease
        { "F00", 1, 2 }, // dementia
        { "J44", 1, 1 }, // chronic pulmonary disease
        { "M05", 1, 1 }, // rheumatic disease
        { "K25", 1, 0 }, // peptic ulcer disease
        { "B18", 1, 2 }, // mild liver disease
        { "E100", 1, 0 }, // diabetes without chronic complication
        { "E112", 2, 1 }, // diabetes with chronic complication
        { "G81", 2, 2 }, // hemiplegia or paraplegia
        { "N18", 2, 1 }, // renal disease
        { "C50", 2, 2 }, // any malignancy
        { "K704", 3, 4 }, // moderate or severe liver disease
        { "C77", 6, 6 }, // metastatic solid tumour
        { "B20", 6, 4 }, // AIDS/HIV
        { "Z00", 0, 0 },
    };

    [Theory]
    [MemberData(nameof(CharlsonTable))]
    public void Charlson_OneCondition_HasThePublishedWeight(string icd10, int original, int updated)
    {
        var history = new PersonBuilder().Diagnosed(icd10).History();

        Charlson.Score(history, 730, CharlsonWeights.Original1987).ShouldBe(original);
        Charlson.Score(history, 730, CharlsonWeights.Quan2011).ShouldBe(updated);
    }

    [Theory]
    [InlineData("B18 K704", 3)] // severe liver disease suppresses mild
    [InlineData("E100 E112", 2)] // complicated diabetes suppresses plain
    [InlineData("C50 C77", 6)] // metastatic cancer suppresses cancer
    [InlineData("I21 I22", 1)] // one condition twice counts once
    [InlineData("I21 I50 J44 N18", 5)]
    public void Charlson_SeveralConditions_FollowTheHierarchy(string codes, int expected)
    {
        var person = new PersonBuilder();
        foreach (var code in codes.Split(' '))
        {
            person.Diagnosed(code);
        }

        Charlson.Score(person.History(), 730, CharlsonWeights.Original1987).ShouldBe(expected);
    }

    [Fact]
    public void Charlson_OlderThanTwoYears_DoesNotCount() => new PersonBuilder().Diagnosed("I21", 731).Value("charlson").ShouldBe(0);

    [Theory]
    [InlineData("F00", 7.1)]
    [InlineData("F00.1 F009", 7.1)] // each three-character category once
    [InlineData("F00 G81 G30", 15.5)]
    [InlineData("R29 W19", 6.8)]
    public void HospitalFrailty_Codes_AddUpToThePublishedWeights(string codes, double expected)
    {
        var person = new PersonBuilder();
        foreach (var code in codes.Split(' '))
        {
            person.Diagnosed(code);
        }

        ((double)person.Value("hfrs")).ShouldBe(expected, 0.001);
    }

    [Fact]
    public void HospitalFrailty_AllCategories_AddUpTo173Point2()
    {
        var person = new PersonBuilder();
        foreach (var category in HospitalFrailty.Categories)
        {
            person.Diagnosed(category);
        }

        HospitalFrailty.Categories.Count.ShouldBe(109);
        person.Value("hfrs").ShouldBe(173.2f, 0.001f);
    }

    [Fact]
    public void HospitalFrailty_Below75_DoesNotApply() => new PersonBuilder().Aged(74).Diagnosed("F00").Value("hfrs").ShouldBe(float.NaN);

    [Fact]
    public void FrailtyIndex_Deficits_AreThoseOfThePaperInOrder()
    {
        ElectronicFrailtyIndex.Deficits.Select(d => d.Number).ShouldBe(Enumerable.Range(1, 36));
        ElectronicFrailtyIndex.Deficits.Select(d => d.Name).ShouldBeUnique();
    }

    [Fact]
    public void FrailtyIndex_NineDeficits_IsAQuarter() =>
        new PersonBuilder()
            .Has(ConditionGroup.AtrialFibrillation).Has(ConditionGroup.Stroke).Has(ConditionGroup.TransientIschaemicAttack) // one deficit together
            .Has(ConditionGroup.Diabetes).Has(ConditionGroup.Falls).Has(ConditionGroup.Hypertension)
            .Lives(SocialFact.Housebound).Lives(SocialFact.LivesAlone)
            .Measured(MeasurementKind.Haemoglobin, 110).Measured(MeasurementKind.Egfr, 50)
            .Value("efi").ShouldBe(9 / 36f, 1e-6f);

    [Fact]
    public void FrailtyIndex_FiveMedicines_IsPolypharmacy() =>
        new PersonBuilder().Takes("Warfarin").Takes("Ramipril").Takes("Metformin").Takes("Atorvastatin").Takes("Amlodipine").Value("efi").ShouldBe(1 / 36f, 1e-6f);

    [Fact]
    public void FrailtyIndex_Below65_DoesNotApply() => new PersonBuilder().Aged(64).Value("efi").ShouldBe(float.NaN);

    [Fact]
    public void Cambridge_Conditions_AddUpToThePublishedWeights()
    {
        var person = new PersonBuilder()
            .Has(ConditionGroup.Hypertension).Has(ConditionGroup.Dementia).Has(ConditionGroup.Copd)
            .Has(ConditionGroup.Asthma) // without a related prescription: not counted
            .Has(ConditionGroup.MultipleSclerosis); // one of the 37, not of the 20

        person.Value("cambridge").ShouldBe(0.09f + 2.46f + 1.41f + 0.69f, 1e-5f);
        person.Value("cambridge_20").ShouldBe(0.08f + 2.5f + 1.46f, 1e-5f);
    }

    [Fact]
    public void Cambridge_FourLaxatives_IsConstipation() =>
        new PersonBuilder().Takes("Senna", 10).Takes("Macrogol", 40).Takes("Lactulose", 90).Takes("Senna", 200).Value("cambridge").ShouldBe(1.03f, 1e-5f);

    [Fact]
    public void Cambridge_EveryCondition_HasARule() => CambridgeMultimorbidity.ConditionCount.ShouldBe(37);

    [Fact]
    public void MaskOf_AnyCharlsonCode_MatchesByPrefix()
    {
        Charlson.MaskOf(Icd10Code.Pack("I50.9")).ShouldBe(Charlson.MaskOf(Icd10Code.Pack("I50")));
        Predictors.Find("charlson")!.WindowDays.ShouldBe(730);
    }
}
