using BetterCare.Care.Fhir.Validation;

namespace BetterCare.Care.Storage.Ingest;

/// <summary>Small replacements in posted bytes; everything between them is kept as it came.</summary>
internal sealed class Splice
{
    private readonly List<(int Start, int Length, byte[] Text)> _edits = [];

    public void Clear() => _edits.Clear();

    public void Replace(TextRange range, byte[] text) => _edits.Add((range.Start, range.Length, text));

    public void Insert(int at, byte[] text) => _edits.Add((at, 0, text));

    /// <summary>Takes out a whole property, given its string value, with the comma that goes with it.</summary>
    public void RemoveProperty(ReadOnlySpan<byte> json, TextRange stringValue)
    {
        // From the value's opening quote back over the colon to the quote that opens the name.
        var start = stringValue.Start - 2;
        while (json[start] != (byte)'"')
        {
            start--;
        }

        start--;
        while (json[start] != (byte)'"')
        {
            start--;
        }

        var end = stringValue.End + 1;
        var after = end;
        while (json[after] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
        {
            after++;
        }

        if (json[after] == (byte)',')
        {
            end = after + 1;
        }
        else
        {
            var before = start - 1;
            while (json[before] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
            {
                before--;
            }

            // A neighbour that is taken out as well has already taken the comma between the two.
            if (json[before] == (byte)',' && !_edits.Exists(e => e.Start <= before && before < e.Start + e.Length))
            {
                start = before;
            }
        }

        _edits.Add((start, end - start, []));
    }

    /// <summary>The text of <paramref name="range"/> with the edits made.</summary>
    public ReadOnlyMemory<byte> Apply(ReadOnlySpan<byte> json, TextRange range, BodyArena? arena)
    {
        _edits.Sort(static (a, b) => a.Start != b.Start ? a.Start.CompareTo(b.Start) : a.Length.CompareTo(b.Length));
        var size = range.Length;
        foreach (var (_, length, text) in _edits)
        {
            size += text.Length - length;
        }

        var kept = arena is null ? new byte[size].AsMemory() : arena.Take(size);
        var result = kept.Span;
        int from = range.Start, to = 0;
        foreach (var (start, length, text) in _edits)
        {
            json[from..start].CopyTo(result[to..]);
            to += start - from;
            text.CopyTo(result[to..]);
            to += text.Length;
            from = start + length;
        }

        json[from..range.End].CopyTo(result[to..]);
        return kept;
    }

    /// <summary>Where the byte at <paramref name="at"/> of the posted text is in the result, after all that is put before it.</summary>
    public int Moved(int at, TextRange range)
    {
        var moved = at - range.Start;
        foreach (var (start, length, text) in _edits)
        {
            if (start + length <= at)
            {
                moved += text.Length - length;
            }
        }

        return moved;
    }
}
