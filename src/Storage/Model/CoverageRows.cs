namespace BetterCare.Care.Storage.Model;

/// <summary>
/// Counts of people for the national condition. A person is in eight cells of a month: those of their practice and of all
/// practices, each whole and split by age, sex and deprivation; so every answer reads few rows, however many people there are.
/// </summary>
public sealed class CoverageCell
{
    /// <summary><see cref="PracticeCode"/> of the cells of all practices together.</summary>
    public const string AllPractices = "*";

    /// <summary>Year x 100 + month.</summary>
    public int Month { get; set; }

    /// <summary>See <c>CoverageSplit</c>.</summary>
    public byte Split { get; set; }

    /// <summary>ODS code; empty where not known; <see cref="AllPractices"/>.</summary>
    public required string PracticeCode { get; set; }

    /// <summary>Age band, sex or deprivation quintile, as the split has it; 0 where it has none.</summary>
    public byte Part { get; set; }

    /// <summary>Of 18 and over.</summary>
    public bool Adult { get; set; }

    /// <summary>Level in force: agreed where agreed, else the model's; 0 registered but not scored.</summary>
    public byte Level { get; set; }

    /// <summary>Level by the model; 0 not scored.</summary>
    public byte ModelLevel { get; set; }

    /// <summary>People.</summary>
    public int People { get; set; }

    /// <summary>Of those, with a verified NHS number.</summary>
    public int Verified { get; set; }

    /// <summary>Of those, with a confirmed lead in health.</summary>
    public int LeadHealth { get; set; }

    /// <summary>Of those, with a confirmed lead in social care.</summary>
    public int LeadSocialCare { get; set; }

    /// <summary>Of those, with a confirmed lead in a voluntary organisation.</summary>
    public int LeadVoluntary { get; set; }

    /// <summary>Of those, with a joint plan in force that is not overdue.</summary>
    public int WithPlan { get; set; }

    /// <summary>Of those, with a lead and such a plan.</summary>
    public int WithBoth { get; set; }

    /// <summary>Of those, with a plan whose review is overdue.</summary>
    public int PlanOverdue { get; set; }
}

/// <summary>As what a person is counted now, so that a change takes them out of exactly the cells that they are in.</summary>
public sealed class CountedPerson
{
    /// <summary>The person.</summary>
    public long PatientKey { get; set; }

    /// <summary>ODS code of the practice with which they are counted.</summary>
    public required string PracticeCode { get; set; }

    /// <summary>The rest of their <c>CoverageShare</c>, packed.</summary>
    public int Share { get; set; }
}

/// <summary>A month of which coverage has been counted.</summary>
public sealed class CoverageMonth
{
    /// <summary>Year x 100 + month.</summary>
    public int Month { get; set; }

    /// <summary>Counts changes; its row is what writers of a month wait for each other on.</summary>
    public long Revision { get; set; }
}

/// <summary>Suppressed figures as published: built once, never again, so that no two of them can be subtracted.</summary>
public sealed class PublishedRelease
{
    /// <summary><c>coverage</c>, or <c>bcf</c>.</summary>
    public required string Kind { get; set; }

    /// <summary>The day for which the figures stand.</summary>
    public int StandsFor { get; set; }

    /// <summary>Year x 100 + month of the cells that it was built from.</summary>
    public int Month { get; set; }

    /// <summary>Unix milliseconds.</summary>
    public long BuiltAt { get; set; }

    /// <summary>The figures, as JSON.</summary>
    public required string Body { get; set; }
}

/// <summary>How far a piece of upkeep has read, so that a restart goes on where it was.</summary>
public sealed class UpkeepMark
{
    /// <summary>Whose.</summary>
    public required string Name { get; set; }

    /// <summary>Unix milliseconds.</summary>
    public long Value { get; set; }
}
