using System.Collections.Frozen;
using System.Globalization;

namespace BetterCare.Care.Coordination.Bcf;

/// <summary>The four lists of the composite.</summary>
[Flags]
public enum AvoidableLists
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>NHSOF 2.3.i: chronic ambulatory care sensitive conditions (official codes).</summary>
    ChronicConditions = 1,

    /// <summary>NHSOF 2.3.ii: asthma, diabetes and epilepsy under 19 (stand-in codes).</summary>
    ChildrensLongTerm = 2,

    /// <summary>NHSOF 3a: acute conditions that should not usually need admission (stand-in codes).</summary>
    AcuteConditions = 4,

    /// <summary>NHSOF 3.2: lower respiratory tract infections under 19 (stand-in codes).</summary>
    ChildrensRespiratory = 8,
}

/// <summary>
/// Whether a hospital spell is an avoidable emergency admission of the composite (Data/avoidable_admissions_icd10.csv, filters of
/// CCG OIS 2.6 v1.15: ordinary admission, sex known, age 0 to 120, emergency method, not a transfer).
/// </summary>
public static class AvoidableAdmission
{
    private static readonly FrozenDictionary<string, Entry[]> ByPrefix =
        EmbeddedTable.Read("avoidable_admissions_icd10.csv").Select(Entry.Of).GroupBy(e => e.Code, StringComparer.Ordinal)
            .ToFrozenDictionary(g => g.Key, g => g.ToArray(), StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, Entry[]>.AlternateLookup<ReadOnlySpan<char>> Lookup = ByPrefix.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>In any list: counts once in the composite, however many lists it is in.</summary>
    public static bool Counts(HospitalSpell spell) => Lists(spell) != AvoidableLists.None;

    /// <summary>The lists that a spell is in.</summary>
    public static AvoidableLists Lists(HospitalSpell spell)
    {
        if (!spell.IsEmergency || spell.IsTransfer || spell.PatientClass != 1 || !spell.SexIsKnown || spell.Age is not (>= 0 and <= 120))
        {
            return AvoidableLists.None;
        }

        Span<char> code = stackalloc char[8];
        var length = Normalise(spell.PrimaryDiagnosis, code);
        var lists = AvoidableLists.None;
        for (var prefix = 3; prefix <= Math.Min(length, 4); prefix++)
        {
            if (Lookup.TryGetValue(code[..prefix], out var entries))
            {
                foreach (var entry in entries)
                {
                    lists |= entry.Applies(spell) ? entry.List : AvoidableLists.None;
                }
            }
        }

        return lists;
    }

    private static int Normalise(string raw, Span<char> code)
    {
        var length = 0;
        foreach (var c in raw)
        {
            if (char.IsAsciiLetterOrDigit(c) && length < code.Length)
            {
                code[length++] = char.ToUpperInvariant(c);
            }
        }

        return length;
    }

    private static bool AnyStartsWith(IReadOnlyList<string> codes, string[] prefixes)
    {
        Span<char> code = stackalloc char[8];
        for (var i = 0; i < codes.Count; i++)
        {
            var length = Normalise(codes[i], code);
            foreach (var prefix in prefixes)
            {
                if (code[..length].StartsWith(prefix, StringComparison.Ordinal))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private sealed record Entry(string Code, AvoidableLists List, string[] NeedsSecondary, string[] NotWith, string[] NotWithProcedure, string[] NotWithProcedureFrom2017, int MaxAge)
    {
        private static readonly DateOnly April2017 = new(2017, 4, 1);

        public static Entry Of(string[] f) => new(
            f[2],
            f[0] switch
            {
                "NHSOF_2.3.i" => AvoidableLists.ChronicConditions,
                "NHSOF_2.3.ii_standin" => AvoidableLists.ChildrensLongTerm,
                "NHSOF_3a_standin" => AvoidableLists.AcuteConditions,
                _ => AvoidableLists.ChildrensRespiratory,
            },
            Tokens(f[3]),
            Tokens(f[4]),
            [.. Tokens(f[5]).Where(t => !t.EndsWith('*')).SelectMany(Prefixes)],
            [.. Tokens(f[5]).Where(t => t.EndsWith('*')).Select(t => t.TrimEnd('*'))],
            f[6].Length == 0 ? int.MaxValue : int.Parse(f[6], CultureInfo.InvariantCulture));

        public bool Applies(HospitalSpell spell) =>
            spell.Age <= MaxAge
            && (NeedsSecondary.Length == 0 || AnyStartsWith(spell.SecondaryDiagnoses, NeedsSecondary))
            && (NotWith.Length == 0 || !(AnyStartsWith(spell.SecondaryDiagnoses, NotWith) || AnyStartsWith([spell.PrimaryDiagnosis], NotWith)))
            && (NotWithProcedure.Length == 0 || !AnyStartsWith(spell.Procedures, NotWithProcedure))
            && (NotWithProcedureFrom2017.Length == 0 || spell.Admitted < April2017 || !AnyStartsWith(spell.Procedures, NotWithProcedureFrom2017));

        private static string[] Tokens(string field) => field.Split(' ', StringSplitOptions.RemoveEmptyEntries);

        // "A-T" is a range of chapters, "S41-S45" one of categories; anything else is a prefix itself.
        private static IEnumerable<string> Prefixes(string token)
        {
            if (token.Split('-') is not [var from, var to])
            {
                return [token];
            }

            return from.Length == 1
                ? Enumerable.Range(from[0], to[0] - from[0] + 1).Select(c => ((char)c).ToString())
                : Enumerable.Range(int.Parse(from[1..], CultureInfo.InvariantCulture), int.Parse(to[1..], CultureInfo.InvariantCulture) - int.Parse(from[1..], CultureInfo.InvariantCulture) + 1)
                    .Select(n => from[0] + n.ToString("00", CultureInfo.InvariantCulture));
        }
    }
}
