using System.Text.Json;
using BetterCare.Care.Coordination.Plans;
using BetterCare.Care.Fhir;
using BetterCare.Care.Storage.Model;

namespace BetterCare.Care.Api.Features.Coordination;

/// <summary>Leads and plans as FHIR R4: CareTeam, CarePlan, Goal, Task.</summary>
internal static class PlanFhir
{
    /// <summary>Everyone who leads or has led, and the named GP, each with a period.</summary>
    public static byte[] CareTeam(string id, string number, IReadOnlyList<LeadRecord> leads, IReadOnlyList<NamedGpRecord> gps) =>
        DecisionResources.Render(ResourceType.CareTeam, id, json =>
        {
            json.WriteString("status", "active");
            json.WriteString("name", "Accountable lead professional and named GP");
            json.Reference("subject", "Patient/" + number);
            json.WriteStartArray("participant");
            foreach (var lead in leads)
            {
                Participant(json, "Accountable lead professional", "accountable-lead-professional", lead.PractitionerId, $"{lead.PractitionerName} ({lead.Role})", lead.StartDay, lead.EndDay);
            }

            foreach (var gp in gps)
            {
                Participant(json, "Named GP", "named-gp", gp.PractitionerId, gp.PractitionerName, gp.StartDay, gp.EndDay);
            }

            json.WriteEndArray();
        });

    /// <summary>The plan with its goals and tasks; what a version dropped stays, as cancelled.</summary>
    public static void Plan(
        List<(ResourceType Type, string Id, byte[] Json)> rendered, long patientKey, string number, JointCarePlan plan, JointCarePlan? before, bool hasTeam)
    {
        var subject = "Patient/" + number;
        var planId = DecisionResources.IdOf("CarePlan", patientKey, "");
        foreach (var goal in plan.Goals.DistinctBy(g => g.Id, StringComparer.Ordinal).Where(g => !string.IsNullOrWhiteSpace(g.Text)))
        {
            rendered.Add(Goal(patientKey, subject, goal, GoalStatus(plan)));
        }

        foreach (var goal in before?.Goals.Where(g => !string.IsNullOrWhiteSpace(g.Text) && !plan.Goals.Any(now => now.Id == g.Id)).DistinctBy(g => g.Id, StringComparer.Ordinal) ?? [])
        {
            rendered.Add(Goal(patientKey, subject, goal, "cancelled"));
        }

        foreach (var action in plan.Actions.DistinctBy(a => a.Id, StringComparer.Ordinal))
        {
            rendered.Add(Action(patientKey, planId, subject, action, plan.Status == PlanStatus.Closed && action.IsOpen ? "cancelled" : StatusOf(action.Status)));
        }

        foreach (var action in before?.Actions.Where(a => !plan.Actions.Any(now => now.Id == a.Id)).DistinctBy(a => a.Id, StringComparer.Ordinal) ?? [])
        {
            rendered.Add(Action(patientKey, planId, subject, action, "cancelled"));
        }

        rendered.Add((ResourceType.CarePlan, planId, CarePlan(planId, patientKey, subject, plan, hasTeam)));
    }

