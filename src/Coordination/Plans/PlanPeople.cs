using System.Globalization;
using BetterCare.Care.Coordination.Leads;

namespace BetterCare.Care.Coordination.Plans;

/// <summary>
/// Whether those whom a plan names are who it says: a plan is joint because a health and a social care professional of the
/// place contributed, so the register must know them. What stood in the version before is not judged again: whoever
/// contributed and left has contributed.
/// </summary>
public static class PlanPeople
{
    /// <summary>A contributor is on the place's register and was in the role on the day of the contribution.</summary>
    public const string Contributor = "plan-contributor";

    /// <summary>A contributor is counted for the sector in which they work.</summary>
    public const string ContributorSector = "plan-contributor-sector";

    /// <summary>Whoever owns an open action is the person, the carer, or a professional of the place who is in the role.</summary>
    public const string Owner = "plan-action-owner-known";

    /// <summary>Owner of an action that the person does.</summary>
    public const string ThePerson = "person";

    /// <summary>Owner of an action that the carer does.</summary>
    public const string TheCarer = "carer";

    /// <summary>What does not hold of the people whom a new version names; empty: all of them are known.</summary>
    /// <param name="plan">The new version.</param>
    /// <param name="before">The version before; null: there is none.</param>
    /// <param name="register">The professional of a key; null where the register has none.</param>
    /// <param name="place">The person's place.</param>
    /// <param name="asOf">The day.</param>
    public static IReadOnlyList<UnmetRule> Unmet(JointCarePlan plan, JointCarePlan? before, Func<string, Professional?> register, string place, DateOnly asOf)
    {
        var unmet = new List<UnmetRule>();
        for (var i = 0; i < plan.Contributors.Count; i++)
        {
            var contributor = plan.Contributors[i];
            if (before?.Contributors.Contains(contributor) == true)
            {
                continue;
            }

            var professional = string.IsNullOrWhiteSpace(contributor.Professional) ? null : register(contributor.Professional);
            var (what, on) = ($"Contributor {Number(i)}", contributor.On < asOf ? contributor.On : asOf);
            if (Unfit(what, professional, place, on) is { } unfit)
            {
                unmet.Add(new UnmetRule(Contributor, unfit.Detail, unfit.HowToSatisfy));
            }
            else if (professional!.Sector != contributor.Sector)
            {
                unmet.Add(new UnmetRule(
                    ContributorSector,
                    $"{what} is entered for {InWords(contributor.Sector)}; the register has this {LeadRules.RoleOf(professional)} in {InWords(professional.Sector)}.",
                    "Enter the sector of the register, or correct the role there."));
            }
        }

        var owned = before?.Actions.Select(a => (a.Id, a.Owner)).ToHashSet() ?? [];
        for (var i = 0; i < plan.Actions.Count; i++)
        {
            var action = plan.Actions[i];
            if (action.IsOpen && !string.IsNullOrWhiteSpace(action.Owner) && action.Owner is not (ThePerson or TheCarer) && !owned.Contains((action.Id, action.Owner))
                && Unfit($"The owner of action {Number(i)}", register(action.Owner), place, asOf) is { } unfit)
            {
                unmet.Add(new UnmetRule(Owner, unfit.Detail, $"{unfit.HowToSatisfy} An owner is \"{ThePerson}\", \"{TheCarer}\" or the id of a Practitioner."));
            }
        }

        return unmet;
    }

    private static (string Detail, string HowToSatisfy)? Unfit(string what, Professional? professional, string place, DateOnly on) => professional switch
    {
        null => ($"{what} is not in the register.", "Post the Practitioner and PractitionerRole first, or name a registered professional."),
        { IsRegistered: false } => ($"{what}: the professional registration is not current.", "Record the renewed registration, or name another professional."),
        { From: { } from } when from > on => ($"{what} starts in the role on {Words.Date(from)}.", "Name someone who was in the role on that day."),
        { LastDay: { } last } when last < on => ($"{what} left on {Words.Date(last)}.", "Name someone who was in the role on that day, or correct the last day of the role."),
        _ when !string.Equals(professional.Place, place, StringComparison.Ordinal) => ($"{what} belongs to another place.", "Name a professional of the person's own place, or record a role in this place."),
        _ => null,
    };

    private static string InWords(Sector sector) => sector switch
    {
        Sector.Health => "health",
        Sector.SocialCare => "social care",
        _ => "the voluntary sector",
    };

    private static string Number(int index) => (index + 1).ToString(CultureInfo.InvariantCulture);
}
