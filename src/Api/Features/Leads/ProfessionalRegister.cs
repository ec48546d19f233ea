using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;
using BetterCare.Care.Coordination.Leads;
using BetterCare.Care.Fhir;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Resources;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Leads;

/// <summary>A professional and the name by which people know them.</summary>
public sealed record Registered(Professional Professional, string Name, string? Phone);

/// <summary>
/// The professionals of the place, read from Practitioner, PractitionerRole and Organization. The key of a professional is
/// the Practitioner's id: a person is led by a person.
/// </summary>
public sealed class ProfessionalRegister(ResourceStore resources, IDbContextFactory<CareDbContext> contexts)
{
    /// <summary>Default number of people one professional leads.</summary>
    private const int Capacity = 40;

    private static readonly ResourceType[] Types = [ResourceType.Practitioner, ResourceType.PractitionerRole, ResourceType.Organization];

    private sealed record Snapshot(long Updated, IReadOnlyDictionary<string, Registered> Register);

    private volatile Snapshot? _last;

    /// <summary>The register as it is now; read anew only when one of its resources has changed.</summary>
    public async Task<IReadOnlyDictionary<string, Registered>> ReadAsync(CancellationToken ct)
    {
        var last = await LatestAsync(ct);
        await using var db = await contexts.CreateDbContextAsync(ct);
        var caseloads = (await db.Leads.Where(l => l.State == Storage.Model.LeadState.Confirmed).GroupBy(l => l.PractitionerId).Select(g => new { g.Key, Count = g.Count() }).ToListAsync(ct))
            .ToDictionary(g => g.Key, g => g.Count, StringComparer.Ordinal);
        return caseloads.Count == 0
            ? last.Register
            : last.Register.ToDictionary(
                r => r.Key,
                r => r.Value with { Professional = r.Value.Professional with { Caseload = caseloads.GetValueOrDefault(r.Key) } },
                StringComparer.Ordinal);
    }

    /// <summary>One professional, without counting whom they lead: for those who are in a hurry. Null where not on the register.</summary>
    public async Task<Registered?> FindAsync(string practitioner, CancellationToken ct)
    {
        return (await LatestAsync(ct)).Register.GetValueOrDefault(practitioner);
    }

    private async Task<Snapshot> LatestAsync(CancellationToken ct)
    {
        long updated = 0;
        foreach (var type in Types)
        {
            updated = Math.Max(updated, await resources.LastUpdatedAsync(type, ct));
        }

        var last = _last;
        if (last is null || last.Updated != updated)
        {
            _last = last = new Snapshot(updated, await ReadAllAsync(ct));
        }

        return last;
    }

    private async Task<IReadOnlyDictionary<string, Registered>> ReadAllAsync(CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var places = await db.Practices.AsNoTracking().ToDictionaryAsync(p => p.Code, p => p.Place, StringComparer.Ordinal, ct);
        var organisations = new Dictionary<string, (string Code, string District, bool IsPractice)>(StringComparer.Ordinal);
        await foreach (var o in resources.SharedAsync(ResourceType.Organization, ct))
        {
            using var json = JsonDocument.Parse(o.Body);
            organisations[o.Id] = Organisation(json.RootElement);
        }

        var people = new Dictionary<string, (string Name, bool Active)>(StringComparer.Ordinal);
        await foreach (var p in resources.SharedAsync(ResourceType.Practitioner, ct))
        {
            using var json = JsonDocument.Parse(p.Body);
            people[p.Id] = (NameOf(json.RootElement), !json.RootElement.TryGetProperty("active", out var a) || a.GetBoolean());
        }

        var register = new Dictionary<string, Registered>(StringComparer.Ordinal);
        await foreach (var role in resources.SharedAsync(ResourceType.PractitionerRole, ct))
        {
            using var json = JsonDocument.Parse(role.Body);
            var r = json.RootElement;
            var id = Reference(r, "practitioner", "Practitioner/");
            if (id is null || !people.TryGetValue(id, out var person) || RoleOf(r) is not { } kind)
            {
                continue;
            }

            var organisation = organisations.GetValueOrDefault(Reference(r, "organization", "Organization/") ?? "");
            var code = organisation.Code ?? "";
            var place = places.GetValueOrDefault(code) is { Length: > 0 } known ? known : organisation.District ?? "";
            var professional = new Professional
            {
                Key = id,
                Role = TextOf(r) ?? LeadRoles.InWords(kind.Kind),
                Kind = kind.Kind,
                Sector = kind.Sector,
                Place = place,
                LeadEligible = kind.LeadEligible,
                Organisation = code,
                Practices = organisation.IsPractice ? new[] { code }.ToFrozenSet(StringComparer.Ordinal) : [],
                IsRegistered = person.Active,
                From = Date(r, "start"),
                LastDay = Date(r, "end") ?? LeftWhen(r, role.LastUpdated),
                Capacity = Capacity,
                SevenDayCover = r.TryGetProperty("availableTime", out var times)
                    && times.EnumerateArray().SelectMany(t => t.TryGetProperty("daysOfWeek", out var d) ? d.EnumerateArray().Select(x => x.GetString()) : []).Distinct().Count() == 7,
            };

            // Of several roles of one person the one still held counts.
            if (!register.TryGetValue(id, out var other) || (other.Professional.LastDay is not null && professional.LastDay is null))
            {
                register[id] = new Registered(professional, person.Name, Phone(r));
            }
        }

        return register;
    }

