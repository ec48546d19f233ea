using System.Text.Json;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Ingest;
using BetterCare.Care.Storage.Model;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;

namespace BetterCare.Care.Api.Security;

/// <summary>A client as the deployer's file or an administrator describes it.</summary>
/// <param name="Name">What it is, for people.</param>
/// <param name="Scopes">Everything that it may ask for.</param>
/// <param name="Practices">ODS codes; <c>*</c> in it: all; without codes and places: none.</param>
/// <param name="Places">Names of places, localities or neighbourhoods.</param>
/// <param name="Jwks">Its public keys as a JWK Set.</param>
/// <param name="JwksUrl">Or where they are, https.</param>
/// <param name="Sources">URIs that may stand in <c>meta.source</c> of what it sends, the first where none does; <c>*</c>: any; without: one of its own.</param>
public sealed record ClientDescription(
    string Name, IReadOnlyList<string> Scopes, IReadOnlyList<string>? Practices = null, IReadOnlyList<string>? Places = null, JsonElement? Jwks = null, string? JwksUrl = null,
    IReadOnlyList<string>? Sources = null)
{
    /// <summary>What is wrong with it; null: nothing.</summary>
    public CareError? Unfit()
    {
        if (string.IsNullOrWhiteSpace(Name) || Name.Length > 200)
        {
            return new Invalid("name", "Say what the client is, in up to 200 characters.");
        }

        var unknown = Scopes is null ? -1 : Scopes.ToList().FindIndex(s => !FhirScopes.TryParse(s, out _, out _) && !IsRole(s));
        if (Scopes is null || Scopes.Count == 0 || unknown >= 0)
        {
            return new Invalid($"scopes[{Math.Max(0, unknown)}]", $"A scope is system/Type.cruds (or system/*.cruds), or a role: {string.Join(", ", Roles.All.Select(r => Roles.ScopePrefix + r))}.");
        }

        var unfit = Sources?.ToList().FindIndex(s => s != ClientSources.Any && !ClientSources.IsFit(s)) ?? -1;
        if (unfit >= 0)
        {
            return new Invalid($"sources[{unfit}]", "A source is an absolute URI of up to 200 characters without # and spaces, such as https://gp.example/system; or * for a client that sends for many.");
        }

        if (JwksUrl is not null)
        {
            return Jwks is null && PublishedKeys.IsSafe(JwksUrl) ? null : new Invalid("jwksUrl", "Give the keys themselves (jwks), or an https address of them (jwksUrl), not both.");
        }

        return ClientKeys.Unfit(Jwks);
    }

    /// <summary>As it is stored.</summary>
    public RegisteredClient ToRow(string id, string changedBy, long changedAt) => new()
    {
        Id = id,
        Name = Name,
        Scopes = string.Join(' ', Scopes),
        Practices = string.Join(' ', Practices ?? []),
        Places = string.Join('\n', Places ?? []),
        Sources = string.Join('\n', Sources ?? []),
        Keys = Jwks?.GetRawText() ?? "",
        KeysUrl = JwksUrl ?? "",
        Active = true,
        ChangedBy = changedBy,
        ChangedAt = changedAt,
    };

    private static bool IsRole(string scope) => scope.StartsWith(Roles.ScopePrefix, StringComparison.Ordinal) && Roles.IsKnown(scope[Roles.ScopePrefix.Length..]);
}

/// <summary>As which suppliers a client may write (docs/decisions/0005).</summary>
public static class ClientSources
{
    /// <summary>In a registration: any source, or none; for an engine that sends for many systems.</summary>
    public const string Any = "*";

    private const int MaxLength = 200;

    /// <summary>Whether a URI can be a source.</summary>
    public static bool IsFit(string source) => source is { Length: > 0 and <= MaxLength } && !source.Any(c => char.IsWhiteSpace(c) || char.IsControl(c) || c is '#' or '"' or '\\')
        && Uri.TryCreate(source, UriKind.Absolute, out _) && !source.StartsWith("urn:bettercare:", StringComparison.Ordinal);

    /// <summary>The sources of a client; null: any. Without one of its own it has one that names the client.</summary>
    public static IReadOnlyList<string>? Of(RegisteredClient client)
    {
        var registered = client.Sources.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return registered.Contains(Any, StringComparer.Ordinal) ? null : registered is [] ? [SourceIds.ClientPrefix + client.Id] : registered;
    }
}

