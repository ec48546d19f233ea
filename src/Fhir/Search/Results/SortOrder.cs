using System.Buffers.Binary;
using System.Text;

namespace BetterCare.Care.Fhir.Search;

/// <summary>One part of an order.</summary>
/// <param name="Parameter">The parameter to sort by.</param>
/// <param name="Descending">Largest first.</param>
public sealed record SortBy(SearchParameter Parameter, bool Descending);

/// <summary>Where a page ended, in an order of one part.</summary>
/// <param name="IsMissing">The resource had no value (or the order is by id alone).</param>
/// <param name="Ticks">For a date: its start, UTC ticks.</param>
/// <param name="Number">For a number or quantity: its value.</param>
/// <param name="Text">For anything else: the text that it sorts by.</param>
/// <param name="Id">The resource's id.</param>
public readonly record struct SortPosition(bool IsMissing, long Ticks, double Number, string Text, string Id)
{
    /// <summary>Prints nothing of the resource.</summary>
    public override string ToString() => "(position)";
}

/// <summary>
/// The order of a search's results. Each resource has a key of bytes, so that comparing bytes is comparing resources,
/// whatever compares them; the id comes last in every key, so no two are equal. Resources without a value come last.
/// Ascending sorts by a resource's smallest value, descending by its largest. Strings sort without case and accents,
/// codes by code, dates by their start, numbers as doubles.
/// </summary>
public sealed class SortOrder
{
    /// <summary>By id alone.</summary>
    public static readonly SortOrder ById = new([]);

    // A longer text would only make longer cursors: equal beginnings are parted by the id.
    private const int MaxTextBytes = 96;

    private const byte Present = 1;
    private const byte Missing = 2;

    private SortOrder(SortBy[] parts) => Parts = parts;

    /// <summary>What is sorted by, first to last; empty for the id alone.</summary>
    public IReadOnlyList<SortBy> Parts { get; }

    /// <summary>Reads <c>_sort</c>: parameters separated by commas, each with a minus for descending.</summary>
    /// <param name="type">The type that is sorted.</param>
    /// <param name="text">The value of <c>_sort</c>.</param>
    /// <param name="reason">Why it cannot be sorted so.</param>
    /// <returns>The order, or null.</returns>
    public static SortOrder? Parse(ResourceType type, string text, out string reason)
    {
        var parts = new List<SortBy>();
        foreach (var item in text.Split(',', StringSplitOptions.TrimEntries))
        {
            var descending = item.StartsWith('-');
            if (SearchParameters.For(type).Find(descending ? item[1..] : item) is not { IsSortable: true } parameter)
            {
                reason = $"Give search parameters of {type.Name()} separated by commas, each with a minus before it for descending; composite and special parameters cannot be sorted by.";
                return null;
            }

            parts.Add(new SortBy(parameter, descending));
        }

        reason = "";
        return new SortOrder([.. parts]);
    }

    /// <summary>The key of a resource in this order.</summary>
    /// <param name="json">The resource.</param>
    public byte[] KeyOf(ReadOnlySpan<byte> json)
    {
        var resource = new JsonView(json);
        var key = new List<byte>(32);
        foreach (var part in Parts)
        {
            var collector = new KeyCollector(part);
            part.Parameter.Visit(resource, ref collector);
            Append(key, collector.Best, part.Descending);
        }

        key.AddRange(resource["id"u8].Text);
        return [.. key];
    }

    /// <summary>
    /// What a cursor says, for a store that keeps an index in this order and seeks in it; null if the order has more than
    /// one part.
    /// </summary>
    /// <param name="cursor">A cursor of this order.</param>
    public SortPosition? Position(PageCursor cursor)
    {
        var key = cursor.Key.Span;
        if (Parts.Count == 0)
        {
            return new SortPosition(true, 0, 0, "", Encoding.UTF8.GetString(key));
        }

        if (Parts.Count > 1 || key.IsEmpty)
        {
            return null;
        }

        if (key[0] == Missing)
        {
            return new SortPosition(true, 0, 0, "", Encoding.UTF8.GetString(key[1..]));
        }

        byte[] value = key[1..].ToArray();
        var isText = Parts[0].Parameter.Type is not (SearchParameterType.Date or SearchParameterType.Number or SearchParameterType.Quantity);
        var length = isText ? Array.IndexOf(value, Parts[0].Descending ? (byte)0xFF : (byte)0) : 8;
        if (length < 0 || length > value.Length)
        {
            return null;
        }

        var id = Encoding.UTF8.GetString(value, isText ? length + 1 : length, value.Length - (isText ? length + 1 : length));
        for (var i = 0; i < length && Parts[0].Descending; i++)
        {
            value[i] = (byte)~value[i];
        }

        if (isText)
        {
            return new SortPosition(false, 0, 0, Encoding.UTF8.GetString(value, 0, length), id);
        }

        var bits = BinaryPrimitives.ReadInt64BigEndian(value);
        return new SortPosition(false, bits, BitConverter.Int64BitsToDouble(bits < 0 ? bits ^ long.MinValue : ~bits), "", id);
    }

