using System.Globalization;
using System.Reflection;
using System.Text;

namespace BetterCare.Care.Stratification.Timelines;

/// <summary>The terminology a code comes from.</summary>
public enum CodeSystemKind : byte
{
    /// <summary>Any other; no code of it has a meaning here.</summary>
    Other = 0,

    /// <summary>SNOMED CT, http://snomed.info/sct.</summary>
    Snomed = 1,

    /// <summary>ICD-10, with or without dots.</summary>
    Icd10 = 2,

    /// <summary>LOINC, http://loinc.org, codes and answer codes.</summary>
    Loinc = 3,

    /// <summary>dm+d; no list is free to use here, see <see cref="MedicineCode.FromName"/>.</summary>
    Dmd = 4,

    /// <summary>RxNorm; no list is kept here, see <see cref="MedicineCode.FromName"/>.</summary>
    RxNorm = 5,
}

/// <summary>What kind of timeline event a code makes.</summary>
public enum MeaningKind : byte
{
    /// <summary>A <see cref="ConditionGroup"/>.</summary>
    Condition = 1,

    /// <summary>A <see cref="MeasurementKind"/>.</summary>
    Measurement = 2,

    /// <summary>A <see cref="SocialFact"/>.</summary>
    Social = 3,

    /// <summary>A <see cref="MedicineGroup"/>.</summary>
    Medicine = 4,
}

/// <summary>One meaning of a clinical code; a code may have several (a heart attack is also coronary heart disease).</summary>
/// <param name="Kind">Which enumeration <paramref name="Group"/> belongs to.</param>
/// <param name="Group">The number of the group, measurement or fact.</param>
/// <param name="Resolved">The code says that the condition has resolved or does not apply (event flag Resolved).</param>
/// <param name="Value">For an answer code ("ex-smoker") the value of the measurement; NaN where the value is posted apart.</param>
public readonly record struct CodeMeaning(MeaningKind Kind, ushort Group, bool Resolved, float Value)
{
    /// <summary>Whether the code itself carries the measured value.</summary>
    public bool IsAnswer => !float.IsNaN(Value);
}

/// <summary>
/// What clinical codes mean for stratification: an immutable look-up, safe for any number of threads, that never
/// allocates when asked. Lists, their sources and licences: Data/README.md. A clinician approves them before use.
/// </summary>
public sealed class ClinicalCodes
{
    private readonly Dictionary<ulong, (int Start, int Count)> _exact;
    private readonly CodeMeaning[] _exactMeanings;
    private readonly Icd10PrefixMap<CodeMeaning> _icd10;

    private ClinicalCodes(IEnumerable<(CodeSystemKind System, string Code, CodeMeaning Meaning)> rows)
    {
        var exact = new Dictionary<ulong, List<CodeMeaning>>();
        var prefixes = new List<(string Prefix, CodeMeaning Meaning)>();
        foreach (var (system, code, meaning) in rows)
        {
            if (system == CodeSystemKind.Icd10)
            {
                prefixes.Add((code, meaning));
                continue;
            }

            var key = ExactKey(system, Encoding.ASCII.GetBytes(code));
            if (!exact.TryGetValue(key, out var list))
            {
                exact[key] = list = new List<CodeMeaning>(1);
            }

            list.Add(meaning);
        }

        _exact = new Dictionary<ulong, (int, int)>(exact.Count);
        var flat = new List<CodeMeaning>();
        foreach (var (key, list) in exact)
        {
            _exact[key] = (flat.Count, list.Count);
            flat.AddRange(list);
        }

        _exactMeanings = [.. flat];
        _icd10 = new Icd10PrefixMap<CodeMeaning>(prefixes);
    }

    /// <summary>The lists that ship with the product.</summary>
    public static ClinicalCodes Default { get; } = Load("clinical_codes.csv");

    /// <summary>Number of distinct SNOMED CT and LOINC codes known.</summary>
    public int Count => _exact.Count;

