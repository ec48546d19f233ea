using BetterCare.Care.Stratification;
using BetterCare.Care.Stratification.Features;
using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Tests.Stratification.Given;

/// <summary>A person, valid by default: a woman of 80 with nothing on record. Days are counted back from the index date.</summary>
internal sealed class PersonBuilder
{
    public static readonly IndexDate Index = IndexDate.Parse("2024-04-01");

    private readonly List<TimelineEvent> _events = [];
    private PersonFacts _facts = new(DayOf(Index.Date.AddYears(-80).AddDays(-10)), 0, 0, 0, Sex.Female, 3, (byte)'A', PersonFlags.None);

    public PersonBuilder Aged(int years) => With(f => f with { BirthDay = DayOf(Index.Date.AddYears(-years).AddDays(-10)) });

    public PersonBuilder With(Func<PersonFacts, PersonFacts> change)
    {
        _facts = change(_facts);
        return this;
    }

    public PersonBuilder Admitted(int daysAgo, int nights = 1, string icd10 = "", EventFlags flags = EventFlags.Emergency) =>
        Add(new TimelineEvent { Day = Index.Day - daysAgo, Kind = EventKind.Admission, Flags = flags, LengthDays = (ushort)nights, Code = icd10.Length == 0 ? 0 : Icd10Code.Pack(icd10) });

    public PersonBuilder Diagnosed(string icd10, int daysAgo = 100) =>
        Add(new TimelineEvent { Day = Index.Day - daysAgo, Kind = EventKind.Diagnosis, Code = Icd10Code.Pack(icd10) });

    public PersonBuilder Has(ConditionGroup group, int daysAgo = 100, bool resolved = false) =>
        Add(new TimelineEvent { Day = Index.Day - daysAgo, Kind = EventKind.Condition, Code = (uint)group, Flags = resolved ? EventFlags.Resolved : EventFlags.None });

    public PersonBuilder Takes(string name, int daysAgo = 20) =>
        Add(new TimelineEvent { Day = Index.Day - daysAgo, Kind = EventKind.Medicine, Code = MedicineCode.FromName(name) });

    public PersonBuilder Measured(MeasurementKind kind, float value, int daysAgo = 30) =>
        Add(new TimelineEvent { Day = Index.Day - daysAgo, Kind = EventKind.Measurement, Code = (uint)kind, Value = value });

    public PersonBuilder Lives(SocialFact fact, int daysAgo = 30, ushort length = TimelineEvent.Ongoing) =>
        Add(new TimelineEvent { Day = Index.Day - daysAgo, Kind = EventKind.Social, Code = (uint)fact, LengthDays = length });

    public PersonBuilder Saw(EventKind kind, int daysAgo, EventFlags flags = EventFlags.None) =>
        Add(new TimelineEvent { Day = Index.Day - daysAgo, Kind = kind, Flags = flags });

    public PersonBuilder Add(TimelineEvent e)
    {
        _events.Add(e);
        return this;
    }

    public PersonTimeline Build(long key = 1) => new(key, _facts, _events.OrderBy(e => e.Day).ThenBy(e => e.Kind).ThenBy(e => e.Code).ToArray());

    public PersonHistory History()
    {
        var history = new PersonHistory();
        var person = Build();
        history.Load(person.Facts, person.Events.Span, Index);
        return history;
    }

    public float Value(string predictor) => Predictors.Find(predictor)!.Compute(History());

    private static int DayOf(DateOnly date) => date.DayNumber;
}
