using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Identity.Matching;

namespace BetterCare.Care.Api.Features.Tracing.Pds;

/// <summary>What PDS answered, as far as tracing acts on it.</summary>
public abstract record PdsReply
{
    /// <summary>The people found; one at most of an application-restricted search.</summary>
    public sealed record Found(IReadOnlyList<PdsPerson> People) : PdsReply;

    /// <summary>Nobody.</summary>
    public sealed record Nobody : PdsReply;

    /// <summary>More than one (TOO_MANY_MATCHES, which is an HTTP 200).</summary>
    public sealed record TooMany : PdsReply;

    /// <summary>The number was taken out of use (INVALIDATED_RESOURCE).</summary>
    public sealed record Invalidated : PdsReply;

    /// <summary>PDS says that the question itself is wrong; asking again would not help.</summary>
    /// <param name="Status">HTTP status.</param>
    /// <param name="Code">Spine code.</param>
    public sealed record Refused(int Status, string Code) : PdsReply;

    /// <summary>No answer: time-out, overload, fault, or not set up. Ask later.</summary>
    /// <param name="Why">In a few words, without identifiers.</param>
    public sealed record Unavailable(string Why) : PdsReply;
}

/// <summary>A person as PDS tells of them.</summary>
/// <param name="Number">The number in force: not that asked for where it was superseded.</param>
/// <param name="Text">Demographics, for comparing.</param>
/// <param name="Practice">ODS code of the registered practice; empty none, or withheld.</param>
/// <param name="Restricted">Restricted (R or V): address, contacts and practice are withheld.</param>
/// <param name="Deceased">A death is recorded.</param>
/// <param name="Score">Score of the search, 0 to 1; 1 for a read by number.</param>
public sealed record PdsPerson(NhsNumber Number, PersonText Text, string Practice, bool Restricted, bool Deceased, double Score)
{
    /// <summary>Says nothing: it is all personal.</summary>
    public override string ToString() => "(PDS person)";
}

/// <summary>What to search PDS for.</summary>
/// <param name="Person">What is known.</param>
/// <param name="Fuzzy">Whether PDS is to look for what is like it; else by the beginnings of given name and postcode.</param>
public sealed record PdsSearch(PersonText Person, bool Fuzzy);

/// <summary>Asks PDS.</summary>
public interface IPdsClient
{
    /// <summary>Whether there is a PDS to ask.</summary>
    bool IsOn { get; }

    /// <summary>Searches, as PDS's own recipe for tracing says.</summary>
    Task<PdsReply> SearchAsync(PdsSearch search, CancellationToken ct);

    /// <summary>Reads by number; the answer may have another number, which is then the one in force.</summary>
    Task<PdsReply> ReadAsync(NhsNumber number, CancellationToken ct);
}
