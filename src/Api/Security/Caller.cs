using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Api.Security;

/// <summary>Who is asking: a person, a system, or the machine's own operator at the command line.</summary>
/// <param name="Name">As recorded with decisions; a user or client id, never a patient's.</param>
/// <param name="Grants">What the caller may do.</param>
/// <param name="Practices">ODS codes that the caller may see; null: all.</param>
public sealed record Caller(string Name, IReadOnlySet<Grant> Grants, IReadOnlySet<string>? Practices)
{
    private static readonly HashSet<Grant> All = [.. Enum.GetValues<Grant>()];

    /// <summary>The operator at the command line: whoever can run the process can read the file.</summary>
    public static Caller Operator { get; } = new("operator", All, null) { SeesRestricted = true };

    /// <summary>The one user of the demo profile who needs no token, on loopback only.</summary>
    public static Caller Demo { get; } = new("demo-user", All, null) { SeesRestricted = true };

    /// <summary>Nobody.</summary>
    public static Caller Nobody { get; } = new("anonymous", new HashSet<Grant> { Grant.None }, null);

    /// <summary>Resource types and interactions that the token is limited to under /fhir; null: whatever the grants allow.</summary>
    public FhirScopes? Scopes { get; init; }

    /// <summary>Whether the caller belongs to the team that may look up people with a restricted record, by exact number.</summary>
    public bool SeesRestricted { get; init; }

    /// <summary>Sources (<c>meta.source</c> before the #) under which the caller may write, the first where a resource names none; null: any.</summary>
    public IReadOnlyList<string>? Sources { get; init; }

    /// <summary>Why the caller asks; decides which opt-outs hide a person, and is kept with every access.</summary>
    public PurposeOfUse Purpose { get; init; } = PurposeOfUse.Treatment;

    /// <summary>Purposes that the caller may state; the first is meant where none is stated.</summary>
    public IReadOnlyList<PurposeOfUse> Purposes { get; init; } = [PurposeOfUse.Treatment];

    /// <summary>Roles, as design and documents name them; empty for the built-in callers.</summary>
    public IReadOnlyList<string> Roles { get; init; } = [];

    /// <summary>Whether the token carries FHIR scopes only: outside /fhir it opens nothing.</summary>
    public bool FhirOnly { get; init; }

    /// <summary>Flags that hide a person from this caller, whichever way they are asked for.</summary>
    public PersonFlags Hidden => Purpose.Hides() | (SeesRestricted ? PersonFlags.None : PersonFlags.Restricted);

    /// <summary>
    /// Flags that keep a person out of lists: what hides them from the caller, a restricted record, a record that is no longer
    /// active, and a type 1 opt-out, since a list finds cases and is not yet anybody's care.
    /// </summary>
    public PersonFlags HiddenInLists => Hidden | PersonFlags.Restricted | PersonFlags.Inactive | PersonFlags.TypeOneOptOut;

    /// <summary>Whether the caller sees who people are; else lists show pseudonyms.</summary>
    public bool SeesIdentity => Grants.Contains(Grant.ReadRecords);

    /// <summary>Whether the caller may see people of a practice.</summary>
    public bool MaySee(string practiceCode) => Practices is null || Practices.Contains(practiceCode);

    /// <summary>Whether the caller may see a person: by practice, opt-outs and restriction.</summary>
    public bool MaySee(string practiceCode, PersonFlags flags) => (flags & Hidden) == PersonFlags.None && MaySee(practiceCode);
}
