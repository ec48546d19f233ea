using System.Text;
using BetterCare.Care.Stratification.Timelines;
using BetterCare.Care.Synthetic.Ndjson;
using BetterCare.Care.Synthetic.People;
using BetterCare.Care.Synthetic.Reference;

namespace BetterCare.Care.Synthetic.Timelines;

/// <summary>
/// Turns a life straight into a timeline, as reading its FHIR would: the same late and missing entries, the same codes.
/// One instance per worker.
/// </summary>
internal sealed class TimelineWriter(ResourceText text)
{
    private static readonly CodeMeaning[][][] TraitMeanings = [.. Traits.All.Select(t => t.Snomed.Select(c => Meanings(c.Code)).ToArray())];
    private static readonly CodeMeaning[][] HospitalMeanings =
        [.. HospitalCodes.Packed.Select(p => ClinicalCodes.Default.FindIcd10(p).ToArray().Where(m => m.Kind is MeaningKind.Condition or MeaningKind.Social).ToArray())];

    private static readonly CodeMeaning[] FallMeanings = Meanings("1912002");
    private static readonly uint[] RepeatCodes = [.. Catalogue.Repeats.Select(m => MedicineCode.FromName(m.Text))];
    private static readonly uint[] AcuteCodes = [.. Catalogue.Acute.Select(m => MedicineCode.FromName(m))];

    private readonly ResourceText _text = text;
    private readonly List<TimelineEvent> _events = new(512);

    public PersonTimeline Write(Person person)
    {
        _events.Clear();
        AddTraits(person);
        if (SocialTies.CarerSince(_text.Plan, person) is { } since and not 0)
        {
            var source = (uint)_text.IdOf(person, ResourceText.AdminBase + 4);
            _events.Add(new TimelineEvent { Day = since, Kind = EventKind.Social, Code = (uint)SocialFact.HasCarer, LengthDays = TimelineEvent.Ongoing, Source = source });
        }

        for (var i = 0; i < person.Events.Count; i++)
        {
            Add(person, i);
        }

        var events = _events.ToArray();
        events.AsSpan().Sort(static (a, b) =>
            a.Day != b.Day ? a.Day.CompareTo(b.Day) : a.Kind != b.Kind ? a.Kind.CompareTo(b.Kind) : a.Code.CompareTo(b.Code));
        return new PersonTimeline(person.Index + 1L, Facts(person), events);
    }

    private static PersonFacts Facts(Person person)
    {
        var flags = (person.TypeOneOptOut ? PersonFlags.TypeOneOptOut : PersonFlags.None)
            | (person.NationalOptOut ? PersonFlags.NationalOptOut : PersonFlags.None)
            | (person.Restricted ? PersonFlags.Restricted : PersonFlags.None)
            | (person.DeregisteredDay != 0 && person.DeathDay == 0 ? PersonFlags.Inactive : PersonFlags.None)
            | (person.NumberUnverified ? PersonFlags.None : PersonFlags.NumberVerified);
        return new PersonFacts(
            person.BirthDay,
            person.DeathDay,
            person.RegisteredDay,
            person.DeregisteredDay,
            person.Sex == 0 ? Sex.Female : Sex.Male,
            person.Restricted ? (byte)0 : person.Lsoa.Quintile,
            person.Ethnicity,
            flags);
    }

    private void AddTraits(Person person)
    {
        var last = person.LastDay(_text.Plan.Until);
        foreach (var trait in Traits.All)
        {
            var id = _text.IdOf(person, ResourceText.TraitBase + (int)trait.Trait);
            if (Recording.Of(person, trait, id, last) is { Coded: true } recording)
            {
                AddMeanings(TraitMeanings[(int)trait.Trait][Array.IndexOf(trait.Snomed, recording.Code)], recording.Day, (uint)id);
            }
        }
    }

