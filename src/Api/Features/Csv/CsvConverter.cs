using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using BetterCare.Care.Fhir.Nhs;

namespace BetterCare.Care.Api.Features.Csv;

/// <summary>What is wrong with a row.</summary>
/// <param name="Line">Line of the file on which the row begins, from 1.</param>
/// <param name="Column">Heading of the column; empty: the row as a whole.</param>
/// <param name="Problem">What is wrong and how to mend it; never the value.</param>
internal sealed record CsvFault(long Line, string Column, string Problem);

/// <summary>What reading a CSV file came to.</summary>
/// <param name="Rows">Rows read, refused ones included.</param>
/// <param name="People">Patients written.</param>
/// <param name="Services">Services written.</param>
/// <param name="Faults">Rows that were refused.</param>
/// <param name="Fatal">Why the file could not be read to its end; null it could.</param>
internal sealed record CsvReading(long Rows, long People, long Services, IReadOnlyList<CsvFault> Faults, string? Fatal);

/// <summary>
/// Turns the rows of a council's CSV file into FHIR, a row at a time: Patients into one file of lines, EpisodesOfCare into
/// another. Ids come from the council's own, so that the same row again is the same resource.
/// </summary>
internal sealed class CsvConverter(CsvMap map, DateOnly today)
{
    private const int MostFaults = 100_000;
    private const string EpisodeSystem = "https://bettercare.care/fhir/CodeSystem/episode-type";

    // The last Patient written of each person, so that a person of twenty rows is not written twenty times.
    private readonly Dictionary<string, long> _written = new(StringComparer.Ordinal);
    private readonly List<CsvFault> _faults = [];
    private long _people;
    private long _services;

