namespace BetterCare.Care.Api.Security;

/// <summary>Who may come in; section <c>Care:Access</c>, environment <c>Care__Access__…</c> (docs/access.md).</summary>
public sealed class AccessOptions
{
    /// <summary>The address that clients know this service by, such as <c>https://care.example.nhs.uk</c>; empty: as each request says.</summary>
    public string PublicUrl { get; set; } = "";

    /// <summary>PEM file with the EC P-256 private key that signs our tokens, the same for all instances; empty: one is made in the work folder.</summary>
    public string SigningKeyFile { get; set; } = "";

    /// <summary>File with a secret of 32 bytes or more from which pseudonyms are made; empty: one is made in the work folder.</summary>
    public string PseudonymKeyFile { get; set; } = "";

    /// <summary>JSON file of registered clients, beside those registered over HTTP; empty: none.</summary>
    public string ClientsFile { get; set; } = "";

    /// <summary>Identity providers of the people who use the service.</summary>
    public IList<IssuerOptions> Issuers { get; } = [];
}

/// <summary>An OpenID Connect provider.</summary>
public sealed class IssuerOptions
{
    /// <summary>Its issuer identifier, as in the tokens' <c>iss</c>.</summary>
    public string Issuer { get; set; } = "";

    /// <summary>The audience that its tokens for this service carry.</summary>
    public string Audience { get; set; } = "";

    /// <summary>Where its metadata are; empty: <c>{Issuer}/.well-known/openid-configuration</c>.</summary>
    public string MetadataAddress { get; set; } = "";

    /// <summary>The claim that holds roles, as a list or with spaces between.</summary>
    public string RoleClaim { get; set; } = "roles";

    /// <summary>The claim that holds ODS codes of practices; <c>*</c> in it: all. Without the claim (and without places): none.</summary>
    public string PracticeClaim { get; set; } = "practices";

    /// <summary>The claim that holds names of places, localities or neighbourhoods, each standing for its practices.</summary>
    public string PlaceClaim { get; set; } = "places";

    /// <summary>The provider's names of roles, where they are not ours: theirs to ours.</summary>
    public IDictionary<string, string> RoleNames { get; } = new Dictionary<string, string>(StringComparer.Ordinal);
}
