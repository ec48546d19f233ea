using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace BetterCare.Care.Tests.Api;

/// <summary>A small place: one practice, three professionals, and people of whom Ann is by far the most at risk.</summary>
internal static class Story
{
    public const string Ann = "9990000018";
    public const string Gp = "11111111-0000-4000-8000-000000000001";
    public const string SocialWorker = "11111111-0000-4000-8000-000000000002";
    public const string Left = "11111111-0000-4000-8000-000000000003";

    /// <summary>Numbers of people who are well; the tenth digit is the check digit.</summary>
    public static IEnumerable<string> Others { get; } =
        [.. Enumerable.Range(100, 60).Select(i => BetterCare.Care.Fhir.Nhs.NhsNumber.WithFirstNine(999_000_000 + i)).OfType<BetterCare.Care.Fhir.Nhs.NhsNumber>().Select(n => n.Value)];

    public static async Task PostCohortAsync(StoryApp app)
    {
        var response = await app.PostFhirAsync("/fhir", Bundle(Cohort()));
        var text = await response.Content.ReadAsStringAsync();
        response.StatusCode.ShouldBe(HttpStatusCode.OK, text);
    }

    /// <summary>The place and its people, as entries of a Bundle.</summary>
    public static List<string> Cohort()
    {
        var entries = new List<string>
        {
            Entry("Organization", "N81019", """{"resourceType":"Organization","id":"N81019","identifier":[{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"N81019"}],"type":[{"coding":[{"code":"RO76"}]}],"name":"Castlefields Health Centre","address":[{"district":"Halton"}]}"""),
            Entry("Organization", "SYNL0", """{"resourceType":"Organization","id":"SYNL0","identifier":[{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"SYNL0"}],"name":"Halton Council","address":[{"district":"Halton"}]}"""),
            Practitioner(Gp, "Patel"),
            Practitioner(SocialWorker, "Jones"),
            Practitioner(Left, "Gone"),
            Role(Gp, "N81019", "62247001", "General practitioner", null),
            Role(SocialWorker, "SYNL0", "106328005", "Social worker", null),
            Role(Left, "N81019", "62247001", "General practitioner", "2025-01-01"),
            Patient(Ann, "1936-04-02", "Archer"),
        };
        entries.AddRange(Others.Select((number, i) => Patient(number, $"{1960 + (i % 30)}-06-15", "Well")));
        entries.Add(Entry("Encounter", "first", $$$"""{"resourceType":"Encounter","id":"first","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/{{{Others.First()}}}"},"period":{"start":"2024-01-10","end":"2024-01-10"}}"""));
        for (var i = 0; i < 3; i++)
        {
            // Someone who was well until the summer.
            entries.Add(Entry("Encounter", $"late{i}", $$$"""{"resourceType":"Encounter","id":"late{{{i}}}","status":"finished","class":{"code":"IMP"},"subject":{"reference":"Patient/{{{Others.Last()}}}"},"period":{"start":"2026-0{{{i + 7}}}-11","end":"2026-0{{{i + 7}}}-14"},"hospitalization":{"extension":[{"url":"https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-AdmissionMethod","valueCodeableConcept":{"coding":[{"system":"https://fhir.hl7.org.uk/CodeSystem/UKCore-AdmissionMethodEngland","code":"21"}]}}]}}"""));
        }

        for (var i = 0; i < 4; i++)
        {
            entries.Add(Entry("Encounter", $"stay{i}", $$$"""{"resourceType":"Encounter","id":"stay{{{i}}}","status":"finished","class":{"code":"IMP"},"subject":{"reference":"Patient/{{{Ann}}}"},"period":{"start":"2026-0{{{i + 3}}}-01","end":"2026-0{{{i + 3}}}-09"},"reasonCode":[{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10","code":"I50.0"}]}],"hospitalization":{"extension":[{"url":"https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-AdmissionMethod","valueCodeableConcept":{"coding":[{"system":"https://fhir.hl7.org.uk/CodeSystem/UKCore-AdmissionMethodEngland","code":"21"}]}}]}}"""));
            entries.Add(Entry("Encounter", $"visit{i}", $$$"""{"resourceType":"Encounter","id":"visit{{{i}}}","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/{{{Ann}}}"},"participant":[{"individual":{"reference":"Practitioner/{{{Gp}}}"}}],"period":{"start":"2026-0{{{i + 4}}}-20"}}"""));
        }

        return entries;
    }

    public static async Task<JsonElement> StratifyAsync(StoryApp app, string indexDate = "2026-11-01")
    {
        var accepted = await app.Client.PostAsJsonAsync("/v1/stratification-runs", new { indexDate });
        accepted.StatusCode.ShouldBe(HttpStatusCode.Accepted, await accepted.Content.ReadAsStringAsync());
        return await app.FinishedAsync(accepted.Headers.Location!.ToString());
    }

    public static string Bundle(IEnumerable<string> entries, string type = "transaction") =>
        new StringBuilder("{\"resourceType\":\"Bundle\",\"type\":\"").Append(type).Append("\",\"entry\":[").AppendJoin(',', entries).Append("]}").ToString();

    public static string Entry(string type, string id, string resource) =>
        $$$"""{"resource":{{{resource}}},"request":{"method":"PUT","url":"{{{type}}}/{{{id}}}"}}""";

    public static string Patient(string number, string born, string family) => Entry("Patient", number,
        $$$"""{"resourceType":"Patient","id":"{{{number}}}","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"{{{number}}}"}],"name":[{"family":"{{{family}}}","given":["Ann"]}],"gender":"female","birthDate":"{{{born}}}","generalPractitioner":[{"identifier":{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"N81019"}}]}""");

    private static string Practitioner(string id, string family) =>
        Entry("Practitioner", id, $$$"""{"resourceType":"Practitioner","id":"{{{id}}}","active":true,"name":[{"prefix":["Dr"],"family":"{{{family}}}"}]}""");

    private static string Role(string practitioner, string organisation, string code, string display, string? end)
    {
        var id = practitioner.Replace("11111111", "22222222", StringComparison.Ordinal);
        var period = end is null ? "" : $"\"end\":\"{end}\",";
        return Entry("PractitionerRole", id, $$$"""{"resourceType":"PractitionerRole","id":"{{{id}}}","period":{{{{period}}}"start":"2015-01-01"},"practitioner":{"reference":"Practitioner/{{{practitioner}}}"},"organization":{"reference":"Organization/{{{organisation}}}"},"code":[{"coding":[{"system":"http://snomed.info/sct","code":"{{{code}}}"}],"text":"{{{display}}}"}]}""");
    }
}
