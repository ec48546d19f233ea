using System.Buffers;
using System.Text;
using System.Text.Json;
using BetterCare.Care.Fhir.Validation;

namespace BetterCare.Care.Storage.Resources;

/// <summary>Writes issues as a FHIR OperationOutcome.</summary>
public static class OutcomeJson
{
    /// <summary>The OperationOutcome as text.</summary>
    /// <param name="issues">At least one.</param>
    /// <param name="where">File and line, or Bundle entry; null where there is none.</param>
    public static string Of(IEnumerable<Issue> issues, string? where = null)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        Write(buffer, issues, where);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>The OperationOutcome as UTF-8.</summary>
    public static void Write(IBufferWriter<byte> output, IEnumerable<Issue> issues, string? where = null)
    {
        using var json = new Utf8JsonWriter(output, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        json.WriteStartObject();
        json.WriteString("resourceType"u8, "OperationOutcome"u8);
        json.WriteStartArray("issue"u8);
        foreach (var issue in issues)
        {
            json.WriteStartObject();
            json.WriteString("severity"u8, Severity(issue.Severity));
            json.WriteString("code"u8, issue.Code);
            json.WriteStartObject("details"u8);
            if (issue.Key is not null)
            {
                json.WriteStartArray("coding"u8);
                json.WriteStartObject();
                json.WriteString("system"u8, "urn:bettercare:rule"u8);
                json.WriteString("code"u8, issue.Key);
                json.WriteEndObject();
                json.WriteEndArray();
            }

            json.WriteString("text"u8, issue.Text);
            json.WriteEndObject();
            if (where is not null)
            {
                json.WriteString("diagnostics"u8, where);
            }

            if (issue.Expression.Length > 0)
            {
                json.WriteStartArray("expression"u8);
                json.WriteStringValue(issue.Expression);
                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static ReadOnlySpan<byte> Severity(IssueSeverity severity) => severity switch
    {
        IssueSeverity.Fatal => "fatal"u8,
        IssueSeverity.Error => "error"u8,
        IssueSeverity.Warning => "warning"u8,
        _ => "information"u8,
    };
}
