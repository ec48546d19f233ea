using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace BetterCare.Care.Fhir.Search;

/// <summary>
/// Where a page ends and the next begins: the key of its last resource. A page starts after a key, not at a row number,
/// so that resources which others add or remove meanwhile make no result appear twice or go missing. The text is
/// base64url; it holds the key in the clear, so a host whose URLs are logged should seal it.
/// </summary>
public sealed class PageCursor
{
    private const int StampBytes = 4;

    private PageCursor(byte[] key, string text)
    {
        Key = key;
        Text = text;
    }

    /// <summary>The key of the last resource of the page before, in the request's <see cref="SortOrder"/>.</summary>
    public ReadOnlyMemory<byte> Key { get; }

    /// <summary>As it stands in <c>_cursor</c>; safe in a URL.</summary>
    public string Text { get; }

    /// <summary>The cursor after a resource.</summary>
    /// <param name="type">The type that is searched.</param>
    /// <param name="order">The order of the results.</param>
    /// <param name="key">The resource's key in that order.</param>
    public static PageCursor After(ResourceType type, SortOrder order, ReadOnlySpan<byte> key)
    {
        byte[] bytes = [.. Stamp(type, order), .. key];
        return new PageCursor(key.ToArray(), Base64Url.EncodeToString(bytes));
    }

    /// <summary>Reads a cursor; false if it is broken or belongs to another type or order.</summary>
    /// <param name="text">The text.</param>
    /// <param name="type">The type that is searched.</param>
    /// <param name="order">The order of the results.</param>
    /// <param name="cursor">The cursor.</param>
    public static bool TryParse(string text, ResourceType type, SortOrder order, [NotNullWhen(true)] out PageCursor? cursor)
    {
        cursor = null;
        if (text.Length > 4096 || !Base64Url.IsValid(text))
        {
            return false;
        }

        var bytes = Base64Url.DecodeFromChars(text);
        if (bytes.Length <= StampBytes || !bytes.AsSpan(0, StampBytes).SequenceEqual(Stamp(type, order)))
        {
            return false;
        }

        cursor = new PageCursor(bytes[StampBytes..], text);
        return true;
    }

    // FNV-1a: keeps a cursor from being used with another order by mistake; it is no protection against malice.
    private static byte[] Stamp(ResourceType type, SortOrder order)
    {
        var hash = 2166136261u;
        foreach (var b in Encoding.UTF8.GetBytes($"{type.Name()}?{order}"))
        {
            hash = (hash ^ b) * 16777619u;
        }

        return [(byte)(hash >> 24), (byte)(hash >> 16), (byte)(hash >> 8), (byte)hash];
    }
}
