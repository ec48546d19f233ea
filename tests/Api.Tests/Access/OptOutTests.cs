using System.Text.Json;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Tests.Api.Access;

/// <summary>People who opted out, have a restricted record, died or left: who still finds them, for which purpose.</summary>
public sealed class OptOutApp : IAsyncLifetime
{
    public const string Plain = "9990000018";
    public const string TypeOne = "9990000026";
    public const string National = "9990000034";
    public const string Restricted = "9990000042";
    public const string VeryRestricted = "9990000050";
    public const string Died = "9990000069";
    public const string Left = "9990000077";

    private readonly Dictionary<string, SignedClient> _clients = new(StringComparer.Ordinal);

    internal ProductionApp App { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        foreach (var id in new[] { "supplier", "mdt", "team", "crew", "analyst", "operator", "both" })
        {
            _clients[id] = new SignedClient(id);
        }

        App = await ProductionApp.StartAsync(_clients.Values.Select(c => (c, ScopeOf(c.Id), new[] { "*" })));
        await PostAsync(
        [
            .. Story.Cohort(), Person(TypeOne), Person(National), Person(Restricted), Person(VeryRestricted), Person(Died), Person(Left),
        ]);
        await StratifyAsync();

        // All of this comes after the stratification: it holds at once, not from the next run.
        await PostAsync(
        [
            Story.Entry("Consent", "c-1", OptOut("Consent", TypeOne, "\"scope\":{\"text\":\"x\"},\"category\":[{\"coding\":[{\"system\":\"http://snomed.info/sct\",\"code\":\"827241000000103\"}]}],\"patient\"", ",\"policyRule\":{\"text\":\"x\"}")),
            Story.Entry("Flag", "f-1", OptOut("Flag", National, "\"code\":{\"coding\":[{\"system\":\"https://bettercare.care/opt-out\",\"code\":\"national-data-opt-out\"}]},\"subject\"", "")),
            Person(Restricted, Label("R")), Person(VeryRestricted, Label("V")), Person(Died, "\"deceasedDateTime\":\"2026-11-10\","), Person(Left, "\"active\":false,"),
        ]);
    }

    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        foreach (var client in _clients.Values)
        {
            client.Dispose();
        }
    }

    public Task<string> TokenAsync(string who) => _clients[who].TokenAsync(App.Client, ScopeOf(who));

    public static string Label(string code) => $"\"meta\":{{\"security\":[{{\"system\":\"http://terminology.hl7.org/CodeSystem/v3-Confidentiality\",\"code\":\"{code}\"}}]}},";

    public static string Person(string number, string extra = "") => Story.Entry("Patient", number,
        $$$"""{"resourceType":"Patient","id":"{{{number}}}",{{{extra}}}"identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"{{{number}}}"}],"name":[{"family":"Quietly"}],"telecom":[{"system":"phone","value":"01632 960999"}],"gender":"female","birthDate":"1938-02-03","address":[{"line":["1 Secret Street"],"postalCode":"WA7 1AA"}],"contact":[{"name":{"family":"Secretkin"}}],"generalPractitioner":[{"identifier":{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"N81019"}}]}""");

    public async Task PostAsync(IEnumerable<string> entries)
    {
        var posted = await App.SendAsync(await TokenAsync("supplier"), HttpMethod.Post, "/fhir", Story.Bundle(entries));
        posted.Status.ShouldBe(200, posted.Text);
    }

    private async Task StratifyAsync()
    {
        var analyst = await TokenAsync("analyst");
        var accepted = await App.SendAsync(analyst, HttpMethod.Post, "/v1/stratification-runs", "{\"indexDate\":\"2026-11-01\"}", "application/json");
        var address = JsonDocument.Parse(accepted.Text).RootElement.GetProperty("status").GetString()!;
        for (var i = 0; i < 600 && (await App.JsonAsync(analyst, address)).GetProperty("status").GetString() is "queued" or "running"; i++)
        {
            await Task.Delay(50);
        }
    }

    private static string OptOut(string type, string number, string before, string after) =>
        $"{{\"resourceType\":\"{type}\",\"id\":\"{type[..1].ToLowerInvariant()}-1\",\"status\":\"active\",{before}:{{\"reference\":\"Patient/{number}\"}}{after}}}";

    private static string ScopeOf(string who) => who switch
    {
        "supplier" => "care/data-supplier system/*.cud",
        "team" => "care/mdt care/restricted-records system/*.rs",
        "crew" => "care/urgent-care",
        "analyst" => "care/analyst",
        "operator" => "care/administrator",
        "both" => "care/mdt care/data-supplier care/restricted-records system/*.cruds",
        _ => "care/mdt system/*.rs",
    };
}