    /// <summary>Reads the file and writes the two others.</summary>
    public CsvReading Run(Stream csv, Stream patients, Stream episodes)
    {
        long rows = 0;
        using var text = new CsvText(Text(csv), map.Delimiter);
        try
        {
            if (!text.Read())
            {
                return new CsvReading(0, 0, 0, [], "The file is empty: the first line holds the headings of the columns.");
            }

            string[] headings = [.. text.Fields];
            if (headings.GroupBy(h => h, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
            {
                return new CsvReading(0, 0, 0, [], $"The heading \"{twice.Key}\" is there twice: rename one, so that it is clear which is meant.");
            }

            if (map.Missing(headings) is { } missing)
            {
                return new CsvReading(0, 0, 0, [], missing);
            }

            while (text.Read())
            {
                rows++;
                if (text.IsUnclosed)
                {
                    return new CsvReading(rows, _people, _services, _faults, $"A quote in the row of line {text.Line} is never closed: nothing from there on was read.");
                }

                if (text.IsBroken || text.Fields.Count != headings.Length)
                {
                    Fault(text.Line, "", text.IsBroken
                        ? "There is text after a closing quote: a quote within a quoted field is written twice."
                        : $"The row has {text.Fields.Count} fields, the heading {headings.Length}: a quote or a comma is missing, or there is one too many.");
                    continue;
                }

                Row(new CsvRow(text.Fields, headings, text.Line), patients, episodes);
            }

            return new CsvReading(rows, _people, _services, _faults, null);
        }
        catch (DecoderFallbackException)
        {
            return new CsvReading(rows, _people, _services, _faults, map.Encoding == "utf-8"
                ? $"After line {text.ReadTo} there are bytes that are not UTF-8; the file is probably Windows-1252. Say \"encoding\": \"windows-1252\" in the map, or save the file as \"CSV UTF-8\"."
                : $"After line {text.ReadTo} there are bytes that are not {map.Encoding}.");
        }
    }

    /// <summary>The text of the file; a mark at its beginning that says it is UTF-16 is told, not misread.</summary>
    private StreamReader Text(Stream csv)
    {
        if (map.Encoding == "windows-1252")
        {
            return new StreamReader(csv, CodePagesEncodingProvider.Instance.GetEncoding(1252, EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback)!, detectEncodingFromByteOrderMarks: false);
        }

        return new StreamReader(csv, new UTF8Encoding(false, throwOnInvalidBytes: true), detectEncodingFromByteOrderMarks: true);
    }

    private void Row(CsvRow row, Stream patients, Stream episodes)
    {
        var before = _faults.Count;
        var sourceId = row[map.Person.Id];
        if (sourceId.Length == 0)
        {
            Fault(row.Line, map.Person.Id, "The council's number of the person is missing: without it the row cannot be taken up again.");
            return;
        }

        var person = PersonOf(row);
        List<byte[]> services = [];
        var kinds = map.Records.Where(r => r.WhenColumn is null || r.WhenEquals.Contains(row[r.WhenColumn])).ToList();
        if (kinds.Count == 0 && map.Records.FirstOrDefault(r => row[r.WhenColumn!].Length > 0) is { WhenColumn: { } column })
        {
            Fault(row.Line, column, $"The map says of no record what this value of \"{column}\" means: add it to a records[].when.equals.");
        }

        foreach (var record in kinds)
        {
            if (ServiceOf(row, record, sourceId) is { } service)
            {
                services.Add(service);
            }
        }

        // A row is taken whole or not at all.
        if (_faults.Count > before)
        {
            return;
        }

        var hash = BitConverter.ToInt64(SHA256.HashData(person));
        if (!_written.TryGetValue(sourceId, out var last) || last != hash)
        {
            _written[sourceId] = hash;
            patients.Write(person);
            patients.WriteByte((byte)'\n');
            _people++;
        }

        foreach (var service in services)
        {
            episodes.Write(service);
            episodes.WriteByte((byte)'\n');
            _services++;
        }
    }

    private byte[] PersonOf(CsvRow row)
    {
        var p = map.Person;
        return Json(json =>
        {
            json.WriteString("resourceType", "Patient");
            json.WriteString("id", Id("p", row[p.Id]));
            WriteSource(json);
            json.WriteStartArray("identifier");
            if (Value(row, p.NhsNumber) is { } number)
            {
                if (NhsNumber.TryParse(number, out var valid))
                {
                    Identifier(json, NhsNumber.System, valid.Value);
                }
                else
                {
                    Fault(row.Line, p.NhsNumber!, "This is not a valid NHS number: ten digits, the last a check digit. Leave it empty where it is not known: the person is traced.");
                }
            }

            Identifier(json, map.Source, row[p.Id]);
            json.WriteEndArray();
            var (family, given) = (Value(row, p.Family), Value(row, p.Given));
            if (family is not null || given is not null)
            {
                json.WriteStartArray("name");
                json.WriteStartObject();
                Put(json, "family", family);
                if (given is not null)
                {
                    json.WriteStartArray("given");
                    foreach (var one in given.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                    {
                        json.WriteStringValue(one);
                    }

                    json.WriteEndArray();
                }

                json.WriteEndObject();
                json.WriteEndArray();
            }

            if (Value(row, p.Phone) is { } phone)
            {
                json.WriteStartArray("telecom");
                json.WriteStartObject();
                json.WriteString("system", "phone");
                json.WriteString("value", phone);
                json.WriteEndObject();
                json.WriteEndArray();
            }

            if (Value(row, p.Gender) is { } gender)
            {
                if (p.GenderCodes.TryGetValue(gender, out var code))
                {
                    json.WriteString("gender", code);
                }
                else
                {
                    Fault(row.Line, p.Gender!, "The map does not say which gender this is: add it to person.genderCodes.");
                }
            }

            if (Date(row, p.BirthDate) is { } born)
            {
                if (born > today || born.Year < 1890)
                {
                    Fault(row.Line, p.BirthDate!, "The date of birth is in the future, or before 1890.");
                }

                json.WriteString("birthDate", born.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
            }

            var (postcode, line) = (Value(row, p.Postcode), Value(row, p.AddressLine));
            if (postcode is not null || line is not null)
            {
                json.WriteStartArray("address");
                json.WriteStartObject();
                if (line is not null)
                {
                    json.WriteStartArray("line");
                    json.WriteStringValue(string.Join(", ", line.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)));
                    json.WriteEndArray();
                }

                Put(json, "postalCode", postcode?.ToUpperInvariant());
                json.WriteEndObject();
                json.WriteEndArray();
            }

            if (Value(row, p.Practice) is { } practice)
            {
                if (OdsCode.TryParse(practice, out var ods))
                {
                    json.WriteStartArray("generalPractitioner");
                    json.WriteStartObject();
                    json.WriteStartObject("identifier");
                    json.WriteString("system", OdsCode.System);
                    json.WriteString("value", ods.Value);
                    json.WriteEndObject();
                    json.WriteEndObject();
                    json.WriteEndArray();
                }
                else
                {
                    Fault(row.Line, p.Practice!, "This is not an ODS code of a practice, for example N81019.");
                }
            }
        });
    }

    private byte[]? ServiceOf(CsvRow row, CsvRecordMap record, string sourceId)
    {
        var start = Date(row, record.Start);
        var end = Date(row, record.End);
        if (start is null)
        {
            if (row[record.Start].Length == 0)
            {
                Fault(row.Line, record.Start, "The first day is missing.");
            }

            return null;
        }

        if (end < start)
        {
            Fault(row.Line, record.End!, "The last day is before the first.");
            return null;
        }

        var (code, display) = CsvMap.Kinds[record.Kind];
        var own = Value(row, record.Id) is { } id ? $"{record.Kind}|{id}" : $"{record.Kind}|{sourceId}|{start:yyyy-MM-dd}";
        return Json(json =>
        {
            json.WriteString("resourceType", "EpisodeOfCare");
            json.WriteString("id", $"s-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(own)))[..32]}");
            WriteSource(json);
            json.WriteString("status", end is null || end >= today ? (start > today ? "planned" : "active") : "finished");
            json.WriteStartArray("type");
            json.WriteStartObject();
            json.WriteStartArray("coding");
            json.WriteStartObject();
            json.WriteString("system", EpisodeSystem);
            json.WriteString("code", code);
            json.WriteString("display", display);
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteStartObject("patient");
            json.WriteString("reference", $"Patient/{Id("p", sourceId)}");
            json.WriteEndObject();
            if (Value(row, record.Provider) is { } provider)
            {
                json.WriteStartObject("managingOrganization");
                json.WriteString("display", provider);
                json.WriteEndObject();
            }

            json.WriteStartObject("period");
            json.WriteString("start", start.Value.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
            if (end is { } last)
            {
                json.WriteString("end", last.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
            }

            json.WriteEndObject();
        });
    }

    private DateOnly? Date(CsvRow row, string? column)
    {
        if (Value(row, column) is not { } text)
        {
            return null;
        }

        if (DateOnly.TryParseExact(text, map.DateFormats, CultureInfo.InvariantCulture, DateTimeStyles.None, out var date))
        {
            return date;
        }

        Fault(row.Line, column!, $"This is not a date as the map declares it ({string.Join(" or ", map.DateFormats)}).");
        return null;
    }

    private static string? Value(CsvRow row, string? column) => column is not null && row[column] is { Length: > 0 } value ? value : null;

    /// <summary>A FHIR id: the council's own where it can be one, else made of it.</summary>
    private static string Id(string kind, string own) =>
        own.Length <= 40 && own.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.') && !NhsNumber.TryParse(own, out _)
            ? own
            : $"{kind}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(own)))[..32]}";

    private void WriteSource(Utf8JsonWriter json)
    {
        json.WriteStartObject("meta");
        json.WriteString("source", map.Source);
        json.WriteEndObject();
    }

    private static void Identifier(Utf8JsonWriter json, string system, string value)
    {
        json.WriteStartObject();
        json.WriteString("system", system);
        json.WriteString("value", value);
        json.WriteEndObject();
    }

    private static void Put(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }

    private static byte[] Json(Action<Utf8JsonWriter> write)
    {
        using var buffer = new MemoryStream(512);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }

    private void Fault(long line, string column, string problem)
    {
        if (_faults.Count < MostFaults)
        {
            _faults.Add(new CsvFault(line, column, problem));
        }
    }
}

/// <summary>One row, by heading.</summary>
internal readonly struct CsvRow(IReadOnlyList<string> fields, string[] headings, long line)
{
    /// <summary>Line of the file on which it begins.</summary>
    public long Line => line;

    /// <summary>The value of a column, without the spaces around it.</summary>
    public string this[string column] => fields[Array.IndexOf(headings, column)];
}
