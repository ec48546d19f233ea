using BetterCare.Care.Synthetic.People;
using BetterCare.Care.Synthetic.Place;
using BetterCare.Care.Synthetic.Reference;

namespace BetterCare.Care.Synthetic.Ndjson;

/// <summary>
/// Writes contacts and stays. A hospital stay carries its primary diagnosis (ICD-10) in reasonCode and all of them, by
/// rank, in diagnosis → Condition; the admission method is the UK Core extension on hospitalization.
/// </summary>
internal sealed class EncounterWriter(ResourceText text)
{
    private static readonly Coded Consultation = new("11429006", "Consultation");
    private static readonly Coded Telephone = new("185317003", "Telephone encounter");
    private static readonly Coded HomeVisit = new("439708006", "Home visit");
    private static readonly Coded Department = new("4525004", "Emergency department patient visit");
    private static readonly Coded Stay = new("32485007", "Hospital admission");
    private static readonly Coded EmergencyStay = new("183452005", "Emergency hospital admission");

    private readonly ResourceText _text = text;

    public void Write(Person person, int number, Lines to)
    {
        var e = person.Events[number];
        var id = _text.IdOf(person, number);
        var area = person.Practice.Area;
        var practice = person.PracticeOn(e.Day).OdsCode;
        switch (e.Kind)
        {
            case LifeKind.EmergencyAdmission or LifeKind.PlannedAdmission or LifeKind.MaternityAdmission:
                ResourceText.Begin(to, "Encounter"u8, id, Codes.HospitalSystem, Organisations.Hospital(area));
                WriteStay(person, number, e, to, Organisations.Hospital(area));
                break;
            case LifeKind.AeAttendance:
                ResourceText.Begin(to, "Encounter"u8, id, Codes.HospitalSystem, Organisations.Hospital(area));
                WriteContact(person, e, to, "EMER"u8, "emergency"u8, Department, "emergency-department", "Emergency department", Organisations.Hospital(area));
                break;
            case LifeKind.OutpatientAttended:
                ResourceText.Begin(to, "Encounter"u8, id, Codes.HospitalSystem, Organisations.Hospital(area));
                WriteContact(person, e, to, "AMB"u8, "ambulatory"u8, Consultation, "outpatient", "Outpatient", Organisations.Hospital(area));
                break;
            case LifeKind.GpContact:
                ResourceText.Begin(to, "Encounter"u8, id, Codes.GpSystem, practice);
                WriteVisit(person, e, to, "general-practice", "General practice", practice);
                break;
            case LifeKind.CommunityContact:
                ResourceText.Begin(to, "Encounter"u8, id, Codes.CommunitySystem, Organisations.Community(area));
                WriteVisit(person, e, to, "community", "Community health", Organisations.Community(area));
                break;
            case LifeKind.MentalHealthContact:
                ResourceText.Begin(to, "Encounter"u8, id, Codes.CommunitySystem, Organisations.MentalHealth(area));
                WriteVisit(person, e, to, "mental-health", "Mental health", Organisations.MentalHealth(area));
                break;
            default:
                ResourceText.Begin(to, "Encounter"u8, id, Codes.SocialCareSystem, Organisations.Council(area));
                WriteVisit(person, e, to, "social-care", "Social care", Organisations.Council(area));
                break;
        }

        _text.End(to, id);
    }

    private void WriteVisit(Person person, in LifeEvent e, Lines to, string setting, string settingText, string provider)
    {
        if (e.Flags.HasFlag(LifeFlags.HomeVisit))
        {
            WriteContact(person, e, to, "HH"u8, "home health"u8, HomeVisit, setting, settingText, provider);
        }
        else if (e.Flags.HasFlag(LifeFlags.Telephone))
        {
            WriteContact(person, e, to, "VR"u8, "virtual"u8, Telephone, setting, settingText, provider);
        }
        else
        {
            WriteContact(person, e, to, "AMB"u8, "ambulatory"u8, Consultation, setting, settingText, provider);
        }
    }

    private void WriteContact(
        Person person, in LifeEvent e, Lines to, ReadOnlySpan<byte> code, ReadOnlySpan<byte> display, Coded type, string setting, string settingText, string provider)
    {
        Head(person, e, to, "finished"u8, code, display, type, setting, settingText);
        to.Put(",\"period\":{\"start\":\""u8).DateTime(e.Day, e.Minute).Put("\",\"end\":\""u8).DateTime(e.Day, e.Minute + e.Length).Put("\"}"u8);
        if (e.Kind == LifeKind.AeAttendance)
        {
            to.Put(",\"hospitalization\":{"u8);
            if (e.Flags.HasFlag(LifeFlags.Ambulance))
            {
                to.Put("\"admitSource\":"u8);
                ResourceText.Concept(to, Codes.ArrivalMode, "ambulance", "Arrived by ambulance").Put(","u8);
            }

            to.Put("\"dischargeDisposition\":{\"text\":\""u8).Put(e.Flags.HasFlag(LifeFlags.Admitted) ? "Admitted"u8 : "Discharged"u8).Put("\"}}"u8);
        }

        ResourceText.Organisation(to.Put(",\"serviceProvider\":"u8), provider);
    }