/// <summary>Opt-outs and restricted records hold in every way to ask, by purpose.</summary>
public sealed class OptOutTests(OptOutApp given) : IClassFixture<OptOutApp>
{
    [Theory]
    [InlineData(PurposeOfUse.Treatment, PersonFlags.None)]
    [InlineData(PurposeOfUse.Emergency, PersonFlags.None)]
    [InlineData(PurposeOfUse.PatientRequest, PersonFlags.None)]
    [InlineData(PurposeOfUse.CareManagement, PersonFlags.TypeOneOptOut)]
    [InlineData(PurposeOfUse.PublicHealth, PersonFlags.TypeOneOptOut)]
    [InlineData(PurposeOfUse.Operations, PersonFlags.TypeOneOptOut | PersonFlags.NationalOptOut)]
    [InlineData(PurposeOfUse.Research, PersonFlags.TypeOneOptOut | PersonFlags.NationalOptOut)]
    [InlineData(PurposeOfUse.SystemAdministration, PersonFlags.TypeOneOptOut | PersonFlags.NationalOptOut)]
    public void Purpose_HidesThoseWhoOptedOutOfIt(PurposeOfUse purpose, PersonFlags hidden) => purpose.Hides().ShouldBe(hidden);

    [Theory]
    [InlineData("TREAT", true)]
    [InlineData("PATRQT", true)]
    [InlineData("CAREMGT", false)]
    public async Task TypeOneOptOut_HidesFromCaseFinding_NotFromCare(string purpose, bool seen)
    {
        var token = await given.TokenAsync("mdt");
        var expected = seen ? 200 : 404;
        foreach (var address in new[] { $"/fhir/Patient/{OptOutApp.TypeOne}", $"/fhir/Patient/{OptOutApp.TypeOne}/$everything", $"/fhir/Consent/c-1", $"/fhir/Consent/c-1/_history", $"/v1/patients/{OptOutApp.TypeOne}/urgent-care-accesses" })
        {
            (await given.App.GetAsync(token, address, ("X-Purpose-Of-Use", purpose))).Status.ShouldBe(expected, address);
        }

        foreach (var address in new[] { $"/fhir/Patient?identifier={OptOutApp.TypeOne}", $"/fhir/Consent?patient={OptOutApp.TypeOne}", "/fhir/Patient?family=quietly", "/fhir/Patient?birthdate=1938-02-03", "/fhir/Patient/_history?_count=1000", "/fhir/Consent?patient:Patient.family=quietly" })
        {
            (await given.App.GetAsync(token, address, ("X-Purpose-Of-Use", purpose))).Text.Contains($"Patient/{OptOutApp.TypeOne}\"", StringComparison.Ordinal).ShouldBe(seen, address);
        }
    }

    [Fact]
    public async Task RiskList_LeavesOutWhoOptedOutDiedOrLeft_FromTheMomentItIsKnown()
    {
        var team = (await given.App.JsonAsync(await given.TokenAsync("mdt"), "/v1/risk-list?count=500")).GetProperty("people");
        var listed = team.EnumerateArray().Select(p => p.GetProperty("nhsNumber").GetString()).ToList();

        listed.ShouldContain(OptOutApp.Plain);
        listed.ShouldContain(OptOutApp.National, "the national data opt-out does not apply to finding cases for a person's own care");
        listed.Intersect([OptOutApp.TypeOne, OptOutApp.Restricted, OptOutApp.VeryRestricted, OptOutApp.Died, OptOutApp.Left]).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("PUBHLTH", 0)]
    [InlineData("HOPERAT", 1)]
    [InlineData("HRESCH", 1)]
    public async Task NationalOptOut_HidesFromPlanningAndResearch_EvenUnderPseudonyms(string purpose, int fewer)
    {
        var all = (await given.App.JsonAsync(await given.TokenAsync("mdt"), "/v1/risk-list?count=500")).GetProperty("people").GetArrayLength();

        var (status, text) = await given.App.GetAsync(await given.TokenAsync("analyst"), "/v1/risk-list?count=500", ("X-Purpose-Of-Use", purpose));

        status.ShouldBe(200, text);
        JsonDocument.Parse(text).RootElement.GetProperty("people").GetArrayLength().ShouldBe(all - fewer);
    }

