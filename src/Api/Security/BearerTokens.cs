using System.Collections.Concurrent;
using System.Text.Json;
using BetterCare.Care.Api.Hosting;
using BetterCare.Care.Api.Http;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace BetterCare.Care.Api.Security;

/// <summary>A token that is not taken, and what to do.</summary>
public sealed record BadToken(string Problem) : CareError(401, "login", Problem);

/// <summary>The keys of an identity provider cannot be had.</summary>
public sealed record IssuerUnavailable() : CareError(503, "transient", "The identity provider of this token cannot be reached just now. Try again in a minute.");

/// <summary>
/// Turns the Authorization header into a caller. Signature, issuer, audience and time are checked once a token; after that a
/// request costs one look-up, until the token expires. Only asymmetric signatures are taken, by name of algorithm, so neither
/// <c>none</c> nor a public key used as a shared secret gets anywhere.
/// </summary>
public sealed class BearerTokens(
    SigningKey signing, ClientRegister clients, PublishedKeys published, PracticeGroups groups, IOptions<AccessOptions> access, IOptions<CareOptions> care, TimeProvider clock)
{
    private const string Scheme = "Bearer ";
    private const int MaxLength = 16 * 1024;
    private const int MaxCached = 10_000;
    private static readonly TimeSpan Skew = TimeSpan.FromSeconds(30);

    // What a client or a user may do is looked at again after this time, whatever the token says.
    private static readonly TimeSpan MaxCacheTime = TimeSpan.FromMinutes(5);

    private static readonly string[] IssuerAlgorithms =
    [
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512, SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.RsaSsaPssSha384,
        SecurityAlgorithms.RsaSsaPssSha512, SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512,
    ];

    private readonly ConcurrentDictionary<string, (Caller Caller, DateTimeOffset Until)> _known = new(StringComparer.Ordinal);
    private readonly JsonWebTokenHandler _handler = new() { MaximumTokenSizeInBytes = MaxLength, MapInboundClaims = false };

    /// <summary>The caller of an Authorization header.</summary>
    public ValueTask<Result<Caller>> ValidateAsync(string authorization, CancellationToken ct)
    {
        if (_known.TryGetValue(authorization, out var known))
        {
            if (known.Until > clock.GetUtcNow())
            {
                return ValueTask.FromResult<Result<Caller>>(known.Caller);
            }

            _known.TryRemove(authorization, out _);
        }

        return new(CheckAsync(authorization, ct));
    }

    /// <summary>Drops what is remembered, after registrations changed.</summary>
    public void Forget() => _known.Clear();

    private async Task<Result<Caller>> CheckAsync(string authorization, CancellationToken ct)
    {
        if (!authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) || authorization.Length > MaxLength)
        {
            return new BadToken("Send Authorization: Bearer and an access token.");
        }

        JsonWebToken token;
        try
        {
            token = _handler.ReadJsonWebToken(authorization[Scheme.Length..].Trim());
        }
        catch (Exception e) when (e is ArgumentException or SecurityTokenException or JsonException or FormatException)
        {
            return new BadToken("This is not a JSON Web Token.");
        }

        var caller = token.Issuer switch
        {
            TokenIssuer.Issuer => await OfClientAsync(token, ct),
            TokenIssuer.DemoIssuer when care.Value.Profile == "demo" => await OfDemoUserAsync(token, ct),
            _ => await OfIssuerAsync(token, ct),
        };
        if (caller.Error is null)
        {
            Remember(authorization, caller.Value, token.ValidTo);
        }

        return caller;
    }

    private void Remember(string authorization, Caller caller, DateTime validTo)
    {
        var now = clock.GetUtcNow();
        if (_known.Count >= MaxCached)
        {
            foreach (var (key, value) in _known)
            {
                if (value.Until <= now)
                {
                    _known.TryRemove(key, out _);
                }
            }

            if (_known.Count >= MaxCached)
            {
                _known.Clear();
            }
        }

        var expires = new DateTimeOffset(validTo, TimeSpan.Zero);
        _known[authorization] = (caller, expires < now + MaxCacheTime ? expires : now + MaxCacheTime);
    }

    private async Task<Result<Caller>> OfClientAsync(JsonWebToken token, CancellationToken ct)
    {
        if (await RefusalAsync(token, TokenIssuer.Issuer, TokenIssuer.Issuer, [signing.Key], [SecurityAlgorithms.EcdsaSha256], TokenIssuer.TokenType) is { } refusal)
        {
            return refusal;
        }

        if (await clients.FindAsync(token.Subject, ct) is not { } client)
        {
            return new BadToken("The client of this token is no longer registered.");
        }

        var practices = await groups.PracticesAsync(client.Practices.Split(' '), client.Places.Split('\n', StringSplitOptions.RemoveEmptyEntries), ct);
        var scopes = Words(token, "scope");
        return Roles.CallerOf($"client:{client.Id}", RolesAmong(scopes), practices, FhirScopes.Parse(scopes)) with { Sources = ClientSources.Of(client) };
    }

    private async Task<Result<Caller>> OfDemoUserAsync(JsonWebToken token, CancellationToken ct) =>
        await RefusalAsync(token, TokenIssuer.DemoIssuer, TokenIssuer.Issuer, [signing.Key], [SecurityAlgorithms.EcdsaSha256], TokenIssuer.TokenType) is { } refusal
            ? refusal
            : Roles.CallerOf(token.Subject, Words(token, "roles"), await groups.PracticesAsync(Words(token, "practices"), [], ct));

    private async Task<Result<Caller>> OfIssuerAsync(JsonWebToken token, CancellationToken ct)
    {
        if (access.Value.Issuers.FirstOrDefault(i => i.Issuer == token.Issuer) is not { } issuer)
        {
            return new BadToken("This service does not know the issuer of this token.");
        }

        var metadata = issuer.MetadataAddress.Length > 0 ? issuer.MetadataAddress : issuer.Issuer.TrimEnd('/') + "/.well-known/openid-configuration";
        var keys = await published.OfIssuerAsync(issuer.Issuer, metadata, token.Kid, ct);
        if (keys is null)
        {
            return new IssuerUnavailable();
        }

        if (await RefusalAsync(token, issuer.Issuer, issuer.Audience, keys, IssuerAlgorithms, null) is { } refusal)
        {
            return refusal;
        }

        if (string.IsNullOrEmpty(token.Subject))
        {
            return new BadToken("The token names nobody: it has no sub.");
        }

        var roles = Words(token, issuer.RoleClaim).Select(r => issuer.RoleNames.TryGetValue(r, out var ours) ? ours : r);
        var practices = await groups.PracticesAsync(Words(token, issuer.PracticeClaim), List(token, issuer.PlaceClaim), ct);
        var scopes = Words(token, "scope").Where(FhirScopes.IsFhir).ToList();
        var caller = Roles.CallerOf($"{token.Subject}@{new Uri(issuer.Issuer).Host}", roles, practices, null);
        var stated = Words(token, "purpose_of_use").Select(PurposesOfUse.Parse).OfType<PurposeOfUse>().Where(caller.Purposes.Contains).ToList();
        return caller with
        {
            Scopes = scopes.Count == 0 ? null : FhirScopes.Parse(scopes),
            Purposes = stated.Count > 0 ? stated : caller.Purposes,
            Purpose = stated.Count > 0 ? stated[0] : caller.Purpose,
        };
    }

    /// <summary>Why a token is not taken; null: it is.</summary>
    private async Task<CareError?> RefusalAsync(JsonWebToken token, string issuer, string audience, IEnumerable<SecurityKey> keys, string[] algorithms, string? type)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        var result = await _handler.ValidateTokenAsync(token, new TokenValidationParameters
        {
            ValidIssuer = issuer,
            ValidAudience = audience,
            IssuerSigningKeys = keys.Where(k => k.KeyId == token.Kid),
            TryAllIssuerSigningKeys = false,
            ValidAlgorithms = algorithms,
            ValidTypes = type is null ? null : [type],
            RequireSignedTokens = true,
            RequireExpirationTime = true,
            LifetimeValidator = (from, to, _, _) => to is { } until && until + Skew > now && (from is null || from.Value - Skew <= now),
        });
        return result.IsValid ? null : new BadToken(result.Exception switch
        {
            SecurityTokenInvalidLifetimeException => "The token has expired, or is not valid yet: ask for a new one.",
            SecurityTokenInvalidAudienceException => "The token is for another service.",
            _ => "The token is not valid.",
        });
    }

    private static IEnumerable<string> RolesAmong(IEnumerable<string> scopes) =>
        scopes.Where(s => s.StartsWith(Roles.ScopePrefix, StringComparison.Ordinal)).Select(s => s[Roles.ScopePrefix.Length..]);

    /// <summary>A claim as a list: an array, or text with spaces or commas between.</summary>
    private static List<string> Words(JsonWebToken token, string claim) =>
        [.. List(token, claim).SelectMany(v => v.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries))];

    private static List<string> List(JsonWebToken token, string claim) => [.. token.Claims.Where(c => c.Type == claim).Select(c => c.Value)];
}
