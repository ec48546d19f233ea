using static BetterCare.Care.Tests.Fhir.Search.Form;

namespace BetterCare.Care.Tests.Fhir.Search;

/// <summary>Search parameters with the places that they read, written out by hand from the R4 pages of each resource.</summary>
internal static class SlowParameters
{
    public static readonly SlowParameter[] All =
    [
        .. Of("Patient", "token", ("active", Flag, "active"), ("gender", Code, "gender"), ("identifier", Identifier, "identifier"), ("language", Concept, "communication.language"), ("telecom", Contact, "telecom"), ("phone", Contact, "telecom[system=phone]"), ("email", Contact, "telecom[system=email]"), ("address-use", Code, "address.use"), ("_id", Id, "id"), ("_tag", Coding, "meta.tag"), ("_security", Coding, "meta.security")),
        .. Of("Patient", "string", ("family", Text, "name.family"), ("given", Text, "name.given"), ("name", Name, "name"), ("address", Address, "address"), ("address-city", Text, "address.city"), ("address-country", Text, "address.country"), ("address-postalcode", Text, "address.postalCode"), ("address-state", Text, "address.state")),
        .. Of("Patient", "date", ("birthdate", Date, "birthDate"), ("death-date", Date, "deceasedDateTime"), ("_lastUpdated", Date, "meta.lastUpdated")),
        .. Of("Patient", "reference", ("general-practitioner", Ref, "generalPractitioner"), ("link", Ref, "link.other"), ("organization", Ref, "managingOrganization")),
        .. Of("Patient", "uri", ("_profile", Canonical, "meta.profile"), ("_source", Url, "meta.source")),
        .. Of("Observation", "token", ("code", Concept, "code"), ("category", Concept, "category"), ("status", Code, "status"), ("identifier", Identifier, "identifier"), ("method", Concept, "method"), ("value-concept", Concept, "valueCodeableConcept"), ("component-code", Concept, "component.code"), ("component-value-concept", Concept, "component.valueCodeableConcept"), ("data-absent-reason", Concept, "dataAbsentReason")),
        Of("Observation", "token", "combo-code", (Concept, "code"), (Concept, "component.code")),
        .. Of("Observation", "reference", ("subject", Ref, "subject"), ("patient", Ref, "subject{Patient}"), ("performer", Ref, "performer"), ("encounter", Ref, "encounter"), ("has-member", Ref, "hasMember"), ("derived-from", Ref, "derivedFrom"), ("based-on", Ref, "basedOn"), ("device", Ref, "device"), ("specimen", Ref, "specimen")),
        Of("Observation", "date", "date", (Date, "effectiveDateTime"), (Period, "effectivePeriod"), (Date, "effectiveInstant")),
        Of("Observation", "date", "value-date", (Date, "valueDateTime"), (Period, "valuePeriod")),
        Of("Observation", "quantity", "value-quantity", (Quantity, "valueQuantity")),
        Of("Observation", "quantity", "combo-value-quantity", (Quantity, "valueQuantity"), (Quantity, "component.valueQuantity")),
        Of("Observation", "string", "value-string", (Text, "valueString"), (Text, "valueCodeableConcept.text")),
        .. Of("Condition", "token", ("code", Concept, "code"), ("category", Concept, "category"), ("clinical-status", Concept, "clinicalStatus"), ("verification-status", Concept, "verificationStatus"), ("severity", Concept, "severity"), ("body-site", Concept, "bodySite"), ("evidence", Concept, "evidence.code"), ("stage", Concept, "stage.summary")),
        .. Of("Condition", "reference", ("patient", Ref, "subject{Patient}"), ("subject", Ref, "subject"), ("encounter", Ref, "encounter"), ("asserter", Ref, "asserter"), ("evidence-detail", Ref, "evidence.detail")),
        Of("Condition", "date", "onset-date", (Date, "onsetDateTime"), (Period, "onsetPeriod")),
        Of("Condition", "date", "abatement-date", (Date, "abatementDateTime"), (Period, "abatementPeriod")),
        Of("Condition", "date", "recorded-date", (Date, "recordedDate")),
        Of("Condition", "quantity", "onset-age", (Quantity, "onsetAge"), (Interval, "onsetRange")),
        Of("Condition", "string", "onset-info", (Text, "onsetString")),
        .. Of("Encounter", "token", ("class", Coding, "class"), ("status", Code, "status"), ("type", Concept, "type"), ("identifier", Identifier, "identifier"), ("reason-code", Concept, "reasonCode"), ("participant-type", Concept, "participant.type"), ("special-arrangement", Concept, "hospitalization.specialArrangement")),
        .. Of("Encounter", "reference", ("subject", Ref, "subject"), ("patient", Ref, "subject{Patient}"), ("location", Ref, "location.location"), ("participant", Ref, "participant.individual"), ("practitioner", Ref, "participant.individual{Practitioner}"), ("service-provider", Ref, "serviceProvider"), ("part-of", Ref, "partOf"), ("diagnosis", Ref, "diagnosis.condition"), ("account", Ref, "account")),
        Of("Encounter", "date", "date", (Period, "period")),
        Of("Encounter", "date", "location-period", (Period, "location.period")),
        Of("Encounter", "quantity", "length", (Quantity, "length")),
        .. Of("MedicationRequest", "token", ("code", Concept, "medicationCodeableConcept"), ("status", Code, "status"), ("intent", Code, "intent"), ("priority", Code, "priority"), ("category", Concept, "category"), ("identifier", Identifier, "identifier")),
        .. Of("MedicationRequest", "reference", ("medication", Ref, "medicationReference"), ("patient", Ref, "subject{Patient}"), ("requester", Ref, "requester"), ("encounter", Ref, "encounter")),
        .. Of("MedicationRequest", "date", ("authoredon", Date, "authoredOn"), ("date", Date, "dosageInstruction.timing.event")),
        .. Of("CarePlan", "token", ("status", Code, "status"), ("intent", Code, "intent"), ("category", Concept, "category"), ("activity-code", Concept, "activity.detail.code"), ("identifier", Identifier, "identifier")),
        .. Of("CarePlan", "reference", ("patient", Ref, "subject{Patient}"), ("care-team", Ref, "careTeam"), ("condition", Ref, "addresses"), ("goal", Ref, "goal"), ("performer", Ref, "activity.detail.performer"), ("activity-reference", Ref, "activity.reference"), ("instantiates-canonical", Canonical, "instantiatesCanonical")),
        Of("CarePlan", "date", "date", (Period, "period")),
        Of("CarePlan", "uri", "instantiates-uri", (Url, "instantiatesUri")),
        .. Of("CareTeam", "token", ("status", Code, "status"), ("category", Concept, "category"), ("identifier", Identifier, "identifier")),
        .. Of("CareTeam", "reference", ("patient", Ref, "subject{Patient}"), ("participant", Ref, "participant.member"), ("encounter", Ref, "encounter")),
        Of("CareTeam", "date", "date", (Period, "period")),
        .. Of("Task", "token", ("status", Code, "status"), ("intent", Code, "intent"), ("priority", Code, "priority"), ("code", Concept, "code"), ("business-status", Concept, "businessStatus"), ("identifier", Identifier, "identifier"), ("group-identifier", Identifier, "groupIdentifier"), ("performer", Concept, "performerType")),
        .. Of("Task", "reference", ("patient", Ref, "for{Patient}"), ("subject", Ref, "for"), ("owner", Ref, "owner"), ("requester", Ref, "requester"), ("focus", Ref, "focus"), ("based-on", Ref, "basedOn"), ("part-of", Ref, "partOf")),
        .. Of("Task", "date", ("authored-on", Date, "authoredOn"), ("modified", Date, "lastModified"), ("period", Period, "executionPeriod")),
        .. Of("RiskAssessment", "token", ("method", Concept, "method"), ("risk", Concept, "prediction.qualitativeRisk"), ("identifier", Identifier, "identifier")),
        .. Of("RiskAssessment", "reference", ("subject", Ref, "subject"), ("patient", Ref, "subject{Patient}"), ("condition", Ref, "condition"), ("encounter", Ref, "encounter"), ("performer", Ref, "performer")),
        Of("RiskAssessment", "number", "probability", (Number, "prediction.probabilityDecimal"), (Interval, "prediction.probabilityRange")),
        Of("RiskAssessment", "date", "date", (Date, "occurrenceDateTime")),
        .. Of("Practitioner", "token", ("active", Flag, "active"), ("gender", Code, "gender"), ("identifier", Identifier, "identifier"), ("telecom", Contact, "telecom"), ("communication", Concept, "communication")),
        .. Of("Practitioner", "string", ("name", Name, "name"), ("family", Text, "name.family"), ("address-city", Text, "address.city")),
        .. Of("PractitionerRole", "token", ("active", Flag, "active"), ("role", Concept, "code"), ("specialty", Concept, "specialty"), ("phone", Contact, "telecom[system=phone]")),
        .. Of("PractitionerRole", "reference", ("practitioner", Ref, "practitioner"), ("organization", Ref, "organization"), ("location", Ref, "location"), ("service", Ref, "healthcareService")),
        Of("PractitionerRole", "date", "date", (Period, "period")),
        .. Of("Organization", "token", ("active", Flag, "active"), ("type", Concept, "type"), ("identifier", Identifier, "identifier"), ("address-use", Code, "address.use")),
        Of("Organization", "string", "name", (Text, "name"), (Text, "alias")),
        Of("Organization", "reference", "partof", (Ref, "partOf")),
        .. Of("Procedure", "token", ("code", Concept, "code"), ("status", Code, "status"), ("reason-code", Concept, "reasonCode")),
        .. Of("Procedure", "reference", ("patient", Ref, "subject{Patient}"), ("performer", Ref, "performer.actor"), ("location", Ref, "location")),
        Of("Procedure", "date", "date", (Date, "performedDateTime"), (Period, "performedPeriod")),
        .. Of("Immunization", "token", ("vaccine-code", Concept, "vaccineCode"), ("status", Code, "status"), ("status-reason", Concept, "statusReason"), ("target-disease", Concept, "protocolApplied.targetDisease")),
        .. Of("Immunization", "string", ("lot-number", Text, "lotNumber"), ("series", Text, "protocolApplied.series")),
        Of("Immunization", "date", "date", (Date, "occurrenceDateTime")),
        .. Of("AllergyIntolerance", "token", ("clinical-status", Concept, "clinicalStatus"), ("criticality", Code, "criticality"), ("category", Code, "category"), ("type", Code, "type"), ("manifestation", Concept, "reaction.manifestation"), ("severity", Code, "reaction.severity")),
        Of("AllergyIntolerance", "token", "code", (Concept, "code"), (Concept, "reaction.substance")),
        Of("AllergyIntolerance", "date", "onset", (Date, "reaction.onset")),
        .. Of("DiagnosticReport", "reference", ("result", Ref, "result"), ("performer", Ref, "performer"), ("specimen", Ref, "specimen")),
        .. Of("DiagnosticReport", "token", ("code", Concept, "code"), ("category", Concept, "category"), ("conclusion", Concept, "conclusionCode")),
    ];

    private static SlowParameter Of(string type, string kind, string code, params (Form, string)[] places) => new(type, code, kind, places);

    private static IEnumerable<SlowParameter> Of(string type, string kind, params (string Code, Form Form, string Path)[] parameters) =>
        parameters.Select(p => new SlowParameter(type, p.Code, kind, [(p.Form, p.Path)]));
}