    [Theory]
    [InlineData(OptOutApp.Restricted)]
    [InlineData(OptOutApp.VeryRestricted)]
    public async Task RestrictedRecord_IsForTheNamedTeam_ByExactNumber_WithoutLocation(string number)
    {
        var mdt = await given.TokenAsync("mdt");
        var team = await given.TokenAsync("team");
        foreach (var address in new[] { $"/fhir/Patient/{number}", $"/fhir/Patient/{number}/_history", $"/fhir/Patient/{number}/_history/1", $"/fhir/Patient/{number}/$everything", $"/v1/patients/{number}/care-plan", $"/fhir/Patient/{number}/Observation" })
        {
            (await given.App.GetAsync(mdt, address)).Status.ShouldBe(404, address);
        }

        (await given.App.GetAsync(await given.TokenAsync("crew"), $"/v1/urgent-care/{number}?reason=Fall")).Status.ShouldBe(404);
        (await given.App.JsonAsync(mdt, $"/fhir/Patient?identifier={number}")).TryGetProperty("entry", out _).ShouldBeFalse();
        foreach (var address in new[] { "/fhir/Patient?family=quietly", "/fhir/Patient?birthdate=1938-02-03", $"/fhir/Patient?identifier={number}&address-postalcode=WA7%201AA", "/fhir/Patient/_history?_count=1000", "/v1/risk-list?count=500" })
        {
            (await given.App.GetAsync(team, address)).Text.ShouldNotContain($"{number}\",\"", Case.Sensitive, address);
        }

        foreach (var address in new[] { $"/fhir/Patient/{number}", $"/fhir/Patient?identifier={number}", $"/fhir/Patient/{number}/_history", $"/fhir/Patient/{number}/_history/1", $"/fhir/Patient/{number}/_history/2", $"/fhir/Patient/{number}/$everything" })
        {
            var (status, text) = await given.App.GetAsync(team, address);
            status.ShouldBe(200, address);
            text.ShouldContain("Quietly", Case.Sensitive, address);
            foreach (var secret in new[] { "Secret", "WA7", "01632", "N81019", "generalPractitioner" })
            {
                text.ShouldNotContain(secret, Case.Sensitive, address);
            }

            JsonDocument.Parse(text);
        }
    }

    [Fact]
    public async Task Label_TakenAway_ShowsTheWholeRecordAgain()
    {
        const string Number = "9990000085";
        await given.PostAsync([OptOutApp.Person(Number, OptOutApp.Label("R"))]);
        var mdt = await given.TokenAsync("mdt");
        (await given.App.GetAsync(mdt, $"/fhir/Patient/{Number}")).Status.ShouldBe(404);

        await given.PostAsync([OptOutApp.Person(Number)]);

        (await given.App.GetAsync(mdt, $"/fhir/Patient/{Number}")).Text.ShouldContain("1 Secret Street");
    }

    [Theory]
    [InlineData("TREAT", "mdt", true, true)]
    [InlineData("CAREMGT", "mdt", false, true)]
    public async Task TypeOneOptOut_WithdrawnByALaterRecord_HidesNoMore(string purpose, string who, bool before, bool after)
    {
        var number = NextNumber();
        var id = number[6..];
        await given.PostAsync([OptOutApp.Person(number), Said($"o{id}", number, "827241000000103", "2024-03-01")]);
        (await SeesAsync(who, number, purpose)).ShouldBe(before);

        await given.PostAsync([Said($"w{id}", number, "827261000000102", "2026-05-01")]);
        (await SeesAsync(who, number, purpose)).ShouldBe(after);

        // An earlier dissent that arrives late does not bring it back; a later one does.
        await given.PostAsync([Said($"e{id}", number, "827241000000103", "2025-01-01")]);
        (await SeesAsync(who, number, purpose)).ShouldBe(after);
        await given.PostAsync([Said($"l{id}", number, "type-1-opt-out", "2026-06-01")]);
        (await SeesAsync(who, number, purpose)).ShouldBe(before);
    }

