using BetterCare.Care.Synthetic.Reference;

namespace BetterCare.Care.Synthetic.People;

/// <summary>How a condition or finding reached the record, if it did: some late, some as words only.</summary>
/// <param name="Code">The SNOMED CT code used.</param>
/// <param name="Day">When it was recorded.</param>
/// <param name="Coded">False: words only.</param>
internal readonly record struct Recording(Coded Code, int Day, bool Coded)
{
    /// <summary>The record of a trait, or null. Circumstances are no such record: they are observed again and again.</summary>
    /// <param name="person">The person.</param>
    /// <param name="trait">Which trait.</param>
    /// <param name="id">The id of the resource that records it; its digits decide.</param>
    /// <param name="last">The last day of the person's record.</param>
    public static Recording? Of(Person person, TraitInfo trait, ulong id, int last)
    {
        var onset = person.Onset[(int)trait.Trait];
        if (onset > last || trait.Kind == TraitKind.Social)
        {
            return null;
        }

        var chance = Dice.Mix(id + 1);
        var code = trait.Snomed[(int)(chance % (ulong)trait.Snomed.Length)];
        var late = (chance >> 20) % 100 < 6 ? 20 + (int)((chance >> 30) % 160) : 0;
        return onset + late > last ? null : new Recording(code, onset + late, (chance >> 50) % 1000 >= 12);
    }
}