    // The Encounter tells the primary diagnosis from the first day, the coded Conditions tell all of them at discharge.
    private void AddDiagnosis(Person person, LifeEvent e, uint source)
    {
        var coded = person.Events[e.Parent].Day + person.Events[e.Parent].Length;
        Put(coded, EventKind.Diagnosis, HospitalCodes.Packed[e.Code], EventFlags.None, source);
        AddMeanings(HospitalMeanings[e.Code], coded, source);
        if (e.Second == 1)
        {
            var stay = (uint)_text.IdOf(person, e.Parent);
            Put(e.Day, EventKind.Diagnosis, HospitalCodes.Packed[e.Code], EventFlags.Primary, stay);
            AddMeanings([.. HospitalMeanings[e.Code].Where(m => m.Kind == MeaningKind.Condition)], e.Day, stay);
        }
    }

    private void AddMeanings(CodeMeaning[] meanings, int day, uint source, bool lasting = true)
    {
        foreach (var meaning in meanings)
        {
            var social = meaning.Kind == MeaningKind.Social;
            _events.Add(new TimelineEvent
            {
                Day = day,
                Kind = social ? EventKind.Social : EventKind.Condition,
                Code = meaning.Group,
                LengthDays = social && lasting ? TimelineEvent.Ongoing : (ushort)0,
                Source = source,
            });
        }
    }

    private void Add(Person person, int number)
    {
        var e = person.Events[number];
        var source = (uint)_text.IdOf(person, number);
        switch (e.Kind)
        {
            case LifeKind.EmergencyAdmission or LifeKind.PlannedAdmission or LifeKind.MaternityAdmission:
                AddStay(person, number, e, source);
                break;
            case LifeKind.HospitalDiagnosis:
                AddDiagnosis(person, e, source);
                break;
            case LifeKind.SocialCircumstance:
                AddMeanings(TraitMeanings[e.Code][0], e.Day, source, lasting: false);
                break;
            case LifeKind.AeAttendance:
                Put(
                    e.Day,
                    EventKind.AeAttendance,
                    0,
                    (e.Flags.HasFlag(LifeFlags.Admitted) ? EventFlags.Emergency : EventFlags.None) | (e.Flags.HasFlag(LifeFlags.Ambulance) ? EventFlags.AmbulanceOrHomeVisit : EventFlags.None),
                    source);
                break;
            case LifeKind.OutpatientAttended:
                Put(e.Day, EventKind.Outpatient, 0, EventFlags.None, source);
                break;
            case LifeKind.OutpatientMissed:
                Put(e.Day, EventKind.Outpatient, 0, EventFlags.DidNotAttend, source);
                break;
            case LifeKind.GpContact:
                Put(e.Day, EventKind.GpContact, 0, Home(e), source);
                break;
            case LifeKind.GpMissed:
                Put(e.Day, EventKind.GpContact, 0, EventFlags.DidNotAttend, source);
                break;
            case LifeKind.CommunityContact or LifeKind.MentalHealthContact:
                Put(e.Day, EventKind.CommunityContact, 0, Home(e), source);
                break;
            case LifeKind.SocialCareContact:
                Put(e.Day, EventKind.SocialCareContact, 0, Home(e), source);
                break;
            case LifeKind.Fall:
                AddMeanings(FallMeanings, e.Day, source);
                break;
            case LifeKind.Procedure:
                Put(e.Day, EventKind.Procedure, (uint)Dice.Mix((ulong)e.Code + 1), EventFlags.None, source);
                break;
            case LifeKind.RepeatMedicine:
                Put(e.Day, EventKind.Medicine, RepeatCodes[e.Code], EventFlags.None, source);
                break;
            case LifeKind.AcuteMedicine:
                Put(e.Day, EventKind.Medicine, AcuteCodes[e.Code], EventFlags.None, source);
                break;
            case LifeKind.Measurement:
                AddMeasurement(e, source);
                break;
            case LifeKind.SocialService:
                AddService(person, e, source);
                break;
            default:
                break;
        }
    }

