using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using BetterCare.Care.Fhir.Nhs;

namespace BetterCare.Care.Tests.Api.Fhir;

/// <summary>Every published example that is a resource of its own comes back as it was sent: each element, each digit.</summary>
public sealed partial class ExamplesTests(CareApp app) : IClassFixture<CareApp>
{
    // See Fhir.Tests' ExamplesTests: these two break R4.
    private static readonly string[] Faulty = ["medrx0301", "UKCore-MedicationDispense-CiprofloxacinOral-Example"];

    [Theory]
    [InlineData("fhir-examples.ndjson", 204)]
    [InlineData("uk-core-examples.ndjson", 95)]
    public async Task Put_PublishedExamples_ComeBackAsTheyWereSent(string file, int atLeast)
    {
        var lines = await File.ReadAllLinesAsync(Find(file), TestContext.Current.CancellationToken);
        var people = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var id in lines.SelectMany(l => PatientReference().Matches(l)).Select(m => m.Groups[1].Value).Distinct(StringComparer.Ordinal))
        {
            // The people of the examples have no NHS numbers of England, and nobody is known here without.
            people[id] = app.NewNumber();
            var known = $$"""{"resourceType":"Patient","id":"{{id}}","identifier":[{"system":"{{NhsNumber.System}}","value":"{{people[id]}}"}],"name":[{"family":"Example"}]}""";
            (await app.PutAsync($"Patient/{id}", known)).Status.ShouldBe(201, id);
        }

        var compared = 0;
        foreach (var line in lines)
        {
            using var document = JsonDocument.Parse(line);
            var type = document.RootElement.GetProperty("resourceType").GetString()!;
            var id = document.RootElement.GetProperty("id").GetString()!;
            // A Subscription must name an address that the operator allows; AuditEvents are the service's own to write.
            if (type is "Patient" or "Bundle" or "Parameters" or "OperationOutcome" or "Subscription" or "AuditEvent" || Faulty.Contains(id))
            {
                continue;
            }

            var put = await app.PutAsync($"{type}/{id}", line);
            put.Status.ShouldBeOneOf([200, 201], $"{type}/{id} {put.Text[..Math.Min(600, put.Text.Length)]}");
            var read = await app.GetAsync(new Uri(put.Header("Location")!).AbsolutePath.Split("/_history")[0]);

            var sent = PatientReference().Replace(line, m => people.TryGetValue(m.Groups[1].Value, out var number) ? $"Patient/{number}" : m.Value);
            Content(read.Text).ShouldBe(Content(sent), $"{type}/{id}");
            compared++;
        }

        compared.ShouldBeGreaterThanOrEqualTo(atLeast);
    }

    /// <summary>Everything but what the server says: version and time. Numbers by their digits, texts without escapes.</summary>
    private static string Content(string json)
    {
        var text = new StringBuilder();
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(json), new JsonReaderOptions { MaxDepth = 256 });
        var path = new Stack<string>();
        var name = "";
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    name = reader.GetString()!;
                    if (path.Count == 2 && path.Peek() == "meta" && name is "versionId" or "lastUpdated")
                    {
                        reader.Skip();
                        break;
                    }

                    text.Append(name).Append('=');
                    break;
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    path.Push(name);
                    text.Append(reader.TokenType == JsonTokenType.StartObject ? '{' : '[');
                    break;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    path.Pop();
                    text.Append(reader.TokenType == JsonTokenType.EndObject ? '}' : ']');
                    break;
                case JsonTokenType.String:
                    text.Append('"').Append(reader.GetString()).Append('"');
                    break;
                default:
                    text.Append(Encoding.UTF8.GetString(reader.ValueSpan)).Append(' ');
                    break;
            }
        }

        return text.Replace("meta={}", "").ToString();
    }

    private static string Find(string file)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "BetterCare.Care.sln")))
        {
            folder = folder.Parent;
        }

        var path = Path.Combine(folder?.Parent?.FullName ?? "", "shared", "fhir", "examples", file);
        Assert.SkipUnless(File.Exists(path), "../shared is not beside this clone.");
        return path;
    }

    [GeneratedRegex("""(?<="reference":\s*")(?:http[^"]*/)?Patient/(?<id>[^"/]+)(?=["/])""", RegexOptions.None, matchTimeoutMilliseconds: 5000)]
    private static partial Regex PatientReference();
}
