namespace BetterCare.Care.Storage.Model;

/// <summary>Who a person's named GP is or was. Rows are added and ended, never overwritten; kept apart from the accountable lead.</summary>
public sealed class NamedGpRecord
{
    /// <summary>The person.</summary>
    public long PatientKey { get; set; }

    /// <summary>Opaque id, sortable by time.</summary>
    public required string Id { get; set; }

    /// <summary>Logical id of the Practitioner.</summary>
    public required string PractitionerId { get; set; }

    /// <summary>Name as shown when it was recorded.</summary>
    public string PractitionerName { get; set; } = "";

    /// <summary>Who recorded it.</summary>
    public required string RecordedBy { get; set; }

    /// <summary>Unix milliseconds.</summary>
    public long RecordedAt { get; set; }

    /// <summary>First day.</summary>
    public int StartDay { get; set; }

    /// <summary>Last day; 0 current.</summary>
    public int EndDay { get; set; }
}

/// <summary>What a person wants about who leads. Rows are added and ended, never overwritten.</summary>
public sealed class LeadWishRecord
{
    /// <summary>The person.</summary>
    public long PatientKey { get; set; }

    /// <summary>Opaque id, sortable by time.</summary>
    public required string Id { get; set; }

    /// <summary>Logical id of the Practitioner whom the person wants; empty: nobody in particular.</summary>
    public string PractitionerId { get; set; } = "";

    /// <summary>The kind of professional whom the person wants (<c>RoleKind</c>); empty: no wish.</summary>
    public string Kind { get; set; } = "";

    /// <summary>Logical ids of Practitioners whom the person does not want, by spaces.</summary>
    public string NotThese { get; set; } = "";

    /// <summary>In the person's own words; null: nothing noted.</summary>
    public string? Note { get; set; }

    /// <summary>Who recorded it.</summary>
    public required string RecordedBy { get; set; }

    /// <summary>Unix milliseconds.</summary>
    public long RecordedAt { get; set; }

    /// <summary>Day on which it was taken back or replaced; 0 in force.</summary>
    public int EndDay { get; set; }
}

/// <summary>
/// A multidisciplinary team meeting. The meeting itself is one document (people by storage key); once it is closed neither
/// the document nor the row ever changes: the database refuses.
/// </summary>
public sealed class MdtMeetingRecord
{
    /// <summary>Opaque id, sortable by time.</summary>
    public required string Id { get; set; }

    /// <summary>The team's name.</summary>
    public required string Team { get; set; }

    /// <summary>ODS codes of its practices, by spaces.</summary>
    public required string Practices { get; set; }

    /// <summary>Day of the meeting.</summary>
    public int HeldDay { get; set; }

    /// <summary>0 planned, 1 open, 2 closed.</summary>
    public byte Status { get; set; }

    /// <summary>Agenda, attendance, decisions, tasks and snapshot as JSON.</summary>
    public required string Meeting { get; set; }

    /// <summary>Who called it.</summary>
    public required string CalledBy { get; set; }

    /// <summary>Unix milliseconds.</summary>
    public long CalledAt { get; set; }

    /// <summary>Who closed it; null while it is not closed.</summary>
    public string? ClosedBy { get; set; }

    /// <summary>Unix milliseconds; 0 while it is not closed.</summary>
    public long ClosedAt { get; set; }

    /// <summary>Counts changes, so that two note-takers never overwrite each other.</summary>
    public int Revision { get; set; }
}

/// <summary>A task that a meeting gave somebody about a person. Until the meeting closes it lives in the meeting only.</summary>
public sealed class MdtTaskRecord
{
    /// <summary>The person.</summary>
    public long PatientKey { get; set; }

    /// <summary>Opaque id, sortable by time.</summary>
    public required string Id { get; set; }

    /// <summary>The meeting.</summary>
    public required string MeetingId { get; set; }

    /// <summary>What.</summary>
    public required string Text { get; set; }

    /// <summary>Logical id of the Practitioner who does it.</summary>
    public required string Owner { get; set; }

    /// <summary>Last day.</summary>
    public int DueDay { get; set; }

    /// <summary>Day on which it was done or dropped; 0 open.</summary>
    public int EndDay { get; set; }

    /// <summary>What came of it; null while open.</summary>
    public string? Outcome { get; set; }

    /// <summary>Who ended it; null while open.</summary>
    public string? EndedBy { get; set; }
}

/// <summary>Somebody asked a team to discuss a person, or a team put it off.</summary>
public sealed class MdtRequestRecord
{
    /// <summary>The person.</summary>
    public long PatientKey { get; set; }

    /// <summary>Opaque id, sortable by time.</summary>
    public required string Id { get; set; }

    /// <summary>Why.</summary>
    public required string Reason { get; set; }

    /// <summary>Who asked.</summary>
    public required string AskedBy { get; set; }

    /// <summary>Unix milliseconds.</summary>
    public long AskedAt { get; set; }

    /// <summary>The meeting that took it up and closed; null: still waiting.</summary>
    public string? MeetingId { get; set; }
}

/// <summary>A worklist filter that somebody saved under a name.</summary>
public sealed class SavedWorklist
{
    /// <summary>Whose: the caller's name.</summary>
    public required string Owner { get; set; }

    /// <summary>Name, unique for the owner.</summary>
    public required string Name { get; set; }

    /// <summary>The filter as query text.</summary>
    public required string Filter { get; set; }

    /// <summary>Unix milliseconds.</summary>
    public long SavedAt { get; set; }
}

/// <summary>A virtual ward: care at home with a number of beds.</summary>
public sealed class WardRecord
{
    /// <summary>Opaque id.</summary>
    public required string Id { get; set; }

    /// <summary>Name.</summary>
    public required string Name { get; set; }

    /// <summary>Beds.</summary>
    public int Beds { get; set; }

    /// <summary>Counts changes: two people never get the last bed.</summary>
    public int Revision { get; set; }
}

/// <summary>A person's stay on a virtual ward. Rows are added and ended, never overwritten.</summary>
public sealed class WardStayRecord
{
    /// <summary>The person.</summary>
    public long PatientKey { get; set; }

    /// <summary>Opaque id, sortable by time.</summary>
    public required string Id { get; set; }

    /// <summary>The ward.</summary>
    public required string WardId { get; set; }

    /// <summary>Day of admission.</summary>
    public int StartDay { get; set; }

    /// <summary>Day of discharge; 0 still there.</summary>
    public int EndDay { get; set; }

    /// <summary>Why the person was admitted.</summary>
    public required string Reason { get; set; }

    /// <summary>How the stay ended: <c>usual-care</c>, <c>hospital</c>, <c>other-service</c>, <c>died</c>; null while there.</summary>
    public string? Outcome { get; set; }

    /// <summary>Who admitted.</summary>
    public required string AdmittedBy { get; set; }

    /// <summary>Who discharged; null while there.</summary>
    public string? DischargedBy { get; set; }
}
