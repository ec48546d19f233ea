using BetterCare.Care.Stratification.Features;
using BetterCare.Care.Stratification.Timelines;
using BetterCare.Care.Tests.Stratification.Given;
using FsCheck;
using FsCheck.Fluent;

namespace BetterCare.Care.Tests.Stratification.Features;

/// <summary>The rule that everything rests on: what is dated on or after the index date cannot change a feature.</summary>
public sealed class NoFutureTests
{
    private static readonly FeatureSet Every = FeatureSet.Of(Predictors.All.Select(p => p.Id));

    private static readonly Gen<TimelineEvent> AnyEvent =
        from day in Gen.Choose(-1500, 600)
        from kind in Gen.Choose(1, 13)
        from condition in Gen.Choose(1, 120)
        from icd10 in Gen.Elements("I500", "J441", "E112", "F03", "S720", "J20", "C509", "K704", "R296", "W19", "N390", "I21")
        from medicine in Gen.Elements("Warfarin", "Insulin", "Morphine", "Omeprazole", "Salbutamol", "Sertraline", "Senna")
        from value in Gen.Choose(0, 200)
        from flags in Gen.Choose(0, 255)
        from length in Gen.Frequency((6, Gen.Choose(0, 30)), (1, Gen.Constant(400)), (1, Gen.Constant((int)TimelineEvent.Ongoing)))
        select new TimelineEvent
        {
            Day = PersonBuilder.Index.Day + day,
            Kind = (EventKind)kind,
            Code = (EventKind)kind switch
            {
                EventKind.Admission or EventKind.Diagnosis => Icd10Code.Pack(icd10),
                EventKind.Medicine => MedicineCode.FromName(medicine),
                EventKind.Measurement => (uint)(condition % 24),
                EventKind.Social => (uint)(condition % 17),
                _ => (uint)condition,
            },
            Value = value,
            Flags = (EventFlags)flags,
            LengthDays = (ushort)length,
        };

    [Fact]
    public void Features_AnyTimeline_AreBlindToTheFuture() =>
        Prop.ForAll(AnyEvent.ArrayOf().Select(Sorted).ToArbitrary(), AnyEvent.ArrayOf().ToArbitrary(), (timeline, other) =>
        {
            var future = other.Where(e => e.Day >= PersonBuilder.Index.Day);
            var past = timeline.Where(e => e.Day < PersonBuilder.Index.Day);

            return SameFeatures(Extract(timeline), Extract(Sorted([.. past, .. future])));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    [Fact]
    public void Features_AnyEnd_OnOrAfterTheIndexDateIsForgotten() =>
        Prop.ForAll(AnyEvent.ArrayOf().Select(Sorted).ToArbitrary(), Gen.Choose(0, 300).ToArbitrary(), (timeline, later) =>
        {
            // Moves every end that lies on or after the index date to another day that does too, and changes what is
            // known of a stay only at its end: the coded diagnosis and whether a care home took the person.
            var moved = timeline.Select(e => e.LengthDays != TimelineEvent.Ongoing && e.Day + e.LengthDays >= PersonBuilder.Index.Day && e.Day < PersonBuilder.Index.Day
                ? e with { LengthDays = (ushort)(PersonBuilder.Index.Day - e.Day + later) }
                : e).Select(e => IsUnfinished(e) ? e with { Code = Icd10Code.Pack("E112"), Flags = e.Flags ^ EventFlags.CareHome } : e).ToArray();

            return SameFeatures(Extract(timeline), Extract(moved));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    [Fact]
    public void Features_DeathAndDepartureAfterTheIndexDate_ChangeNothing()
    {
        var person = new PersonBuilder().Admitted(20, 3, "I500").Takes("Warfarin");
        var before = Extract(person.Build());

        var after = Extract(person.With(f => f with { DeathDay = PersonBuilder.Index.Day + 5, DeregisteredDay = PersonBuilder.Index.Day + 5 }).Build());

        SameFeatures(before, after).ShouldBeTrue();
        Eligibility.Default.Check(person.Build().Facts, PersonBuilder.Index).ShouldBe(ExclusionReason.None);
    }

    private static TimelineEvent[] Sorted(TimelineEvent[] events) => [.. events.OrderBy(e => e.Day).ThenBy(e => e.Kind).ThenBy(e => e.Code)];

    private static float[] Extract(TimelineEvent[] events) => Extract(new PersonBuilder().Build() with { Events = events });

    private static float[] Extract(PersonTimeline person)
    {
        var values = new float[Every.Count];
        Every.Extract(in person, PersonBuilder.Index, new PersonHistory(), values);
        return values;
    }

    private static bool IsUnfinished(TimelineEvent e) =>
        e.Kind == EventKind.Admission && e.Day < PersonBuilder.Index.Day && (e.LengthDays == TimelineEvent.Ongoing || e.Day + e.LengthDays >= PersonBuilder.Index.Day);

    private static bool SameFeatures(float[] a, float[] b) => a.AsSpan().SequenceEqual(b);
}
