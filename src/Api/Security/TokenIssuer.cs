using BetterCare.Care.Api.Hosting;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace BetterCare.Care.Api.Security;

/// <summary>Signs access tokens: for registered clients, and in the demo profile for demo users.</summary>
public sealed class TokenIssuer(SigningKey key, IOptions<CareOptions> care, TimeProvider clock)
{
    /// <summary>How long a client's token lives.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    /// <summary>How long a demo user's token lives.</summary>
    public static readonly TimeSpan DemoLifetime = TimeSpan.FromHours(1);

    /// <summary>Issuer and audience of clients' tokens: they are for this service alone.</summary>
    public const string Issuer = "urn:bettercare:care";

    /// <summary>Issuer of demo users' tokens; refused outside the demo profile.</summary>
    public const string DemoIssuer = "urn:bettercare:demo";

    /// <summary>RFC 9068's media type, so that no other token of ours is ever taken for an access token.</summary>
    public const string TokenType = "at+jwt";

    /// <summary>A token for a registered client. What it may see is looked up when it is used, so a change counts at once.</summary>
    /// <param name="client">Client id.</param>
    /// <param name="scope">What was granted, with spaces between.</param>
    public string ForClient(string client, string scope) =>
        Sign(Issuer, Lifetime, new(StringComparer.Ordinal) { ["sub"] = client, ["client_id"] = client, ["scope"] = scope });

    /// <summary>A token for a demo user.</summary>
    /// <param name="roles">Roles.</param>
    /// <param name="practices">ODS codes; null: all.</param>
    /// <exception cref="InvalidOperationException">This is not the demo profile.</exception>
    public string ForDemoUser(IReadOnlyList<string> roles, IReadOnlyList<string>? practices)
    {
        if (care.Value.Profile != "demo")
        {
            throw new InvalidOperationException("Demo users exist in the demo profile only. In production, people bring tokens of your identity provider (docs/access.md).");
        }

        return Sign(DemoIssuer, DemoLifetime, new(StringComparer.Ordinal) { ["sub"] = $"demo-{roles[0]}", ["roles"] = roles, ["practices"] = practices ?? ["*"] });
    }

    private string Sign(string issuer, TimeSpan lifetime, Dictionary<string, object> claims)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        claims["jti"] = Guid.CreateVersion7().ToString();
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = issuer,
            Audience = Issuer,
            IssuedAt = now,
            NotBefore = now,
            Expires = now + lifetime,
            Claims = claims,
            TokenType = TokenType,
            SigningCredentials = new SigningCredentials(key.Key, SecurityAlgorithms.EcdsaSha256),
        });
    }
}
