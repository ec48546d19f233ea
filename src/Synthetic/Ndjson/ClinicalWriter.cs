using BetterCare.Care.Fhir;
using BetterCare.Care.Synthetic.People;
using BetterCare.Care.Synthetic.Place;
using BetterCare.Care.Synthetic.Reference;

namespace BetterCare.Care.Synthetic.Ndjson;

/// <summary>Writes problems, diagnoses, social circumstances, measurements, medicines, procedures, services and appointments.</summary>
internal sealed class ClinicalWriter(ResourceText text)
{
    private static readonly Coded[] SmokingStatus = [new("266919005", "Never smoked tobacco"), new("8517006", "Ex-smoker"), new("77176002", "Smoker")];
    private static readonly Coded FallEvent = new("1912002", "Fall");

    private readonly ResourceText _text = text;

    /// <summary>Every condition and finding that has set in by the end of the record.</summary>
    public void WriteTraits(Person person, Chunk chunk)
    {
        var last = person.LastDay(_text.Plan.Until);
        foreach (var trait in Traits.All)
        {
            var id = _text.IdOf(person, ResourceText.TraitBase + (int)trait.Trait);
            if (Recording.Of(person, trait, id, last) is not { } recording)
            {
                continue;
            }

            WriteProblem(person, chunk[ResourceType.Condition], id, recording.Code, person.Onset[(int)trait.Trait], recording.Day, recording.Coded);
        }
    }

    public void WriteDiagnosis(Person person, int number, Lines to)
    {
        var e = person.Events[number];
        var stay = person.Events[e.Parent];
        var id = _text.IdOf(person, number);
        var code = HospitalCodes.All[e.Code];
        ResourceText.Begin(to, "Condition"u8, id, Codes.HospitalSystem, Organisations.Hospital(person.Practice.Area))
            .Put(",\"verificationStatus\":{\"coding\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/condition-ver-status\",\"code\":\"confirmed\"}]},\"category\":[{\"coding\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/condition-category\",\"code\":\"encounter-diagnosis\"}]}],\"code\":"u8);
        ResourceText.Concept(to, Codes.Icd10, code.Code, code.Term);
        ResourceText.Patient(to, "subject"u8, person).Put(",\"encounter\":{\"reference\":\"Encounter/"u8).Hex(_text.IdOf(person, e.Parent))
            .Put("\"},\"recordedDate\":\""u8).Date(stay.Day + stay.Length).Put("\""u8);
        _text.End(to, id);
    }

    public void WriteMeasurement(Person person, int number, Lines to)
    {
        var e = person.Events[number];
        var id = _text.IdOf(person, number);
        ResourceText.Begin(to, "Observation"u8, id, Codes.GpSystem, person.PracticeOn(e.Day).OdsCode).Put(",\"status\":\"final\",\"category\":[{\"coding\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/observation-category\",\"code\":\""u8);
        var measure = (Measure)e.Code;
        to.Put(measure switch
        {
            Measure.BloodPressure or Measure.BodyMassIndex => "vital-signs"u8,
            Measure.Smoking or Measure.AlcoholUnits => "social-history"u8,
            Measure.ClinicalFrailtyScale => "survey"u8,
            _ => "laboratory"u8,
        }).Put("\"}]}],\"code\":"u8);
        switch (measure)
        {
            case Measure.BloodPressure:
                Start(person, e, to, Codes.Loinc, "85354-9", "Blood pressure panel with all children optional");
                to.Put(",\"component\":[{\"code\":"u8);
                ResourceText.Concept(to, Codes.Loinc, "8480-6", "Systolic blood pressure");
                Quantity(to, e.Value, "mm[Hg]"u8).Put("},{\"code\":"u8);
                ResourceText.Concept(to, Codes.Loinc, "8462-4", "Diastolic blood pressure");
                Quantity(to, e.Second, "mm[Hg]"u8).Put("}]"u8);
                break;
            case Measure.Smoking:
                Start(person, e, to, Codes.Loinc, "72166-2", "Tobacco smoking status");
                ResourceText.Concept(to.Put(",\"valueCodeableConcept\":"u8), Codes.Snomed, SmokingStatus[e.Second].Code, SmokingStatus[e.Second].Term);
                break;
            case Measure.ClinicalFrailtyScale:
                Start(person, e, to, Codes.Snomed, "763264000", "Canadian Study of Health and Aging Clinical Frailty Scale score");
                to.Put(",\"valueInteger\":"u8).Number(e.Second);
                break;
            case Measure.AlcoholUnits:
                Start(person, e, to, Codes.Snomed, "1082641000000106", "Alcohol units consumed per week");
                Quantity(to, e.Value, "{units}/wk"u8);
                break;
            default:
                var (code, term) = Test(measure);
                Start(person, e, to, Codes.Loinc, code, term);
                Quantity(to, e.Value, Unit(measure));
                break;
        }

        _text.End(to, id);
    }

