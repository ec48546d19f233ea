namespace BetterCare.Care.Coordination.Leads;

/// <summary>One named part of a proposal's score.</summary>
/// <param name="Name">What is weighed.</param>
/// <param name="Points">Whole points; the parts add up to the score exactly.</param>
/// <param name="Reason">Why, in plain English.</param>
public sealed record ScorePart(string Name, int Points, string Reason);

/// <summary>What speaks for one professional, in whole points.</summary>
/// <param name="Wish">The person's wish.</param>
/// <param name="RecentContact">How recently they met.</param>
/// <param name="Continuity">Share of the person's contacts.</param>
/// <param name="Skills">Skills for the main needs.</param>
/// <param name="Responsibility">Current lead or named GP.</param>
/// <param name="Headroom">Room in the caseload.</param>
/// <param name="SevenDayCover">Seven-day cover.</param>
public readonly record struct LeadScore(int Wish, int RecentContact, int Continuity, int Skills, int Responsibility, int Headroom, int SevenDayCover)
{
    /// <summary>The sum of the parts.</summary>
    public int Total => Wish + RecentContact + Continuity + Skills + Responsibility + Headroom + SevenDayCover;
}

/// <summary>A professional who knows the person and could lead.</summary>
public sealed record LeadCandidate
{
    /// <summary>The professional.</summary>
    public required Professional Professional { get; init; }

    /// <summary>Points by part.</summary>
    public required LeadScore Score { get; init; }

    /// <summary>Contacts within the look-back.</summary>
    public int Contacts { get; init; }

    /// <summary>Contacts of the person with anyone within the look-back.</summary>
    public int AllContacts { get; init; }

    /// <summary>The latest contact; null: none.</summary>
    public DateOnly? LastContact { get; init; }

    /// <summary>The person's needs that the professional is trained for.</summary>
    public Needs SkilledFor { get; init; }

    /// <summary>The person asked for this very professional.</summary>
    public bool IsWished { get; init; }

    /// <summary>Leads now.</summary>
    public bool IsCurrentLead { get; init; }

    /// <summary>Is the person's named GP.</summary>
    public bool IsNamedGp { get; init; }

    /// <summary>The parts that count, with their reasons, largest first. Their points add up to the score.</summary>
    public IReadOnlyList<ScorePart> Parts()
    {
        var role = LeadRules.RoleOf(Professional);
        List<ScorePart> parts =
        [
            new("wish", Score.Wish, IsWished ? "The person wants this professional to lead." : $"The person wants a {LeadRoles.InWords(Professional.Kind)} to lead."),
            new("recent-contact", Score.RecentContact, LastContact is { } on ? $"Last contact with the {role} was on {Words.Date(on)}." : "No contact in the time looked at."),
            new("continuity", Score.Continuity, $"{Contacts} of the person's {Words.Count(AllContacts, "contact")} in the time looked at were with this {role}."),
            new("skills", Score.Skills, SkilledFor == Needs.None ? $"A {role} sees the person as a whole." : $"Skilled for the person's needs: {NeedsInWords(SkilledFor)}."),
            new("responsibility", Score.Responsibility, IsCurrentLead ? "Is the accountable lead now." : "Is the person's named GP."),
            new("headroom", Score.Headroom, Professional.Capacity is null ? "No limit of the caseload is set." : $"Has room for {Words.Count(Professional.Headroom, "more person").Replace("more persons", "more people", StringComparison.Ordinal)}."),
            new("seven-day-cover", Score.SevenDayCover, "The team answers seven days a week."),
        ];
        parts.RemoveAll(p => p.Points == 0);
        parts.Sort((a, b) => b.Points != a.Points ? b.Points.CompareTo(a.Points) : string.CompareOrdinal(a.Name, b.Name));
        return parts;
    }

    internal static string NeedsInWords(Needs needs) =>
        Words.List([.. Enum.GetValues<Needs>().Where(n => n != Needs.None && needs.HasFlag(n)).Select(n => Words.Of(n.ToString()))]);
}

/// <summary>A wish that cannot be met, and why.</summary>
/// <param name="Reasons">Why not, and what would change it.</param>
public sealed record UnmetWish(IReadOnlyList<UnmetRule> Reasons);

/// <summary>Someone who knows the person but cannot be proposed.</summary>
/// <param name="Professional">Key.</param>
/// <param name="Reasons">Why not.</param>
public sealed record Excluded(string Professional, IReadOnlyList<UnmetRule> Reasons);

/// <summary>Who could lead one person's care: a proposal, which a named human confirms or changes.</summary>
public sealed record LeadProposal
{
    /// <summary>Storage key of the person.</summary>
    public required long Person { get; init; }

    /// <summary>Best first; empty when nobody who knows the person can lead.</summary>
    public required IReadOnlyList<LeadCandidate> Ranked { get; init; }

    /// <summary>Known to the person but not proposed, with reasons.</summary>
    public required IReadOnlyList<Excluded> Excluded { get; init; }

    /// <summary>The person's wish, if it cannot be met; null: met, or none recorded.</summary>
    public UnmetWish? UnmetWish { get; init; }

    /// <summary>Why nobody is proposed; null when somebody is.</summary>
    public UnmetRule? Nobody { get; init; }
}
