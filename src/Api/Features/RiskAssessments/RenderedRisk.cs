using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Storage.Resources;
using BetterCare.Care.Storage.Runs;
using BetterCare.Care.Stratification.Models;
using BetterCare.Care.Stratification.Runs;

namespace BetterCare.Care.Api.Features.RiskAssessments;

/// <summary>A run with the model that explains its scores.</summary>
/// <param name="Run">The run.</param>
/// <param name="Model">Its model.</param>
/// <param name="Note">What kind of model it is: said with every answer.</param>
public sealed record ExplainedRun(CompletedRun Run, IRiskModel Model, string Note);

/// <summary>
/// The RiskAssessment of a person in a run, made from the score row whenever somebody reads it: a run over a million people
/// writes a million rows and no documents. It never changes, for a run never does.
/// </summary>
public static class RenderedRisk
{
    /// <summary>System of the tag that names the run.</summary>
    public const string RunSystem = "https://bettercare.care/fhir/CodeSystem/stratification-run";

    /// <summary>System of the level in <c>qualitativeRisk</c>.</summary>
    public const string LevelSystem = "https://bettercare.care/fhir/CodeSystem/risk-level";

    /// <summary>System of the model in <c>method</c>.</summary>
    public const string ModelSystem = "https://bettercare.care/fhir/CodeSystem/risk-model";

    /// <summary>Decimals of a percentage: what is searched is what is shown.</summary>
    public const int Decimals = 4;

    private const int MaxReasons = 5;
    private const int OutcomeDays = 365;
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>The id of a person's RiskAssessment in a run; the same for ever, also after a rebuild.</summary>
    public static string IdOf(int runId, NhsNumber number) => string.Create(CultureInfo.InvariantCulture, $"{RenderedIds.RiskPrefix}{runId}-{number.Value}");

    /// <summary>Run and person of an id; false where it is not one of these.</summary>
    public static bool TryParse(string id, out int runId, out NhsNumber number)
    {
        runId = 0;
        number = default;
        return RenderedIds.IsRendered(ResourceType.RiskAssessment, id)
            && id[RenderedIds.RiskPrefix.Length..].Split('-') is [var run, var person]
            && int.TryParse(run, NumberStyles.None, CultureInfo.InvariantCulture, out runId)
            && NhsNumber.TryParse(person, out number)
            && IdOf(runId, number) == id;
    }

    /// <summary>The percentage as it is shown.</summary>
    public static decimal Percent(double probability) => Math.Round((decimal)(100 * probability), Decimals);

    /// <summary>Renders a score.</summary>
    public static StoredResource Render(ExplainedRun explained, in ScoreRow score)
    {
        var run = explained.Run;
        var id = IdOf(run.RunId, score.Number);
        var buffer = new ArrayBufferWriter<byte>(2048);
        using var json = new Utf8JsonWriter(buffer, Options);
        json.WriteStartObject();
        json.WriteString("resourceType"u8, "RiskAssessment"u8);
        json.WriteString("id"u8, id);
        json.WriteStartObject("meta"u8);
        json.Flush();
        var metaAt = buffer.WrittenCount;
        json.WriteStartArray("tag"u8);
        WriteCoding(json, RunSystem, run.RunId.ToString(CultureInfo.InvariantCulture), null, null);
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteString("status"u8, "final"u8);
        json.WriteStartObject("method"u8);
        json.WriteStartArray("coding"u8);
        WriteCoding(json, ModelSystem, run.ModelId, run.ModelVersion, null);
        json.WriteEndArray();
        json.WriteString("text"u8, $"{run.ModelId} {run.ModelVersion}");
        json.WriteEndObject();
        json.WriteStartObject("subject"u8);
        json.WriteString("reference"u8, $"Patient/{score.Number.Value}");
        json.WriteEndObject();
        json.WriteString("occurrenceDateTime"u8, Day(run.IndexDay));
        json.WriteStartArray("basis"u8);
        json.WriteStartObject();
        json.WriteString("reference"u8, $"Patient/{score.Number.Value}");
        json.WriteString("display"u8, $"What the record held before {Day(run.IndexDay)}");
        json.WriteEndObject();
        json.WriteEndArray();
        WritePrediction(json, explained, score);
        json.WriteStartArray("note"u8);
        json.WriteStartObject();
        json.WriteString("text"u8, explained.Note);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return new StoredResource(score.PatientKey, ResourceType.RiskAssessment, id, 1, run.FinishedAt, false, metaAt, buffer.WrittenSpan.ToArray());
    }

    private static void WritePrediction(Utf8JsonWriter json, ExplainedRun explained, in ScoreRow score)
    {
        var level = score.Level.ToString(CultureInfo.InvariantCulture);
        json.WriteStartArray("prediction"u8);
        json.WriteStartObject();
        json.WriteStartObject("outcome"u8);
        json.WriteString("text"u8, "Emergency admission to hospital within 12 months"u8);
        json.WriteEndObject();

        // R4: probabilityDecimal is a percentage, 0 to 100 (ras-2).
        json.WriteNumber("probabilityDecimal"u8, Percent(score.Probability));
        json.WriteStartObject("qualitativeRisk"u8);
        json.WriteStartArray("coding"u8);
        WriteCoding(json, LevelSystem, level, null, $"PRISM level {level}");
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteStartObject("whenPeriod"u8);
        json.WriteString("start"u8, Day(explained.Run.IndexDay));
        json.WriteString("end"u8, Day(explained.Run.IndexDay + OutcomeDays - 1));
        json.WriteEndObject();
        var reasons = ReasonBytes.Read(score.Reasons).Where(r => r.LogOdds > 0).Take(MaxReasons).Select(r => ReasonText.Of(explained.Model, r.Feature, r.With, r.Value, r.WithValue)).ToList();
        if (reasons.Count > 0)
        {
            json.WriteString("rationale"u8, string.Join("; ", reasons));
        }

        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static void WriteCoding(Utf8JsonWriter json, string system, string code, string? version, string? display)
    {
        json.WriteStartObject();
        json.WriteString("system"u8, system);
        if (version is not null)
        {
            json.WriteString("version"u8, version);
        }

        json.WriteString("code"u8, code);
        if (display is not null)
        {
            json.WriteString("display"u8, display);
        }

        json.WriteEndObject();
    }

    private static string Day(int day) => DateOnly.FromDayNumber(day).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
