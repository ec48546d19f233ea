namespace BetterCare.Care.Tests.Api.Leaks;

/// <summary>A smallest sound resource of a type about a person, with a mark wherever a search looks.</summary>
internal static class Examples
{
    private const string Code = "\"code\":{\"coding\":[{\"system\":\"urn:MARK\",\"code\":\"MARK\",\"display\":\"MARK\"}],\"text\":\"MARK\"}";
    private const string Subject = "\"subject\":{\"reference\":\"Patient/NUMBER\"}";
    private const string Patient = "\"patient\":{\"reference\":\"Patient/NUMBER\"}";

    // What each type needs beside its type, id and identifier.
    private static readonly Dictionary<string, string> Bodies = new(StringComparer.Ordinal)
    {
        ["Account"] = "\"status\":\"active\",\"subject\":[{\"reference\":\"Patient/NUMBER\"}],\"name\":\"MARK\"",
        ["AdverseEvent"] = $"\"actuality\":\"actual\",{Subject}",
        ["AllergyIntolerance"] = $"{Patient},{Code}",
        ["Appointment"] = "\"status\":\"booked\",\"start\":\"2026-11-20T09:00:00Z\",\"end\":\"2026-11-20T09:30:00Z\",\"participant\":[{\"actor\":{\"reference\":\"Patient/NUMBER\"},\"status\":\"accepted\"}]",
        ["AuditEvent"] = "\"type\":{\"code\":\"rest\"},\"recorded\":\"2026-11-20T09:00:00Z\",\"agent\":[{\"who\":{\"reference\":\"Patient/NUMBER\"},\"requestor\":true}],\"source\":{\"observer\":{\"display\":\"MARK\"}},\"entity\":[{\"what\":{\"reference\":\"Patient/NUMBER\"}}]",
        ["Basic"] = $"{Code},{Subject}",
        ["CarePlan"] = $"\"status\":\"active\",\"intent\":\"plan\",\"title\":\"MARK\",{Subject}",
        ["CareTeam"] = $"\"status\":\"active\",\"name\":\"MARK\",{Subject}",
        ["ClinicalImpression"] = $"\"status\":\"completed\",{Code},{Subject}",
        ["Communication"] = $"\"status\":\"completed\",{Subject}",
        ["CommunicationRequest"] = $"\"status\":\"active\",{Subject}",
        ["Composition"] = $"\"status\":\"final\",\"type\":{{\"text\":\"MARK\"}},{Subject},\"date\":\"2026-11-20\",\"author\":[{{\"display\":\"MARK\"}}],\"title\":\"MARK\"",
        ["Condition"] = $"{Code},{Subject},\"recordedDate\":\"2026-10-01\"",
        ["Consent"] = $"\"status\":\"active\",\"scope\":{{\"text\":\"MARK\"}},\"category\":[{{\"text\":\"MARK\"}}],{Patient},\"policyRule\":{{\"text\":\"MARK\"}}",
        ["Coverage"] = "\"status\":\"active\",\"beneficiary\":{\"reference\":\"Patient/NUMBER\"},\"payor\":[{\"display\":\"MARK\"}]",
        ["DetectedIssue"] = $"\"status\":\"final\",{Code},{Patient}",
        ["DeviceRequest"] = $"\"intent\":\"order\",\"codeCodeableConcept\":{{\"text\":\"MARK\"}},{Subject}",
        ["DeviceUseStatement"] = $"\"status\":\"active\",{Subject},\"device\":{{\"display\":\"MARK\"}}",
        ["DiagnosticReport"] = $"\"status\":\"final\",{Code},{Subject}",
        ["DocumentManifest"] = $"\"status\":\"current\",{Subject},\"content\":[{{\"display\":\"MARK\"}}]",
        ["DocumentReference"] = $"\"status\":\"current\",{Subject},\"description\":\"MARK\",\"content\":[{{\"attachment\":{{\"title\":\"MARK\"}}}}]",
        ["Encounter"] = $"\"status\":\"finished\",\"class\":{{\"code\":\"AMB\"}},{Subject},\"period\":{{\"start\":\"2026-10-01\",\"end\":\"2026-10-02\"}}",
        ["EpisodeOfCare"] = $"\"status\":\"active\",{Patient}",
        ["FamilyMemberHistory"] = $"\"status\":\"completed\",{Patient},\"relationship\":{{\"text\":\"MARK\"}}",
        ["Flag"] = $"\"status\":\"active\",{Code},{Subject}",
        ["Goal"] = $"\"lifecycleStatus\":\"active\",\"description\":{{\"text\":\"MARK\"}},{Subject}",
        ["Group"] = "\"type\":\"person\",\"actual\":true,\"name\":\"MARK\",\"member\":[{\"entity\":{\"reference\":\"Patient/NUMBER\"}}]",
        ["ImagingStudy"] = $"\"status\":\"available\",{Subject}",
        ["Immunization"] = $"\"status\":\"completed\",\"vaccineCode\":{{\"text\":\"MARK\"}},{Patient},\"occurrenceDateTime\":\"2026-10-01\"",
        ["List"] = $"\"status\":\"current\",\"mode\":\"working\",\"title\":\"MARK\",{Subject}",
        ["MeasureReport"] = $"\"status\":\"complete\",\"type\":\"individual\",\"measure\":\"urn:MARK\",{Subject},\"period\":{{\"start\":\"2026-01-01\",\"end\":\"2026-02-01\"}}",
        ["Media"] = $"\"status\":\"completed\",{Subject},\"content\":{{\"title\":\"MARK\"}}",
        ["MedicationAdministration"] = $"\"status\":\"completed\",\"medicationCodeableConcept\":{{\"text\":\"MARK\"}},{Subject},\"effectiveDateTime\":\"2026-10-01\"",
        ["MedicationDispense"] = $"\"status\":\"completed\",\"medicationCodeableConcept\":{{\"text\":\"MARK\"}},{Subject}",
        ["MedicationRequest"] = $"\"status\":\"active\",\"intent\":\"order\",\"medicationCodeableConcept\":{{\"text\":\"MARK\"}},{Subject}",
        ["MedicationStatement"] = $"\"status\":\"active\",\"medicationCodeableConcept\":{{\"text\":\"MARK\"}},{Subject}",
        ["NutritionOrder"] = $"\"status\":\"active\",\"intent\":\"order\",{Patient},\"dateTime\":\"2026-10-01\",\"oralDiet\":{{\"instruction\":\"MARK\"}}",
        ["Observation"] = $"\"status\":\"final\",{Code},{Subject},\"effectiveDateTime\":\"2026-10-01\",\"valueQuantity\":{{\"value\":7,\"unit\":\"MARK\"}}",
        ["Procedure"] = $"\"status\":\"completed\",{Code},{Subject},\"performedDateTime\":\"2026-10-01\"",
        ["Provenance"] = "\"target\":[{\"reference\":\"Patient/NUMBER\"}],\"recorded\":\"2026-11-20T09:00:00Z\",\"agent\":[{\"who\":{\"display\":\"MARK\"}}]",
        ["QuestionnaireResponse"] = $"\"status\":\"completed\",\"questionnaire\":\"urn:MARK\",{Subject}",
        ["RelatedPerson"] = $"{Patient},\"name\":[{{\"family\":\"MARK\"}}],\"telecom\":[{{\"system\":\"phone\",\"value\":\"MARK\"}}]",
        ["RequestGroup"] = $"\"status\":\"active\",\"intent\":\"plan\",{Subject}",
        ["RiskAssessment"] = $"\"status\":\"final\",{Subject},\"method\":{{\"text\":\"MARK\"}}",
        ["Schedule"] = "\"actor\":[{\"reference\":\"Patient/NUMBER\"}],\"comment\":\"MARK\"",
        ["ServiceRequest"] = $"\"status\":\"active\",\"intent\":\"order\",{Code},{Subject}",
        ["Specimen"] = $"\"status\":\"available\",{Subject}",
        ["Task"] = "\"status\":\"requested\",\"intent\":\"order\",\"description\":\"MARK\",\"for\":{\"reference\":\"Patient/NUMBER\"}",
        ["VisionPrescription"] = $"\"status\":\"active\",\"created\":\"2026-10-01\",{Patient},\"dateWritten\":\"2026-10-01\",\"prescriber\":{{\"display\":\"MARK\"}},\"lensSpecification\":[{{\"product\":{{\"text\":\"MARK\"}},\"eye\":\"left\"}}]",
    };

    private static readonly HashSet<string> OneIdentifier = new(StringComparer.Ordinal) { "Composition", "QuestionnaireResponse" };
    private static readonly HashSet<string> NoIdentifier = new(StringComparer.Ordinal) { "AdverseEvent", "AuditEvent", "Provenance" };

    /// <summary>The resource; null for a type that is not about people.</summary>
    public static string? About(string type, string number, string mark)
    {
        if (!Bodies.TryGetValue(type, out var body))
        {
            return null;
        }

        const string One = "{\"system\":\"urn:MARK\",\"value\":\"MARK\"}";
        var identifier = NoIdentifier.Contains(type) || type == "AdverseEvent" ? "" : OneIdentifier.Contains(type) ? $"\"identifier\":{One}," : $"\"identifier\":[{One}],";
        return $"{{\"resourceType\":\"{type}\",\"id\":\"{mark}-{type.ToLowerInvariant()}\",{identifier}{body}}}"
            .Replace("NUMBER", number, StringComparison.Ordinal).Replace("MARK", mark, StringComparison.Ordinal);
    }
}