    public void WriteFall(Person person, int number, Lines to)
    {
        var e = person.Events[number];
        WriteProblem(person, to, _text.IdOf(person, number), FallEvent, e.Day, e.Day, coded: true, problem: false);
    }

    public void WriteMedicine(Person person, int number, Lines to)
    {
        var e = person.Events[number];
        var id = _text.IdOf(person, number);
        var repeat = e.Kind == LifeKind.RepeatMedicine;
        var active = repeat && e.Length == 1 && person.DeathDay == 0 && person.DeregisteredDay == 0;
        ResourceText.Begin(to, "MedicationRequest"u8, id, Codes.GpSystem, person.PracticeOn(e.Day).OdsCode)
            .Put(",\"status\":\""u8).Put(active ? "active"u8 : "completed"u8).Put("\",\"intent\":\"order\",\"medicationCodeableConcept\":{\"text\":\""u8)
            .Text(repeat ? Catalogue.Repeats[e.Code].Text : Catalogue.Acute[e.Code]).Put("\"}"u8);
        ResourceText.Patient(to, "subject"u8, person);
        if (!repeat)
        {
            to.Put(",\"encounter\":{\"reference\":\"Encounter/"u8).Hex(_text.IdOf(person, e.Parent)).Put("\"}"u8);
        }

        to.Put(",\"authoredOn\":\""u8).Date(e.Day).Put("\""u8);
        if (e.Practitioner >= 0)
        {
            _text.Practitioner(to.Put(",\"requester\":"u8), e.Practitioner);
        }

        _text.End(to, id);
    }

    public void WriteProcedure(Person person, int number, Lines to)
    {
        var e = person.Events[number];
        var id = _text.IdOf(person, number);
        var code = Catalogue.PlannedCare[e.Code].Procedure;
        ResourceText.Begin(to, "Procedure"u8, id, Codes.HospitalSystem, Organisations.Hospital(person.Practice.Area)).Put(",\"status\":\"completed\",\"code\":"u8);
        ResourceText.Concept(to, Codes.Snomed, code.Code, code.Term);
        ResourceText.Patient(to, "subject"u8, person).Put(",\"encounter\":{\"reference\":\"Encounter/"u8).Hex(_text.IdOf(person, e.Parent))
            .Put("\"},\"performedDateTime\":\""u8).Date(e.Day).Put("\""u8);
        _text.End(to, id);
    }

    public void WriteService(Person person, int number, Lines to)
    {
        var e = person.Events[number];
        var id = _text.IdOf(person, number);
        var service = SocialServices.All[e.Second];
        var last = person.LastDay(_text.Plan.Until);
        var end = e.Length >= 0 ? e.Day + e.Length : person.DeathDay != 0 || person.DeregisteredDay != 0 ? last : 0;
        var inHospital = e.Second == SocialServices.DelayedTransfer;
        var provider = inHospital ? Organisations.Hospital(person.Practice.Area)
            : e.Second == SocialServices.HomeCare ? Organisations.HomeCare(person.Practice.Area) : Organisations.Council(person.Practice.Area);
        ResourceText.Begin(to, "EpisodeOfCare"u8, id, inHospital ? Codes.HospitalSystem : Codes.SocialCareSystem, provider).Put(",\"status\":\""u8).Put(end == 0 ? "active"u8 : "finished"u8).Put("\",\"type\":["u8);
        ResourceText.Concept(to, Codes.EpisodeType, service.Code, service.Term).Put("]"u8);
        ResourceText.Organisation(ResourceText.Patient(to, "patient"u8, person).Put(",\"managingOrganization\":"u8), provider).Put(",\"period\":{\"start\":\""u8).Date(e.Day);
        if (end != 0)
        {
            to.Put("\",\"end\":\""u8).Date(Math.Max(end, e.Day));
        }

        _text.End(to.Put("\"}"u8), id);
    }

