using System.Globalization;
using System.Security.Cryptography;
using BetterCare.Care.Api.Security;
using Microsoft.AspNetCore.DataProtection;

namespace BetterCare.Care.Api.Http;

/// <summary>
/// Cursors of the lists under /v1. A place in a list can be somebody's name or age, so a cursor is encrypted and
/// authenticated, as the page links under /fhir are (docs/decisions/0007); it is good for one list, one caller and a day.
/// </summary>
public sealed class ListCursors(IDataProtectionProvider protection, CurrentCaller current, TimeProvider clock)
{
    /// <summary>How long a cursor is good for.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(1);

    /// <summary>The cursor of a place.</summary>
    /// <param name="list">The list and its order: a cursor of another is no good for it.</param>
    /// <param name="place">Where the page ended.</param>
    public string Seal(string list, string place) =>
        Protector(list).Protect($"{clock.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)} {place}");

    /// <summary>Opens a cursor.</summary>
    /// <param name="list">As in <see cref="Seal"/>.</param>
    /// <param name="cursor">As it was given; null: the first page.</param>
    /// <param name="place">Where the page before ended; null: the first page.</param>
    /// <returns>Why it is not taken; null: it is.</returns>
    public CareError? Open(string list, string? cursor, out string? place)
    {
        place = null;
        if (cursor is null)
        {
            return null;
        }

        string text;
        try
        {
            text = Protector(list).Unprotect(cursor);
        }
        catch (Exception e) when (e is CryptographicException or FormatException)
        {
            return new Invalid("cursor", "The cursor is not one that this list, in this order, gave to you. Use next as it was given, or start again without it.");
        }

        var end = text.IndexOf(' ', StringComparison.Ordinal);
        var given = DateTimeOffset.FromUnixTimeSeconds(long.Parse(text.AsSpan(0, end), CultureInfo.InvariantCulture));
        if (clock.GetUtcNow() - given > Lifetime)
        {
            return new Invalid("cursor", "The cursor is more than a day old, and has expired. Start again without it.");
        }

        place = text[(end + 1)..];
        return null;
    }

    private IDataProtector Protector(string list) => protection.CreateProtector("ListCursors.v1", list, current.Caller.Name);
}
