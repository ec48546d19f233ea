using System.Buffers;
using System.Collections.Frozen;
using System.Text;
using BetterCare.Care.Fhir.Structure;

namespace BetterCare.Care.Fhir.Validation;

/// <summary>
/// Checks a narrative: one well-formed XHTML div with the elements and attributes of FHIR's safe subset (txt-1) and something in it
/// to see (txt-2). Narratives are shown in other people's browsers, so scripts, styles from elsewhere, forms and event handlers are
/// refused.
/// </summary>
internal sealed class Xhtml
{
    private const string Allowed =
        "a abbr acronym b big blockquote br caption cite code col colgroup dd dfn div dl dt em h1 h2 h3 h4 h5 h6 hr i img li ol p pre q samp small span strong " +
        "sub sup table tbody td tfoot th thead tr tt ul var address bdo del ins kbd";

    private static readonly NameTable<string> Elements = Table(Allowed);

    private static readonly NameTable<string> Attributes = Table(
        "title style class id lang xml:lang dir accesskey tabindex span width align valign char charoff abbr axis headers scope rowspan colspan alt src height " +
        "href name charset type rel rev hreflang cite datetime border cellpadding cellspacing summary frame rules nowrap start value compact bgcolor color size " +
        "xmlns xml:space shape coords usemap longdesc target");

    private static readonly SearchValues<byte> Space = SearchValues.Create(" \t\r\n"u8);

    private readonly List<(int Start, int Length)> _open = [];

    /// <summary>The invariant that the last text broke.</summary>
    public string Key { get; private set; } = "txt-1";

    public void Reset() => _open.Clear();

    /// <summary>What is wrong with the text, or null.</summary>
    public string? Check(ReadOnlySpan<byte> text)
    {
        _open.Clear();
        Key = "txt-1";
        var at = text.IndexOfAnyExcept(Space);
        if (at < 0 || !text[at..].StartsWith("<div"u8))
        {
            return "div must be one XHTML element: <div xmlns=\"http://www.w3.org/1999/xhtml\">…</div>.";
        }

        var content = false;
        var closed = false;
        while (at < text.Length)
        {
            var open = text[at..].IndexOf((byte)'<');
            var run = open < 0 ? text[at..] : text.Slice(at, open);
            if (run.ContainsAnyExcept(Space))
            {
                if (_open.Count == 0)
                {
                    return "div must hold nothing outside its one <div> element.";
                }

                if (!EntitiesAreSound(run))
                {
                    return "The narrative's XHTML has a & that begins no entity. Write &amp; for it.";
                }

                content = true;
            }

            if (open < 0)
            {
                break;
            }

            at += open;
            var fault = Tag(text, ref at, ref content, ref closed);
            if (fault is not null)
            {
                return fault;
            }
        }

        if (_open.Count > 0)
        {
            return "The narrative's XHTML is not well formed: an element is not closed.";
        }

        Key = "txt-2";
        return content ? null : "The narrative is empty. Put text or an image into the div, or leave text out.";
    }

    private static NameTable<string> Table(string names) => new([.. names.Split(' ').ToFrozenSet(StringComparer.Ordinal).Select(n => (n, n))]);

    private string? Tag(ReadOnlySpan<byte> text, ref int at, ref bool content, ref bool closed)
    {
        const string Malformed = "The narrative's XHTML is not well formed. Close every element and quote every attribute.";
        if (text[at..].StartsWith("<!--"u8))
        {
            var end = text[at..].IndexOf("-->"u8);
            at += end + 3;
            return end < 0 ? Malformed : null;
        }

        at++;
        var isEnd = at < text.Length && text[at] == (byte)'/';
        at += isEnd ? 1 : 0;
        var name = Name(text, ref at);
        if (isEnd)
        {
            SkipSpace(text, ref at);
            if (_open.Count == 0 || at >= text.Length || text[at] != (byte)'>' || !text.Slice(_open[^1].Start, _open[^1].Length).SequenceEqual(name))
            {
                return Malformed;
            }

            at++;
            _open.RemoveAt(_open.Count - 1);
            closed |= _open.Count == 0;
            return null;
        }

        if (Elements.Find(name) is null)
        {
            return "The narrative holds an element that FHIR does not allow there. Allowed are the formatting elements of XHTML, such as p, b, i, ul, li, table; no script, form, style or object.";
        }

        if (_open.Count == 0 && closed)
        {
            return "div must hold nothing outside its one <div> element.";
        }

        content |= name.SequenceEqual("img"u8);
        var start = at - name.Length;
        var fault = AttributesOf(text, ref at);
        if (fault is not null)
        {
            return fault;
        }

        if (at < text.Length && text[at] == (byte)'/')
        {
            at++;
            closed |= _open.Count == 0;
        }
        else
        {
            _open.Add((start, name.Length));
        }

        if (at >= text.Length || text[at] != (byte)'>')
        {
            return Malformed;
        }

        at++;
        return null;

        string? AttributesOf(ReadOnlySpan<byte> text, ref int at)
        {
            while (true)
            {
                SkipSpace(text, ref at);
                if (at >= text.Length || text[at] is (byte)'>' or (byte)'/')
                {
                    return null;
                }

                var attribute = Name(text, ref at);
                SkipSpace(text, ref at);
                if (attribute.IsEmpty || at >= text.Length || text[at++] != (byte)'=')
                {
                    return Malformed;
                }

                SkipSpace(text, ref at);
                if (at >= text.Length || text[at] is not ((byte)'"' or (byte)'\''))
                {
                    return Malformed;
                }

                var quote = text[at++];
                var length = text[at..].IndexOf(quote);
                if (length < 0)
                {
                    return Malformed;
                }

                var value = text.Slice(at, length);
                at += length + 1;
                if ((Attributes.Find(attribute) is null && !attribute.StartsWith("xmlns:"u8)) || IsActive(attribute, value))
                {
                    return "The narrative has an attribute that FHIR does not allow there, such as an event handler or a script address. Remove it.";
                }
            }
        }
    }

    private static bool IsActive(ReadOnlySpan<byte> attribute, ReadOnlySpan<byte> value) =>
        (attribute.SequenceEqual("href"u8) || attribute.SequenceEqual("src"u8))
        && Encoding.UTF8.GetString(value[..Math.Min(value.Length, 64)]).Replace("\t", string.Empty, StringComparison.Ordinal).TrimStart() is var address
        && (address.StartsWith("javascript:", StringComparison.OrdinalIgnoreCase) || address.StartsWith("vbscript:", StringComparison.OrdinalIgnoreCase));

    private static bool EntitiesAreSound(ReadOnlySpan<byte> run)
    {
        for (var ampersand = run.IndexOf((byte)'&'); ampersand >= 0; ampersand = run.IndexOf((byte)'&'))
        {
            run = run[(ampersand + 1)..];
            var semicolon = run.IndexOf((byte)';');
            if (semicolon is <= 0 or > 10)
            {
                return false;
            }
        }

        return true;
    }

    private static ReadOnlySpan<byte> Name(ReadOnlySpan<byte> text, ref int at)
    {
        var start = at;
        while (at < text.Length && (char.IsAsciiLetterOrDigit((char)text[at]) || text[at] is (byte)':' or (byte)'-' or (byte)'_'))
        {
            at++;
        }

        return text[start..at];
    }

    private static void SkipSpace(ReadOnlySpan<byte> text, ref int at)
    {
        while (at < text.Length && Space.Contains(text[at]))
        {
            at++;
        }
    }
}
