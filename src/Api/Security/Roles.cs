namespace BetterCare.Care.Api.Security;

/// <summary>The roles of the service: what each may do, and for which purposes (docs/access.md).</summary>
public static class Roles
{
    /// <summary>Sends patient data; reads nothing back.</summary>
    public const string DataSupplier = "data-supplier";

    /// <summary>A member of a multidisciplinary team: people of their own practices, with names.</summary>
    public const string Mdt = "mdt";

    /// <summary>Aggregates with small numbers suppressed; never a person.</summary>
    public const string Commissioner = "commissioner";

    /// <summary>One person at a time, by exact number, for a reason.</summary>
    public const string UrgentCare = "urgent-care";

    /// <summary>Runs models; lists with pseudonyms.</summary>
    public const string Analyst = "analyst";

    /// <summary>Operates the service; sees no one.</summary>
    public const string Administrator = "administrator";

    /// <summary>Reads the audit, and tells people who has seen their record.</summary>
    public const string PrivacyOfficer = "privacy-officer";

    /// <summary>Decides who people are: the tracing queue and merges; for the team that looks after the quality of the data.</summary>
    public const string IdentityReviewer = "identity-reviewer";

    /// <summary>An addition to another role: the named team that may look up people with a restricted record.</summary>
    public const string RestrictedRecords = "restricted-records";

    /// <summary>What stands before a role where it is an OAuth scope: <c>care/mdt</c>.</summary>
    public const string ScopePrefix = "care/";

    private static readonly Dictionary<string, (Grant[] Grants, PurposeOfUse[] Purposes)> Known = new(StringComparer.Ordinal)
    {
        [DataSupplier] = ([Grant.SupplyData], [PurposeOfUse.Treatment]),
        [Mdt] = ([Grant.ReadRecords, Grant.ReadLists, Grant.CoordinateCare, Grant.ReadCoverage], [PurposeOfUse.Treatment, PurposeOfUse.CareManagement, PurposeOfUse.PatientRequest]),
        [Commissioner] = ([Grant.ReadCoverage, Grant.SetTargets], [PurposeOfUse.Operations, PurposeOfUse.PublicHealth]),
        [UrgentCare] = ([Grant.UrgentCare], [PurposeOfUse.Emergency]),
        [Analyst] = ([Grant.ReadLists, Grant.RunStratification, Grant.ReadCoverage], [PurposeOfUse.Operations, PurposeOfUse.PublicHealth, PurposeOfUse.Research]),
        [Administrator] = ([Grant.Administer, Grant.RunStratification], [PurposeOfUse.SystemAdministration]),
        [PrivacyOfficer] = ([Grant.ReadAudit], [PurposeOfUse.PatientRequest]),
        [IdentityReviewer] = ([Grant.ResolveIdentity], [PurposeOfUse.Treatment]),
        [RestrictedRecords] = ([], []),
    };

    /// <summary>Every role by name.</summary>
    public static IReadOnlyCollection<string> All => Known.Keys;

    /// <summary>Whether there is a role of this name.</summary>
    public static bool IsKnown(string role) => Known.ContainsKey(role);

    /// <summary>A caller with roles. Without one that grants anything, nothing is granted.</summary>
    /// <param name="name">User or client id.</param>
    /// <param name="roles">Names; unknown ones are passed over.</param>
    /// <param name="practices">ODS codes; null: all.</param>
    /// <param name="scopes">FHIR scopes; null: not limited.</param>
    public static Caller CallerOf(string name, IEnumerable<string> roles, IReadOnlySet<string>? practices, FhirScopes? scopes = null)
    {
        var held = roles.Where(IsKnown).Distinct(StringComparer.Ordinal).ToList();
        var grants = held.SelectMany(r => Known[r].Grants).Append(Grant.None).ToHashSet();
        var purposes = held.SelectMany(r => Known[r].Purposes).Distinct().ToList();
        var fhirOnly = grants.Count == 1 && scopes is not null;
        if (fhirOnly)
        {
            // A back-end client whose scopes are SMART's alone: they say themselves what it may do under /fhir.
            grants.UnionWith(scopes!.Grants);
            purposes = [PurposeOfUse.Treatment];
        }

        return new Caller(name, grants, practices)
        {
            Roles = held,
            Scopes = scopes,
            FhirOnly = fhirOnly,
            SeesRestricted = held.Contains(RestrictedRecords),
            Purposes = purposes.Count == 0 ? [PurposeOfUse.Operations] : purposes,
            Purpose = purposes.Count == 0 ? PurposeOfUse.Operations : purposes[0],
        };
    }
}
