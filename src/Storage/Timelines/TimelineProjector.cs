using System.Text;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Views;
using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Storage.Timelines;

/// <summary>
/// Turns a clinical resource into the events of its person's timeline. Nothing after this reads JSON. One instance per
/// thread; <see cref="Events"/> is filled anew by each call.
/// </summary>
public sealed partial class TimelineProjector
{
    private const int MaxText = 200;

    private readonly ClinicalCodes _codes = ClinicalCodes.Default;
    private readonly char[] _text = new char[MaxText];

    /// <summary>The events of the resource last read.</summary>
    public List<TimelineEvent> Events { get; } = [];

    /// <summary>First and last day of a registration with a practice that the resource last read tells (last 0: current); null: none.</summary>
    public (int From, int Until)? Registration { get; private set; }

    /// <summary>Index of the event that is the contact itself, to which practitioners are attached; -1: none.</summary>
    public int ContactEvent { get; private set; }

    /// <summary>Reads the events.</summary>
    /// <param name="type">Type of the resource.</param>
    /// <param name="id">Its logical id.</param>
    /// <param name="json">Its JSON, as read by <paramref name="view"/>.</param>
    /// <param name="view">The view, already read.</param>
    public void Read(ResourceType type, string id, ReadOnlySpan<byte> json, ClinicalView view)
    {
        Events.Clear();
        ContactEvent = -1;
        Registration = null;
        if (Revoked(json[view.Status]))
        {
            return;
        }

        var source = TimelineChange.SourceOf((byte)type, id);
        switch (type)
        {
            case ResourceType.Encounter:
                Encounter(json, view, source);
                break;
            case ResourceType.Appointment:
                Appointment(json, view, source);
                break;
            case ResourceType.Condition:
                Condition(json, view, source);
                break;
            case ResourceType.Observation or ResourceType.QuestionnaireResponse:
                Observation(json, view, source);
                break;
            case ResourceType.MedicationRequest or ResourceType.MedicationStatement or ResourceType.MedicationDispense or ResourceType.MedicationAdministration:
                Medicine(json, view, source);
                break;
            case ResourceType.Procedure:
                Coded(json, view, source, EventKind.Procedure, lasting: false);
                break;
            case ResourceType.EpisodeOfCare:
                Coded(json, view, source, EventKind.None, lasting: true);
                Episode(json, view, source);
                break;
            case ResourceType.CarePlan or ResourceType.ServiceRequest or ResourceType.Flag or ResourceType.CareTeam:
                Coded(json, view, source, EventKind.None, lasting: true);
                break;
            case ResourceType.RelatedPerson:
                Carer(json, view, source);
                break;
        }
    }

    /// <summary>Statuses by which a resource says that it did not happen.</summary>
    private static bool Revoked(ReadOnlySpan<byte> status) =>
        status.SequenceEqual("entered-in-error"u8) || status.SequenceEqual("cancelled"u8) || status.SequenceEqual("planned"u8)
        || status.SequenceEqual("not-done"u8) || status.SequenceEqual("draft"u8) || status.SequenceEqual("proposed"u8) || status.SequenceEqual("rejected"u8);

    private static CodeSystemKind SystemOf(ReadOnlySpan<byte> system) =>
        system.SequenceEqual("http://snomed.info/sct"u8) ? CodeSystemKind.Snomed
        : system.SequenceEqual("http://loinc.org"u8) ? CodeSystemKind.Loinc
        : system.StartsWith("http://hl7.org/fhir/sid/icd-10"u8) || system.SequenceEqual("http://www.who.int/icd-10"u8)
            || system.SequenceEqual("https://fhir.hl7.org.uk/Id/icd-10"u8) ? CodeSystemKind.Icd10
        : CodeSystemKind.Other;

