using System.Globalization;
using System.Text;
using BetterCare.Care.Stratification.Features;
using BetterCare.Care.Stratification.Scores;
using BetterCare.Care.Stratification.Timelines;
using BetterCare.Care.Tests.Stratification.Given;

namespace BetterCare.Care.Tests.Stratification.Scores;

/// <summary>Every row of the reference tables against what the product does with it.</summary>
public sealed class SharedTableTests
{
    [Fact]
    public void Charlson_EveryPublishedPrefix_BelongsToItsCondition()
    {
        foreach (var row in Shared.Clinical("charlson_icd10.csv"))
        {
            var condition = Charlson.ConditionNames.ToList().IndexOf(row["condition"]);

            (Charlson.MaskOf(Icd10Code.Pack(row["code"])) >> condition & 1).ShouldBe(1u, row["code"]);
        }
    }

    [Fact]
    public void Charlson_EveryPublishedWeight_IsUsed()
    {
        foreach (var row in Shared.Clinical("charlson_weights.csv"))
        {
            var mask = 1u << Charlson.ConditionNames.ToList().IndexOf(row["condition"]);

            Charlson.Score(mask, CharlsonWeights.Original1987).ShouldBe(int.Parse(row["weight_original_1987"], CultureInfo.InvariantCulture));
            Charlson.Score(mask, CharlsonWeights.Quan2011).ShouldBe(int.Parse(row["weight_quan_2011"], CultureInfo.InvariantCulture));
        }
    }

    [Fact]
    public void HospitalFrailty_EveryPublishedWeight_IsUsed()
    {
        foreach (var row in Shared.Clinical("hfrs_icd10.csv"))
        {
            new PersonBuilder().Diagnosed(row["icd10_3char"]).Value("hfrs").ShouldBe(float.Parse(row["weight"], CultureInfo.InvariantCulture), 1e-4f, row["icd10_3char"]);
        }
    }

    [Fact]
    public void AmbulatoryCareSensitive_EveryCodeOfTheOfficialList_Counts()
    {
        foreach (var row in Shared.Clinical("acsc_icd10.csv").Where(r => r["list"] == "NHSOF_2.3.i" && r["requires"].Length == 0))
        {
            new PersonBuilder().Admitted(50, 2, row["code"]).Value("acsc_adm_24m").ShouldBe(1, row["code"]);
        }
    }

    [Fact]
    public void ClinicalCodes_EveryRegisterCode_HasAMeaning()
    {
        foreach (var row in Shared.Clinical("ltc_snomed.csv").Concat(Shared.Clinical("cancer_snomed_full.csv")))
        {
            ClinicalCodes.Default.Find(CodeSystemKind.Snomed, Encoding.ASCII.GetBytes(row["code"])).IsEmpty.ShouldBeFalse(row["code"]);
        }
    }

    [Fact]
    public void Predictors_EveryVariableOfTheEvidenceTable_IsThere()
    {
        // The ethnic group is for fairness tables only.
        var known = Predictors.All.Select(p => p.Id).ToHashSet();

        Shared.Clinical("predictors.csv").Select(r => r["variable"]).Where(v => v != "ethnic_group" && !known.Contains(v)).ShouldBeEmpty();
    }

    [Fact]
    public void FrailtyIndex_EveryExampleCode_CountsAsItsDeficit()
    {
        foreach (var row in Shared.Clinical("efi_deficits.csv"))
        {
            foreach (var code in row["example_snomed"].Split("; ", StringSplitOptions.RemoveEmptyEntries).Select(e => e.Split(' ')[0]))
            {
                var person = new PersonBuilder();
                foreach (var meaning in ClinicalCodes.Default.Find(CodeSystemKind.Snomed, Encoding.ASCII.GetBytes(code)))
                {
                    _ = meaning.Kind == MeaningKind.Social ? person.Lives((SocialFact)meaning.Group) : person.Has((ConditionGroup)meaning.Group);
                }

                ElectronicFrailtyIndex.Deficits[int.Parse(row["n"], CultureInfo.InvariantCulture) - 1].IsPresent(person.History()).ShouldBeTrue(code);
            }
        }
    }
}
