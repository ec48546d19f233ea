using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.IdentityModel.Tokens;

namespace BetterCare.Care.Api.Security;

/// <summary>
/// Public keys that others publish: identity providers by their metadata, clients by a JWK Set of their own. Kept for an hour
/// and fetched anew in the background; while the publisher is down, the keys last seen go on being good. A key that is not
/// known makes one fetch, at most once a minute, so that made-up key ids cost the publisher nothing.
/// </summary>
public sealed partial class PublishedKeys(TimeProvider clock, ILogger<PublishedKeys> log) : IDisposable
{
    private const int MaxBytes = 256 * 1024;
    private static readonly TimeSpan Fresh = TimeSpan.FromHours(1);
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, Source> _sources = new(StringComparer.Ordinal);
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
    {
        Timeout = TimeSpan.FromSeconds(5),
        MaxResponseContentBufferSize = MaxBytes,
    };

    /// <summary>Whether keys may be fetched from an address: https, or this machine itself.</summary>
    public static bool IsSafe(string address) =>
        Uri.TryCreate(address, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback));

    /// <summary>Keys of an identity provider; null while they have never been had.</summary>
    /// <param name="issuer">Its identifier, which its metadata must repeat.</param>
    /// <param name="metadata">Address of its metadata.</param>
    /// <param name="keyId">The key that is wanted.</param>
    /// <param name="ct">Cancels the wait.</param>
    public ValueTask<IReadOnlyList<SecurityKey>?> OfIssuerAsync(string issuer, string metadata, string keyId, CancellationToken ct) =>
        GetAsync(metadata, keyId, token => DiscoverAsync(issuer, metadata, token), ct);

    /// <summary>Keys at the address of a JWK Set; null while they have never been had.</summary>
    public ValueTask<IReadOnlyList<SecurityKey>?> AtAsync(string address, string keyId, CancellationToken ct) =>
        GetAsync(address, keyId, token => KeySetAsync(address, token), ct);

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async ValueTask<IReadOnlyList<SecurityKey>?> GetAsync(string address, string keyId, Func<CancellationToken, Task<IReadOnlyList<SecurityKey>>> fetch, CancellationToken ct)
    {
        var source = _sources.GetOrAdd(address, _ => new Source());
        var now = clock.GetUtcNow();
        if (source.Keys is { } known && known.Any(k => k.KeyId == keyId))
        {
            if (now - source.FetchedAt > Fresh && now - source.TriedAt > Pause)
            {
                _ = RefreshAsync(source, fetch, CancellationToken.None);
            }

            return known;
        }

        await RefreshAsync(source, fetch, ct);
        return source.Keys;
    }

    private async Task RefreshAsync(Source source, Func<CancellationToken, Task<IReadOnlyList<SecurityKey>>> fetch, CancellationToken ct)
    {
        await source.One.WaitAsync(ct);
        try
        {
            var now = clock.GetUtcNow();
            if (now - source.TriedAt < Pause)
            {
                return;
            }

            source.TriedAt = now;
            source.Keys = await fetch(ct);
            source.FetchedAt = now;
        }
        catch (Exception e) when (e is HttpRequestException or JsonException or InvalidOperationException or KeyNotFoundException or ArgumentException
            || (e is TaskCanceledException && !ct.IsCancellationRequested))
        {
            NotFetched(e.GetType().Name);
        }
        finally
        {
            source.One.Release();
        }
    }

    private async Task<IReadOnlyList<SecurityKey>> DiscoverAsync(string issuer, string metadata, CancellationToken ct)
    {
        using var document = JsonDocument.Parse(await _http.GetStringAsync(new Uri(metadata), ct));
        if (document.RootElement.GetProperty("issuer").GetString() != issuer)
        {
            throw new InvalidOperationException("The metadata are another issuer's.");
        }

        var address = document.RootElement.GetProperty("jwks_uri").GetString() ?? "";
        return IsSafe(address) ? await KeySetAsync(address, ct) : throw new InvalidOperationException("The issuer's keys are not at an https address.");
    }

    private async Task<IReadOnlyList<SecurityKey>> KeySetAsync(string address, CancellationToken ct) =>
        [.. JsonWebKeySet.Create(await _http.GetStringAsync(new Uri(address), ct)).GetSigningKeys()];

    [LoggerMessage(1301, LogLevel.Warning, "Public keys of an issuer or client could not be fetched ({Exception}); those last seen stay in use")]
    private partial void NotFetched(string exception);

    private sealed class Source
    {
        public SemaphoreSlim One { get; } = new(1, 1);

        public IReadOnlyList<SecurityKey>? Keys { get; set; }

        public DateTimeOffset FetchedAt { get; set; }

        public DateTimeOffset TriedAt { get; set; }
    }
}