    /// <summary>OPCS-4 under either of the two URIs by which UK systems send it.</summary>
    private static bool IsOpcs4(ReadOnlySpan<byte> system) =>
        system.SequenceEqual("https://fhir.hl7.org.uk/Id/opcs-4"u8) || system.SequenceEqual("https://fhir.nhs.uk/Id/opcs-4"u8);

    private void Appointment(ReadOnlySpan<byte> json, ClinicalView view, uint source)
    {
        var status = json[view.Status];
        var missed = status.SequenceEqual("noshow"u8);
        if (view.StartDay == 0 || !(missed || status.SequenceEqual("fulfilled"u8)))
        {
            return;
        }

        // A kept appointment is told by its Encounter; only what no Encounter tells is an event here.
        if (missed)
        {
            Events.Add(new TimelineEvent { Day = view.StartDay, Kind = EventKind.Outpatient, Flags = EventFlags.DidNotAttend, Source = source });
        }
    }

    private void Condition(ReadOnlySpan<byte> json, ClinicalView view, uint source)
    {
        foreach (var coding in view.Codings)
        {
            if (coding.Slot == CodingSlot.VerificationStatus && (json[coding.Code].SequenceEqual("refuted"u8) || json[coding.Code].SequenceEqual("entered-in-error"u8)))
            {
                return;
            }
        }

        // A prediction may use a diagnosis from the day on which it was known, not from the day on which it is said to have begun.
        var day = Math.Max(view.RecordedDay, view.StartDay);
        if (day == 0)
        {
            return;
        }

        foreach (var coding in view.Codings)
        {
            if (coding.Slot != CodingSlot.Code)
            {
                continue;
            }

            var system = SystemOf(json[coding.System]);
            if (system == CodeSystemKind.Icd10 && Pack(json[coding.Code]) is var icd and not 0)
            {
                Events.Add(new TimelineEvent { Day = day, Code = icd, Kind = EventKind.Diagnosis, Source = source });
            }

            foreach (var meaning in _codes.Find(system, json[coding.Code]))
            {
                Meaning(meaning, day, view.AbatementDay, lasting: true, source);
                if (meaning.Kind == MeaningKind.Condition && view.AbatementDay >= day)
                {
                    Events.Add(new TimelineEvent { Day = view.AbatementDay, Code = meaning.Group, Kind = EventKind.Condition, Flags = EventFlags.Resolved, Source = source });
                }
            }
        }
    }

    private void Observation(ReadOnlySpan<byte> json, ClinicalView view, uint source)
    {
        var day = view.StartDay != 0 ? view.StartDay : view.RecordedDay;
        if (day == 0)
        {
            return;
        }

        foreach (var coding in view.Codings)
        {
            if (coding.Slot is not (CodingSlot.Code or CodingSlot.ComponentCode or CodingSlot.Value))
            {
                continue;
            }

            foreach (var meaning in _codes.Find(SystemOf(json[coding.System]), json[coding.Code]))
            {
                if (meaning.Kind == MeaningKind.Measurement)
                {
                    Measurement(json, view, coding, meaning, day, source);
                }
                else
                {
                    Meaning(meaning, day, view.EndDay, lasting: false, source);
                }
            }
        }
    }

    private void Measurement(ReadOnlySpan<byte> json, ClinicalView view, CodingView coding, CodeMeaning meaning, int day, uint source)
    {
        if (meaning.IsAnswer)
        {
            Events.Add(new TimelineEvent { Day = day, Code = meaning.Group, Value = meaning.Value, Kind = EventKind.Measurement, Source = source });
            return;
        }

        var component = coding.Slot == CodingSlot.ComponentCode ? coding.Item : -1;
        foreach (var quantity in view.Quantities)
        {
            if (quantity.Component == component
                && MeasurementUnits.TryConvert((MeasurementKind)meaning.Group, quantity.Value, Chars(json[quantity.Unit]), out var value))
            {
                Events.Add(new TimelineEvent { Day = day, Code = meaning.Group, Value = value, Kind = EventKind.Measurement, Source = source });
            }
        }
    }