    private void AddStay(Person person, int number, LifeEvent e, uint source)
    {
        var open = e.Flags.HasFlag(LifeFlags.Open);
        var flags = e.Kind switch
        {
            LifeKind.EmergencyAdmission => EventFlags.Emergency,
            LifeKind.MaternityAdmission => EventFlags.Maternity,
            _ => EventFlags.None,
        };
        flags |= open ? EventFlags.Open : EventFlags.None;
        flags |= person.Has(Trait.CareHome, e.Day + (open ? 0 : e.Length)) ? EventFlags.CareHome : EventFlags.None;
        var coded = number + 1 < person.Events.Count && person.Events[number + 1].Kind == LifeKind.HospitalDiagnosis;
        _events.Add(new TimelineEvent
        {
            Day = e.Day,
            Kind = EventKind.Admission,
            Code = coded ? HospitalCodes.Packed[person.Events[number + 1].Code] : 0,
            LengthDays = open ? TimelineEvent.Ongoing : (ushort)e.Length,
            Flags = flags,
            Source = source,
        });
    }

    private void AddMeasurement(LifeEvent e, uint source)
    {
        var (kind, value) = (Measure)e.Code switch
        {
            Measure.BloodPressure => (MeasurementKind.SystolicPressure, e.Value),
            Measure.BodyMassIndex => (MeasurementKind.BodyMassIndex, e.Value),
            Measure.Haemoglobin => (MeasurementKind.Haemoglobin, e.Value),
            Measure.Sodium => (MeasurementKind.Sodium, e.Value),
            Measure.Egfr => (MeasurementKind.Egfr, e.Value),
            Measure.HbA1c => (MeasurementKind.HbA1c, e.Value),
            Measure.Smoking => (MeasurementKind.SmokingStatus, e.Second switch { 2 => SmokingStatus.Current, 1 => SmokingStatus.Ex, _ => SmokingStatus.Never }),
            Measure.AlcoholUnits => (MeasurementKind.AlcoholUnitsPerWeek, e.Value),
            Measure.ClinicalFrailtyScale => (MeasurementKind.ClinicalFrailtyScale, e.Second),
            _ => (MeasurementKind.None, 0f),
        };
        if (kind == MeasurementKind.None)
        {
            return;
        }

        _events.Add(new TimelineEvent { Day = e.Day, Kind = EventKind.Measurement, Code = (uint)kind, Value = value, Source = source });
        if (kind == MeasurementKind.SystolicPressure)
        {
            _events.Add(new TimelineEvent { Day = e.Day, Kind = EventKind.Measurement, Code = (uint)MeasurementKind.DiastolicPressure, Value = e.Second, Source = source });
        }
    }

    private void AddService(Person person, LifeEvent e, uint source)
    {
        var fact = e.Second switch
        {
            SocialServices.Reablement => SocialFact.Reablement,
            SocialServices.HomeCare => SocialFact.PackageOfCare,
            SocialServices.DelayedTransfer => SocialFact.DelayedTransfer,
            _ => SocialFact.CareHomeResident,
        };
        var last = person.LastDay(_text.Plan.Until);
        var ended = person.DeathDay != 0 || person.DeregisteredDay != 0;
        var length = e.Length >= 0 ? (ushort)e.Length : ended ? (ushort)Math.Max(0, last - e.Day) : TimelineEvent.Ongoing;
        _events.Add(new TimelineEvent { Day = e.Day, Kind = EventKind.Social, Code = (uint)fact, LengthDays = length, Source = source });
        if (fact == SocialFact.CareHomeResident)
        {
            _events.Add(new TimelineEvent { Day = e.Day, Kind = EventKind.Social, Code = (uint)SocialFact.CareHomePlacement, LengthDays = length, Source = source });
        }
    }

    private void Put(int day, EventKind kind, uint code, EventFlags flags, uint source) =>
        _events.Add(new TimelineEvent { Day = day, Kind = kind, Code = code, Flags = flags, Source = source });

    private static EventFlags Home(LifeEvent e) => e.Flags.HasFlag(LifeFlags.HomeVisit) ? EventFlags.AmbulanceOrHomeVisit : EventFlags.None;

    private static CodeMeaning[] Meanings(string snomed) =>
        [.. ClinicalCodes.Default.Find(CodeSystemKind.Snomed, Encoding.ASCII.GetBytes(snomed)).ToArray().Where(m => m.Kind is MeaningKind.Condition or MeaningKind.Social)];
}
