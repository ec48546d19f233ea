using BetterCare.Care.Synthetic.Reference;

namespace BetterCare.Care.Synthetic.People;

/// <summary>
/// Delays in leaving hospital and unpaid carers. They have dice of their own: what is drawn here changes nothing else of a
/// life. Our own round figures (Data/README.md).
/// </summary>
internal static class SocialTies
{
    private const ulong Delays = 12;
    private const ulong Carer = 13;

    /// <summary>Nobody waits for a place after a stay of fewer nights.</summary>
    private const int FewestNights = 5;

    /// <summary>Some of the old wait in hospital for a place or for help at home: the last days of the stay.</summary>
    public static void AddDelays(CohortPlan plan, Person person)
    {
        var dice = Dice.For(plan.Options.Seed, (ulong)person.Index, Delays);
        var stays = person.Events.Count;
        for (var i = 0; i < stays; i++)
        {
            var stay = person.Events[i];
            var home = stay.Day + stay.Length;
            if (stay.Kind != LifeKind.EmergencyAdmission || stay.Length < FewestNights || stay.Flags.HasFlag(LifeFlags.Open) || stay.Flags.HasFlag(LifeFlags.Died) || person.AgeOn(home) < 65)
            {
                continue;
            }

            var needsHelp = person.Has(Trait.LivesAlone, home) || person.Has(Trait.CarePackage, home) || person.Has(Trait.CareHome, home);
            if (dice.Chance(needsHelp ? 0.22 : 0.1))
            {
                var days = Math.Min(stay.Length - 2, 1 + (int)(8 * dice.Exponential()));
                person.Events.Add(new LifeEvent
                {
                    Kind = LifeKind.SocialService,
                    Day = home - days,
                    Length = (short)days,
                    Second = SocialServices.DelayedTransfer,
                    Practitioner = -1,
                    Parent = -1,
                });
            }
        }
    }

    /// <summary>
    /// Whether somebody cares for the person, unpaid, and since when: since the care package began, or since some day after the
    /// seventieth birthday of one who does not live alone. One record in seven does not say since when (0).
    /// </summary>
    /// <returns>The first day; 0 not told; null nobody.</returns>
    public static int? CarerSince(CohortPlan plan, Person person)
    {
        var last = person.LastDay(plan.Until);
        var old = person.BirthDay + (int)(70 * 365.25);
        var package = person.Has(Trait.CarePackage, last);
        if (!package && (old >= last || person.Has(Trait.LivesAlone, last)))
        {
            return null;
        }

        var dice = Dice.For(plan.Options.Seed, (ulong)person.Index, Carer);
        if (!dice.Chance(0.6))
        {
            return null;
        }

        var since = package ? Math.Max(person.BirthDay, person.Onset[(int)Trait.CarePackage]) : old + dice.Below(last - old);
        return dice.Chance(0.15) ? 0 : since;
    }
}