    private static (string Code, string District, bool IsPractice) Organisation(JsonElement o)
    {
        var code = Identifiers(o).FirstOrDefault(i => i.System == Fhir.Nhs.OdsCode.System).Value ?? "";
        var district = o.TryGetProperty("address", out var addresses) && addresses.EnumerateArray().FirstOrDefault() is { ValueKind: JsonValueKind.Object } address
            && address.TryGetProperty("district", out var d) ? d.GetString() ?? "" : "";
        var isPractice = o.TryGetProperty("type", out var types) && types.GetRawText() is var text
            && (text.Contains("\"RO76\"", StringComparison.Ordinal) || text.Contains("GP practice", StringComparison.OrdinalIgnoreCase));
        return (code, district, isPractice);
    }

    private static IEnumerable<(string? System, string? Value)> Identifiers(JsonElement resource) =>
        resource.TryGetProperty("identifier", out var list)
            ? list.EnumerateArray().Select(i => (i.TryGetProperty("system", out var s) ? s.GetString() : null, i.TryGetProperty("value", out var v) ? v.GetString() : null))
            : [];

    private static string NameOf(JsonElement practitioner)
    {
        if (!practitioner.TryGetProperty("name", out var names) || names.GetArrayLength() == 0)
        {
            return "(no name)";
        }

        var name = names[0];
        var parts = (name.TryGetProperty("prefix", out var prefix) ? prefix.EnumerateArray() : default).Select(p => p.GetString())
            .Concat((name.TryGetProperty("given", out var given) ? given.EnumerateArray() : default).Select(g => g.GetString()))
            .Append(name.TryGetProperty("family", out var family) ? family.GetString() : null);
        return string.Join(' ', parts.Where(p => !string.IsNullOrEmpty(p)));
    }

    private static LeadRole? RoleOf(JsonElement role)
    {
        if (role.TryGetProperty("code", out var codes))
        {
            foreach (var concept in codes.EnumerateArray())
            {
                if (concept.TryGetProperty("coding", out var codings))
                {
                    foreach (var coding in codings.EnumerateArray())
                    {
                        if (coding.TryGetProperty("system", out var system) && coding.TryGetProperty("code", out var code)
                            && LeadRoles.Find(system.GetString()!, code.GetString()!) is { } known)
                        {
                            return known;
                        }
                    }
                }

                if (concept.TryGetProperty("text", out var text) && LeadRoles.FindByDisplay(text.GetString()!) is { } named)
                {
                    return named;
                }
            }
        }

        return null;
    }

    private static string? TextOf(JsonElement role) =>
        role.TryGetProperty("code", out var codes) && codes.GetArrayLength() > 0 && codes[0].TryGetProperty("text", out var text) ? text.GetString() : null;

    private static string? Phone(JsonElement role) =>
        role.TryGetProperty("telecom", out var telecom)
            ? telecom.EnumerateArray().FirstOrDefault(t => t.TryGetProperty("system", out var s) && s.ValueEquals("phone")) is { ValueKind: JsonValueKind.Object } phone
                && phone.TryGetProperty("value", out var value) ? value.GetString() : null
            : null;

    private static string? Reference(JsonElement resource, string element, string prefix) =>
        resource.TryGetProperty(element, out var reference) && reference.TryGetProperty("reference", out var text)
            && text.GetString() is { } r && r.StartsWith(prefix, StringComparison.Ordinal) ? r[prefix.Length..] : null;

    /// <summary>A role that is not active any more and names no end ended, at the latest, when that was told.</summary>
    private static DateOnly? LeftWhen(JsonElement role, long told) =>
        role.TryGetProperty("active", out var active) && active.ValueKind == JsonValueKind.False
            ? DateOnly.FromDateTime(DateTimeOffset.FromUnixTimeMilliseconds(told).UtcDateTime).AddDays(-1) : null;

    private static DateOnly? Date(JsonElement role, string end) =>
        role.TryGetProperty("period", out var period) && period.TryGetProperty(end, out var text)
            && DateOnly.TryParseExact(text.GetString()?[..Math.Min(10, text.GetString()!.Length)], "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date)
            ? date : null;
}