    /// <summary>
    /// The meanings of a code; empty where it has none. ICD-10 codes match by prefix, with or without dots; the others
    /// match exactly.
    /// </summary>
    /// <param name="system">Terminology of the code.</param>
    /// <param name="utf8Code">The code as posted.</param>
    public ReadOnlySpan<CodeMeaning> Find(CodeSystemKind system, ReadOnlySpan<byte> utf8Code)
    {
        if (system == CodeSystemKind.Icd10)
        {
            return FindIcd10(utf8Code);
        }

        var key = ExactKey(system, utf8Code);
        return key != 0 && _exact.TryGetValue(key, out var at) ? _exactMeanings.AsSpan(at.Start, at.Count) : default;
    }

    /// <summary>The meanings of an ICD-10 code packed by <see cref="Icd10Code.Pack"/>.</summary>
    public ReadOnlySpan<CodeMeaning> FindIcd10(uint packed) => _icd10.Find(packed);

    private ReadOnlySpan<CodeMeaning> FindIcd10(ReadOnlySpan<byte> utf8Code)
    {
        Span<char> text = stackalloc char[12];
        if (utf8Code.Length > text.Length)
        {
            return default;
        }

        for (var i = 0; i < utf8Code.Length; i++)
        {
            text[i] = (char)utf8Code[i];
        }

        var packed = Icd10Code.Pack(text[..utf8Code.Length]);
        return packed == 0 ? default : FindIcd10(packed);
    }

    // The system in the top four bits; SNOMED CT identifiers (up to 18 digits) fit into 60 bits as numbers, LOINC
    // codes of up to ten characters at six bits each. 0: cannot be a code of that system.
    private static ulong ExactKey(CodeSystemKind system, ReadOnlySpan<byte> code)
    {
        ulong key = 0;
        if (system == CodeSystemKind.Snomed)
        {
            if (code.Length is 0 or > 18)
            {
                return 0;
            }

            foreach (var c in code)
            {
                if (c is < (byte)'0' or > (byte)'9')
                {
                    return 0;
                }

                key = (key * 10) + (ulong)(c - '0');
            }
        }
        else if (system == CodeSystemKind.Loinc)
        {
            if (code.Length is 0 or > 10)
            {
                return 0;
            }

            foreach (var c in code)
            {
                key = (key << 6) | (c & 0x3Fu);
            }
        }
        else
        {
            return 0;
        }

        return key | ((ulong)system << 60);
    }

    private static ClinicalCodes Load(string resource)
    {
        var rows = new List<(CodeSystemKind, string, CodeMeaning)>(8192);
        foreach (var line in EmbeddedData.Lines(resource))
        {
            // system,code,kind,group,role,value,term,source; the quoted term and the source come after what is needed.
            var f = line.Split(',', 7);
            var kind = Enum.Parse<MeaningKind>(f[2], ignoreCase: true);
            var group = kind switch
            {
                MeaningKind.Condition => (ushort)Enum.Parse<ConditionGroup>(f[3]),
                MeaningKind.Measurement => (ushort)Enum.Parse<MeasurementKind>(f[3]),
                MeaningKind.Social => (ushort)Enum.Parse<SocialFact>(f[3]),
                _ => (ushort)Enum.Parse<MedicineGroup>(f[3]),
            };
            var value = f[5].Length == 0 ? float.NaN : float.Parse(f[5], CultureInfo.InvariantCulture);
            rows.Add((Enum.Parse<CodeSystemKind>(f[0], ignoreCase: true), f[1], new CodeMeaning(kind, group, f[4] is "resolved", value)));
        }

        return new ClinicalCodes(rows);
    }
}

/// <summary>Reads the embedded CSV files, header left out.</summary>
internal static class EmbeddedData
{
    public static Stream Open(string name) =>
        Assembly.GetExecutingAssembly().GetManifestResourceStream(name)
        ?? throw new InvalidOperationException($"The embedded file {name} is missing from the build.");

    public static IEnumerable<string> Lines(string name)
    {
        using var reader = new StreamReader(Open(name), Encoding.UTF8);
        reader.ReadLine();
        while (reader.ReadLine() is { } line)
        {
            if (line.Length > 0)
            {
                yield return line;
            }
        }
    }
}
