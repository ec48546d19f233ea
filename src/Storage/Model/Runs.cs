namespace BetterCare.Care.Storage.Model;

/// <summary>How far a piece of background work has come.</summary>
public enum JobStatus : byte
{
    /// <summary>Accepted.</summary>
    Queued = 0,

    /// <summary>Under way; after a restart it is taken up again where it was.</summary>
    Running = 1,

    /// <summary>Done.</summary>
    Completed = 2,

    /// <summary>Given up; the message says why.</summary>
    Failed = 3,

    /// <summary>Cancelled by the one who asked for it.</summary>
    Cancelled = 4,
}

/// <summary>A piece of background work: an import or a run.</summary>
public sealed class Job
{
    /// <summary>Opaque id.</summary>
    public required string Id { get; set; }

    /// <summary><c>import</c>, <c>stratification</c>, <c>model-training</c> and so on.</summary>
    public required string Kind { get; set; }

    /// <summary>How far it is.</summary>
    public JobStatus Status { get; set; }

    /// <summary>What was asked, as JSON.</summary>
    public required string Request { get; set; }

    /// <summary>What tells two requests for the same work apart from two different ones; an unfinished job of the same print is resumed.</summary>
    public required string Fingerprint { get; set; }

    /// <summary>Done so far, in the unit of <see cref="Total"/>.</summary>
    public long Done { get; set; }

    /// <summary>All there is to do (bytes of an import, people of a run); 0 not known yet.</summary>
    public long Total { get; set; }

    /// <summary>The outcome as JSON, once completed.</summary>
    public string? Result { get; set; }

    /// <summary>Why it failed, without identifiers.</summary>
    public string? Message { get; set; }

    /// <summary>Who asked for it.</summary>
    public required string RequestedBy { get; set; }

    /// <summary>Unix milliseconds.</summary>
    public long CreatedAt { get; set; }

    /// <summary>Unix milliseconds; 0 not finished.</summary>
    public long FinishedAt { get; set; }
}

/// <summary>One file of an import and how far it is stored: written in the same transaction as the resources.</summary>
public sealed class ImportFile
{
    /// <summary>The job.</summary>
    public required string JobId { get; set; }

    /// <summary>Order within the job, from 0.</summary>
    public int Ordinal { get; set; }

    /// <summary>Name as shown: no folder of the machine that it came from.</summary>
    public required string Name { get; set; }

    /// <summary>Where it is read from.</summary>
    public required string Path { get; set; }

    /// <summary>Lines stored or rejected so far.</summary>
    public long Lines { get; set; }

    /// <summary>Bytes of text (after decompression) up to which everything is stored or rejected.</summary>
    public long Offset { get; set; }

    /// <summary>New resources.</summary>
    public long Created { get; set; }

    /// <summary>Changed resources.</summary>
    public long Updated { get; set; }

    /// <summary>Resources that were there already, the same.</summary>
    public long Unchanged { get; set; }

    /// <summary>Refused lines.</summary>
    public long Rejected { get; set; }

    /// <summary>Lines that wait for an NHS number.</summary>
    public long Waiting { get; set; }

    /// <summary>Whether the file is done.</summary>
    public bool Finished { get; set; }
}

/// <summary>A refused line of an import.</summary>
public sealed class ImportReject
{
    /// <summary>The job.</summary>
    public required string JobId { get; set; }

    /// <summary>Which file.</summary>
    public int Ordinal { get; set; }

    /// <summary>Which line, from 1; for a Bundle file the entry, from 1.</summary>
    public long Line { get; set; }

    /// <summary>An OperationOutcome as JSON; holds no posted value.</summary>
    public required string Outcome { get; set; }
}

/// <summary>A resource whose patient had not arrived when it was read; tried again at the end of the import.</summary>
public sealed class ImportPending
{
    /// <summary>The job.</summary>
    public required string JobId { get; set; }

    /// <summary>Which file.</summary>
    public int Ordinal { get; set; }

    /// <summary>Which line, from 1.</summary>
    public long Line { get; set; }

    /// <summary>The posted JSON.</summary>
    public required byte[] Body { get; set; }
}

