using System.Text;
using System.Text.Json;
using BetterCare.Care.Fhir.Validation;
using BetterCare.Care.Stratification;
using BetterCare.Care.Stratification.Features;
using BetterCare.Care.Stratification.Timelines;
using BetterCare.Care.Synthetic;
using BetterCare.Care.Synthetic.Reference;

namespace BetterCare.Care.Tests.Synthetic;

public sealed class ContentTests(Given cohort) : IClassFixture<Given>
{
    private readonly Given _cohort = cohort;

    [Fact]
    public void Resources_AllOfThem_PassTheValidatorWithoutIssue()
    {
        var reader = new ResourceReader();
        foreach (var line in _cohort.Summary.Resources.Keys.SelectMany(_cohort.Lines))
        {
            reader.Read(Encoding.UTF8.GetBytes(line));

            reader.Issues.ShouldBeEmpty(reader.Type.ToString());
        }
    }

    [Fact]
    public async Task Resources_WithAnInvalidRate_AreRefusedAtThatRate()
    {
        var folder = Directory.CreateTempSubdirectory("bettercare-invalid-");
        var options = new CohortOptions(300, 3) with { InvalidRate = 0.05 };

        await CohortGenerator.WriteNdjsonAsync(options, folder.FullName, ct: TestContext.Current.CancellationToken);

        var reader = new ResourceReader();
        var lines = File.ReadAllLines(Path.Combine(folder.FullName, "Encounter.ndjson"));
        ((double)lines.Count(l => !reader.Read(Encoding.UTF8.GetBytes(l))) / lines.Length).ShouldBe(0.05, 0.012);
        folder.Delete(recursive: true);
    }

    [Fact]
    public void SnomedCodes_InEveryTable_PassTheCheckDigit()
    {
        var codes = Traits.All.SelectMany(t => t.Snomed).Concat(Catalogue.PlannedCare.Select(p => p.Procedure)).Select(c => c.Code);

        codes.Where(c => !Verhoeff(c)).ShouldBeEmpty();
    }

    [Fact]
    public void Icd10Codes_InEveryTable_CanBePacked()
    {
        HospitalCodes.All.Where(c => c.Code.Length > 0 && Icd10Code.Pack(c.Code) == 0).ShouldBeEmpty();
    }

    [Fact]
    public void MedicineGroups_OfTheTable_AreFoundByName()
    {
        var unknown = Catalogue.Repeats.Where(m => m.Group.Length > 0 && MedicineGroups.FromName(m.Text) == MedicineGroup.None);

        unknown.ShouldBeEmpty();
    }

    [Fact]
    public void Timelines_OfTheSameCohort_HoldTheAdmissionsOfItsFhir()
    {
        var fhir = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var line in _cohort.Lines("Encounter").Distinct())
        {
            using var encounter = JsonDocument.Parse(line);
            var root = encounter.RootElement;
            if (root.GetProperty("type")[0].GetProperty("coding")[0].GetProperty("code").GetString() == "183452005")
            {
                var number = root.GetProperty("subject").GetProperty("reference").GetString()![8..];
                fhir[number] = fhir.GetValueOrDefault(number) + 1;
            }
        }

        var timelines = CohortGenerator.Timelines(Given.Options, TestContext.Current.CancellationToken).ToList();

