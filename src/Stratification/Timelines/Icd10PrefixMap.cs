namespace BetterCare.Care.Stratification.Timelines;

/// <summary>
/// Values by ICD-10 prefix. Overlapping prefixes (S72 and S720) become disjoint intervals of packed codes, each with
/// all of its values side by side, so that a look-up is a division, an array read and a step or two.
/// </summary>
internal sealed class Icd10PrefixMap<T>
{
    // 37^3: everything after the three-character category in a packed code.
    private const uint CategoryWidth = 37 * 37 * 37;

    private readonly uint[] _from;
    private readonly (int Start, int Count)[] _ranges;
    private readonly T[] _values;
    private readonly ushort[] _firstOfCategory;

    public Icd10PrefixMap(IEnumerable<(string Prefix, T Value)> entries)
    {
        var prefixes = entries.Select(e => (Range: Icd10Code.PrefixRange(e.Prefix), e.Value)).ToList();
        var cuts = new SortedSet<uint> { 0 };
        foreach (var p in prefixes)
        {
            cuts.Add(p.Range.From);
            cuts.Add(p.Range.To);
        }

        _from = [.. cuts];
        _ranges = new (int, int)[_from.Length];
        var values = new List<T>();
        for (var i = 0; i < _from.Length; i++)
        {
            var start = values.Count;
            foreach (var p in prefixes)
            {
                if (p.Range.From <= _from[i] && _from[i] < p.Range.To)
                {
                    values.Add(p.Value);
                }
            }

            _ranges[i] = (start, values.Count - start);
        }

        _values = [.. values];
        _firstOfCategory = new ushort[CategoryWidth];
        var interval = 0;
        for (uint category = 0; category < CategoryWidth; category++)
        {
            while (interval + 1 < _from.Length && _from[interval + 1] <= category * CategoryWidth)
            {
                interval++;
            }

            _firstOfCategory[category] = (ushort)interval;
        }
    }

    /// <summary>All values whose prefix begins the packed code.</summary>
    public ReadOnlySpan<T> Find(uint packed)
    {
        var category = packed / CategoryWidth;
        if (category >= CategoryWidth)
        {
            return default;
        }

        int i = _firstOfCategory[category];
        while (i + 1 < _from.Length && _from[i + 1] <= packed)
        {
            i++;
        }

        var (start, count) = _ranges[i];
        return _values.AsSpan(start, count);
    }
}