    private void Medicine(ReadOnlySpan<byte> json, ClinicalView view, uint source)
    {
        if (view.StartDay == 0)
        {
            return;
        }

        foreach (var coding in view.Codings)
        {
            if (coding.Slot == CodingSlot.Medication && MedicineCode.FromName(Chars(json[coding.Display])) is var code and not 0)
            {
                Events.Add(new TimelineEvent { Day = view.StartDay, Code = code, Kind = EventKind.Medicine, Source = source });
                return;
            }
        }
    }

    private void Coded(ReadOnlySpan<byte> json, ClinicalView view, uint source, EventKind kind, bool lasting)
    {
        var day = view.StartDay != 0 ? view.StartDay : view.RecordedDay;
        if (day == 0)
        {
            return;
        }

        foreach (var coding in view.Codings)
        {
            if (coding.Slot is not (CodingSlot.Code or CodingSlot.Type or CodingSlot.Category or CodingSlot.ServiceType))
            {
                continue;
            }

            foreach (var meaning in _codes.Find(SystemOf(json[coding.System]), json[coding.Code]))
            {
                if (meaning.Kind is MeaningKind.Social or MeaningKind.Condition)
                {
                    Meaning(meaning, day, view.EndDay, lasting, source);
                }
            }

            if (kind == EventKind.Procedure && coding.Slot == CodingSlot.Code && IsOpcs4(json[coding.System]) && Pack(json[coding.Code]) is var opcs and not 0)
            {
                Events.Add(new TimelineEvent { Day = day, Code = opcs, Kind = kind, Flags = ProcedureFlags.Opcs4, Source = source });
            }
            else if (kind != EventKind.None && coding.Slot == CodingSlot.Code)
            {
                Events.Add(new TimelineEvent { Day = day, Code = (uint)Resources.Hashing.Code(default, json[coding.Code]), Kind = kind, Source = source });
            }
        }
    }

    /// <summary>Registrations and social care services, by the codes of our own system: no national code system has them.</summary>
    private void Episode(ReadOnlySpan<byte> json, ClinicalView view, uint source)
    {
        foreach (var coding in view.Codings)
        {
            if (coding.Slot != CodingSlot.Type || view.StartDay == 0 || !json[coding.System].SequenceEqual("https://bettercare.care/fhir/CodeSystem/episode-type"u8))
            {
                continue;
            }

            var code = json[coding.Code];
            if (code.SequenceEqual("gp-registration"u8))
            {
                Registration = (view.StartDay, view.EndDay);
                continue;
            }

            var fact = code.SequenceEqual("home-care"u8) ? SocialFact.PackageOfCare
                : code.SequenceEqual("reablement"u8) ? SocialFact.Reablement
                : code.SequenceEqual("residential-care"u8) || code.SequenceEqual("residential-care-self-funded"u8) || code.SequenceEqual("residential-care-temporary"u8) ? SocialFact.CareHomeResident
                : code.SequenceEqual("delayed-transfer"u8) ? SocialFact.DelayedTransfer
                : SocialFact.None;
            if (code.SequenceEqual("residential-care"u8))
            {
                // What the council supports and means to last is counted by the Better Care Fund; the others only say where somebody lives.
                Meaning(new CodeMeaning(MeaningKind.Social, (ushort)SocialFact.CareHomePlacement, false, float.NaN), view.StartDay, view.EndDay, lasting: true, source);
            }

            if (fact != SocialFact.None)
            {
                Meaning(new CodeMeaning(MeaningKind.Social, (ushort)fact, false, float.NaN), view.StartDay, view.EndDay, lasting: true, source);
            }
        }
    }