    public void WriteAppointment(Person person, int number, Lines to)
    {
        var e = person.Events[number];
        var id = _text.IdOf(person, number);
        var hospital = e.Kind == LifeKind.OutpatientMissed || e.Kind == LifeKind.FutureAppointment;
        ResourceText.Begin(to, "Appointment"u8, id, hospital ? Codes.HospitalSystem : Codes.GpSystem, hospital ? Organisations.Hospital(person.Practice.Area) : person.PracticeOn(e.Day).OdsCode)
            .Put(",\"status\":\""u8).Put(e.Kind == LifeKind.FutureAppointment ? "booked"u8 : "noshow"u8).Put("\",\"serviceType\":["u8);
        ResourceText.Concept(to, Codes.CareSetting, hospital ? "outpatient" : "general-practice", hospital ? "Outpatient" : "General practice")
            .Put("],\"start\":\""u8).DateTime(e.Day, e.Minute).Put("\",\"end\":\""u8).DateTime(e.Day, e.Minute + e.Length)
            .Put("\",\"participant\":[{\"actor\":{\"reference\":\"Patient/"u8).TenDigits(person.Number.Number).Put("\"},\"status\":\"accepted\"}"u8);
        if (e.Practitioner >= 0)
        {
            _text.Practitioner(to.Put(",{\"actor\":"u8), e.Practitioner).Put(",\"status\":\"accepted\"}"u8);
        }

        _text.End(to.Put("]"u8), id);
    }

    private void WriteProblem(Person person, Lines to, ulong id, Coded code, int onset, int recorded, bool coded, bool problem = true)
    {
        ResourceText.Begin(to, "Condition"u8, id, Codes.GpSystem, person.PracticeOn(recorded).OdsCode)
            .Put(",\"clinicalStatus\":{\"coding\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/condition-clinical\",\"code\":\"active\"}]},\"verificationStatus\":{\"coding\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/condition-ver-status\",\"code\":\"confirmed\"}]},\"category\":[{\"coding\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/condition-category\",\"code\":\""u8)
            .Put(problem ? "problem-list-item"u8 : "encounter-diagnosis"u8).Put("\"}]}],\"code\":"u8);
        if (coded)
        {
            ResourceText.Concept(to, Codes.Snomed, code.Code, code.Term);
        }
        else
        {
            to.Put("{\"text\":\""u8).Text(code.Term).Put("\"}"u8);
        }

        ResourceText.Patient(to, "subject"u8, person).Put(",\"onsetDateTime\":\""u8).Date(onset).Put("\",\"recordedDate\":\""u8).Date(recorded).Put("\""u8);
        _text.End(to, id);
    }

    public void WriteCircumstance(Person person, int number, Lines to)
    {
        var e = person.Events[number];
        var id = _text.IdOf(person, number);
        var code = Traits.All[e.Code].Snomed[0];
        ResourceText.Begin(to, "Observation"u8, id, Codes.GpSystem, person.PracticeOn(e.Day).OdsCode)
            .Put(",\"status\":\"final\",\"category\":[{\"coding\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/observation-category\",\"code\":\"social-history\"}]}],\"code\":"u8);
        ResourceText.Concept(to, Codes.Snomed, code.Code, code.Term);
        ResourceText.Patient(to, "subject"u8, person).Put(",\"effectiveDateTime\":\""u8).Date(e.Day).Put("\",\"valueBoolean\":true"u8);
        _text.End(to, id);
    }

    private static void Start(Person person, in LifeEvent e, Lines to, ReadOnlySpan<byte> system, string code, string term)
    {
        ResourceText.Concept(to, system, code, term);
        ResourceText.Patient(to, "subject"u8, person).Put(",\"effectiveDateTime\":\""u8).Date(e.Day).Put("\""u8);
    }

    private static Lines Quantity(Lines to, double value, ReadOnlySpan<byte> unit) => to
        .Put(",\"valueQuantity\":{\"value\":"u8).Decimal(value).Put(",\"unit\":\""u8).Put(unit)
        .Put("\",\"system\":\"http://unitsofmeasure.org\",\"code\":\""u8).Put(unit).Put("\"}"u8);

    private static (string Code, string Term) Test(Measure measure) => measure switch
    {
        Measure.BodyMassIndex => ("39156-5", "Body mass index (BMI) [Ratio]"),
        Measure.Haemoglobin => ("718-7", "Hemoglobin [Mass/volume] in Blood"),
        Measure.Sodium => ("2951-2", "Sodium [Moles/volume] in Serum or Plasma"),
        Measure.Egfr => ("33914-3", "Glomerular filtration rate/1.73 sq M.predicted"),
        Measure.HbA1c => ("59261-8", "Hemoglobin A1c/Hemoglobin.total in Blood by IFCC protocol"),
        _ => ("14647-2", "Cholesterol [Moles/volume] in Serum or Plasma"),
    };

    private static ReadOnlySpan<byte> Unit(Measure measure) => measure switch
    {
        Measure.BodyMassIndex => "kg/m2"u8,
        Measure.Haemoglobin => "g/L"u8,
        Measure.Egfr => "mL/min/{1.73_m2}"u8,
        Measure.HbA1c => "mmol/mol"u8,
        _ => "mmol/L"u8,
    };
}
