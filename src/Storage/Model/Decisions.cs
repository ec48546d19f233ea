namespace BetterCare.Care.Storage.Model;

/// <summary>Where a lead stands. Proposed by the machine, decided by a named human.</summary>
public enum LeadState : byte
{
    /// <summary>Proposed; no one has decided.</summary>
    Proposed = 0,

    /// <summary>Confirmed: the accountable lead professional.</summary>
    Confirmed = 1,

    /// <summary>Was the lead.</summary>
    Ended = 2,

    /// <summary>Nobody who may lead knows the person.</summary>
    NobodyCanLead = 3,
}

/// <summary>A proposal or decision about a person's accountable lead professional. Rows are added and ended, never overwritten.</summary>
public sealed class LeadRecord
{
    /// <summary>Opaque id, sortable by time.</summary>
    public required string Id { get; set; }

    /// <summary>The person.</summary>
    public long PatientKey { get; set; }

    /// <summary>Where it stands.</summary>
    public LeadState State { get; set; }

    /// <summary>Logical id of the Practitioner; empty where nobody can lead.</summary>
    public string PractitionerId { get; set; } = "";

    /// <summary>Name as shown.</summary>
    public string PractitionerName { get; set; } = "";

    /// <summary>Role as shown.</summary>
    public string Role { get; set; } = "";

    /// <summary><c>health</c>, <c>social-care</c> or <c>voluntary</c>.</summary>
    public string Sector { get; set; } = "";

    /// <summary>Why this one: plain English, a line each.</summary>
    public required string Reasons { get; set; }

    /// <summary>Who decided; <c>proposal</c> for the machine.</summary>
    public required string DecidedBy { get; set; }

    /// <summary>Unix milliseconds.</summary>
    public long DecidedAt { get; set; }

    /// <summary>First day as lead; 0 while only proposed.</summary>
    public int StartDay { get; set; }

    /// <summary>Last day as lead; 0 current.</summary>
    public int EndDay { get; set; }

    /// <summary>Why it ended.</summary>
    public string? EndReason { get; set; }
}

/// <summary>One version of a person's joint care plan.</summary>
public sealed class CarePlanVersion
{
    /// <summary>The person.</summary>
    public long PatientKey { get; set; }

    /// <summary>1 and up.</summary>
    public int Version { get; set; }

    /// <summary>The plan as JSON (the shape of <c>PUT …/care-plan</c>).</summary>
    public required string Plan { get; set; }

    /// <summary>Who wrote this version.</summary>
    public required string WrittenBy { get; set; }

    /// <summary>Unix milliseconds.</summary>
    public long WrittenAt { get; set; }
}

/// <summary>How a person stands now in the loop of care coordination: one row, kept in the same commit as what it sums up.</summary>
public sealed class PersonStanding
{
    /// <summary>The person.</summary>
    public long PatientKey { get; set; }

    /// <summary>ODS code of the practice.</summary>
    public required string PracticeCode { get; set; }

    /// <summary>Level by the model in the current run; 0 not in it.</summary>
    public byte ModelLevel { get; set; }

    /// <summary>Level that people agreed; 0 none.</summary>
    public byte AgreedLevel { get; set; }

    /// <summary>Age band, as coverage counts it (see <c>AgeBand</c>).</summary>
    public byte AgeBand { get; set; }

    /// <summary>Administrative sex.</summary>
    public byte Sex { get; set; }

    /// <summary>Deprivation quintile.</summary>
    public byte Deprivation { get; set; }

    /// <summary>Where the lead stands.</summary>
    public LeadState LeadState { get; set; }

    /// <summary>Whether there is a confirmed lead.</summary>
    public bool HasLead { get; set; }

    /// <summary>The confirmed or proposed lead; empty none.</summary>
    public string LeadId { get; set; } = "";

    /// <summary>Name of the confirmed or proposed lead.</summary>
    public string LeadName { get; set; } = "";

    /// <summary>Role of the confirmed or proposed lead.</summary>
    public string LeadRole { get; set; } = "";

    /// <summary>Version of the current plan; 0 none.</summary>
    public int PlanVersion { get; set; }

    /// <summary><c>none</c>, <c>draft</c>, <c>proposed</c>, <c>agreed</c>, <c>closed</c>.</summary>
    public string PlanState { get; set; } = "none";

    /// <summary>Health and social care contributed and the person agreed.</summary>
    public bool PlanJoint { get; set; }

    /// <summary>Nothing that the rules ask for is missing.</summary>
    public bool PlanComplete { get; set; }

    /// <summary>Day of the next review; 0 none.</summary>
    public int ReviewDay { get; set; }

    /// <summary>Counts changes, so that two editors never overwrite each other.</summary>
    public int Revision { get; set; }

    /// <summary>Probability of an emergency admission in the current run, 0 to 1. This and all below is derived, for worklists.</summary>
    public double Risk { get; set; }

    /// <summary>Level by the model in the run before; 0 not in it.</summary>
    public byte PreviousLevel { get; set; }

    /// <summary>How the level moved since the run before.</summary>
    public LevelChange Change { get; set; }

    /// <summary>Number of the predictor that contributes most, from 1 in the order of the run's model; 0 none.</summary>
    public byte Reason1 { get; set; }

    /// <summary>The second.</summary>
    public byte Reason2 { get; set; }

    /// <summary>The third.</summary>
    public byte Reason3 { get; set; }

    /// <summary>Band of the electronic Frailty Index: 0 fit, 1 mild, 2 moderate, 3 severe.</summary>
    public byte Frailty { get; set; }

    /// <summary>Lives in a care home.</summary>
    public bool InCareHome { get; set; }

    /// <summary>Conditions on record: bit n is <c>ConditionGroup</c> n, 0 to 63.</summary>
    public long ConditionsLow { get; set; }

    /// <summary>Conditions on record: bit n is <c>ConditionGroup</c> 64 + n.</summary>
    public long ConditionsHigh { get; set; }

    /// <summary>Day of the latest admission to hospital; 0 none.</summary>
    public int AdmittedDay { get; set; }

    /// <summary>Day of the latest discharge from hospital; 0 none.</summary>
    public int DischargedDay { get; set; }

    /// <summary>Family name without case and accents. This and the next two are what the risk list of a level is sorted by.</summary>
    public string FamilyFolded { get; set; } = "";

    /// <summary>Day of birth; 0 not known.</summary>
    public int BirthDay { get; set; }

    /// <summary>Day of the last admission before the index date of the current run; 0 none.</summary>
    public int LastAdmissionDay { get; set; }
}
