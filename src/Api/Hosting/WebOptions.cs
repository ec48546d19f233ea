namespace BetterCare.Care.Api.Hosting;

/// <summary>How the service meets the network; section <c>Care:Web</c>, environment <c>Care__Web__…</c>.</summary>
public sealed class WebOptions
{
    /// <summary>Requests a second that one client may send for long; 0: unlimited. Not used in the demo profile.</summary>
    public int RequestsPerSecond { get; set; } = 500;

    /// <summary>Requests that one client may send at once before that.</summary>
    public int RequestsAtOnce { get; set; } = 2000;

    /// <summary>Refused sign-ins a minute from one address, after which it is not listened to for a while; 0: unlimited.</summary>
    public int RefusalsPerMinute { get; set; } = 120;

    /// <summary>Longest time for one request, in seconds.</summary>
    public int RequestSeconds { get; set; } = 900;

    /// <summary>Longest time for the headers of a request, in seconds.</summary>
    public int HeaderSeconds { get; set; } = 15;

    /// <summary>Slowest body that is waited for, in bytes a second.</summary>
    public int SlowestBytesPerSecond { get; set; } = 240;

    /// <summary>Connections at once; 0: unlimited.</summary>
    public int Connections { get; set; } = 10_000;

    /// <summary>Seconds that requests under way may take when the service is stopped.</summary>
    public int StopSeconds { get; set; } = 30;

    /// <summary>Origins of web pages that may call the service from a browser, with commas; empty: none.</summary>
    public string CorsOrigins { get; set; } = "";

    /// <summary>Seconds for which browsers are told to use TLS only; sent over TLS alone. 0: not sent.</summary>
    public int HstsSeconds { get; set; } = 31_536_000;
}
