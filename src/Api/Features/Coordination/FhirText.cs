using System.Globalization;
using System.Text.Json;

namespace BetterCare.Care.Api.Features.Coordination;

/// <summary>Small parts of FHIR JSON that every rendered resource needs.</summary>
internal static class FhirText
{
    /// <summary>Code systems of our own: no national one has these.</summary>
    public const string Codes = "https://bettercare.care/fhir/CodeSystem/";

    /// <summary>Writes a string, unless it is blank: FHIR has no empty strings. Control characters become spaces.</summary>
    public static void Text(this Utf8JsonWriter json, string name, string? value)
    {
        if (!string.IsNullOrWhiteSpace(value))
        {
            json.WriteString(name, string.Concat(value.Select(c => char.IsControl(c) && c is not ('\n' or '\r' or '\t') ? ' ' : c)).Trim());
        }
    }

    /// <summary>Writes an element that has only a text.</summary>
    public static void Concept(this Utf8JsonWriter json, string name, string text, string? system = null, string? code = null)
    {
        json.WriteStartObject(name);
        Parts(json, text, system, code);
        json.WriteEndObject();
    }

    /// <summary>Writes an array of one concept.</summary>
    public static void Concepts(this Utf8JsonWriter json, string name, string text, string? system = null, string? code = null)
    {
        json.WriteStartArray(name);
        json.WriteStartObject();
        Parts(json, text, system, code);
        json.WriteEndObject();
        json.WriteEndArray();
    }

    /// <summary>Writes a reference.</summary>
    public static void Reference(this Utf8JsonWriter json, string name, string? reference, string? display = null)
    {
        json.WriteStartObject(name);
        Target(json, reference, display);
        json.WriteEndObject();
    }

    /// <summary>Writes a reference as an item of an array.</summary>
    public static void ReferenceItem(this Utf8JsonWriter json, string? reference, string? display = null)
    {
        json.WriteStartObject();
        Target(json, reference, display);
        json.WriteEndObject();
    }

    /// <summary>A professional: by reference where the key can be an id, else by name only.</summary>
    public static string? Practitioner(string? key) =>
        key is { Length: > 0 and <= 64 } && key.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.') ? "Practitioner/" + key : null;

    /// <summary>A day as FHIR writes it.</summary>
    public static string Day(int day) => Day(DateOnly.FromDayNumber(day));

    /// <summary>A day as FHIR writes it.</summary>
    public static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>A day as FHIR writes it; null for day number 0.</summary>
    public static string? DayOrNull(int day) => day == 0 ? null : Day(day);

    private static void Parts(Utf8JsonWriter json, string text, string? system, string? code)
    {
        if (code is not null)
        {
            json.WriteStartArray("coding");
            json.WriteStartObject();
            json.WriteString("system", system);
            json.WriteString("code", code);
            json.Text("display", text);
            json.WriteEndObject();
            json.WriteEndArray();
        }

        json.Text("text", text);
    }

    private static void Target(Utf8JsonWriter json, string? reference, string? display)
    {
        if (reference is not null)
        {
            json.WriteString("reference", reference);
        }

        json.Text("display", display ?? (reference is null ? "not named" : null));
    }
}
