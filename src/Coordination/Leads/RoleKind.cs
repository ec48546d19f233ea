namespace BetterCare.Care.Coordination.Leads;

/// <summary>The part of the system that a professional works for.</summary>
public enum Sector
{
    /// <summary>NHS and other health care.</summary>
    Health,

    /// <summary>Adult social care.</summary>
    SocialCare,

    /// <summary>Voluntary and community organisations.</summary>
    Voluntary,
}

/// <summary>The kind of professional, as far as it bears on leading someone's care.</summary>
public enum RoleKind
{
    /// <summary>None of the below.</summary>
    Other,

    /// <summary>General practitioner.</summary>
    Gp,

    /// <summary>Practice nurse.</summary>
    PracticeNurse,

    /// <summary>Nurse practitioner.</summary>
    NursePractitioner,

    /// <summary>District nurse.</summary>
    DistrictNurse,

    /// <summary>Community nurse.</summary>
    CommunityNurse,

    /// <summary>Community matron (NHS job role: modern matron).</summary>
    CommunityMatron,

    /// <summary>Specialist nurse without a stated speciality.</summary>
    SpecialistNurse,

    /// <summary>Diabetes specialist nurse.</summary>
    DiabetesNurse,

    /// <summary>Respiratory specialist nurse.</summary>
    RespiratoryNurse,

    /// <summary>Heart failure or cardiac rehabilitation nurse.</summary>
    CardiacNurse,

    /// <summary>Renal nurse.</summary>
    RenalNurse,

    /// <summary>Parkinson's disease nurse.</summary>
    ParkinsonsNurse,

    /// <summary>Palliative care nurse.</summary>
    PalliativeNurse,

    /// <summary>Palliative care physician.</summary>
    PalliativePhysician,

    /// <summary>Care of the elderly nurse.</summary>
    ElderlyCareNurse,

    /// <summary>Mental health nurse, hospital or community.</summary>
    MentalHealthNurse,

    /// <summary>Learning disability nurse.</summary>
    LearningDisabilityNurse,

    /// <summary>Psychiatrist.</summary>
    Psychiatrist,

    /// <summary>Old-age psychiatrist.</summary>
    OldAgePsychiatrist,

    /// <summary>Psychologist.</summary>
    Psychologist,

    /// <summary>Geriatrician.</summary>
    Geriatrician,

    /// <summary>Another hospital consultant or physician.</summary>
    HospitalConsultant,

    /// <summary>Occupational therapist, health or social care.</summary>
    OccupationalTherapist,

    /// <summary>Physiotherapist.</summary>
    Physiotherapist,

    /// <summary>Pharmacist.</summary>
    Pharmacist,

    /// <summary>Care coordinator or case manager.</summary>
    CareCoordinator,

    /// <summary>Social worker.</summary>
    SocialWorker,

    /// <summary>Intermediate care worker.</summary>
    IntermediateCareWorker,

    /// <summary>Mental health gateway worker.</summary>
    GatewayWorker,

    /// <summary>Dietitian.</summary>
    Dietitian,

    /// <summary>Podiatrist.</summary>
    Podiatrist,

    /// <summary>Speech and language therapist.</summary>
    SpeechTherapist,

    /// <summary>Paramedic.</summary>
    Paramedic,

    /// <summary>Continence nurse.</summary>
    ContinenceNurse,

    /// <summary>Tissue viability nurse.</summary>
    TissueViabilityNurse,

    /// <summary>Health visitor.</summary>
    HealthVisitor,

    /// <summary>Link worker or volunteer of a voluntary organisation.</summary>
    VoluntaryWorker,
}

/// <summary>What a person mainly needs help with. Several may be set.</summary>
[Flags]
public enum Needs
{
    /// <summary>Nothing recorded.</summary>
    None = 0,

    /// <summary>Moderate or severe frailty.</summary>
    Frailty = 1,

    /// <summary>Falls or loss of mobility.</summary>
    Falls = 2,

    /// <summary>Dementia.</summary>
    Dementia = 4,

    /// <summary>A mental health condition.</summary>
    MentalHealth = 8,

    /// <summary>A package of social care, a care home place, or safeguarding.</summary>
    SocialCare = 16,

    /// <summary>An unpaid carer who is under strain.</summary>
    CarerStrain = 32,

    /// <summary>Last year of life.</summary>
    EndOfLife = 64,

    /// <summary>COPD, asthma or other lung disease.</summary>
    Respiratory = 128,

    /// <summary>Heart failure or other heart disease.</summary>
    Cardiac = 256,

    /// <summary>Diabetes.</summary>
    Diabetes = 512,

    /// <summary>Chronic kidney disease.</summary>
    Renal = 1024,

    /// <summary>Parkinson's disease or another progressive neurological condition.</summary>
    Neurological = 2048,

    /// <summary>Learning disability.</summary>
    LearningDisability = 4096,

    /// <summary>Ten or more regular medicines, or a medicine that needs watching.</summary>
    Medicines = 8192,

    /// <summary>Cancer.</summary>
    Cancer = 16384,
}
