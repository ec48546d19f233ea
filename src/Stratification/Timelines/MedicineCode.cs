namespace BetterCare.Care.Stratification.Timelines;

/// <summary>
/// The code of a medicine event: the <see cref="MedicineGroup"/> in the top byte and a 24-bit hash of the ingredient
/// below it, so that strengths, forms and brands of one ingredient count as one medicine.
/// </summary>
/// <remarks>
/// Groups are found by ingredient words in the name (Data/medicine_names.csv), because code lists of dm+d and RxNorm
/// are not free to redistribute and posted data nearly always carries a name. A site that has lists may pack groups itself.
/// </remarks>
public static class MedicineCode
{
    private static readonly Dictionary<string, MedicineGroup> Words = LoadWords();

    private static readonly Dictionary<string, MedicineGroup>.AlternateLookup<ReadOnlySpan<char>> BySpan =
        Words.GetAlternateLookup<ReadOnlySpan<char>>();

    private static readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> NotSystemic =
        new HashSet<string>(StringComparer.OrdinalIgnoreCase)
        {
            "cream", "ointment", "gel", "eye", "ear", "nasal", "drops", "scalp", "topical", "ophthalmic", "rectal", "enema", "foam", "lotion",
        }.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Packs a group and an ingredient hash.</summary>
    public static uint Pack(MedicineGroup group, uint ingredientHash) => ((uint)group << 24) | (ingredientHash & 0xFFFFFF);

    /// <summary>The group of a packed code.</summary>
    public static MedicineGroup GroupOf(uint code) => (MedicineGroup)(code >> 24);

    /// <summary>
    /// The code of a medicine by its name, for example "Apixaban 5 mg tablets" or "Acetaminophen 325 MG / Oxycodone".
    /// Of several known ingredients the one in the group with the lower number counts, which is the riskier.
    /// A name with no known ingredient gets no group and is told apart by its first word.
    /// </summary>
    /// <param name="name">Display or text as posted.</param>
    /// <returns>0 where the name holds no word.</returns>
    public static uint FromName(ReadOnlySpan<char> name)
    {
        var group = MedicineGroup.None;
        ReadOnlySpan<char> ingredient = default;
        ReadOnlySpan<char> first = default;
        var topical = false;
        for (var i = 0; i < name.Length;)
        {
            if (!char.IsLetter(name[i]))
            {
                i++;
                continue;
            }

            var start = i;
            while (i < name.Length && (char.IsLetter(name[i]) || (name[i] == '-' && i + 1 < name.Length && char.IsLetter(name[i + 1]))))
            {
                i++;
            }

            var word = name[start..i];
            first = first.IsEmpty && word.Length > 2 ? word : first;
            topical |= NotSystemic.Contains(word);
            if (BySpan.TryGetValue(word, out var g) && (group == MedicineGroup.None || g < group))
            {
                group = g;
                ingredient = word;
            }
        }

        if (topical && group is MedicineGroup.OralSteroid or MedicineGroup.Nsaid)
        {
            group = MedicineGroup.None;
        }

        var hashed = ingredient.IsEmpty ? first : ingredient;
        return hashed.IsEmpty ? 0 : Pack(group, Hash(hashed));
    }

    // FNV-1a over lower-case letters, folded to 24 bits; never 0, so that a medicine without a group is still a code.
    private static uint Hash(ReadOnlySpan<char> word)
    {
        var h = 2166136261u;
        foreach (var c in word)
        {
            h = (h ^ char.ToLowerInvariant(c)) * 16777619u;
        }

        h = (h >> 24) ^ (h & 0xFFFFFF);
        return h == 0 ? 1 : h;
    }

    private static Dictionary<string, MedicineGroup> LoadWords()
    {
        var words = new Dictionary<string, MedicineGroup>(StringComparer.OrdinalIgnoreCase);
        foreach (var line in EmbeddedData.Lines("medicine_names.csv"))
        {
            var comma = line.IndexOf(',', StringComparison.Ordinal);
            var group = Enum.Parse<MedicineGroup>(line[..comma]);
            foreach (var word in line[(comma + 1)..].Split(' '))
            {
                words.Add(word, group);
            }
        }

        return words;
    }
}

/// <summary>Groups of medicines by name.</summary>
public static class MedicineGroups
{
    /// <summary>The group of the riskiest ingredient named; <see cref="MedicineGroup.None"/> where none is known.</summary>
    public static MedicineGroup FromName(ReadOnlySpan<char> name) => MedicineCode.GroupOf(MedicineCode.FromName(name));
}
