using System.Text.Json.Nodes;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Identity.Matching;

namespace BetterCare.Care.Api.Features.Tracing.StandIn;

/// <summary>
/// The people of a stand-in of PDS: the four of the public sandbox, and whoever is added. Answers as the specification and
/// its sandbox do (facts: PDS FHIR specification, March 2026), including what surprises.
/// </summary>
public sealed class StandInPeople
{
    private readonly Dictionary<string, JsonObject> _people = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _superseded = new(StringComparer.Ordinal);
    private readonly HashSet<string> _invalidated = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    /// <summary>Only the people of the sandbox.</summary>
    public StandInPeople()
    {
        Add("9000000009", "Smith", ["Jane"], "2010-10-22", "female", "LS1 6AE", "Y12345");
        Add("9000000017", "Smyth", ["Jayne"], "2010-10-22", "female", "LS1 6AE", "Y12345");
        Add("9000000025", "Smythe", ["Janet"], "2005-06-16", "female", "LS1 6AE", "Y12345", restricted: true);

        // As in the sandbox: known by number, and nothing else is told.
        _people["9000000033"] = new JsonObject { ["resourceType"] = "Patient", ["id"] = "9000000033", ["identifier"] = Identifier("9000000033"), ["meta"] = Meta("U") };
    }

    /// <summary>Adds a person, or changes one.</summary>
    public void Add(string number, string family, string[] given, string birth, string gender, string postcode, string practice, string? phone = null, bool restricted = false, string? deceased = null)
    {
        var person = new JsonObject
        {
            ["resourceType"] = "Patient",
            ["id"] = number,
            ["identifier"] = Identifier(number),
            ["meta"] = Meta(restricted ? "R" : "U"),
            ["name"] = new JsonArray(new JsonObject { ["id"] = "123", ["use"] = "usual", ["given"] = new JsonArray([.. given.Select(g => (JsonNode)g)]), ["family"] = family }),
            ["gender"] = gender,
            ["birthDate"] = birth,
            ["address"] = new JsonArray(new JsonObject { ["id"] = "456", ["use"] = "home", ["postalCode"] = postcode }),
            ["generalPractitioner"] = new JsonArray(new JsonObject { ["id"] = "254406A3", ["type"] = "Organization", ["identifier"] = new JsonObject { ["system"] = OdsCode.System, ["value"] = practice } }),
        };
        if (phone is not null)
        {
            person["telecom"] = new JsonArray(new JsonObject { ["system"] = "phone", ["value"] = phone });
        }

        if (deceased is not null)
        {
            person["deceasedDateTime"] = deceased;
        }

        lock (_lock)
        {
            _people[number] = person;
        }
    }

    /// <summary>From now on a number is another's former one.</summary>
    public void Supersede(string number, string by)
    {
        lock (_lock)
        {
            _superseded[number] = by;
            _people.Remove(number);
        }
    }

    /// <summary>From now on a number is out of use.</summary>
    public void Invalidate(string number)
    {
        lock (_lock)
        {
            _invalidated.Add(number);
            _people.Remove(number);
        }
    }

    /// <summary>Answers a read by number: status and body.</summary>
    public (int Status, JsonObject Body) Read(string number)
    {
        if (!NhsNumber.TryParse(number, out _))
        {
            return Outcome(400, "INVALID_RESOURCE_ID", "Resource Id is invalid");
        }

        lock (_lock)
        {
            if (_invalidated.Contains(number))
            {
                return Outcome(404, "INVALIDATED_RESOURCE", "Resource that has been marked as invalid was requested - invalid resources cannot be retrieved");
            }

            // The new record, under its own number: the caller sees that the id is not the one asked for.
            return _people.TryGetValue(_superseded.GetValueOrDefault(number, number), out var person)
                ? (200, Shown(person))
                : Outcome(404, "RESOURCE_NOT_FOUND", "Resource not found");
        }
    }

    /// <summary>Answers a search: status and body.</summary>
    /// <param name="query">Parameters, each with its values.</param>
    public (int Status, JsonObject Body) Search(IReadOnlyDictionary<string, string[]> query)
    {
        string? One(string name) => query.TryGetValue(name, out var values) ? values[0] : null;
        var fuzzy = One("_fuzzy-match") == "true";
        var (family, given, gender, birth, postcode) = (One("family"), One("given"), One("gender"), One("birthdate"), One("address-postalcode"));
        if (query.ContainsKey("address-postalcode") && query.ContainsKey("address-postcode"))
        {
            return Outcome(400, "INVALID_SEARCH_DATA", "Search data is invalid");
        }

        if (birth is not null && !DateOnly.TryParseExact(birth.Length > 2 && !char.IsDigit(birth[0]) ? birth[2..] : birth, "yyyy-MM-dd", out _))
        {
            return Outcome(400, "INVALID_VALUE", "Invalid value - '(not repeated)' in field 'birthdate'");
        }

        if (birth is null || (fuzzy ? !(family is not null && (given is not null || (gender is not null && postcode is not null))) && !(given is not null && gender is not null && postcode is not null) : family is null))
        {
            return Outcome(400, "MISSING_VALUE", "Missing value - too few parameters for a search");
        }

        if (new[] { family, given, postcode }.Any(v => v is not null && v.IndexOf('*', StringComparison.Ordinal) is >= 0 and < 2) || (fuzzy && (family + given + postcode).Contains('*')))
        {
            return Outcome(400, "INVALID_SEARCH_DATA", "Search data is invalid");
        }

        List<(JsonObject Person, double Score)> found = [];
        lock (_lock)
        {
            foreach (var person in _people.Values)
            {
                if (Score(person, family, given, gender, birth, postcode, fuzzy) is { } score)
                {
                    found.Add((Shown(person), score));
                }
            }
        }

        var most = int.TryParse(One("_max-results"), out var asked) ? asked : 50;
        if (found.Count > most)
        {
            // Not an error to HTTP: the caller must look at the type of what it got.
            return Outcome(200, "TOO_MANY_MATCHES", "Too Many Matches");
        }

        return (200, new JsonObject
        {
            ["resourceType"] = "Bundle",
            ["type"] = "searchset",
            ["total"] = found.Count,
            ["entry"] = new JsonArray([.. found.Select(f => (JsonNode)new JsonObject
            {
                ["fullUrl"] = $"https://api.service.nhs.uk/personal-demographics/FHIR/R4/Patient/{(string)f.Person["id"]!}",
                ["search"] = new JsonObject { ["score"] = f.Score },
                ["resource"] = f.Person,
            })]),
        });
    }

