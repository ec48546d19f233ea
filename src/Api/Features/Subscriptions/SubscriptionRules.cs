using System.Text.Json;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Search;
using BetterCare.Care.Fhir.Validation;
using Microsoft.Extensions.Options;

namespace BetterCare.Care.Api.Features.Subscriptions;

/// <summary>A Subscription that can be served.</summary>
/// <param name="Search">What it is about.</param>
/// <param name="Endpoint">Whom it notifies.</param>
/// <param name="Headers">What it sends along.</param>
/// <param name="Secret">What signs it.</param>
/// <param name="Ends">When it ends; null: it does not.</param>
public sealed record ServedSubscription(SearchRequest Search, Uri Endpoint, IReadOnlyList<(string Name, string Value)> Headers, string Secret, DateTimeOffset? Ends)
{
    /// <summary>Says the type only: criteria may identify a person, and the secret is one.</summary>
    public override string ToString() => $"subscription to {Search.Type.Name()}";
}

/// <summary>What of R4 Subscriptions is served: rest-hook to allowed endpoints, with ids only, on criteria that one resource can be judged by.</summary>
public sealed class SubscriptionRules(IOptions<SubscriptionOptions> options, TimeProvider clock)
{
    private static readonly string[] Ours = ["host", "content-type", "content-length", "connection", "transfer-encoding", "te", "upgrade", "expect", "keep-alive", "proxy-authorization", SubscriptionSender.SignatureHeader.ToLowerInvariant()];

    /// <summary>Reads a Subscription; or everything that stands in the way of serving it.</summary>
    public (ServedSubscription? Served, IReadOnlyList<Issue> Issues) Read(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement;
        var issues = new List<Issue>();
        var channel = root.TryGetProperty("channel", out var c) && c.ValueKind == JsonValueKind.Object ? c : default;
        var search = Criteria(Text(root, "criteria") ?? "", issues);
        if (Text(channel, "type") != "rest-hook")
        {
            issues.Add(Wrong("Subscription.channel.type", "Notifications are sent by rest-hook only."));
        }

        if (Text(channel, "payload") is not null)
        {
            issues.Add(Wrong("Subscription.channel.payload", "Leave payload out: a notification names the resource, and the receiver reads it with its own access."));
        }

        var (endpoint, secret) = Endpoint(Text(channel, "endpoint"), issues);
        var headers = Headers(channel, issues);
        DateTimeOffset? ends = Text(root, "end") is { } text && DateTimeOffset.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeUniversal, out var end) ? end : null;
        return issues.Count > 0 ? (null, issues) : (new ServedSubscription(search!, endpoint!, headers, secret!, ends), issues);
    }

    private SearchRequest? Criteria(string criteria, List<Issue> issues)
    {
        var question = criteria.IndexOf('?', StringComparison.Ordinal);
        var type = ResourceTypes.Parse(question < 0 ? criteria : criteria[..question]);
        if (type is ResourceType.None or ResourceType.Subscription or ResourceType.Bundle or ResourceType.OperationOutcome or ResourceType.Parameters)
        {
            issues.Add(Wrong("Subscription.criteria", "Criteria are a search without the base, such as Encounter?status=in-progress."));
            return null;
        }

        var search = SearchRequest.Parse(type, question < 0 ? "" : criteria[question..], new SearchOptions { Now = clock.GetUtcNow() });
        issues.AddRange(search.Issues.Where(i => i.IsError).Select(i => i with { Expression = "Subscription.criteria" }));
        if (search.SubSearches.Count > 0 || search.Includes.Count > 0 || search.RevIncludes.Count > 0)
        {
            issues.Add(Wrong("Subscription.criteria", "Criteria are judged by the one resource that changed: leave out chains, _has and includes."));
        }

        return search;
    }

    private (Uri? Endpoint, string? Secret) Endpoint(string? text, List<Issue> issues)
    {
        const string Where = "Subscription.channel.endpoint";
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.UserInfo.Length > 0 || uri.Fragment.Length > 0 || uri.Scheme is not ("https" or "http"))
        {
            issues.Add(Wrong(Where, "Give the address to notify: https, without user or fragment."));
            return default;
        }

        var allowed = options.Value.Endpoints.FirstOrDefault(e => Uri.TryCreate(e.Url, UriKind.Absolute, out var a) && a.Scheme == uri.Scheme && a.Host == uri.Host && a.Port == uri.Port
            && uri.AbsolutePath.StartsWith(a.AbsolutePath, StringComparison.Ordinal));
        if (allowed is not null)
        {
            return (uri, allowed.Secret);
        }

        // By name or number, but never by a name that a name server could point elsewhere.
        if (options.Value.LoopbackSecret.Length > 0 && uri.Host is "127.0.0.1" or "localhost" or "[::1]")
        {
            return (uri, options.Value.LoopbackSecret);
        }

        issues.Add(Wrong(Where, "This address is not on the list of those that may be notified. The operator adds it under Care:Subscriptions:Endpoints."));
        return default;
    }

    private static List<(string Name, string Value)> Headers(JsonElement channel, List<Issue> issues)
    {
        var headers = new List<(string, string)>();
        if (channel.ValueKind == JsonValueKind.Object && channel.TryGetProperty("header", out var list) && list.ValueKind == JsonValueKind.Array)
        {
            foreach (var header in list.EnumerateArray().Select(h => h.GetString() ?? ""))
            {
                var colon = header.IndexOf(':', StringComparison.Ordinal);
                var name = colon < 0 ? "" : header[..colon].Trim();
                if (name.Length == 0 || !name.All(ch => char.IsAsciiLetterOrDigit(ch) || ch is '-' or '_') || header.Any(char.IsControl) || Ours.Contains(name.ToLowerInvariant()))
                {
                    issues.Add(Wrong("Subscription.channel.header", "A header is written Name: value; those that HTTP itself sets are not to be given."));
                    continue;
                }

                headers.Add((name, header[(colon + 1)..].Trim()));
            }
        }

        return headers;
    }

    private static Issue Wrong(string where, string text) => new(IssueSeverity.Error, "business-rule", where, text, "subscription");

    private static string? Text(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
