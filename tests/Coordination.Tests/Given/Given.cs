using System.Collections.Frozen;
using BetterCare.Care.Coordination;
using BetterCare.Care.Coordination.Leads;
using BetterCare.Care.Coordination.Plans;

namespace BetterCare.Care.Tests.Coordination;

/// <summary>Valid defaults; a test states only what matters to it.</summary>
internal static class Given
{
    public static readonly DateOnly Today = new(2026, 3, 4);

    public static DateOnly DaysAgo(int days) => Today.AddDays(-days);

    public static Professional Professional(string key, RoleKind kind = RoleKind.DistrictNurse) => new()
    {
        Key = key,
        Kind = kind,
        Role = LeadRoles.InWords(kind) is [var first, .. var rest] ? char.ToUpperInvariant(first) + rest : "Professional",
        Sector = kind == RoleKind.SocialWorker ? Sector.SocialCare : Sector.Health,
        Place = "Eastshire",
        LeadEligible = true,
        Capacity = 20,
    };

    public static PersonForLead Person(long key = 1, params ProfessionalContact[] contacts) => new()
    {
        Key = key,
        Practice = "P81001",
        Place = "Eastshire",
        Level = 4,
        Contacts = contacts,
    };

    public static ProfessionalContact Saw(string professional, int daysAgo) => new(professional, DaysAgo(daysAgo));

    public static FrozenSet<string> Set(params string[] keys) => keys.ToFrozenSet(StringComparer.Ordinal);

    public static JointCarePlan AgreedPlan() => new()
    {
        Status = PlanStatus.Agreed,
        AboutMe = "Being able to sit in my garden.",
        AssessmentSummary = "Frail, breathless, daughter lives near.",
        Goals = [new PlanGoal("g1", "Walk to the gate by May.")],
        Actions = [new PlanAction("a1", "Pulmonary rehabilitation", "physio-1", Today.AddDays(30), ActionStatus.Planned, "g1")],
        Preferences = "To be cared for at home.",
        Lead = "nurse-1",
        LeadPhone = "01632 960001",
        Contributors =
        [
            new PlanContributor("nurse-1", "District nurse", Sector.Health, DaysAgo(20)),
            new PlanContributor("social-1", "Social worker", Sector.SocialCare, DaysAgo(18)),
        ],
        Agreement = new PlanAgreement("the person", DaysAgo(10), AgreementBasis.Person),
        Contingency = new ContingencyPlan([new ContingencyStep("More breathless at rest", "Start the rescue pack", "Matron 01632 960002")]),
        AllergiesNoted = true,
        MedicinesNoted = true,
        ReviewDue = Today.AddDays(60),
    };

    public static IEnumerable<string> Rules(this IEnumerable<UnmetRule> unmet) => unmet.Select(u => u.Rule);
}