    /// <summary>
    /// An unpaid carer, from the day on which the relationship is said to begin. One that does not say since when is left
    /// out: whether it was there before an admission or came of it, nobody could tell, and a model would learn from the future.
    /// </summary>
    private void Carer(ReadOnlySpan<byte> json, ClinicalView view, uint source)
    {
        if (view.StartDay == 0 || !view.Active)
        {
            return;
        }

        foreach (var coding in view.Codings)
        {
            if (coding.Slot == CodingSlot.Relationship && IsCarer(json[coding.Code], json[coding.Display]))
            {
                Meaning(new CodeMeaning(MeaningKind.Social, (ushort)SocialFact.HasCarer, false, float.NaN), view.StartDay, view.EndDay, lasting: true, source);
                return;
            }
        }
    }

    /// <summary>v3-RoleClass CAREGIVER; SNOMED CT caregiver, informal carer, primary carer; else the word, as UK systems write it.</summary>
    private bool IsCarer(ReadOnlySpan<byte> code, ReadOnlySpan<byte> display) =>
        code.SequenceEqual("CAREGIVER"u8) || code.SequenceEqual("133932002"u8) || code.SequenceEqual("407542009"u8) || code.SequenceEqual("407543004"u8)
        || Chars(display).Equals("carer", StringComparison.OrdinalIgnoreCase) || Contains(display, "informal carer") || Contains(display, "unpaid carer");

    private void Meaning(CodeMeaning meaning, int day, int endDay, bool lasting, uint source)
    {
        switch (meaning.Kind)
        {
            case MeaningKind.Condition:
                Events.Add(new TimelineEvent
                {
                    Day = day,
                    Code = meaning.Group,
                    Kind = EventKind.Condition,
                    Flags = meaning.Resolved ? EventFlags.Resolved : EventFlags.None,
                    Source = source,
                });
                break;
            case MeaningKind.Social:
                Events.Add(new TimelineEvent
                {
                    Day = day,
                    LengthDays = Length(day, endDay, lasting ? TimelineEvent.Ongoing : (ushort)0),
                    Code = meaning.Group,
                    Kind = EventKind.Social,
                    Flags = meaning.Resolved ? EventFlags.Resolved : EventFlags.None,
                    Source = source,
                });
                break;
            case MeaningKind.Measurement when meaning.IsAnswer:
                Events.Add(new TimelineEvent { Day = day, Code = meaning.Group, Value = meaning.Value, Kind = EventKind.Measurement, Source = source });
                break;
        }
    }

    private void Diagnoses(ReadOnlySpan<byte> json, ClinicalView view, int day, uint source)
    {
        var first = true;
        foreach (var coding in view.Codings)
        {
            if (coding.Slot != CodingSlot.Reason)
            {
                continue;
            }

            var system = SystemOf(json[coding.System]);
            if (system == CodeSystemKind.Icd10 && Pack(json[coding.Code]) is var icd and not 0)
            {
                Events.Add(new TimelineEvent
                {
                    Day = day,
                    Code = icd,
                    Kind = EventKind.Diagnosis,
                    Flags = first ? EventFlags.Primary : EventFlags.None,
                    Source = source,
                });
                first = false;
            }

            foreach (var meaning in _codes.Find(system, json[coding.Code]))
            {
                if (meaning.Kind == MeaningKind.Condition)
                {
                    Meaning(meaning, day, 0, lasting: true, source);
                }
            }
        }
    }

    private static ushort Length(int start, int end, ushort openIs) =>
        end == 0 ? openIs : (ushort)Math.Clamp(end - start, 0, TimelineEvent.Ongoing - 1);

    private uint Pack(ReadOnlySpan<byte> code) => Icd10Code.Pack(Chars(code));

    private ReadOnlySpan<char> Chars(ReadOnlySpan<byte> utf8)
    {
        var length = Encoding.UTF8.GetChars(utf8[..Math.Min(utf8.Length, MaxText)], _text);
        return _text.AsSpan(0, length);
    }

    private bool Contains(ReadOnlySpan<byte> utf8, string word) => Chars(utf8).Contains(word, StringComparison.OrdinalIgnoreCase);
}