    [Theory]
    [InlineData("inactive", "")]
    [InlineData("entered-in-error", "")]
    [InlineData("active", ",\"provision\":{\"type\":\"permit\"}")]
    [InlineData("active", ",\"provision\":{\"type\":\"deny\",\"period\":{\"end\":\"2026-01-01\"}}")]
    public async Task OptOut_WhoseRecordNoLongerSaysSo_HasEnded(string status, string more)
    {
        var number = NextNumber();
        await given.PostAsync([OptOutApp.Person(number), Said($"o{number[6..]}", number, "type-1-opt-out", "2024-03-01")]);
        (await SeesAsync("mdt", number, "CAREMGT")).ShouldBeFalse();

        await given.PostAsync([Said($"o{number[6..]}", number, "type-1-opt-out", "2024-03-01", status, more)]);

        (await SeesAsync("mdt", number, "CAREMGT")).ShouldBeTrue();
    }

    [Fact]
    public async Task OptOut_WhoseRecordIsDeleted_HasEnded()
    {
        var number = NextNumber();
        await given.PostAsync([OptOutApp.Person(number), Said($"o{number[6..]}", number, "type-1-opt-out", "2024-03-01")]);

        (await given.App.SendAsync(await given.TokenAsync("supplier"), HttpMethod.Delete, $"/fhir/Consent/o{number[6..]}")).Status.ShouldBe(204);

        (await SeesAsync("mdt", number, "CAREMGT")).ShouldBeTrue();
    }

    [Theory]
    [InlineData("type-1-opt-out", "TREAT", false)]
    [InlineData("type-1-opt-out", "CAREMGT", true)]
    [InlineData("national-data-opt-out", "TREAT", false)]
    [InlineData("national-data-opt-out", "CAREMGT", false)]
    public async Task OptOutList_Applied_HidesByPurpose_UntilTheNumberIsOffIt(string kind, string purpose, bool hides)
    {
        var (number, stranger) = (NextNumber(), NextNumber());
        await given.PostAsync([OptOutApp.Person(number)]);

        var first = await ListAsync(kind, $"NHS Number,\n{number},\n{stranger},\n");
        var again = await ListAsync(kind, $"{number}\r\n{stranger}");

        (first.GetProperty("numbers").GetInt32(), first.GetProperty("known").GetInt32(), first.GetProperty("hidden").GetInt32()).ShouldBe((2, 1, 1));
        (again.GetProperty("hidden").GetInt32(), again.GetProperty("shown").GetInt32()).ShouldBe((0, 0), "the same list again changes nothing");
        first.GetRawText().ShouldNotContain(number);
        (await SeesAsync("mdt", number, purpose)).ShouldBe(!hides);

        // Who comes later is on the list already.
        await given.PostAsync([OptOutApp.Person(stranger)]);
        (await SeesAsync("mdt", stranger, purpose)).ShouldBe(!hides);

        (await ListAsync(kind, number, "?as=removal")).GetProperty("shown").GetInt32().ShouldBe(1);
        (await SeesAsync("mdt", number, purpose)).ShouldBeTrue();
        (await SeesAsync("mdt", stranger, purpose)).ShouldBe(!hides);
    }

    [Theory]
    [InlineData("PUBHLTH", 0)]
    [InlineData("HOPERAT", 1)]
    [InlineData("HRESCH", 1)]
    public async Task NationalOptOutList_HidesFromPlanningAndResearch(string purpose, int fewer)
    {
        var number = Story.Others.ElementAt(7);
        var before = await ListedAsync(purpose);

        await ListAsync("national-data-opt-out", number);
        var during = await ListedAsync(purpose);
        await ListAsync("national-data-opt-out", number, "?as=removal");

        (before - during).ShouldBe(fewer);
        (await ListedAsync(purpose)).ShouldBe(before);
    }

    [Fact]
    public async Task OptOutList_Whole_EndsThoseWhoAreNotOnIt_AndADamagedOneChangesNothing()
    {
        var (stays, goes) = (NextNumber(), NextNumber());
        await given.PostAsync([OptOutApp.Person(stays), OptOutApp.Person(goes)]);
        await ListAsync("type-1-opt-out", $"{stays}\n{goes}");
        given.App.App.Clock.Now = given.App.App.Clock.Now.AddSeconds(1);
        var operatorToken = await given.TokenAsync("operator");

        foreach (var (body, query) in new[] { ($"{stays}\n99900", "?as=whole"), ("", "?as=whole"), ($"{stays}", "?as=whole&expect=2"), (stays, "?as=half"), ("nobody", "") })
        {
            var (status, text) = await given.App.SendAsync(operatorToken, HttpMethod.Post, $"/v1/opt-outs/type-1-opt-out{query}", body, "text/csv");
            status.ShouldBe(400, text);
            text.ShouldNotContain(stays);
        }

        (await SeesAsync("mdt", goes, "CAREMGT")).ShouldBeFalse();
        (await ListAsync("type-1-opt-out", $"{stays}", "?as=whole&expect=1")).GetProperty("shown").GetInt32().ShouldBeGreaterThanOrEqualTo(1);

        (await SeesAsync("mdt", goes, "CAREMGT")).ShouldBeTrue();
        (await SeesAsync("mdt", stays, "CAREMGT")).ShouldBeFalse();
    }

