using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Tests.Stratification.Given;

/// <summary>A small population with every kind of event; the same seed gives the same people.</summary>
internal static class Population
{
    private static readonly string[] Icd10 = ["I500", "J441", "E112", "F03", "S720", "N390", "I21", "C509", "K704"];
    private static readonly string[] Medicines = ["Warfarin", "Insulin", "Morphine", "Omeprazole", "Salbutamol", "Sertraline", "Ramipril", "Amlodipine"];

    public static IEnumerable<PersonTimeline> Of(int people, int seed = 1)
    {
        var random = new Random(seed);
        for (var i = 0; i < people; i++)
        {
            var age = random.Next(10, 100);
            var person = new PersonBuilder().Aged(age).With(f => f with { Sex = (Sex)random.Next(1, 3), DeprivationQuintile = (byte)random.Next(0, 6) });
            person.With(f => f with
            {
                DeathDay = random.Next(60) == 0 ? PersonBuilder.Index.Day - 5 : 0,
                Flags = random.Next(50) == 0 ? PersonFlags.TypeOneOptOut : PersonFlags.None,
            });
            var burden = age / 40.0 * random.NextDouble();
            for (var n = (int)(burden * 2); n > 0; n--)
            {
                person.Admitted(random.Next(1, 1200), random.Next(0, 12), Icd10[random.Next(Icd10.Length)]);
                person.Saw(EventKind.AeAttendance, random.Next(1, 800), (EventFlags)(random.Next(2) * 4));
                person.Has((ConditionGroup)random.Next(1, 38), random.Next(1, 3000));
            }

            for (var n = (int)(burden * 8); n > 0; n--)
            {
                person.Takes(Medicines[random.Next(Medicines.Length)], random.Next(1, 500)).Saw(EventKind.GpContact, random.Next(1, 500));
            }

            person.Measured(MeasurementKind.BodyMassIndex, random.Next(17, 45));
            if (random.NextDouble() < 0.15 * burden)
            {
                person.Admitted(-random.Next(0, 365));
            }

            yield return person.Build(1000 + i);
        }
    }
}
