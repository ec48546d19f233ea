using System.Text.Json;
using BetterCare.Care.Identity.Matching;

namespace BetterCare.Care.Api.Features.Csv;

/// <summary>What a column of a record means; the schema is docs/csv-map.schema.json.</summary>
internal sealed record CsvPersonMap(
    string Id, string? NhsNumber, string? Family, string? Given, string? BirthDate, string? Gender, string? Postcode, string? AddressLine, string? Phone, string? Practice, IReadOnlyDictionary<string, string> GenderCodes)
{
    /// <summary>Every column that is named, with the place in the map that names it.</summary>
    public IEnumerable<(string Where, string Column)> Columns => new (string Where, string? Column)[]
    {
        ("person.id", Id), ("person.nhsNumber", NhsNumber), ("person.family", Family), ("person.given", Given), ("person.birthDate", BirthDate), ("person.gender", Gender),
        ("person.postcode", Postcode), ("person.addressLine", AddressLine), ("person.phone", Phone), ("person.practice", Practice),
    }.Where(c => c.Column is not null).Select(c => (c.Where, c.Column!));
}

/// <summary>One kind of service that rows may tell of.</summary>
/// <param name="Kind">See <see cref="CsvMap.Kinds"/>.</param>
/// <param name="WhenColumn">A row is of this kind where this column …</param>
/// <param name="WhenEquals">… has one of these values; empty: every row.</param>
/// <param name="Start">Column of the first day.</param>
/// <param name="End">Column of the last day; null none.</param>
/// <param name="Provider">Column of the provider's name; null none.</param>
/// <param name="Id">Column of the service's own id; null: person, kind and first day name it.</param>
internal sealed record CsvRecordMap(string Kind, string? WhenColumn, IReadOnlySet<string> WhenEquals, string Start, string? End, string? Provider, string? Id);

/// <summary>How a CSV file of a council is to be read.</summary>
internal sealed record CsvMap(string Source, string Encoding, char Delimiter, string[] DateFormats, CsvPersonMap Person, IReadOnlyList<CsvRecordMap> Records)
{
    /// <summary>Kinds of service, the code of the EpisodeOfCare that each becomes, and how it is shown.</summary>
    public static readonly IReadOnlyDictionary<string, (string Code, string Display)> Kinds = new Dictionary<string, (string, string)>(StringComparer.Ordinal)
    {
        ["package-of-care"] = ("home-care", "Home care"),
        ["reablement"] = ("reablement", "Reablement"),
        ["care-home-permanent"] = ("residential-care", "Residential or nursing care, council supported, permanent"),
        ["care-home-temporary"] = ("residential-care-temporary", "Residential or nursing care, temporary"),
        ["care-home-self-funded"] = ("residential-care-self-funded", "Residential or nursing care, self-funded"),
        ["delayed-transfer"] = ("delayed-transfer", "Ready for transfer"),
    };

    private static readonly string[] Properties = ["source", "encoding", "delimiter", "dateFormat", "person", "records", "$schema"];
    private static readonly string[] PersonProperties = ["id", "nhsNumber", "family", "given", "birthDate", "gender", "postcode", "addressLine", "phone", "practice", "genderCodes"];
    private static readonly string[] RecordProperties = ["kind", "when", "start", "end", "provider", "id"];

