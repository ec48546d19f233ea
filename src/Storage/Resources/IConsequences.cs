using BetterCare.Care.Fhir;

namespace BetterCare.Care.Storage.Resources;

/// <summary>
/// Resources that follow from others: whoever writes the cause, by whatever way, writes the consequence in the same commit.
/// The one writer asks; so it sees every write, one commit after the other.
/// </summary>
public interface IConsequences
{
    /// <summary>Whether something may follow from resources of a type. Asked for every resource: it must be quick.</summary>
    bool Concern(ResourceType type);

    /// <summary>Called before such a commit begins: whatever must be stored beforehand, on another connection, is stored now.</summary>
    Task ReadyAsync(CancellationToken ct);

    /// <summary>What follows from the writes of a commit that is about to be made, deletions included.</summary>
    /// <param name="written">Of the types concerned; their bodies are final.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>Prepared resources, each once; empty: nothing follows.</returns>
    Task<IReadOnlyList<PreparedResource>> OfAsync(IReadOnlyList<PreparedResource> written, CancellationToken ct);
}
