namespace BetterCare.Care.Api.Features.Tracing.Pds;

/// <summary>
/// How to reach the Personal Demographics Service (PDS) FHIR API; section <c>Care:Pds</c>. Without a base address there is no
/// national tracing: people wait in the queue, are matched with those who are here, and everything else goes on.
/// </summary>
public sealed class PdsOptions
{
    /// <summary>Base address, for example <c>https://api.service.nhs.uk/personal-demographics/FHIR/R4</c>; empty: off.</summary>
    public string BaseUrl { get; set; } = "";

    /// <summary>Where access tokens are got, for example <c>https://api.service.nhs.uk/oauth2/token</c>.</summary>
    public string TokenUrl { get; set; } = "";

    /// <summary>The API key of the registered application.</summary>
    public string ApiKey { get; set; } = "";

    /// <summary>Id of the key pair, as registered (<c>kid</c>).</summary>
    public string KeyId { get; set; } = "";

    /// <summary>File with the private RSA key, PEM, PKCS#8 or PKCS#1. A file, not a setting: a secret is not written into settings.</summary>
    public string PrivateKeyFile { get; set; } = "";

    /// <summary>ODS code of the organisation on whose behalf is asked (<c>NHSD-End-User-Organisation-ODS</c>).</summary>
    public string OrganisationOds { get; set; } = "";

    /// <summary>Requests a second that the application may make; PDS allows five.</summary>
    public int RequestsPerSecond { get; set; } = 5;

    /// <summary>Requests under way at once; more wait.</summary>
    public int RequestsAtOnce { get; set; } = 4;

    /// <summary>How long one attempt may take.</summary>
    public TimeSpan AttemptTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Attempts after the first; only reads are repeated.</summary>
    public int Retries { get; set; } = 4;

    /// <summary>First wait before another attempt; doubled each time, with jitter.</summary>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long nothing is sent after too many failures.</summary>
    public TimeSpan BreakFor { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether tracing by PDS is set up.</summary>
    public bool IsOn => BaseUrl.Length > 0;
}
