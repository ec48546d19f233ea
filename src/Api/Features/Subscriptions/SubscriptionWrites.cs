using System.Data.Common;
using System.Text;
using System.Text.Json.Nodes;
using BetterCare.Care.Api.Features.Resources;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Fhir;
using BetterCare.Care.Storage.Ingest;
using BetterCare.Care.Storage.Resources;

namespace BetterCare.Care.Api.Features.Subscriptions;

/// <summary>Checks a Subscription, by whatever request it comes, and begins to serve it in the commit that stores it.</summary>
public sealed class SubscriptionWrites(SubscriptionRules rules, ResourceWrites writes, Visibility visibility, CurrentCaller current, TimeProvider clock)
{
    /// <summary>The Subscription, ready to be written and active; or why it cannot be served.</summary>
    /// <param name="json">As posted.</param>
    /// <param name="target">What the request says of it.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<Result<PreparedResource>> CheckAsync(ReadOnlyMemory<byte> json, WriteTarget target, CancellationToken ct)
    {
        var prepared = await writes.PrepareAsync(visibility, ResourceType.Subscription, json, target, ct);
        if (prepared.Error is { } invalid)
        {
            return invalid;
        }

        var (served, issues) = rules.Read(json);
        if (served is null)
        {
            return new InvalidResource(422, issues);
        }

        if (current.Caller.Scopes is { } scopes && !(scopes.Allows(ResourceType.Subscription, FhirAccess.Create) && scopes.Allows(served.Search.Type, FhirAccess.Read)))
        {
            return new NotAllowed($"reading {served.Search.Type.Name()}: a subscription tells only of what its creator may read");
        }

        // Whoever asks is answered by the server: requested becomes active.
        var resource = JsonNode.Parse(json.Span)!.AsObject();
        resource["status"] = (string?)resource["status"] is "off" ? "off" : "active";
        resource.Remove("error");
        var active = await writes.PrepareAsync(visibility, ResourceType.Subscription, Encoding.UTF8.GetBytes(resource.ToJsonString()), target with { Id = prepared.Value.Item!.Id }, ct);
        return active.Error is { } error ? error : active.Value.Item!;
    }

    /// <summary>Looks for events from now on, with the rights of whoever asks now; runs within the commit of the resource.</summary>
    public async Task ServeAsync(DbConnection connection, string id)
    {
        var caller = current.Caller;
        await using var command = connection.CreateCommand();
        command.CommandText = """
            INSERT INTO subscription_state (subscription_id, created_by, practices, hidden_flags, seen_until, events) VALUES (@id, @by, @practices, @hidden, @now, 0)
            ON CONFLICT (subscription_id) DO UPDATE SET created_by=excluded.created_by, practices=excluded.practices, hidden_flags=excluded.hidden_flags
            """;
        Add("id", id);
        Add("by", caller.Name);
        Add("practices", caller.Practices is { } own ? string.Join(' ', own.Order(StringComparer.Ordinal)) : "*");
        Add("hidden", (int)caller.Hidden);
        Add("now", clock.GetUtcNow().ToUnixTimeMilliseconds());
        await command.ExecuteNonQueryAsync();

        void Add(string name, object value)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = name;
            parameter.Value = value;
            command.Parameters.Add(parameter);
        }
    }
}
