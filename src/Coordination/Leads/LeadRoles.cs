using System.Collections.Frozen;

namespace BetterCare.Care.Coordination.Leads;

/// <summary>A coded role, and whether a place that says nothing else lets it lead.</summary>
/// <param name="System">Code system URL; empty where no code exists.</param>
/// <param name="Code">Code in that system; empty where no code exists.</param>
/// <param name="Display">Title of the role.</param>
/// <param name="Kind">The kind of professional.</param>
/// <param name="Sector">The sector the role belongs to.</param>
/// <param name="LeadEligible">May be an accountable lead professional.</param>
public sealed record LeadRole(string System, string Code, string Display, RoleKind Kind, Sector Sector, bool LeadEligible);

/// <summary>The role codes that the service knows (Data/lead_professional_roles.csv), and what each kind of role is good at.</summary>
public static class LeadRoles
{
    private static readonly LeadRole[] Table =
    [
        .. EmbeddedTable.Read("lead_professional_roles.csv").Select(f =>
            new LeadRole(f[2], f[3], f[4], Enum.Parse<RoleKind>(f[0]), Enum.Parse<Sector>(f[1]), string.Equals(f[5], "Y", StringComparison.Ordinal))),
    ];

    private static readonly FrozenDictionary<(string System, string Code), LeadRole> ByCode =
        Table.Where(r => r.Code.Length > 0).ToFrozenDictionary(r => (r.System, r.Code));

    private static readonly FrozenDictionary<string, LeadRole> ByDisplay =
        Table.DistinctBy(r => r.Display, StringComparer.OrdinalIgnoreCase).ToFrozenDictionary(r => r.Display, StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenDictionary<RoleKind, Needs> Skills = new Dictionary<RoleKind, Needs>
    {
        // What the role's training is for. Ours, from the roles' titles and the plans' descriptions; a place may override it per professional.
        [RoleKind.Gp] = Needs.Frailty | Needs.Medicines | Needs.EndOfLife,
        [RoleKind.PracticeNurse] = Needs.Respiratory | Needs.Cardiac | Needs.Diabetes | Needs.Renal,
        [RoleKind.NursePractitioner] = Needs.Respiratory | Needs.Cardiac | Needs.Diabetes | Needs.Medicines,
        [RoleKind.DistrictNurse] = Needs.Frailty | Needs.EndOfLife | Needs.Diabetes | Needs.Falls | Needs.Cancer,
        [RoleKind.CommunityNurse] = Needs.Frailty | Needs.EndOfLife | Needs.Diabetes | Needs.Falls,
        [RoleKind.CommunityMatron] = Needs.Frailty | Needs.Respiratory | Needs.Cardiac | Needs.Diabetes | Needs.Medicines | Needs.Falls,
        [RoleKind.SpecialistNurse] = Needs.Respiratory | Needs.Cardiac | Needs.Cancer,
        [RoleKind.DiabetesNurse] = Needs.Diabetes,
        [RoleKind.RespiratoryNurse] = Needs.Respiratory,
        [RoleKind.CardiacNurse] = Needs.Cardiac,
        [RoleKind.RenalNurse] = Needs.Renal,
        [RoleKind.ParkinsonsNurse] = Needs.Neurological | Needs.Falls,
        [RoleKind.PalliativeNurse] = Needs.EndOfLife | Needs.Cancer,
        [RoleKind.PalliativePhysician] = Needs.EndOfLife | Needs.Cancer,
        [RoleKind.ElderlyCareNurse] = Needs.Frailty | Needs.Dementia | Needs.Falls,
        [RoleKind.MentalHealthNurse] = Needs.MentalHealth | Needs.Dementia,
        [RoleKind.LearningDisabilityNurse] = Needs.LearningDisability,
        [RoleKind.Psychiatrist] = Needs.MentalHealth,
        [RoleKind.OldAgePsychiatrist] = Needs.MentalHealth | Needs.Dementia,
        [RoleKind.Psychologist] = Needs.MentalHealth,
        [RoleKind.Geriatrician] = Needs.Frailty | Needs.Dementia | Needs.Falls | Needs.Medicines,
        [RoleKind.HospitalConsultant] = Needs.Respiratory | Needs.Cardiac | Needs.Renal,
        [RoleKind.OccupationalTherapist] = Needs.Falls | Needs.Frailty | Needs.SocialCare,
        [RoleKind.Physiotherapist] = Needs.Falls | Needs.Respiratory,
        [RoleKind.Pharmacist] = Needs.Medicines,
        [RoleKind.CareCoordinator] = Needs.SocialCare | Needs.CarerStrain | Needs.Frailty,
        [RoleKind.SocialWorker] = Needs.SocialCare | Needs.CarerStrain | Needs.Dementia | Needs.LearningDisability,
        [RoleKind.IntermediateCareWorker] = Needs.Falls | Needs.SocialCare,
        [RoleKind.GatewayWorker] = Needs.MentalHealth,
        [RoleKind.VoluntaryWorker] = Needs.CarerStrain,
    }.ToFrozenDictionary();

    /// <summary>Every known role.</summary>
    public static IReadOnlyList<LeadRole> All => Table;

    /// <summary>The role of a code, or null where the code is not known.</summary>
    public static LeadRole? Find(string system, string code) => ByCode.GetValueOrDefault((system, code));

    /// <summary>The role of a title (any case), for roles without a code such as community matron; or null.</summary>
    public static LeadRole? FindByDisplay(string display) => ByDisplay.GetValueOrDefault(display);

    /// <summary>The needs that a kind of role is trained for.</summary>
    public static Needs SkillsOf(RoleKind kind) => Skills.GetValueOrDefault(kind);

    /// <summary>A role in words, for reasons ("social worker").</summary>
    public static string InWords(RoleKind kind) => kind switch
    {
        RoleKind.Gp => "GP",
        RoleKind.ParkinsonsNurse => "Parkinson's nurse",
        RoleKind.Other => "professional",
        _ => Words.Of(kind.ToString()),
    };
}
