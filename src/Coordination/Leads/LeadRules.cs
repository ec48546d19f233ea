namespace BetterCare.Care.Coordination.Leads;

/// <summary>Who may be the accountable lead professional of whom.</summary>
public static class LeadRules
{
    /// <summary>The professional is on the place's register and their professional registration is current.</summary>
    public const string Registered = "lead-registered";

    /// <summary>The role has begun.</summary>
    public const string Current = "lead-current";

    /// <summary>The professional has not left.</summary>
    public const string NotLeft = "lead-not-left";

    /// <summary>The professional works in the person's place and covers their practice.</summary>
    public const string SamePlace = "lead-same-place";

    /// <summary>The role may lead.</summary>
    public const string EligibleRole = "lead-eligible-role";

    /// <summary>
    /// The rules that <paramref name="professional"/> does not meet as lead of <paramref name="person"/>; empty: may lead.
    /// A full caseload is no rule: it keeps someone from being proposed, but a named human may decide otherwise.
    /// </summary>
    /// <param name="professional">The professional; null when the key is not in the register.</param>
    /// <param name="person">The person.</param>
    /// <param name="asOf">First day of leading.</param>
    public static IReadOnlyList<UnmetRule> Unmet(Professional? professional, PersonForLead person, DateOnly asOf)
    {
        if (professional is null)
        {
            return [new UnmetRule(Registered, "This professional is not in the register.", "Post the Practitioner and PractitionerRole first, or choose a registered professional.")];
        }

        if (MayLead(professional, person, asOf))
        {
            return [];
        }

        var unmet = new List<UnmetRule>();
        if (!professional.IsRegistered)
        {
            unmet.Add(new UnmetRule(Registered, $"The professional registration of this {RoleOf(professional)} is not current.", "Record the renewed registration, or choose another professional."));
        }

        if (professional.From > asOf)
        {
            unmet.Add(new UnmetRule(Current, $"This {RoleOf(professional)} starts in the role on {Words.Date(professional.From.Value)}.", "Let the lead begin on that day, or choose someone who is in the role now."));
        }

        if (professional.LastDay < asOf)
        {
            unmet.Add(new UnmetRule(NotLeft, $"This {RoleOf(professional)} left on {Words.Date(professional.LastDay.Value)}.", "Choose a professional who is in the role now, or correct the last day of the role."));
        }

        if (!string.Equals(professional.Place, person.Place, StringComparison.Ordinal))
        {
            unmet.Add(new UnmetRule(SamePlace, $"This {RoleOf(professional)} belongs to another place.", "Choose a professional of the person's own place, or record a role in this place."));
        }
        else if (!professional.Covers(person.Practice))
        {
            unmet.Add(new UnmetRule(SamePlace, $"This {RoleOf(professional)} does not cover the person's practice.", "Add the practice to those the professional covers, or choose someone who covers it."));
        }

        if (!professional.LeadEligible)
        {
            unmet.Add(new UnmetRule(EligibleRole, $"The role of {RoleOf(professional)} may not lead in this place.", "Choose someone in an eligible role, or make the role eligible in the place's settings."));
        }

        return unmet;
    }

    /// <summary>The same question without the texts, for long lists.</summary>
    public static bool MayLead(Professional professional, PersonForLead person, DateOnly asOf) =>
        professional.LeadEligible && professional.IsRegistered && professional.IsInRoleOn(asOf)
        && string.Equals(professional.Place, person.Place, StringComparison.Ordinal) && professional.Covers(person.Practice);

    /// <summary>The role inside a sentence: a capital only where the word has one.</summary>
    internal static string RoleOf(Professional professional) =>
        professional.Role is [var first, var second, ..] && char.IsLower(second) ? char.ToLowerInvariant(first) + professional.Role[1..] : professional.Role;
}
