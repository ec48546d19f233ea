using BetterCare.Care.Api.Features.Coordination;
using BetterCare.Care.Coordination.Mdt;
using BetterCare.Care.Fhir;
using BetterCare.Care.Storage.Model;

namespace BetterCare.Care.Api.Features.Mdt;

/// <summary>Meetings as FHIR R4: a snapshot List, and Tasks.</summary>
internal static class MdtFhir
{
    /// <summary>A task that a meeting gave.</summary>
    public static byte[] Task(string id, string number, string text, string owner, DateOnly due, string status) => DecisionResources.Render(ResourceType.Task, id, json =>
    {
        json.WriteString("status", status);
        json.WriteString("intent", "order");
        json.Text("description", text);
        json.Reference("for", "Patient/" + number);
        json.Reference("owner", FhirText.Practitioner(owner), owner);
        json.WriteStartObject("restriction");
        json.WriteStartObject("period");
        json.WriteString("end", FhirText.Day(due));
        json.WriteEndObject();
        json.WriteEndObject();
    });

    /// <summary>The list as it was when the meeting closed, of the people given; rendered from the snapshot, so it never changes.</summary>
    public static byte[] List(MdtMeetingRecord record, MdtMeeting meeting, IReadOnlyDictionary<long, Patient> people) => DecisionResources.Render(ResourceType.List, record.Id, json =>
    {
        var snapshot = meeting.Snapshot!;
        json.WriteStartArray("identifier");
        json.WriteStartObject();
        json.WriteString("system", "https://bettercare.care/fhir/Id/mdt-snapshot-sha256");
        json.WriteString("value", snapshot.Fingerprint);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteString("status", "current");
        json.WriteString("mode", "snapshot");
        json.Text("title", $"{meeting.Team}: multidisciplinary team meeting");
        json.WriteString("date", FhirText.Day(snapshot.ClosedOn));
        json.WriteStartArray("entry");
        foreach (var line in snapshot.Lines.Where(l => people.ContainsKey(l.Person)))
        {
            json.WriteStartObject();
            json.Concept("flag", $"Level {line.Level}. {string.Join(' ', line.Reasons.Select(r => r.Text))} Decided: {string.Join(", ", line.Decisions.Select(d => d.Kind))}.");
            json.Reference("item", "Patient/" + people[line.Person].NhsNumber.Value);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });
}