/// <summary>What keys a client may register.</summary>
public static class ClientKeys
{
    /// <summary>The algorithms of assertions: SMART's two, and the one that NHS England's platforms sign with.</summary>
    public static readonly string[] Algorithms = [SecurityAlgorithms.RsaSha384, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.RsaSha512];

    private const int MinRsaBits = 2048;

    /// <summary>What is wrong with a JWK Set; null: nothing.</summary>
    public static CareError? Unfit(JsonElement? jwks)
    {
        JsonWebKeySet set;
        try
        {
            set = jwks is { ValueKind: JsonValueKind.Object } json ? JsonWebKeySet.Create(json.GetRawText()) : new JsonWebKeySet();
        }
        catch (Exception e) when (e is ArgumentException or JsonException)
        {
            return new Invalid("jwks", "This is not a JSON Web Key Set (RFC 7517): {\"keys\":[…]}.");
        }

        if (set.Keys.Count is 0 or > 20)
        {
            return new Invalid("jwks.keys", "Give 1 to 20 public keys.");
        }

        for (var i = 0; i < set.Keys.Count; i++)
        {
            var key = set.Keys[i];
            if (new[] { key.D, key.P, key.Q, key.DP, key.DQ, key.QI, key.K }.Any(part => !string.IsNullOrEmpty(part)))
            {
                return new Invalid($"jwks.keys[{i}]", "This is a private key. It is compromised now: make a new pair, and send the public half only.");
            }

            var fits = (key.Kty == "RSA" && key.KeySize >= MinRsaBits) || (key.Kty == "EC" && key.Crv == "P-384");
            if (!fits || string.IsNullOrEmpty(key.Kid))
            {
                return new Invalid($"jwks.keys[{i}]", "A key is RSA of 2048 bits or more (RS384, RS512), or EC P-384 (ES384), and has a kid.");
            }
        }

        return set.Keys.Select(k => k.Kid).Distinct(StringComparer.Ordinal).Count() == set.Keys.Count ? null : new Invalid("jwks.keys", "Each key needs a kid of its own.");
    }
}

/// <summary>The clients that may ask for tokens: those of the deployer's file, and those that an administrator registered.</summary>
public sealed partial class ClientRegister(IDbContextFactory<CareDbContext> contexts, IOptions<AccessOptions> options, ILogger<ClientRegister> log)
{
    private readonly Lock _lock = new();
    private Dictionary<string, RegisteredClient> _ofFile = new(StringComparer.Ordinal);
    private DateTime _fileTime;

    /// <summary>An active client; null where there is none of that id.</summary>
    public async ValueTask<RegisteredClient?> FindAsync(string id, CancellationToken ct)
    {
        if (OfFile().TryGetValue(id, out var client))
        {
            return client;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        return await db.Clients.AsNoTracking().SingleOrDefaultAsync(c => c.Id == id && c.Active, ct);
    }

    /// <summary>The clients of the deployer's file. A file that changed is read again; one that is wrong leaves those before in force.</summary>
    public IReadOnlyDictionary<string, RegisteredClient> OfFile()
    {
        var path = options.Value.ClientsFile;
        if (path.Length == 0 || !File.Exists(path))
        {
            return _ofFile;
        }

        lock (_lock)
        {
            var time = File.GetLastWriteTimeUtc(path);
            if (time == _fileTime)
            {
                return _ofFile;
            }

            _fileTime = time;
            try
            {
                var described = JsonSerializer.Deserialize<Dictionary<string, ClientDescription>>(File.ReadAllBytes(path), JsonSerializerOptions.Web) ?? [];
                var wrong = described.FirstOrDefault(d => d.Value.Unfit() is not null);
                if (wrong.Value is not null)
                {
                    FileWrong(wrong.Key, wrong.Value.Unfit()!.Detail);
                    return _ofFile;
                }

                _ofFile = described.ToDictionary(d => d.Key, d => d.Value.ToRow(d.Key, "clients file", 0), StringComparer.Ordinal);
            }
            catch (Exception e) when (e is JsonException or IOException)
            {
                FileWrong("", "it cannot be read as JSON: an object of client ids");
            }

            return _ofFile;
        }
    }

    [LoggerMessage(1302, LogLevel.Error, "The clients file is wrong at client '{Client}': {Problem}. The clients before stay in force")]
    private partial void FileWrong(string client, string problem);
}