    /// <summary>Reads and checks a map.</summary>
    /// <param name="json">The map.</param>
    /// <param name="problem">What is wrong and how to mend it; empty nothing.</param>
    /// <returns>The map; null where it is wrong.</returns>
    public static CsvMap? Read(ReadOnlyMemory<byte> json, out string problem)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip });
            problem = "";
            return Read(document.RootElement);
        }
        catch (JsonException e)
        {
            problem = $"The map is no JSON (line {e.LineNumber + 1}): see docs/identity.md for an example.";
        }
        catch (CsvMapException e)
        {
            problem = e.Message;
        }

        return null;
    }

    /// <summary>Checks that the file has the columns that the map names.</summary>
    /// <returns>What is wrong; null nothing.</returns>
    public string? Missing(IReadOnlyList<string> columns)
    {
        var named = Person.Columns.Concat(Records.SelectMany((r, i) => new (string Where, string? Column)[]
        {
            ($"records[{i}].when.column", r.WhenColumn), ($"records[{i}].start", r.Start), ($"records[{i}].end", r.End), ($"records[{i}].provider", r.Provider), ($"records[{i}].id", r.Id),
        }.Where(c => c.Column is not null).Select(c => (c.Where, c.Column!))));
        foreach (var (where, column) in named)
        {
            if (!columns.Contains(column))
            {
                return $"The file has no column \"{column}\", which the map names at {where}.{Meant(column, columns)}";
            }
        }

        return null;
    }

    /// <summary>The name that was probably meant.</summary>
    internal static string Meant(string name, IEnumerable<string> names)
    {
        var best = names.Select(n => (Name: n, Score: Spelling.JaroWinkler(n.ToLowerInvariant(), name.ToLowerInvariant()))).OrderByDescending(n => n.Score).FirstOrDefault();
        return best.Score > 0.8 ? $" Did you mean \"{best.Name}\"?" : $" There are: {string.Join(", ", names.Where(n => n != "$schema"))}.";
    }

    private static CsvMap Read(JsonElement root)
    {
        Object(root, "the map", Properties);
        var person = Required(root, "person", "person");
        Object(person, "person", PersonProperties);
        var genders = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
        {
            ["F"] = "female", ["M"] = "male", ["Female"] = "female", ["Male"] = "male", ["Other"] = "other", ["Unknown"] = "unknown",
        };
        if (person.TryGetProperty("genderCodes", out var codes))
        {
            foreach (var code in codes.EnumerateObject())
            {
                genders[code.Name] = code.Value.GetString() is "female" or "male" or "other" or "unknown" ? code.Value.GetString()!
                    : throw new CsvMapException($"person.genderCodes.{code.Name}: a gender is female, male, other or unknown.");
            }
        }

        var encoding = Text(root, "encoding", "encoding") ?? "utf-8";
        if (encoding is not ("utf-8" or "windows-1252"))
        {
            throw new CsvMapException("encoding is utf-8 or windows-1252.");
        }

        var delimiter = Text(root, "delimiter", "delimiter") ?? ",";
        if (delimiter is not ("," or ";" or "\t" or "|"))
        {
            throw new CsvMapException("delimiter is one of , ; | or a tab (\\t).");
        }

        var source = Text(root, "source", "source");
        if (source is null || !Uri.TryCreate(source, UriKind.Absolute, out _) || source.Contains('#'))
        {
            throw new CsvMapException("source is the URI of the system that the file comes from, for example https://council.example/adult-social-care: it keeps its ids apart from others'.");
        }

        string[] formats = root.TryGetProperty("dateFormat", out var format)
            ? format.ValueKind == JsonValueKind.Array ? [.. format.EnumerateArray().Select(f => f.GetString() ?? "")] : [format.GetString() ?? ""]
            : throw new CsvMapException("dateFormat is missing: say how the file writes dates, for example \"dd/MM/yyyy\". It is never guessed.");
        foreach (var f in formats)
        {
            if (!(f.Contains('d') && f.Contains('M') && f.Contains('y')) || f.Any(char.IsAsciiDigit))
            {
                throw new CsvMapException($"dateFormat \"{f}\" needs d, M (capital: month) and y, for example dd/MM/yyyy.");
            }
        }

        var records = root.TryGetProperty("records", out var list) ? list.EnumerateArray().Select(Record).ToList() : [];
        return new CsvMap(
            source,
            encoding,
            delimiter[0],
            formats,
            new CsvPersonMap(
                Text(person, "id", "person.id") ?? throw new CsvMapException("person.id is missing: the column with the council's own number of the person."),
                Text(person, "nhsNumber", "person.nhsNumber"), Text(person, "family", "person.family"), Text(person, "given", "person.given"), Text(person, "birthDate", "person.birthDate"),
                Text(person, "gender", "person.gender"), Text(person, "postcode", "person.postcode"), Text(person, "addressLine", "person.addressLine"), Text(person, "phone", "person.phone"),
                Text(person, "practice", "person.practice"), genders),
            records);
    }

    private static CsvRecordMap Record(JsonElement record, int index)
    {
        var where = $"records[{index}]";
        Object(record, where, RecordProperties);
        var kind = Text(record, "kind", $"{where}.kind") ?? throw new CsvMapException($"{where}.kind is missing: {string.Join(", ", Kinds.Keys)}.");
        if (!Kinds.ContainsKey(kind))
        {
            throw new CsvMapException($"{where}.kind \"{kind}\" is not known.{Meant(kind, Kinds.Keys)}");
        }

        string? column = null;
        HashSet<string> values = new(StringComparer.OrdinalIgnoreCase);
        if (record.TryGetProperty("when", out var when))
        {
            Object(when, $"{where}.when", ["column", "equals"]);
            column = Text(when, "column", $"{where}.when.column") ?? throw new CsvMapException($"{where}.when.column is missing.");
            var equals = Required(when, "equals", $"{where}.when.equals");
            values.UnionWith(equals.ValueKind == JsonValueKind.Array ? equals.EnumerateArray().Select(e => e.GetString() ?? "") : [equals.GetString() ?? ""]);
        }

        return new CsvRecordMap(
            kind, column, values, Text(record, "start", $"{where}.start") ?? throw new CsvMapException($"{where}.start is missing: the column of the first day."),
            Text(record, "end", $"{where}.end"), Text(record, "provider", $"{where}.provider"), Text(record, "id", $"{where}.id"));
    }

    private static void Object(JsonElement element, string where, string[] properties)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw new CsvMapException($"{where} is an object: see docs/identity.md for an example.");
        }

        foreach (var property in element.EnumerateObject())
        {
            if (!properties.Contains(property.Name))
            {
                throw new CsvMapException($"{where} has an unknown property \"{property.Name}\".{Meant(property.Name, properties)}");
            }
        }
    }

    private static JsonElement Required(JsonElement element, string name, string where) =>
        element.TryGetProperty(name, out var value) ? value : throw new CsvMapException($"{where} is missing: see docs/identity.md for an example.");

    private static string? Text(JsonElement element, string name, string where) => !element.TryGetProperty(name, out var value) ? null
        : value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text
        : throw new CsvMapException($"{where} is a text.");

    /// <summary>Carries what is wrong out of the reading.</summary>
    private sealed class CsvMapException(string message) : Exception(message);
}
