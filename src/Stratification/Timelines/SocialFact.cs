namespace BetterCare.Care.Stratification.Timelines;

/// <summary>A social circumstance or service. The number is stored; never reuse one.</summary>
public enum SocialFact : ushort
{
    /// <summary>None; never stored.</summary>
    None = 0,

    /// <summary>Lives alone.</summary>
    LivesAlone = 1,

    /// <summary>Lives in a care home or nursing home.</summary>
    CareHomeResident = 2,

    /// <summary>Has a package of social care at home.</summary>
    PackageOfCare = 3,

    /// <summary>Receives reablement or intermediate care.</summary>
    Reablement = 4,

    /// <summary>Has an unpaid carer.</summary>
    HasCarer = 5,

    /// <summary>Has no carer.</summary>
    NoCarer = 6,

    /// <summary>Is an unpaid carer.</summary>
    IsCarer = 7,

    /// <summary>Housebound.</summary>
    Housebound = 8,

    /// <summary>Homeless, or a housing problem.</summary>
    HousingProblem = 9,

    /// <summary>A safeguarding concern.</summary>
    SafeguardingConcern = 10,

    /// <summary>Recorded as a vulnerable adult.</summary>
    VulnerableAdult = 11,

    /// <summary>Has telecare or a pendant alarm.</summary>
    Telecare = 12,

    /// <summary>Attends day care.</summary>
    DayCare = 13,

    /// <summary>Receives respite care.</summary>
    RespiteCare = 14,

    /// <summary>Socially isolated.</summary>
    SociallyIsolated = 15,

    /// <summary>Assessed by adult social care.</summary>
    AdultSocialCareAssessment = 16,

    /// <summary>In a hospital bed although ready to leave it, from the first delayed day to the day of leaving.</summary>
    DelayedTransfer = 30,

    /// <summary>A permanent, council-supported placement in a residential or nursing home, from the day of admission.</summary>
    CareHomePlacement = 31,
}
