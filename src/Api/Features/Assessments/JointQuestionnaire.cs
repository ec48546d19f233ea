using System.Text.Json;
using BetterCare.Care.Coordination.Assessment;

namespace BetterCare.Care.Api.Features.Assessments;

/// <summary>A question of the shipped questionnaire, with what its answer tells the timeline.</summary>
/// <param name="Question">As the rules know it.</param>
/// <param name="IsText">Answered in words; else yes or no.</param>
/// <param name="System">Code system of the social circumstance; null: the answer tells none.</param>
/// <param name="Code">Its code.</param>
/// <param name="Display">Its meaning.</param>
/// <param name="ToldBy">The answer that tells it: "true", or "false" where the absence of something is the fact.</param>
public sealed record JointQuestion(AssessmentQuestion Question, bool IsText, string? System, string? Code, string? Display, string ToldBy);

/// <summary>
/// The questionnaire of the joint assessment: a FHIR Questionnaire that ships as data and is served under /fhir. Its codes say
/// which answers are social circumstances, as in observation-based extraction (HL7 Structured Data Capture).
/// </summary>
public static class JointQuestionnaire
{
    /// <summary>Logical id.</summary>
    public const string Id = "bettercare-joint-assessment";

    /// <summary>Canonical URL: a QuestionnaireResponse that names it is part of a joint assessment.</summary>
    public const string Url = "https://bettercare.care/fhir/Questionnaire/joint-assessment";

    private static readonly Lazy<byte[]> Definition = new(() =>
    {
        using var stream = typeof(JointQuestionnaire).Assembly.GetManifestResourceStream("joint-assessment.questionnaire.json")!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    });

    private static readonly Lazy<IReadOnlyList<JointQuestion>> All = new(() =>
    {
        using var json = JsonDocument.Parse(Definition.Value);
        return [.. Items(json.RootElement)];
    });

    /// <summary>The Questionnaire as JSON.</summary>
    public static ReadOnlyMemory<byte> Json => Definition.Value;

    /// <summary>The questions, in order.</summary>
    public static IReadOnlyList<JointQuestion> Questions => All.Value;

    private static IEnumerable<JointQuestion> Items(JsonElement parent)
    {
        foreach (var item in parent.GetProperty("item").EnumerateArray())
        {
            if (item.GetProperty("type").ValueEquals("group"))
            {
                foreach (var inner in Items(item))
                {
                    yield return inner;
                }

                continue;
            }

            var code = item.TryGetProperty("code", out var codes) ? codes[0] : default;
            var told = !item.TryGetProperty("extension", out var extensions) || extensions[0].GetProperty("valueBoolean").GetBoolean();
            var linkId = item.GetProperty("linkId").GetString()!;
            var coded = code.ValueKind == JsonValueKind.Object;
            yield return new JointQuestion(
                new AssessmentQuestion(linkId, item.GetProperty("text").GetString()!, coded ? linkId : null, item.TryGetProperty("repeats", out var repeats) && repeats.GetBoolean()),
                item.GetProperty("type").ValueEquals("text"),
                coded ? code.GetProperty("system").GetString() : null,
                coded ? code.GetProperty("code").GetString() : null,
                coded ? code.GetProperty("display").GetString() : null,
                told ? "true" : "false");
        }
    }
}