/// <summary>One immutable stratification: one model, one policy, one index date.</summary>
public sealed class StratificationRun
{
    /// <summary>Number, from 1.</summary>
    public int RunId { get; set; }

    /// <summary>The job that made it.</summary>
    public required string JobId { get; set; }

    /// <summary>Index date as a day number.</summary>
    public int IndexDay { get; set; }

    /// <summary>Model id.</summary>
    public required string ModelId { get; set; }

    /// <summary>Model version.</summary>
    public required string ModelVersion { get; set; }

    /// <summary>The model document, so that any score can be explained later.</summary>
    public required string Model { get; set; }

    /// <summary>The tier policy, as JSON.</summary>
    public required string Policy { get; set; }

    /// <summary>How far it is.</summary>
    public JobStatus Status { get; set; }

    /// <summary>The run that changes are told against; 0 for the first.</summary>
    public int PreviousRunId { get; set; }

    /// <summary>People scored.</summary>
    public int People { get; set; }

    /// <summary>People left out, by reason, as JSON.</summary>
    public string Excluded { get; set; } = "{}";

    /// <summary>Sum of probabilities: admissions expected in 12 months.</summary>
    public double ExpectedAdmissions { get; set; }

    /// <summary>People from level (row 0 to 4) of the previous run to level (column 0 to 4) of this one, as JSON; 0: not in the run.</summary>
    public string Transitions { get; set; } = "[]";

    /// <summary>Lowest and highest probability at level 1, 2, 3 and 4, as JSON: where in the list a level is to be looked for.</summary>
    public string LevelRanges { get; set; } = "[]";

    /// <summary>SHA-256 over keys, probabilities, levels and reasons: the same data, model, policy and date give the same.</summary>
    public string Fingerprint { get; set; } = "";

    /// <summary>Population stability index of the probabilities against the previous run; null for the first.</summary>
    public double? Stability { get; set; }

    /// <summary>Unix milliseconds.</summary>
    public long CreatedAt { get; set; }

    /// <summary>Unix milliseconds; 0 not finished.</summary>
    public long FinishedAt { get; set; }
}

/// <summary>How a person's level moved since the previous run.</summary>
public enum LevelChange : byte
{
    /// <summary>The same.</summary>
    None = 0,

    /// <summary>Was not in the previous run.</summary>
    New = 1,

    /// <summary>Higher.</summary>
    Risen = 2,

    /// <summary>Lower.</summary>
    Fallen = 3,
}

/// <summary>A person's score in a run.</summary>
public sealed class RiskScore
{
    /// <summary>The run.</summary>
    public int RunId { get; set; }

    /// <summary>The person.</summary>
    public long PatientKey { get; set; }

    /// <summary>ODS code of the practice at the time of the run.</summary>
    public required string PracticeCode { get; set; }

    /// <summary>Probability of an emergency admission in 12 months, 0 to 1.</summary>
    public double Probability { get; set; }

    /// <summary>1 to 4.</summary>
    public byte Level { get; set; }

    /// <summary>Level of the previous run; 0 not in it.</summary>
    public byte PreviousLevel { get; set; }

    /// <summary>Movement since the previous run.</summary>
    public LevelChange Change { get; set; }

    /// <summary>Day of the last hospital admission before the index date; 0 none.</summary>
    public int LastAdmissionDay { get; set; }

    /// <summary>The largest contributions: see <see cref="Runs.ReasonBytes"/>.</summary>
    public required byte[] Reasons { get; set; }
}

/// <summary>A person of the previous run who is not in this one.</summary>
public sealed class RunLeaver
{
    /// <summary>The run that they are no longer in.</summary>
    public int RunId { get; set; }

    /// <summary>The person.</summary>
    public long PatientKey { get; set; }

    /// <summary>ODS code of the practice at the time of the run.</summary>
    public required string PracticeCode { get; set; }

    /// <summary>Level in the previous run.</summary>
    public byte PreviousLevel { get; set; }

    /// <summary>Why they are not in this run (<c>ExclusionReason</c>); 0: no longer in the data.</summary>
    public byte Reason { get; set; }
}