    /// <summary>
    /// The key before which, in an order by one date, everything stands that starts earlier than a time (descending: later),
    /// and nothing else.
    /// </summary>
    /// <param name="ticks">UTC ticks.</param>
    public byte[] KeyAt(long ticks)
    {
        var key = new List<byte>(9);
        Append(key, Number(ticks), Parts[0].Descending);
        return [.. key];
    }

    /// <inheritdoc/>
    public override string ToString() => string.Join(',', Parts.Select(p => (p.Descending ? "-" : "") + p.Parameter.Code));

    private static void Append(List<byte> key, byte[]? value, bool descending)
    {
        if (value is null)
        {
            key.Add(Missing);
            return;
        }

        key.Add(Present);
        foreach (var b in value)
        {
            key.Add(descending ? (byte)~b : b);
        }
    }

    private struct KeyCollector(SortBy part) : IElementVisitor
    {
        public byte[]? Best { get; private set; }

        public bool Visit(scoped in Element element)
        {
            if (Encode(part, element) is { } value)
            {
                var order = Best is null ? -1 : value.AsSpan().SequenceCompareTo(Best);
                if (part.Descending ? order > 0 || Best is null : order < 0)
                {
                    Best = value;
                }
            }

            return false;
        }
    }

    private static byte[]? Encode(SortBy part, scoped in Element element)
    {
        var value = element.Value;
        switch (part.Parameter.Type)
        {
            case SearchParameterType.Date:
                return DateInterval.TryRead(value, element.Type, out var interval) ? Number(interval.Start) : null;
            case SearchParameterType.Number or SearchParameterType.Quantity:
                return NumberRange.TryRead(value, element.Type, out var range) ? Number((double)(range.Low > decimal.MinValue ? range.Low : range.High)) : null;
            default:
                return Text(SortText(element));
        }
    }

    private static string SortText(scoped in Element element) => element.Type switch
    {
        FhirType.Coding => element.Value["code"u8].ToString(),
        FhirType.CodeableConcept => ConceptText(element.Value),
        FhirType.Identifier or FhirType.ContactPoint => element.Value["value"u8].ToString(),
        FhirType.Reference => ResourceReference.Parse(element.Value["reference"u8].Text).ToString(),
        FhirType.HumanName => TextFolding.Fold($"{element.Value["family"u8].ToString()} {First(element.Value["given"u8])}") is { Length: > 0 } name ? name : TextFolding.Fold(element.Value["text"u8].ToString()),
        FhirType.Address => TextFolding.Fold($"{element.Value["city"u8].ToString()} {First(element.Value["line"u8])}"),
        FhirType.String => TextFolding.Fold(element.Value.ToString()),
        _ => element.Value.ToString(),
    };

    private static string ConceptText(JsonView concept)
    {
        foreach (var coding in concept["coding"u8].Items)
        {
            if (coding.TryGet("code"u8, out var code))
            {
                return code.ToString();
            }
        }

        return TextFolding.Fold(concept["text"u8].ToString());
    }

    private static string First(JsonView items)
    {
        foreach (var item in items.Items)
        {
            if (item.Exists)
            {
                return item.ToString();
            }
        }

        return "";
    }

    // A zero byte ends the text, so that a shorter one sorts before a longer one whatever follows it in the key.
    private static byte[]? Text(string text)
    {
        if (text.Length == 0)
        {
            return null;
        }

        var utf8 = Encoding.UTF8.GetBytes(text.Replace('\0', ' '));
        return [.. utf8.AsSpan(0, Math.Min(utf8.Length, MaxTextBytes)), 0];
    }

    private static byte[] Number(long value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        return bytes;
    }

    // IEEE doubles order like integers once the sign is folded in.
    private static byte[] Number(double value)
    {
        var bits = BitConverter.DoubleToInt64Bits(value == 0 ? 0 : value);
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, bits < 0 ? ~bits : bits ^ long.MinValue);
        return bytes;
    }
}