    [Fact]
    public async Task OptOutList_IsForTheOperator()
    {
        (await given.App.SendAsync(await given.TokenAsync("mdt"), HttpMethod.Post, "/v1/opt-outs/type-1-opt-out", OptOutApp.Plain, "text/csv")).Status.ShouldBe(403);
        (await given.App.SendAsync(await given.TokenAsync("operator"), HttpMethod.Post, "/v1/opt-outs/none", OptOutApp.Plain, "text/csv")).Status.ShouldBe(400);
    }

    private static string NextNumber() =>
        Enumerable.Range(0, 100).Select(_ => NhsNumber.WithFirstNine(999_700_000 + Interlocked.Increment(ref _next))).OfType<NhsNumber>().First().Value;

    private static int _next;

    private static string Said(string id, string number, string code, string at, string status = "active", string more = "") => Story.Entry("Consent", id,
        $"{{\"resourceType\":\"Consent\",\"id\":\"{id}\",\"status\":\"{status}\",\"scope\":{{\"text\":\"x\"}},\"category\":[{{\"coding\":[{{\"system\":\"http://snomed.info/sct\",\"code\":\"{code}\"}}]}}],\"patient\":{{\"reference\":\"Patient/{number}\"}},\"dateTime\":\"{at}\",\"policyRule\":{{\"text\":\"x\"}}{more}}}");

    private async Task<bool> SeesAsync(string who, string number, string purpose)
    {
        var status = (await given.App.GetAsync(await given.TokenAsync(who), $"/fhir/Patient/{number}", ("X-Purpose-Of-Use", purpose))).Status;
        status.ShouldBeOneOf(200, 404);
        return status == 200;
    }

    private async Task<JsonElement> ListAsync(string kind, string body, string query = "")
    {
        var (status, text) = await given.App.SendAsync(await given.TokenAsync("operator"), HttpMethod.Post, $"/v1/opt-outs/{kind}{query}", body, "text/csv");
        status.ShouldBe(200, text);
        return JsonDocument.Parse(text).RootElement;
    }

    private async Task<int> ListedAsync(string purpose)
    {
        var (status, text) = await given.App.GetAsync(await given.TokenAsync("analyst"), "/v1/risk-list?count=500", ("X-Purpose-Of-Use", purpose));
        status.ShouldBe(200, text);
        return JsonDocument.Parse(text).RootElement.GetProperty("people").GetArrayLength();
    }

    private const string Practitioner = "33333333-0000-4000-8000-000000000001";
    private const string Place = "33333333-0000-4000-8000-000000000002";

