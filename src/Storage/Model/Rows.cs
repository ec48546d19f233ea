using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Storage.Model;

/// <summary>Who sent a resource (the part of <c>meta.source</c> before the #, or an authenticated client).</summary>
public sealed class Supplier
{
    /// <summary>Key; 1 is the supplier that gives no name.</summary>
    public int SupplierKey { get; set; }

    /// <summary>The URI that names it.</summary>
    public required string Uri { get; set; }
}

/// <summary>A person, as far as lists, filters and runs need one. Derived from the Patient resource; rebuildable.</summary>
public sealed class Patient
{
    /// <summary>Storage key: every patient table begins with it. Never shown.</summary>
    public long PatientKey { get; set; }

    /// <summary>The NHS number.</summary>
    public NhsNumber NhsNumber { get; set; }

    /// <summary>The supplier whose Patient resource is the one shown.</summary>
    public int SupplierKey { get; set; }

    /// <summary>Day of birth (<see cref="DateOnly.DayNumber"/>); 0 not known.</summary>
    public int BirthDay { get; set; }

    /// <summary>Day of death; 0 alive; 1 day not known.</summary>
    public int DeathDay { get; set; }

    /// <summary>First day of registration; 0 not known.</summary>
    public int RegisteredDay { get; set; }

    /// <summary>Last day of registration; 0 still registered.</summary>
    public int DeregisteredDay { get; set; }

    /// <summary>Administrative sex.</summary>
    public Sex Sex { get; set; }

    /// <summary>Deprivation quintile 1 (least) to 5 (most); 0 not known.</summary>
    public byte Deprivation { get; set; }

    /// <summary>NHS ethnic category letter; 0 absent.</summary>
    public byte Ethnicity { get; set; }

    /// <summary>Opt-outs and the like.</summary>
    public PersonFlags Flags { get; set; }

    /// <summary>ODS code of the registered practice; empty where not known.</summary>
    public string PracticeCode { get; set; } = "";

    /// <summary>Family name.</summary>
    public string Family { get; set; } = "";

    /// <summary>Family name without case and accents, for search.</summary>
    public string FamilyFolded { get; set; } = "";

    /// <summary>Given names.</summary>
    public string Given { get; set; } = "";

    /// <summary>Postcode.</summary>
    public string Postcode { get; set; } = "";

    /// <summary>What a run needs of the person.</summary>
    public PersonFacts Facts => new(BirthDay, DeathDay, RegisteredDay, DeregisteredDay, Sex, Deprivation, Ethnicity, Flags);
}

/// <summary>A supplier's own id for a person.</summary>
public sealed class PatientAlias
{
    /// <summary>Whose id.</summary>
    public int SupplierKey { get; set; }

    /// <summary>The id of the Patient resource as that supplier posts it.</summary>
    public required string SourceId { get; set; }

    /// <summary>The person.</summary>
    public long PatientKey { get; set; }
}

/// <summary>What another supplier says of a person whose Patient resource came from someone else: kept, never shown in its place.</summary>
public sealed class PatientSourceRecord
{
    /// <summary>The person.</summary>
    public long PatientKey { get; set; }

    /// <summary>Who sent it.</summary>
    public int SupplierKey { get; set; }

    /// <summary>Unix milliseconds.</summary>
    public long LastUpdated { get; set; }

    /// <summary>See <see cref="ResourceRow.MetaAt"/>.</summary>
    public int MetaAt { get; set; }

    /// <summary>The Patient as that supplier posted it.</summary>
    public required byte[] Body { get; set; }
}

/// <summary>The current version of a resource, clustered by patient.</summary>
public sealed class ResourceRow
{
    /// <summary>The person; 0 for shared types.</summary>
    public long PatientKey { get; set; }

    /// <summary><see cref="Fhir.ResourceType"/> number.</summary>
    public byte Type { get; set; }

    /// <summary>Logical id.</summary>
    public required string Id { get; set; }

    /// <summary>1 and up.</summary>
    public int Version { get; set; }

    /// <summary>Unix milliseconds.</summary>
    public long LastUpdated { get; set; }

