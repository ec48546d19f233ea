using System.Text.Json.Serialization;
using BetterCare.Care.Api.Security;
using Microsoft.Extensions.Options;

namespace BetterCare.Care.Api.Features.Access;

/// <summary>Tells clients how to get a token (SMART App Launch 2, <c>.well-known/smart-configuration</c>), and the key that tokens are signed with.</summary>
public static class SmartConfiguration
{
    /// <summary>The document.</summary>
    public sealed record Document(
        [property: JsonPropertyName("issuer")] string Issuer,
        [property: JsonPropertyName("jwks_uri")] string JwksUri,
        [property: JsonPropertyName("token_endpoint")] string TokenEndpoint,
        [property: JsonPropertyName("token_endpoint_auth_methods_supported")] IReadOnlyList<string> Methods,
        [property: JsonPropertyName("token_endpoint_auth_signing_alg_values_supported")] IReadOnlyList<string> Algorithms,
        [property: JsonPropertyName("grant_types_supported")] IReadOnlyList<string> GrantTypes,
        [property: JsonPropertyName("scopes_supported")] IReadOnlyList<string> Scopes,
        [property: JsonPropertyName("capabilities")] IReadOnlyList<string> Capabilities);

    /// <summary>Serves both, at the root and, as SMART has it, under the FHIR base.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/.well-known/smart-configuration", Answer)
            .WithName("SmartConfiguration").WithTags("Access").WithSummary("How clients get a token").Produces<Document>().AllowAnonymous();
        routes.MapGet("/fhir/.well-known/smart-configuration", Answer).ExcludeFromDescription().AllowAnonymous();
        routes.MapGet("/auth/jwks", (SigningKey key) => Results.Json(new { keys = new[] { key.PublicJwk() } }))
            .WithName("SigningKeys").WithTags("Access").WithSummary("The public key that access tokens are signed with, as JWK Set").Produces<object>().AllowAnonymous();
    }

    private static Document Answer(HttpContext http, IOptions<AccessOptions> options)
    {
        var token = IssueToken.AddressOf(http, options.Value);
        return new Document(
            TokenIssuer.Issuer,
            token[..^"token".Length] + "jwks",
            token,
            ["private_key_jwt"],
            ClientKeys.Algorithms,
            ["client_credentials"],
            ["system/*.cruds", "system/*.read", "system/*.write", .. Roles.All.Select(r => Roles.ScopePrefix + r)],
            ["client-confidential-asymmetric", "permission-v1", "permission-v2"]);
    }
}