    /// <summary>An error as PDS puts it.</summary>
    public static (int Status, JsonObject Body) Outcome(int status, string code, string text) => (status, new JsonObject
    {
        ["resourceType"] = "OperationOutcome",
        ["issue"] = new JsonArray(new JsonObject
        {
            ["severity"] = status == 200 ? "information" : "error",
            ["code"] = status == 404 ? "not-found" : status == 200 ? "multiple-matches" : "value",
            ["details"] = new JsonObject
            {
                ["coding"] = new JsonArray(new JsonObject
                {
                    ["system"] = "https://fhir.nhs.uk/R4/CodeSystem/Spine-ErrorOrWarningCode", ["version"] = "1", ["code"] = code, ["display"] = text,
                }),
            },
        }),
    });

    private static double? Score(JsonObject person, string? family, string? given, string? gender, string birth, string? postcode, bool fuzzy)
    {
        if (person["name"] is not JsonArray names || (gender is not null && gender != (string?)person["gender"]))
        {
            return null;
        }

        var restricted = (string?)person["meta"]!["security"]![0]!["code"] is "R" or "V";
        if (postcode is not null && !(fuzzy && restricted) && (restricted || !Fits(postcode.Replace(" ", "", StringComparison.Ordinal), ((string)person["address"]![0]!["postalCode"]!).Replace(" ", "", StringComparison.Ordinal))))
        {
            if (!fuzzy || restricted)
            {
                return null;
            }
        }

        var prefix = char.IsDigit(birth[0]) ? "eq" : birth[..2];
        var day = char.IsDigit(birth[0]) ? birth : birth[2..];
        var order = string.CompareOrdinal((string)person["birthDate"]!, day);
        if (prefix switch { "ge" => order < 0, "le" => order > 0, _ => order != 0 })
        {
            return null;
        }

        var (hasFamily, hasGiven) = ((string)names[0]!["family"]!, names[0]!["given"]!.AsArray().Select(g => (string)g!).ToList());
        if (!fuzzy)
        {
            return (family is null || Fits(family, hasFamily)) && (given is null || hasGiven.Exists(g => Fits(given, g)))
                ? family?.Contains('*') == true ? 0.8343 : 1
                : null;
        }

        var book = new NameBook();
        var like = (family is null || Like(book, family, hasFamily)) && (given is null || hasGiven.Exists(g => Like(book, given, g)));
        var same = string.Equals(family, hasFamily, StringComparison.OrdinalIgnoreCase) && (given is null || hasGiven.Exists(g => string.Equals(g, given, StringComparison.OrdinalIgnoreCase)));
        return !like ? null : same ? 1 : 0.8976;
    }

    private static bool Like(NameBook book, string one, string other) =>
        book.Of(one)?.Sound == book.Of(other)?.Sound || Spelling.JaroWinkler(book.Of(one)?.Letters, book.Of(other)?.Letters) > 0.9;

    private static bool Fits(string pattern, string value) => pattern.EndsWith('*')
        ? value.StartsWith(pattern[..^1], StringComparison.OrdinalIgnoreCase)
        : string.Equals(pattern, value, StringComparison.OrdinalIgnoreCase);

    private static JsonObject Shown(JsonObject person)
    {
        var shown = person.DeepClone().AsObject();
        if ((string?)shown["meta"]!["security"]![0]!["code"] is "R" or "V")
        {
            shown.Remove("address");
            shown.Remove("telecom");
            shown.Remove("contact");
            shown.Remove("generalPractitioner");
        }

        return shown;
    }

    private static JsonArray Identifier(string number) => new(new JsonObject
    {
        ["extension"] = new JsonArray(new JsonObject
        {
            ["url"] = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus",
            ["valueCodeableConcept"] = new JsonObject
            {
                ["coding"] = new JsonArray(new JsonObject
                {
                    ["system"] = "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatus", ["version"] = "1.0.0", ["code"] = "01", ["display"] = "Number present and verified",
                }),
            },
        }),
        ["system"] = NhsNumber.System,
        ["value"] = number,
    });

    private static JsonObject Meta(string security) => new()
    {
        ["versionId"] = "2",
        ["security"] = new JsonArray(new JsonObject { ["system"] = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", ["code"] = security }),
    };
}