    /// <summary>Soft-deleted; the body is then empty.</summary>
    public bool Deleted { get; set; }

    /// <summary>Who sent it.</summary>
    public int SupplierKey { get; set; }

    /// <summary>First eight bytes of SHA-256 over the body: the same content again is not a new version.</summary>
    public long ContentHash { get; set; }

    /// <summary>Where in the body version and time are written when it is read: just inside the braces of <c>meta</c>.</summary>
    public int MetaAt { get; set; }

    /// <summary>The JSON as posted, with id and patient references made ours.</summary>
    public required byte[] Body { get; set; }
}

/// <summary>A former version of a resource.</summary>
public sealed class ResourceHistory
{
    /// <summary>The person; 0 for shared types.</summary>
    public long PatientKey { get; set; }

    /// <summary><see cref="Fhir.ResourceType"/> number.</summary>
    public byte Type { get; set; }

    /// <summary>Logical id.</summary>
    public required string Id { get; set; }

    /// <summary>1 and up.</summary>
    public int Version { get; set; }

    /// <summary>Unix milliseconds.</summary>
    public long LastUpdated { get; set; }

    /// <summary>Whether this version was a deletion.</summary>
    public bool Deleted { get; set; }

    /// <summary>See <see cref="ResourceRow.MetaAt"/>.</summary>
    public int MetaAt { get; set; }

    /// <summary>The JSON of that version.</summary>
    public required byte[] Body { get; set; }
}

/// <summary>Index of business identifiers, across patients.</summary>
public sealed class ResourceIdentifier
{
    /// <summary>64-bit hash of type, system and value.</summary>
    public long Hash { get; set; }

    /// <summary>The person; 0 for shared types.</summary>
    public long PatientKey { get; set; }

    /// <summary>Resource type number.</summary>
    public byte Type { get; set; }

    /// <summary>Logical id.</summary>
    public required string Id { get; set; }
}

/// <summary>Index of (type, code, date), across patients.</summary>
public sealed class ResourceCode
{
    /// <summary>Resource type number.</summary>
    public byte Type { get; set; }

    /// <summary>64-bit hash of system and code.</summary>
    public long CodeHash { get; set; }

    /// <summary>Day of the event; 0 where undated.</summary>
    public int Day { get; set; }

    /// <summary>The person; 0 for shared types.</summary>
    public long PatientKey { get; set; }

    /// <summary>Logical id.</summary>
    public required string Id { get; set; }
}

/// <summary>A person's dated events: <see cref="TimelineEvent"/>s as they are, sorted by day, kind and code.</summary>
public sealed class TimelineRow
{
    /// <summary>The person.</summary>
    public long PatientKey { get; set; }

    /// <summary>The events; a multiple of <see cref="TimelineEvent.Size"/> bytes.</summary>
    public required byte[] Events { get; set; }
}

/// <summary>A professional whom timelines name: contacts carry the key, so that an event stays twenty bytes.</summary>
public sealed class Professional
{
    /// <summary>Key, from 1.</summary>
    public int ProfessionalKey { get; set; }

    /// <summary>Logical id of the Practitioner.</summary>
    public required string PractitionerId { get; set; }
}

/// <summary>A practice and the groups of practices that it belongs to.</summary>
public sealed class Practice
{
    /// <summary>ODS code.</summary>
    public required string Code { get; set; }

    /// <summary>Name.</summary>
    public required string Name { get; set; }

    /// <summary>Primary care network; empty where not known.</summary>
    public string Neighbourhood { get; set; } = "";

    /// <summary>CCG or sub-ICB location; empty where not known.</summary>
    public string Locality { get; set; } = "";

    /// <summary>Place, usually a local authority; empty where not known.</summary>
    public string Place { get; set; } = "";

    /// <summary>Integrated care board; empty where not known.</summary>
    public string Icb { get; set; } = "";

    /// <summary>Deprivation quintile of the practice's population, 1 least to 5 most; 0 not known.</summary>
    public byte Deprivation { get; set; }
}
