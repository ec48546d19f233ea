using BetterCare.Care.Storage.Model;
using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Storage.Coverage;

/// <summary>What coverage cells are split by, beside the practice. The number is stored; never reuse one.</summary>
public enum CoverageSplit : byte
{
    /// <summary>Not split.</summary>
    None = 0,

    /// <summary>By <see cref="Storage.Runs.AgeBand"/>.</summary>
    Age = 1,

    /// <summary>By administrative sex.</summary>
    Sex = 2,

    /// <summary>By deprivation quintile.</summary>
    Deprivation = 3,
}

/// <summary>In which sector a person's confirmed lead works. The number is stored; never reuse one.</summary>
public enum LeadSector : byte
{
    /// <summary>No confirmed lead.</summary>
    NoLead = 0,

    /// <summary>Health.</summary>
    Health = 1,

    /// <summary>Social care.</summary>
    SocialCare = 2,

    /// <summary>A voluntary organisation.</summary>
    Voluntary = 3,
}

/// <summary>Names a cell within a month.</summary>
public readonly record struct CellKey(CoverageSplit Split, string PracticeCode, byte Part, bool Adult, byte Level, byte ModelLevel);

/// <summary>As what one person is counted.</summary>
/// <param name="PracticeCode">ODS code; empty where not known.</param>
/// <param name="Level">Level in force; 0 not scored.</param>
/// <param name="ModelLevel">Level by the model; 0 not scored.</param>
/// <param name="AgeBand">See <see cref="Storage.Runs.AgeBand"/>.</param>
/// <param name="Sex">Administrative sex.</param>
/// <param name="Deprivation">Quintile; 0 not known.</param>
/// <param name="Verified">The NHS number is verified.</param>
/// <param name="Lead">Sector of the confirmed lead.</param>
/// <param name="HasPlan">A joint plan in force that is not overdue.</param>
/// <param name="PlanOverdue">A plan in force whose review is overdue.</param>
public readonly record struct CoverageShare(
    string PracticeCode, byte Level, byte ModelLevel, byte AgeBand, byte Sex, byte Deprivation, bool Verified, LeadSector Lead, bool HasPlan, bool PlanOverdue)
{
    /// <summary>The bit of <see cref="Pack"/> that says <see cref="PlanOverdue"/>.</summary>
    internal const int OverdueBit = 1 << 18;

    /// <summary>Whether the person is of 18 and over.</summary>
    public bool Adult => AgeBand > 0;

    /// <summary>Everything but the practice in one number: three bits each for the levels, age and deprivation, two for sex and lead.</summary>
    public int Pack() => Level | (ModelLevel << 3) | (AgeBand << 6) | (Deprivation << 9) | (Sex << 12) | ((int)Lead << 14)
        | (Verified ? 1 << 16 : 0) | (HasPlan ? 1 << 17 : 0) | (PlanOverdue ? OverdueBit : 0);

    /// <summary>The share again.</summary>
    public static CoverageShare Unpack(string practiceCode, int packed) => new(
        practiceCode, (byte)(packed & 7), (byte)((packed >> 3) & 7), (byte)((packed >> 6) & 7), (byte)((packed >> 12) & 3), (byte)((packed >> 9) & 7),
        (packed & (1 << 16)) != 0, (LeadSector)((packed >> 14) & 3), (packed & (1 << 17)) != 0, (packed & OverdueBit) != 0);

    /// <summary>The sector of a lead as decisions name it.</summary>
    public static LeadSector SectorOf(string? name) => name switch
    {
        null => LeadSector.NoLead,
        "social-care" => LeadSector.SocialCare,
        "voluntary" => LeadSector.Voluntary,
        _ => LeadSector.Health,
    };

    /// <summary>Whether somebody is registered, and so counted, on a day.</summary>
    public static bool IsRegistered(in PersonFacts f, int day) =>
        (f.DeathDay == 0 || f.DeathDay > day) && (f.DeregisteredDay == 0 || f.DeregisteredDay > day) && f.RegisteredDay <= day && f.BirthDay <= day
        && !(f.Flags.HasFlag(PersonFlags.Inactive) && f.DeathDay == 0 && f.DeregisteredDay == 0);

    /// <summary>The cells that the person is in.</summary>
    internal IEnumerable<CellKey> Cells()
    {
        foreach (var practice in (string[])[PracticeCode, CoverageCell.AllPractices])
        {
            yield return new CellKey(CoverageSplit.None, practice, 0, Adult, Level, ModelLevel);
            yield return new CellKey(CoverageSplit.Age, practice, AgeBand, Adult, Level, ModelLevel);
            yield return new CellKey(CoverageSplit.Sex, practice, Sex, Adult, Level, ModelLevel);
            yield return new CellKey(CoverageSplit.Deprivation, practice, Deprivation, Adult, Level, ModelLevel);
        }
    }
}

/// <summary>The counts of a cell.</summary>
internal struct CellCounts
{
    public int People;
    public int Verified;
    public int LeadHealth;
    public int LeadSocialCare;
    public int LeadVoluntary;
    public int WithPlan;
    public int WithBoth;
    public int PlanOverdue;

    public void Add(in CoverageShare share, int sign)
    {
        People += sign;
        Verified += share.Verified ? sign : 0;
        LeadHealth += share.Lead == LeadSector.Health ? sign : 0;
        LeadSocialCare += share.Lead == LeadSector.SocialCare ? sign : 0;
        LeadVoluntary += share.Lead == LeadSector.Voluntary ? sign : 0;
        WithPlan += share.HasPlan ? sign : 0;
        WithBoth += share is { HasPlan: true, Lead: not LeadSector.NoLead } ? sign : 0;
        PlanOverdue += share.PlanOverdue ? sign : 0;
    }

    public void Add(CellCounts other)
    {
        People += other.People;
        Verified += other.Verified;
        LeadHealth += other.LeadHealth;
        LeadSocialCare += other.LeadSocialCare;
        LeadVoluntary += other.LeadVoluntary;
        WithPlan += other.WithPlan;
        WithBoth += other.WithBoth;
        PlanOverdue += other.PlanOverdue;
    }
}
