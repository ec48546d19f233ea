using System.Security.Cryptography;
using System.Text;
using BetterCare.Care.Fhir;

namespace BetterCare.Care.Storage.Tracing;

/// <summary>A resource that waits for an NHS number: a Patient who came without one, or what was posted about them.</summary>
public sealed record WaitingItem
{
    /// <summary>The person who waits.</summary>
    public required string PersonId { get; init; }

    /// <summary>Its type.</summary>
    public ResourceType Type { get; init; }

    /// <summary>Logical id; of a Patient the supplier's own.</summary>
    public required string Id { get; init; }

    /// <summary>Who sent it.</summary>
    public int SupplierKey { get; init; }

    /// <summary>The JSON to keep.</summary>
    public required byte[] Body { get; init; }

    /// <summary>Hash of the body.</summary>
    public long ContentHash { get; init; }

    /// <summary>Says the type only: a record would print the body.</summary>
    public override string ToString() => $"waiting {Type.Name()}";

    /// <summary>The opaque id of a person who waits: the same for the same supplier and source id.</summary>
    public static string IdOf(int supplierKey, string sourceId) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{supplierKey}|{sourceId}")))[..32];
}
