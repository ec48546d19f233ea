namespace BetterCare.Care.Api.Features.Subscriptions;

/// <summary>Settings of notifications; section <c>Care:Subscriptions</c>.</summary>
public sealed class SubscriptionOptions
{
    /// <summary>Addresses that may be notified, each with the secret that signs what is sent to it. Nothing else is ever called.</summary>
    public IList<AllowedEndpoint> Endpoints { get; } = [];

    /// <summary>Signs notifications to this machine (127.0.0.1, ::1, localhost), which are allowed when it is set; empty: they are not.</summary>
    public string LoopbackSecret { get; set; } = "";

    /// <summary>How often a notification is tried before it is given up as dead.</summary>
    public int MaxAttempts { get; set; } = 12;

    /// <summary>Seconds before the second attempt; doubled each time, to an hour at most, with jitter.</summary>
    public double FirstRetrySeconds { get; set; } = 30;

    /// <summary>Seconds that an endpoint has to answer.</summary>
    public double TimeoutSeconds { get; set; } = 10;

    /// <summary>Milliseconds before the first of two quick repeats within an attempt; doubled, with jitter.</summary>
    public double QuickRetryMilliseconds { get; set; } = 200;
}

/// <summary>An address that may be notified.</summary>
public sealed class AllowedEndpoint
{
    /// <summary>Scheme, host, port and beginning of the path: <c>https://hie.example/notify/</c>.</summary>
    public string Url { get; set; } = "";

    /// <summary>Shared with the receiver, 16 characters or more.</summary>
    public string Secret { get; set; } = "";
}
