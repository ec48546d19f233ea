using System.Globalization;
using System.Text.Json;
using BetterCare.Care.Api.Features.Coordination;
using BetterCare.Care.Api.Features.Leads;
using BetterCare.Care.Coordination.Assessment;
using BetterCare.Care.Fhir;
using BetterCare.Care.Storage.Resources;

namespace BetterCare.Care.Api.Features.Assessments;

/// <summary>A stored response with its id.</summary>
public sealed record StoredResponse(string Id, AssessmentResponse Response);

/// <summary>Reads a person's responses: those given here and those that another system posted to /fhir count alike.</summary>
public sealed class AssessmentResponses(ResourceStore store, ProfessionalRegister registers)
{
    /// <summary>All responses to the joint questionnaire.</summary>
    public async Task<List<StoredResponse>> ReadAsync(long patientKey, CancellationToken ct)
    {
        var register = await registers.ReadAsync(ct);
        var responses = new List<StoredResponse>();
        await foreach (var resource in store.OfPatientAsync(patientKey, ResourceType.QuestionnaireResponse, ct))
        {
            if (!resource.Deleted && Read(resource.Body, register) is { } response)
            {
                responses.Add(new StoredResponse(resource.Id, response));
            }
        }

        return responses;
    }

    /// <summary>A response as the rules read it; null: of another questionnaire, not given, or without a known author or day.</summary>
    internal static AssessmentResponse? Read(ReadOnlyMemory<byte> body, IReadOnlyDictionary<string, Registered> register)
    {
        using var json = JsonDocument.Parse(body);
        var root = json.RootElement;
        if (!root.TryGetProperty("questionnaire", out var questionnaire) || questionnaire.GetString()!.Split('|')[0] != JointQuestionnaire.Url
            || !(root.GetProperty("status").ValueEquals("completed") || root.GetProperty("status").ValueEquals("amended"))
            || !root.TryGetProperty("author", out var author) || !author.TryGetProperty("reference", out var reference)
            || reference.GetString() is not { } name || !name.StartsWith("Practitioner/", StringComparison.Ordinal)
            || !register.TryGetValue(name["Practitioner/".Length..], out var who)
            || !root.TryGetProperty("authored", out var authored) || authored.GetString() is not { Length: >= 10 } text
            || !DateOnly.TryParseExact(text[..10], "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
        {
            return null;
        }

        var answers = new List<AssessmentAnswer>();
        Collect(root, answers);
        return new AssessmentResponse(who.Professional.Key, who.Professional.Role, who.Professional.Sector, day, answers);
    }

    private static void Collect(JsonElement parent, List<AssessmentAnswer> answers)
    {
        if (!parent.TryGetProperty("item", out var items))
        {
            return;
        }

        foreach (var item in items.EnumerateArray())
        {
            if (item.TryGetProperty("answer", out var given) && item.TryGetProperty("linkId", out var linkId))
            {
                foreach (var answer in given.EnumerateArray())
                {
                    var value = answer.TryGetProperty("valueBoolean", out var yes) ? (yes.GetBoolean() ? "true" : "false")
                        : answer.TryGetProperty("valueString", out var words) ? words.GetString() : null;
                    if (value is not null)
                    {
                        answers.Add(new AssessmentAnswer(linkId.GetString()!, value));
                    }
                }
            }

            Collect(item, answers);
        }
    }
}

/// <summary>Responses and what they tell as FHIR R4.</summary>
internal static class AssessmentFhir
{
    /// <summary>A QuestionnaireResponse.</summary>
    public static byte[] Response(string id, string number, AssessmentResponse response) => DecisionResources.Render(ResourceType.QuestionnaireResponse, id, json =>
    {
        json.WriteString("questionnaire", JointQuestionnaire.Url);
        json.WriteString("status", "completed");
        json.Reference("subject", "Patient/" + number);
        json.WriteString("authored", FhirText.Day(response.On));
        json.Reference("author", FhirText.Practitioner(response.Professional), response.Role);
        json.WriteStartArray("item");
        foreach (var question in JointQuestionnaire.Questions)
        {
            var answers = response.Answers.Where(a => a.LinkId == question.Question.LinkId).ToArray();
            if (answers.Length == 0)
            {
                continue;
            }

            json.WriteStartObject();
            json.WriteString("linkId", question.Question.LinkId);
            json.WriteString("text", question.Question.Text);
            json.WriteStartArray("answer");
            foreach (var answer in answers)
            {
                json.WriteStartObject();
                if (question.IsText)
                {
                    json.Text("valueString", answer.Value);
                }
                else
                {
                    json.WriteBoolean("valueBoolean", answer.Value == "true");
                }

                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });

    /// <summary>A social circumstance that an answer told: the timeline reads it like any other Observation.</summary>
    public static byte[] SocialFact(string id, string number, JointQuestion question, AttributedAnswer answer, string responseId, bool stands) => DecisionResources.Render(ResourceType.Observation, id, json =>
    {
        json.WriteString("status", stands ? "final" : "entered-in-error");
        json.Concepts("category", "Social History", "http://terminology.hl7.org/CodeSystem/observation-category", "social-history");
        json.Concept("code", question.Display!, question.System, question.Code);
        json.Reference("subject", "Patient/" + number);
        json.WriteString("effectiveDateTime", FhirText.Day(answer.On));
        json.WriteStartArray("performer");
        json.ReferenceItem(FhirText.Practitioner(answer.Professional), answer.Role);
        json.WriteEndArray();
        json.WriteBoolean("valueBoolean", true);
        json.WriteStartArray("derivedFrom");
        json.ReferenceItem("QuestionnaireResponse/" + responseId);
        json.WriteEndArray();
    });
}
