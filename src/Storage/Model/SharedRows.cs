using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Storage.Model;

/// <summary>A number on a list of people who opted out; the person need not be here (yet).</summary>
public sealed class ListedOptOut
{
    /// <summary>The number.</summary>
    public NhsNumber NhsNumber { get; set; }

    /// <summary>Which opt-out.</summary>
    public PersonFlags Kind { get; set; }

    /// <summary>When the latest list with it was taken, Unix milliseconds.</summary>
    public long ListedAt { get; set; }
}

/// <summary>
/// One of the people whom a resource belongs to that is not one person's alone: a Group, an appointment of two, an
/// observation that a carer made. All of them are here, the one under whom it is stored included; a resource of one person
/// has no such rows. Derived from the resource; rebuildable.
/// </summary>
public sealed class ResourcePerson
{
    /// <summary>The person.</summary>
    public long PatientKey { get; set; }

    /// <summary><see cref="Fhir.ResourceType"/> number.</summary>
    public byte Type { get; set; }

    /// <summary>Logical id.</summary>
    public required string Id { get; set; }

    /// <summary>Whether only former versions name the person: kept, because those versions can be read.</summary>
    public bool Former { get; set; }
}

/// <summary>A key of ASP.NET data protection, shared by all instances and kept over restarts.</summary>
public sealed class ProtectionKey
{
    /// <summary>Its name.</summary>
    public required string Name { get; set; }

    /// <summary>The key as data protection writes it.</summary>
    public required string Xml { get; set; }
}