    private static byte[] CarePlan(string id, long patientKey, string subject, JointCarePlan plan, bool hasTeam) => DecisionResources.Render(ResourceType.CarePlan, id, json =>
    {
        json.WriteString("status", plan.Status switch
        {
            PlanStatus.Agreed => "active",
            PlanStatus.Closed => plan.Outcome is PlanOutcome.GoalsMet or PlanOutcome.NoLongerNeeded ? "completed" : "revoked",
            _ => "draft",
        });
        json.WriteString("intent", plan.Status is PlanStatus.Draft or PlanStatus.Proposed ? "proposal" : "plan");
        json.Concepts("category", "Joint health and social care plan", FhirText.Codes + "plan-category", "joint-care-plan");
        json.WriteString("title", "Joint health and social care plan");
        json.Text("description", plan.AssessmentSummary);
        json.Reference("subject", subject);
        if (plan.Agreement is { } agreement)
        {
            json.WriteStartObject("period");
            json.WriteString("start", FhirText.Day(agreement.On));
            json.WriteEndObject();
        }

        if (hasTeam)
        {
            json.WriteStartArray("careTeam");
            json.ReferenceItem("CareTeam/" + DecisionResources.IdOf("CareTeam", patientKey, ""));
            json.WriteEndArray();
        }

        Each(json, "contributor", plan.Contributors, c => json.ReferenceItem(FhirText.Practitioner(c.Professional), c.Role));
        Each(json, "goal", plan.Goals.DistinctBy(g => g.Id, StringComparer.Ordinal).Where(g => !string.IsNullOrWhiteSpace(g.Text)), g => json.ReferenceItem("Goal/" + DecisionResources.IdOf("Goal", patientKey, g.Id)));
        var steps = plan.Contingency?.Steps ?? [];
        if (plan.Actions.Count + steps.Count > 0)
        {
            json.WriteStartArray("activity");
            foreach (var action in plan.Actions.DistinctBy(a => a.Id, StringComparer.Ordinal))
            {
                json.WriteStartObject();
                json.Reference("reference", "Task/" + DecisionResources.IdOf("Task", patientKey, action.Id));
                json.WriteEndObject();
            }

            foreach (var step in steps)
            {
                json.WriteStartObject();
                json.WriteStartObject("detail");
                json.Concept("code", "Contingency", FhirText.Codes + "plan-activity", "contingency");
                json.WriteString("status", "on-hold");
                json.Text("description", $"If: {step.Trigger}. Do: {step.Action}. Ring: {step.Contact}");
                json.WriteEndObject();
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        (string Heading, string? Text)[] notes = [("About me", plan.AboutMe), ("Preferences", plan.Preferences), ("Review due", plan.ReviewDue is { } due ? FhirText.Day(due) : null), ("Outcome", plan.Outcome?.ToString())];
        Each(json, "note", notes.Where(n => !string.IsNullOrWhiteSpace(n.Text)), n =>
        {
            json.WriteStartObject();
            json.Text("text", $"{n.Heading}: {n.Text}");
            json.WriteEndObject();
        });
    });

    private static (ResourceType, string, byte[]) Goal(long patientKey, string subject, PlanGoal goal, string status)
    {
        var id = DecisionResources.IdOf("Goal", patientKey, goal.Id);
        return (ResourceType.Goal, id, DecisionResources.Render(ResourceType.Goal, id, json =>
        {
            json.WriteString("lifecycleStatus", status);
            json.Concept("description", goal.Text);
            json.Reference("subject", subject);
        }));
    }

    private static (ResourceType, string, byte[]) Action(long patientKey, string planId, string subject, PlanAction action, string status)
    {
        var id = DecisionResources.IdOf("Task", patientKey, action.Id);
        return (ResourceType.Task, id, DecisionResources.Render(ResourceType.Task, id, json =>
        {
            json.WriteStartArray("basedOn");
            json.ReferenceItem("CarePlan/" + planId);
            json.WriteEndArray();
            json.WriteString("status", status);
            json.WriteString("intent", "plan");
            json.Text("description", action.Text);
            json.Reference("for", subject);
            if (action.Owner is { Length: > 0 } owner)
            {
                json.Reference("owner", owner == "person" ? subject : owner == "carer" ? null : FhirText.Practitioner(owner), owner);
            }

            if (action.Due is { } due)
            {
                json.WriteStartObject("restriction");
                json.WriteStartObject("period");
                json.WriteString("end", FhirText.Day(due));
                json.WriteEndObject();
                json.WriteEndObject();
            }
        }));
    }

    private static void Participant(Utf8JsonWriter json, string role, string code, string practitioner, string display, int start, int end)
    {
        json.WriteStartObject();
        json.Concepts("role", role, FhirText.Codes + "care-team-role", code);
        json.Reference("member", FhirText.Practitioner(practitioner), display);
        json.WriteStartObject("period");
        json.WriteString("start", FhirText.Day(start));
        if (end > 0)
        {
            json.WriteString("end", FhirText.Day(Math.Max(start, end)));
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static string GoalStatus(JointCarePlan plan) => plan.Status switch
    {
        PlanStatus.Draft or PlanStatus.Proposed => "proposed",
        PlanStatus.Agreed => "active",
        _ => plan.Outcome == PlanOutcome.GoalsMet ? "completed" : "cancelled",
    };

    private static string StatusOf(ActionStatus status) => status switch
    {
        ActionStatus.Planned => "requested",
        ActionStatus.InProgress => "in-progress",
        ActionStatus.Done => "completed",
        _ => "cancelled",
    };

    private static void Each<T>(Utf8JsonWriter json, string name, IEnumerable<T> items, Action<T> write)
    {
        var begun = false;
        foreach (var item in items)
        {
            if (!begun)
            {
                json.WriteStartArray(name);
                begun = true;
            }

            write(item);
        }

        if (begun)
        {
            json.WriteEndArray();
        }
    }
}
