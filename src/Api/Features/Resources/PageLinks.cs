using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Fhir.Search;
using Microsoft.AspNetCore.DataProtection;

namespace BetterCare.Care.Api.Features.Resources;

/// <summary>What a request for a page asks for: its own parameters, or those that its cursor holds.</summary>
/// <param name="Subject">Whom or what it is about, where the address of a later page does not say it; empty: nobody.</param>
/// <param name="Parameters">The parameters, <c>_cursor</c> opened.</param>
/// <param name="Sealed">The cursor as it was given; null on the first page.</param>
public sealed record PageRequest(string Subject, IReadOnlyList<KeyValuePair<string, string>> Parameters, string? Sealed);

/// <summary>
/// Links to later pages. A link holds the whole request and where the page begins, encrypted and authenticated, and nothing
/// else: so neither NHS numbers nor ids stand in addresses that proxies, browsers and logs keep, and nobody can make a page
/// begin where no page ends. Any instance reads the links of any other.
/// </summary>
public sealed class PageLinks(IDataProtectionProvider protection)
{
    private const string Parameter = "_cursor";

    /// <summary>What a cursor that cannot be read is told.</summary>
    public static readonly Invalid Unreadable = new($"http.{Parameter}", "Use the next link as it was given, and nothing beside it; or start again without _cursor.");

    /// <summary>The link to a later page.</summary>
    /// <param name="address">The address that serves such pages; it must name nobody.</param>
    /// <param name="kind">What is paged: a cursor of one kind is no good for another.</param>
    /// <param name="subject">See <see cref="PageRequest.Subject"/>.</param>
    /// <param name="query">The request as a query string, and where the page begins.</param>
    public string Link(string address, string kind, string subject, string query) => $"{address}?{Parameter}={Protector(kind).Protect($"{subject}\n{query}")}";

    /// <summary>Reads a request for a page.</summary>
    /// <param name="kind">What is paged.</param>
    /// <param name="subject">Whom or what the address names; empty: nobody.</param>
    /// <param name="given">The parameters of the address.</param>
    /// <param name="request">The request; null where its cursor is none of ours.</param>
    public bool TryRead(string kind, string subject, IReadOnlyList<KeyValuePair<string, string>> given, [NotNullWhen(true)] out PageRequest? request)
    {
        request = new PageRequest(subject, given, null);
        var token = given.FirstOrDefault(p => p.Key == Parameter).Value;
        if (token is null)
        {
            return true;
        }

        request = null;
        var shown = given.Where(p => p.Key is "_format" or "_pretty").ToList();
        if (shown.Count + 1 < given.Count || Open(kind, token) is not { } state)
        {
            return false;
        }

        var end = state.IndexOf('\n', StringComparison.Ordinal);
        var kept = QueryText.Parse(state[(end + 1)..]).Where(p => !shown.Exists(s => s.Key == p.Key));
        request = new PageRequest(state[..end], [.. kept, .. shown], token);
        return true;
    }

    private string? Open(string kind, string token)
    {
        try
        {
            return Protector(kind).Unprotect(token);
        }
        catch (Exception e) when (e is CryptographicException or FormatException)
        {
            return null;
        }
    }

    private IDataProtector Protector(string kind) => protection.CreateProtector("PageLinks.v1", kind);
}