    [Fact]
    public async Task RestrictedRecord_TellsNothingOfRelativesProfessionalsAndPlaces_InAnyShape()
    {
        var number = NextNumber();
        var tag = number[6..];
        await given.PostAsync(
        [
            Story.Entry("Practitioner", Practitioner, $$$"""{"resourceType":"Practitioner","id":"{{{Practitioner}}}","name":[{"family":"Secretdoc"}]}"""),
            Story.Entry("Location", Place, $$$"""{"resourceType":"Location","id":"{{{Place}}}","name":"Secretplace"}"""),
            OptOutApp.Person(number, OptOutApp.Label("R")),
            Story.Entry("RelatedPerson", $"kin{tag}", $$$"""{"resourceType":"RelatedPerson","id":"kin{{{tag}}}","text":{"status":"generated","div":"<div>Secretkin</div>"},"identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9990000018"}],"patient":{"reference":"Patient/{{{number}}}","display":"Q"},"relationship":[{"text":"Daughter"}],"name":[{"family":"Secretkin"}],"telecom":[{"system":"phone","value":"01632 960999"}],"address":[{"line":["1 Secret Street"],"postalCode":"WA7 1AA"}]}"""),
            Story.Entry("Encounter", $"enc{tag}", $$$"""{"resourceType":"Encounter","id":"enc{{{tag}}}","contained":[{"resourceType":"Organization","id":"o","name":"Secretorg"}],"extension":[{"url":"http://x.org/home","valueAddress":{"text":"1 Secret Street"}}],"status":"finished","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"IMP"},"subject":{"reference":"Patient/{{{number}}}"},"participant":[{"individual":{"reference":"Practitioner/{{{Practitioner}}}","display":"Secretdoc"}},{"individual":{"reference":"RelatedPerson/kin{{{tag}}}","display":"Secretkin"}}],"period":{"start":"2026-10-01","end":"2026-10-02"},"location":[{"location":{"reference":"Location/{{{Place}}}","display":"Secretplace"}}],"serviceProvider":{"identifier":{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"N81019"}},"hospitalization":{"origin":{"reference":"#o"},"dischargeDisposition":{"coding":[{"display":"Home"}]} } }"""),
            Story.Entry("Observation", $"obs{tag}", CareApp.Observation(number, extra: $"\"id\":\"obs{tag}\",\"performer\":[{{\"reference\":\"Practitioner/{Practitioner}\"}}],")),
        ]);
        var team = await given.TokenAsync("team");
        var mdt = await given.TokenAsync("mdt");
        string[] named =
        [
            $"/fhir/RelatedPerson/kin{tag}", $"/fhir/RelatedPerson?patient={number}", $"/fhir/RelatedPerson?_id=kin{tag}", $"/fhir/Patient/{number}/RelatedPerson", $"/fhir/RelatedPerson/kin{tag}/_history", $"/fhir/RelatedPerson/kin{tag}/_history/1",
            $"/fhir/Encounter/enc{tag}", $"/fhir/Encounter?patient={number}&_include=Encounter:location&_include=Encounter:participant", $"/fhir/Encounter?subject:Patient.identifier={number}", $"/fhir/Encounter/enc{tag}/_history",
            $"/fhir/Observation?patient={number}&_include=Observation:performer", $"/fhir/Patient?identifier={number}&_revinclude=RelatedPerson:patient&_revinclude=Encounter:patient&_include=Patient:general-practitioner",
            $"/fhir/Patient/{number}/$everything", $"/fhir/Patient/{number}/*", $"/fhir/Encounter?_id=enc{tag}&_elements=participant,location,serviceProvider",
        ];
        foreach (var address in named)
        {
            var (status, text) = await given.App.GetAsync(team, address);
            status.ShouldBe(200, address);
            foreach (var secret in new[] { "Secret", "01632", "WA7", "N81019", Practitioner, Place })
            {
                text.ShouldNotContain(secret, Case.Insensitive, address);
            }

            JsonDocument.Parse(text);
            var hidden = await given.App.GetAsync(mdt, address);
            (hidden.Status == 404 || !hidden.Text.Contains(tag, StringComparison.Ordinal) || !hidden.Text.Contains("\"resource\"", StringComparison.Ordinal)).ShouldBeTrue(address);
        }

        // What is not shown is not found by either.
        foreach (var address in new[]
        {
            $"/fhir/RelatedPerson?patient={number}&name=secretkin", $"/fhir/RelatedPerson?patient={number}&address-postalcode=WA7%201AA", $"/fhir/Encounter?patient={number}&location=Location/{Place}",
            $"/fhir/Encounter?patient={number}&practitioner=Practitioner/{Practitioner}", "/fhir/RelatedPerson?name=secretkin&_lastUpdated=ge2020-01-01", $"/fhir/Practitioner?_id={Practitioner}&_revinclude=Observation:performer",
        })
        {
            var (_, text) = await given.App.GetAsync(team, address);
            text.ShouldNotContain($"enc{tag}\"", Case.Sensitive, address);
            text.ShouldNotContain($"kin{tag}\"", Case.Sensitive, address);
        }

        // A masked resource is sound, and not a thing to patch.
        var shown = (await given.App.GetAsync(team, $"/fhir/Encounter/enc{tag}")).Text;
        shown.ShouldContain("masked");
        shown.ShouldContain("\"display\":\"Home\"");
        (await given.App.SendAsync(await given.TokenAsync("supplier"), HttpMethod.Post, "/fhir/Encounter/$validate", shown)).Text.ShouldNotContain("\"error\"");
        (await given.App.SendAsync(await given.TokenAsync("both"), HttpMethod.Patch, $"/fhir/Encounter/enc{tag}", """[{"op":"replace","path":"/status","value":"planned"}]""", "application/json-patch+json")).Status.ShouldBe(409);
    }
}
