using System.Text.Json.Nodes;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Validation;

namespace BetterCare.Care.Tests.Api.Fhir;

/// <summary>The CapabilityStatement claims nothing that is not so.</summary>
public sealed class CapabilityTests(CareApp app) : IClassFixture<CareApp>
{
    [Fact]
    public async Task Metadata_IsValidFhir()
    {
        var metadata = await app.GetAsync("metadata");

        var reader = new ResourceReader();
        reader.Read(System.Text.Encoding.UTF8.GetBytes(metadata.Text)).ShouldBeTrue(string.Join('\n', reader.Issues.Take(5)));
        reader.Type.ShouldBe(ResourceType.CapabilityStatement);
    }

    [Fact]
    public async Task EveryInteraction_OfEveryType_Works()
    {
        var rest = (await app.GetAsync("metadata")).Json["rest"]![0]!;
        foreach (var resource in rest["resource"]!.AsArray())
        {
            var type = (string)resource!["type"]!;
            foreach (var code in resource["interaction"]!.AsArray().Select(i => (string)i!["code"]!).Distinct())
            {
                // Of each type at least that it is routed, understood and refused for the right reason.
                var (status, expected) = code switch
                {
                    "read" => ((await app.GetAsync($"{type}/none")).Status, 404),
                    "vread" => ((await app.GetAsync($"{type}/none/_history/1")).Status, 404),
                    "history-instance" => ((await app.GetAsync($"{type}/none/_history")).Status, 404),
                    "history-type" => ((await app.GetAsync($"{type}/_history")).Status, 200),
                    "search-type" => ((await app.GetAsync(type == "AuditEvent" ? "AuditEvent?agent=none" : $"{type}?_id=none")).Status, 200),
                    "create" => ((await app.PostAsync(type, "{}")).Status, 400),
                    "update" => ((await app.PutAsync($"{type}/none", "{}")).Status, 400),
                    "patch" => ((await app.SendAsync(HttpMethod.Patch, $"{type}/none", "[]", ("Content-Type", "application/json-patch+json"))).Status, 404),
                    "delete" => ((await app.SendAsync(HttpMethod.Delete, $"{type}/none", null)).Status, 404),
                    _ => (0, -1),
                };
                status.ShouldBe(expected, $"{type} {code}");
            }
        }

        rest["interaction"]!.AsArray().Select(i => (string)i!["code"]!).ShouldBe(["transaction", "batch", "history-system"], ignoreOrder: true);
    }

    [Fact]
    public async Task EverySearchParameter_OfEveryType_IsUnderstood()
    {
        var rest = (await app.GetAsync("metadata")).Json["rest"]![0]!;
        foreach (var resource in rest["resource"]!.AsArray())
        {
            var type = (string)resource!["type"]!;
            foreach (var parameter in resource["searchParam"]!.AsArray())
            {
                if (type == "AuditEvent")
                {
                    // The audit's own search, which AuditTests tries.
                    continue;
                }

                var value = (string)parameter!["type"]! switch
                {
                    "date" => "2024-01-01",
                    "number" => "1",
                    "quantity" => "1",
                    "composite" => null,
                    "reference" => "Patient/9990000018",
                    "uri" => "urn:x",
                    _ => "x",
                };
                if (value is not null && (string)parameter["name"]! is var name && (value != "Patient/9990000018" || name is "patient" or "subject"))
                {
                    var found = await app.GetAsync($"{type}?{name}={value}&_id=none");
                    found.Status.ShouldBe(200, $"{type} {name} {found.Text}");
                }
            }
        }
    }

    [Fact]
    public async Task EveryOperation_IsThere()
    {
        var number = await app.GivenPatientAsync();
        await app.PutAsync("Group/cap", """{"resourceType":"Group","id":"cap","type":"person","actual":true}""");
        var rest = (await app.GetAsync("metadata")).Json["rest"]![0]!;
        string[] Names(JsonNode? of) => [.. (of?["operation"]?.AsArray() ?? []).Select(o => (string)o!["name"]!)];

        foreach (var name in Names(rest))
        {
            (name switch
            {
                "validate" => (await app.PostAsync("$validate", "{}")).Status,
                "export" => (await app.GetAsync("$export?_type=Measure")).Status,
                _ => 200,
            }).ShouldBeOneOf(200, 202);
        }

        foreach (var resource in rest["resource"]!.AsArray())
        {
            var type = (string)resource!["type"]!;
            foreach (var name in Names(resource))
            {
                (name switch
                {
                    "validate" => (await app.PostAsync($"{type}/$validate", "{}")).Status,
                    "everything" => (await app.GetAsync($"{type}/{number}/$everything")).Status,
                    "match" => (await app.PostAsync("Patient/$match", """{"resourceType":"Parameters","parameter":[{"name":"resource","resource":{"resourceType":"Patient"}}]}""")).Status,
                    "export" => (await app.GetAsync(type == "Group" ? "Group/cap/$export" : "Patient/$export?_type=Patient")).Status,
                    _ => 200,
                }).ShouldBeOneOf([200, 202], $"{type} ${name}");
            }
        }
    }
}
