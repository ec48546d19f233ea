using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Model;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace BetterCare.Care.Api.Features.Access;

/// <summary>
/// Gives a registered client an access token for a signed assertion: OAuth 2 client credentials with <c>private_key_jwt</c>
/// (RFC 7523), as SMART Backend Services asks for it.
/// </summary>
public static partial class IssueToken
{
    private const string AssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    private const int MaxForm = 64 * 1024;
    private const int MaxAssertion = 16 * 1024;
    private const int MaxId = 200;
    private static readonly TimeSpan MaxLife = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Skew = TimeSpan.FromSeconds(30);

    /// <summary>The form as posted, and the address that it was posted to.</summary>
    public sealed record Command(string GrantType, string Type, string Assertion, string Scope, string TokenUrl) : IRequest<Result<Token>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.None;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.None;

        /// <inheritdoc/>
        public override string ToString() => "issue token";
    }

    /// <summary>The answer (RFC 6749, 5.1).</summary>
    public sealed record Token(
        [property: JsonPropertyName("access_token")] string AccessToken,
        [property: JsonPropertyName("token_type")] string TokenType,
        [property: JsonPropertyName("expires_in")] int ExpiresIn,
        [property: JsonPropertyName("scope")] string Scope)
    {
        /// <summary>Masked: a record would print everything.</summary>
        public override string ToString() => "token";
    }

    /// <summary>A refusal (RFC 6749, 5.2).</summary>
    public sealed record Refusal(string Error, string Description) : CareError(Error == "invalid_client" ? 401 : 400, "login", Description);

    /// <summary>A refusal as OAuth writes it.</summary>
    public sealed record RefusalBody([property: JsonPropertyName("error")] string Error, [property: JsonPropertyName("error_description")] string Description);

    /// <summary>Checks the assertion, sees that it is new, and grants what is both asked for and registered.</summary>
    public sealed partial class Handler(ClientRegister clients, PublishedKeys published, TokenIssuer issuer, CareDbContext db, TimeProvider clock, ILogger<Handler> log)
        : IRequestHandler<Command, Result<Token>>
    {
        private static readonly JsonWebTokenHandler Jwt = new() { MaximumTokenSizeInBytes = MaxAssertion, MapInboundClaims = false };

        // The same words whichever it was: who does not hold the key learns neither whether the client exists nor what is wrong.
        private static readonly Refusal NotProved = new("invalid_client", "The client assertion is not valid: check iss, sub, aud, exp, kid, alg and signature (docs/access.md).");

        /// <inheritdoc/>
        public async Task<Result<Token>> Handle(Command request, CancellationToken cancellationToken)
        {
            var token = await IssueAsync(request, cancellationToken);
            AccessMetrics.Token(token.Error is Refusal refusal ? refusal.Error : "issued");
            if (token.Error is Refusal refused)
            {
                Refused(refused.Error);
            }

            return token;
        }

        private async Task<Result<Token>> IssueAsync(Command request, CancellationToken ct)
        {
            if (request.GrantType != "client_credentials")
            {
                return new Refusal("unsupported_grant_type", "The grant type is client_credentials.");
            }

            if (request.Type != AssertionType || request.Assertion.Length is 0 or > MaxAssertion)
            {
                return new Refusal("invalid_request", $"Send client_assertion_type={AssertionType} and client_assertion.");
            }

            if (await ProvedAsync(request, ct) is not { } proved)
            {
                return NotProved;
            }

            var (client, assertion) = proved;
            if (!await UseAsync(client.Id, assertion, ct))
            {
                return new Refusal("invalid_client", "This assertion has been used: sign a new one, with a jti of its own, for each token.");
            }

            var scope = Granted(request.Scope, client.Scopes);
            return scope.Length == 0
                ? new Refusal("invalid_scope", "Ask for scopes that the client is registered for, with spaces between.")
                : new Token(issuer.ForClient(client.Id, scope), "bearer", (int)TokenIssuer.Lifetime.TotalSeconds, scope);
        }

        private async Task<(RegisteredClient Client, JsonWebToken Assertion)?> ProvedAsync(Command request, CancellationToken ct)
        {
            JsonWebToken assertion;
            try
            {
                assertion = Jwt.ReadJsonWebToken(request.Assertion);
            }
            catch (Exception e) when (e is ArgumentException or SecurityTokenException or System.Text.Json.JsonException or FormatException)
            {
                return null;
            }

            var now = clock.GetUtcNow().UtcDateTime;
            if (assertion.Issuer != assertion.Subject || assertion.Subject is not { Length: > 0 and <= MaxId } || assertion.Id is not { Length: > 0 and <= MaxId }
                || assertion.ValidTo > now + MaxLife + Skew || assertion.TryGetPayloadValue<string>("nonce", out _)
                || await clients.FindAsync(assertion.Subject, ct) is not { } client)
            {
                return null;
            }

            var keys = client.KeysUrl.Length > 0 ? await published.AtAsync(client.KeysUrl, assertion.Kid, ct) : [.. JsonWebKeySet.Create(client.Keys).GetSigningKeys()];
            var result = await Jwt.ValidateTokenAsync(assertion, new TokenValidationParameters
            {
                ValidIssuer = client.Id,
                ValidAudience = request.TokenUrl,
                IssuerSigningKeys = keys?.Where(k => k.KeyId == assertion.Kid) ?? [],
                TryAllIssuerSigningKeys = false,
                ValidAlgorithms = ClientKeys.Algorithms,
                RequireSignedTokens = true,
                RequireExpirationTime = true,
                LifetimeValidator = (from, to, _, _) => to is { } until && until > now && (from is null || from.Value - Skew <= now),
            });
            return result.IsValid ? (client, assertion) : null;
        }

        /// <summary>Writes the assertion down; false where it is there already, whichever instance took it.</summary>
        private async Task<bool> UseAsync(string client, JsonWebToken assertion, CancellationToken ct)
        {
            var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
            await db.UsedAssertions.Where(a => a.ExpiresAt < now).ExecuteDeleteAsync(ct);
            var hash = Base64UrlEncoder.Encode(SHA256.HashData(Encoding.UTF8.GetBytes($"{client}\n{assertion.Id}")));
            db.UsedAssertions.Add(new UsedAssertion { Hash = hash, ExpiresAt = new DateTimeOffset(assertion.ValidTo, TimeSpan.Zero).ToUnixTimeMilliseconds() });
            try
            {
                await db.SaveChangesAsync(ct);
                return true;
            }
            catch (DbUpdateException)
            {
                db.ChangeTracker.Clear();
                if (await db.UsedAssertions.AnyAsync(a => a.Hash == hash, ct))
                {
                    return false;
                }

                throw;
            }
        }

        /// <summary>What is both asked for and registered: roles by name, FHIR scopes interaction by interaction.</summary>
        private static string Granted(string asked, string registered)
        {
            var wanted = asked.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            var allowed = registered.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            var roles = wanted.Where(s => s.StartsWith(Roles.ScopePrefix, StringComparison.Ordinal)).Intersect(allowed, StringComparer.Ordinal);
            var fhir = FhirScopes.Parse(wanted).And(FhirScopes.Parse(allowed)).ToString();
            return string.Join(' ', fhir.Length == 0 ? roles : roles.Append(fhir));
        }

        [LoggerMessage(1303, LogLevel.Warning, "Token request refused: {Error}")]
        private partial void Refused(string error);
    }

    /// <summary>The address of the token endpoint: what assertions must name as their audience.</summary>
    public static string AddressOf(HttpContext http, AccessOptions options) =>
        $"{(options.PublicUrl.Length > 0 ? options.PublicUrl.TrimEnd('/') : $"{http.Request.Scheme}://{http.Request.Host}")}/auth/token";

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/auth/token", AnswerAsync)
        .WithName("IssueToken").WithTags("Access").WithSummary("An access token for a registered client, by a signed assertion (SMART Backend Services)")
        .Accepts<object>("application/x-www-form-urlencoded").Produces<Token>().Produces<RefusalBody>(400).Produces<RefusalBody>(401).AllowAnonymous();

    private static async Task<IResult> AnswerAsync(HttpContext http, IMediator mediator, Microsoft.Extensions.Options.IOptions<AccessOptions> options, CancellationToken ct)
    {
        http.Response.Headers.CacheControl = "no-store";
        if (!http.Request.HasFormContentType || http.Request.ContentLength is null or > MaxForm)
        {
            return Refused(new Refusal("invalid_request", "Send a form: Content-Type: application/x-www-form-urlencoded."));
        }

        var form = await http.Request.ReadFormAsync(ct);
        string Field(string name) => form.TryGetValue(name, out var values) && values.Count == 1 ? values[0]! : "";
        var command = new Command(Field("grant_type"), Field("client_assertion_type"), Field("client_assertion"), Field("scope"), AddressOf(http, options.Value));
        return (await mediator.Send(command, ct)).Match(token => Results.Ok(token), Refused);
    }

    private static IResult Refused(CareError error) => error is Refusal refusal
        ? Results.Json(new RefusalBody(refusal.Error, refusal.Detail), statusCode: refusal.Status)
        : Problems.From(error);
}