    private void WriteStay(Person person, int number, in LifeEvent e, Lines to, string hospital)
    {
        var open = e.Flags.HasFlag(LifeFlags.Open);
        var discharge = e.Day + e.Length;
        var endMinute = e.Length == 0 ? Math.Min(1439, e.Minute + 300) : 840;
        if (!open && e.Kind == LifeKind.EmergencyAdmission)
        {
            to.Put(",\"extension\":[{\"url\":\"https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-DischargeMethod\",\"valueCodeableConcept\":{\"coding\":["u8);
            ResourceText.Coding(
                to,
                Codes.DischargeMethod,
                e.Flags.HasFlag(LifeFlags.Died) ? "4" : "1",
                e.Flags.HasFlag(LifeFlags.Died) ? "Patient died" : "Patient discharged on clinical advice or with clinical consent").Put("]}}]"u8);
        }

        Head(person, e, to, open ? "in-progress"u8 : "finished"u8, "IMP"u8, "inpatient encounter"u8, e.Kind == LifeKind.EmergencyAdmission ? EmergencyStay : Stay, "inpatient", "Inpatient");
        to.Put(",\"period\":{\"start\":\""u8).DateTime(e.Day, e.Minute);
        if (!open)
        {
            to.Put("\",\"end\":\""u8).DateTime(discharge, endMinute);
        }

        to.Put("\"}"u8);
        WriteDiagnoses(person, number, to);
        WriteHospitalization(person, e, to, open, discharge);
        ResourceText.Organisation(to.Put(",\"serviceProvider\":"u8), hospital);
    }

    private void WriteDiagnoses(Person person, int number, Lines to)
    {
        var any = false;
        for (var i = number + 1; i < person.Events.Count; i++)
        {
            var diagnosis = person.Events[i];
            if (diagnosis.Kind != LifeKind.HospitalDiagnosis || diagnosis.Parent != number)
            {
                break;
            }

            if (!any)
            {
                var code = HospitalCodes.All[diagnosis.Code];
                ResourceText.Concept(to.Put(",\"reasonCode\":["u8), Codes.Icd10, code.Code, code.Term).Put("],\"diagnosis\":["u8);
            }

            to.Put(any ? ",{\"condition\":{\"reference\":\"Condition/"u8 : "{\"condition\":{\"reference\":\"Condition/"u8)
                .Hex(_text.IdOf(person, i)).Put("\"},\"rank\":"u8).Number(diagnosis.Second).Put("}"u8);
            any = true;
        }

        if (any)
        {
            to.Put("]"u8);
        }
    }

    // One stay in a hundred lacks its admission method, as in real extracts.
    private void WriteHospitalization(Person person, in LifeEvent e, Lines to, bool open, int discharge)
    {
        to.Put(",\"hospitalization\":{"u8);
        if (e.Minute % 97 != 0)
        {
            var method = AdmissionMethods.All[e.Code];
            to.Put("\"extension\":[{\"url\":\"https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-AdmissionMethod\",\"valueCodeableConcept\":{\"coding\":["u8);
            ResourceText.Coding(to, Codes.AdmissionMethod, method.Code, method.Term).Put("]}}],"u8);
        }

        var fromHome = !person.Has(Trait.CareHome, e.Day);
        to.Put("\"admitSource\":{\"coding\":["u8);
        ResourceText.Coding(to, Codes.SourceOfAdmission, fromHome ? "19" : "85", fromHome ? "Usual place of residence" : "Non-NHS (other than Local Authority) run Care Home").Put("]}"u8);
        if (!open)
        {
            var (code, term) = e.Flags.HasFlag(LifeFlags.Died) ? ("79", "Not applicable - Patient died or stillbirth")
                : person.Has(Trait.CareHome, discharge) ? ("85", "Non-NHS (other than Local Authority) run Care Home") : ("19", "Usual place of residence");
            to.Put(",\"dischargeDisposition\":{\"coding\":["u8);
            ResourceText.Coding(to, Codes.DischargeDestination, code, term).Put("]}"u8);
        }

        to.Put("}"u8);
    }

    private void Head(
        Person person, in LifeEvent e, Lines to, ReadOnlySpan<byte> status, ReadOnlySpan<byte> code, ReadOnlySpan<byte> display, Coded type, string setting, string settingText)
    {
        to.Put(",\"status\":\""u8).Put(status).Put("\",\"class\":{\"system\":\"http://terminology.hl7.org/CodeSystem/v3-ActCode\",\"code\":\""u8).Put(code)
            .Put("\",\"display\":\""u8).Put(display).Put("\"},\"type\":["u8);
        ResourceText.Concept(to, Codes.Snomed, type.Code, type.Term).Put("],\"serviceType\":"u8);
        ResourceText.Concept(to, Codes.CareSetting, setting, settingText);
        ResourceText.Patient(to, "subject"u8, person);
        if (e.Practitioner >= 0)
        {
            _text.Practitioner(to.Put(",\"participant\":[{\"individual\":"u8), e.Practitioner).Put("}]"u8);
        }
    }
}
