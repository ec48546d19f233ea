namespace BetterCare.Care.Fhir.Structure;

/// <summary>The codes of one value set that R4 binds as required.</summary>
internal sealed class CodeSet
{
    private static readonly Lazy<Dictionary<string, CodeSet>> All = new(Load);

    private readonly NameTable<string> _codes;
    private readonly Dictionary<string, NameTable<string>> _bySystem;

    private CodeSet(string name, Dictionary<string, List<string>> systems)
    {
        Name = name;
        var codes = systems.Values.SelectMany(c => c).Distinct(StringComparer.Ordinal).ToList();
        Hint = codes.Count <= 16 ? string.Join(", ", codes) : "those of the value set " + name;
        _codes = Table(codes);
        _bySystem = systems.ToDictionary(s => s.Key, s => Table(s.Value), StringComparer.Ordinal);
        SystemHint = string.Join(" or ", systems.Keys);
    }

    public string Name { get; }

    /// <summary>The codes for an error text, or where they are when they are many.</summary>
    public string Hint { get; }

    /// <summary>The code systems for an error text.</summary>
    public string SystemHint { get; }

    /// <summary>The set of a binding's value set, or null when it cannot be listed (media types, UCUM).</summary>
    public static CodeSet? For(string valueSet)
    {
        var bar = valueSet.IndexOf('|', StringComparison.Ordinal);
        return All.Value.GetValueOrDefault(bar < 0 ? valueSet : valueSet[..bar]);
    }

    public bool Contains(ReadOnlySpan<byte> code) => _codes.Find(code) is not null;

    public bool Contains(ReadOnlySpan<byte> system, ReadOnlySpan<byte> code)
    {
        foreach (var (url, codes) in _bySystem)
        {
            if (System.Text.Ascii.Equals(url, system))
            {
                return codes.Find(code) is not null;
            }
        }

        return false;
    }

    private static NameTable<string> Table(List<string> codes) => new([.. codes.Select(c => (c, c))]);

    private static Dictionary<string, CodeSet> Load()
    {
        using var document = Structures.Definition("r4-required-codes.json");
        var sets = new Dictionary<string, CodeSet>(StringComparer.Ordinal);
        foreach (var set in document.RootElement.GetProperty("valueSets").EnumerateObject())
        {
            if (!set.Value.GetProperty("complete").GetBoolean())
            {
                continue;
            }

            var systems = set.Value.GetProperty("systems").EnumerateObject()
                .ToDictionary(s => s.Name, s => s.Value.EnumerateObject().Select(c => c.Name).ToList(), StringComparer.Ordinal);
            sets[set.Name] = new CodeSet(set.Name[(set.Name.LastIndexOf('/') + 1)..], systems);
        }

        return sets;
    }
}
