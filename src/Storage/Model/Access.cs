namespace BetterCare.Care.Storage.Model;

/// <summary>A system that may ask for tokens by its keys (SMART Backend Services).</summary>
public sealed class RegisteredClient
{
    /// <summary>The client id.</summary>
    public required string Id { get; set; }

    /// <summary>What it is, for people.</summary>
    public required string Name { get; set; }

    /// <summary>Everything that it may ask for: <c>care/mdt</c>, <c>system/Observation.rs</c> …, with spaces between.</summary>
    public required string Scopes { get; set; }

    /// <summary>ODS codes of practices, with spaces between; <c>*</c>: all.</summary>
    public string Practices { get; set; } = "";

    /// <summary>Names of places, localities or neighbourhoods whose practices it may see, one a line.</summary>
    public string Places { get; set; } = "";

    /// <summary>As which sources it may write, one a line; <c>*</c>: any; empty: one of its own.</summary>
    public string Sources { get; set; } = "";

    /// <summary>Its public keys, a JSON Web Key Set; empty where <see cref="KeysUrl"/> says.</summary>
    public string Keys { get; set; } = "";

    /// <summary>Where its public keys are; empty where <see cref="Keys"/> holds them.</summary>
    public string KeysUrl { get; set; } = "";

    /// <summary>Whether it may come in.</summary>
    public bool Active { get; set; }

    /// <summary>Who registered or changed it.</summary>
    public required string ChangedBy { get; set; }

    /// <summary>Unix milliseconds.</summary>
    public long ChangedAt { get; set; }
}

/// <summary>A client assertion that has been used: it is taken once, by whichever instance.</summary>
public sealed class UsedAssertion
{
    /// <summary>SHA-256 of client id and <c>jti</c>, base64url.</summary>
    public required string Hash { get; set; }

    /// <summary>When it would have expired anyway, Unix milliseconds: then the row may go.</summary>
    public long ExpiresAt { get; set; }
}