        timelines.Count.ShouldBe(Given.Options.Patients);
        foreach (var person in timelines)
        {
            var admissions = person.Timeline.Events.ToArray().Count(e => e.Kind == EventKind.Admission && e.Is(EventFlags.Emergency));
            admissions.ShouldBe(fhir.GetValueOrDefault(person.Number.Value));
        }
    }

    [Fact]
    public void DelaysAndCarers_AreTheSameInFhirAndInTimelines_AndNoDelayOutlastsItsStay()
    {
        var delays = _cohort.Lines("EpisodeOfCare").Distinct().Count(l => l.Contains("\"delayed-transfer\"", StringComparison.Ordinal));
        var carers = _cohort.Lines("RelatedPerson").Distinct().Count(l => l.Contains("\"period\"", StringComparison.Ordinal));
        int delaysTold = 0, carersTold = 0;

        foreach (var person in CohortGenerator.Timelines(Given.Options, TestContext.Current.CancellationToken))
        {
            var events = person.Timeline.Events.ToArray();
            carersTold += events.Count(e => e.Kind == EventKind.Social && e.Code == (uint)SocialFact.HasCarer);
            foreach (var delay in events.Where(e => e.Kind == EventKind.Social && e.Code == (uint)SocialFact.DelayedTransfer))
            {
                delaysTold++;
                events.ShouldContain(e => e.Kind == EventKind.Admission && e.Day < delay.Day && e.Day + e.LengthDays == delay.Day + delay.LengthDays);
            }
        }

        delays.ShouldBeGreaterThan(0);
        carers.ShouldBeGreaterThan(0);
        (delaysTold, carersTold).ShouldBe((delays, carers));
    }

    [Fact]
    public void Timelines_Always_AreSortedAndEndWithTheRecord()
    {
        foreach (var person in CohortGenerator.Timelines(Given.Options, TestContext.Current.CancellationToken))
        {
            var events = person.Timeline.Events.ToArray();
            var sorted = events.OrderBy(e => e.Day).ThenBy(e => e.Kind).ThenBy(e => e.Code).Select(e => (e.Day, e.Kind, e.Code));

            events.Select(e => (e.Day, e.Kind, e.Code)).SequenceEqual(sorted).ShouldBeTrue();
            (events.Length == 0 || events[^1].Day <= Given.Options.Until.DayNumber).ShouldBeTrue();
        }
    }

    [Fact]
    public void Timelines_WhoeverIsEligible_HasATrueRisk()
    {
        var index = new IndexDate(Given.Options.IndexDates[^2]);
        foreach (var person in CohortGenerator.Timelines(Given.Options with { Patients = 20_000 }, TestContext.Current.CancellationToken))
        {
            if (Eligibility.Default.Check(person.Timeline.Facts, index) == ExclusionReason.None)
            {
                person.TrueRisk.Span[^2].ShouldBeInRange(0.0001, 0.9999);
            }
        }
    }

    [Fact]
    public void Timelines_Adults_HoldSixtyEventsOrMoreOnAverage()
    {
        var adultBorn = Given.Options.Until.AddYears(-18).DayNumber;

        CohortGenerator.Timelines(Given.Options, TestContext.Current.CancellationToken)
            .Where(p => p.Timeline.Facts.BirthDay < adultBorn)
            .Average(p => p.Timeline.Events.Length).ShouldBeInRange(60, 90);
    }

    [Fact]
    public void HiddenRisk_InFhir_IsNowhere()
    {
        var risks = File.ReadLines(Path.Combine(_cohort.Folder, "hidden-risk.csv")).Skip(1).ToList();

        risks.Count.ShouldBe(Given.Options.Patients);
        _cohort.Summary.Resources.Keys.ShouldNotContain("RiskAssessment");
    }

    [Fact]
    public void OptOutsRestrictionsAndDeaths_InACohort_Occur()
    {
        _cohort.Lines("Consent").Count(l => l.Contains("827241000000103", StringComparison.Ordinal)).ShouldBeInRange(100, 240);
        _cohort.Lines("Patient").Count(l => l.Contains("\"deceasedDateTime\"", StringComparison.Ordinal)).ShouldBeGreaterThan(60);
        _cohort.Lines("PractitionerRole").Count(l => l.Contains("\"active\":false", StringComparison.Ordinal)).ShouldBeGreaterThan(0);
        foreach (var line in _cohort.Lines("Patient").Where(l => l.Contains("v3-Confidentiality", StringComparison.Ordinal)))
        {
            line.ShouldNotContain("\"address\"");
            line.ShouldNotContain("\"generalPractitioner\"");
        }
    }

    // SNOMED CT identifiers end in a Verhoeff check digit.
    private static bool Verhoeff(string digits)
    {
        int[] permutation = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
        var check = 0;
        for (var i = 0; i < digits.Length; i++)
        {
            var digit = digits[digits.Length - 1 - i] - '0';
            for (var times = 0; times < i % 8; times++)
            {
                digit = permutation[digit];
            }

            check = Dihedral(check, digit);
        }

        return check == 0;
    }

    // Multiplication in the dihedral group of order ten.
    private static int Dihedral(int a, int b) => a < 5
        ? b < 5 ? (a + b) % 5 : 5 + ((a + b) % 5)
        : b < 5 ? 5 + ((a - b + 10) % 5) : (a - b + 10) % 5;
}
