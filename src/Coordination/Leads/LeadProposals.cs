namespace BetterCare.Care.Coordination.Leads;

/// <summary>
/// Ranks the professionals who know a person. To know means: a contact within the look-back, being the current lead or the
/// named GP (responsible by registration, the only fallback), or being asked for by name. Nobody else is ever proposed:
/// it is not a rota. The service proposes; a named human decides.
/// </summary>
public static class LeadProposals
{
    /// <summary>Nobody knows the person.</summary>
    public const string NobodyKnows = "lead-nobody-knows";

    /// <summary>Those who know the person cannot lead.</summary>
    public const string NobodyCan = "lead-nobody-can";

    /// <summary>The professional has room for one more person.</summary>
    public const string HasHeadroom = "lead-headroom";

    /// <summary>The person does not want this professional.</summary>
    public const string NotWanted = "lead-not-wanted";

    /// <summary>The person wants a kind of professional who is not among those who know them.</summary>
    public const string WishedKind = "lead-wished-kind";

    /// <summary>Proposals for one person.</summary>
    /// <param name="person">The person.</param>
    /// <param name="candidates">The place's professionals; those who do not know the person are passed over.</param>
    /// <param name="asOf">The day of the proposal.</param>
    /// <param name="options">Weights and look-back.</param>
    public static LeadProposal For(PersonForLead person, IEnumerable<Professional> candidates, DateOnly asOf, LeadOptions? options = null) =>
        For(person, candidates.ToDictionary(c => c.Key, StringComparer.Ordinal), asOf, options);

    /// <summary>Proposals for one person from a register by key; costs nothing for professionals who do not know the person.</summary>
    public static LeadProposal For(PersonForLead person, IReadOnlyDictionary<string, Professional> register, DateOnly asOf, LeadOptions? options = null)
    {
        options ??= LeadOptions.Default;
        var known = WhoKnows(person, asOf, options, out var allContacts);
        var ranked = new List<LeadCandidate>(known.Count);
        var excluded = new List<Excluded>();
        foreach (var (key, acquaintance) in known)
        {
            var professional = register.GetValueOrDefault(key);
            var why = WhyNot(person, key, professional, asOf);
            if (why.Count == 0)
            {
                ranked.Add(Weigh(person, professional!, acquaintance, allContacts, asOf, options));
            }
            else
            {
                excluded.Add(new Excluded(key, why));
            }
        }

        ranked.Sort(Better);
        if (ranked.Count > options.MaxProposals)
        {
            ranked.RemoveRange(options.MaxProposals, ranked.Count - options.MaxProposals);
        }

        excluded.Sort((a, b) => string.CompareOrdinal(a.Professional, b.Professional));
        return new LeadProposal
        {
            Person = person.Key,
            Ranked = ranked,
            Excluded = excluded,
            UnmetWish = Unmet(person, ranked, excluded),
            Nobody = ranked.Count > 0 ? null : Nobody(known.Count, excluded),
        };
    }

    /// <summary>Higher score first; ties by key, so that the same question always has the same answer.</summary>
    internal static int Better(LeadCandidate a, LeadCandidate b) =>
        a.Score.Total != b.Score.Total ? b.Score.Total.CompareTo(a.Score.Total) : string.CompareOrdinal(a.Professional.Key, b.Professional.Key);

    private static Dictionary<string, Acquaintance> WhoKnows(PersonForLead person, DateOnly asOf, LeadOptions options, out int allContacts)
    {
        var known = new Dictionary<string, Acquaintance>(StringComparer.Ordinal);
        var since = asOf.AddDays(-options.LookBackDays);
        allContacts = 0;
        foreach (var contact in person.Contacts)
        {
            // A contact after the day of the proposal is an appointment, not an acquaintance.
            if (contact.On < since || contact.On > asOf)
            {
                continue;
            }

            allContacts++;
            var so = known.GetValueOrDefault(contact.Professional);
            known[contact.Professional] = new Acquaintance(so.Contacts + 1, so.Contacts == 0 || contact.On > so.Last ? contact.On : so.Last);
        }

        foreach (var key in (ReadOnlySpan<string?>)[person.CurrentLead, person.NamedGp, person.Wish?.Professional])
        {
            if (key is not null)
            {
                known.TryAdd(key, default);
            }
        }

        return known;
    }

    private static IReadOnlyList<UnmetRule> WhyNot(PersonForLead person, string key, Professional? professional, DateOnly asOf)
    {
        if (person.Wish?.NotThese.Contains(key) == true)
        {
            return [new UnmetRule(NotWanted, "The person does not want this professional to lead.", "Ask the person again, and record it if the wish has changed.")];
        }

        if (professional is null || !LeadRules.MayLead(professional, person, asOf))
        {
            return LeadRules.Unmet(professional, person, asOf);
        }

        // The current lead has the person in the caseload already.
        return professional.Headroom > 0 || string.Equals(key, person.CurrentLead, StringComparison.Ordinal)
            ? []
            : [new UnmetRule(HasHeadroom, $"The caseload of this {LeadRules.RoleOf(professional)} is full.", "Hand over someone who no longer needs them, or raise the capacity; a named human may still decide for them.")];
    }

    private static LeadCandidate Weigh(PersonForLead person, Professional professional, Acquaintance acquaintance, int allContacts, DateOnly asOf, LeadOptions options)
    {
        var isWished = string.Equals(person.Wish?.Professional, professional.Key, StringComparison.Ordinal);
        var isCurrent = string.Equals(person.CurrentLead, professional.Key, StringComparison.Ordinal);
        var isNamedGp = string.Equals(person.NamedGp, professional.Key, StringComparison.Ordinal);
        var skilledFor = (professional.Skills ?? LeadRoles.SkillsOf(professional.Kind)) & person.Needs;
        var needs = int.PopCount((int)person.Needs);
        var met = (double)int.PopCount((int)skilledFor);
        if (professional.Kind == RoleKind.Gp)
        {
            // A generalist is half as good as the specialist at whatever is left.
            met += (needs - met) / 2;
        }

        var daysAgo = asOf.DayNumber - acquaintance.Last.DayNumber;
        return new LeadCandidate
        {
            Professional = professional,
            Contacts = acquaintance.Contacts,
            AllContacts = allContacts,
            LastContact = acquaintance.Contacts == 0 ? null : acquaintance.Last,
            SkilledFor = skilledFor,
            IsWished = isWished,
            IsCurrentLead = isCurrent,
            IsNamedGp = isNamedGp,
            Score = new LeadScore(
                Wish: isWished ? options.Wish : person.Wish is { Kind: { } kind } && kind == professional.Kind ? options.Wish / 2 : 0,
                RecentContact: acquaintance.Contacts == 0 ? 0 : Round(options.RecentContact * Math.Pow(0.5, (double)daysAgo / options.RecentHalfLifeDays)),
                Continuity: allContacts == 0 ? 0 : Round((double)options.Continuity * acquaintance.Contacts / allContacts),
                Skills: needs == 0 ? 0 : Round(options.Skills * met / needs),
                Responsibility: isCurrent ? options.Responsibility : isNamedGp ? options.Responsibility / 2 : 0,
                Headroom: professional.Capacity is { } capacity ? Round(capacity == 0 ? 0 : (double)options.Headroom * professional.Headroom / capacity) : options.Headroom / 2,
                SevenDayCover: professional.SevenDayCover ? options.SevenDayCover : 0),
        };
    }

    private static int Round(double points) => (int)Math.Round(points, MidpointRounding.AwayFromZero);

    private static UnmetWish? Unmet(PersonForLead person, List<LeadCandidate> ranked, List<Excluded> excluded)
    {
        if (person.Wish is not { } wish)
        {
            return null;
        }

        var reasons = new List<UnmetRule>();
        if (wish.Professional is { } wanted && excluded.Find(e => string.Equals(e.Professional, wanted, StringComparison.Ordinal)) is { } why)
        {
            reasons.AddRange(why.Reasons);
        }

        if (wish.Kind is { } kind && !ranked.Exists(c => c.Professional.Kind == kind))
        {
            var word = LeadRoles.InWords(kind);
            reasons.Add(new UnmetRule(WishedKind, $"The person wants a {word} to lead, but no {word} who knows them can.", $"Ask a {word} who covers the practice to meet the person; then the wish can be met."));
        }

        return reasons.Count == 0 ? null : new UnmetWish(reasons);
    }

    private static UnmetRule Nobody(int known, List<Excluded> excluded) => known == 0
        ? new UnmetRule(NobodyKnows, "Nobody on the register has been in contact with the person, and no named GP is recorded.", "Record the named GP, or bring the person to the MDT so that somebody meets them.")
        : new UnmetRule(
            NobodyCan,
            $"{Words.Count(known, "professional")} who know the person cannot lead: {string.Join(" ", excluded.SelectMany(e => e.Reasons).Select(r => r.Detail).Distinct(StringComparer.Ordinal))}".Replace("1 professional who know ", "1 professional who knows ", StringComparison.Ordinal),
            "Satisfy one of these, or bring the person to the MDT so that another professional meets them.");

    private readonly record struct Acquaintance(int Contacts, DateOnly Last);
}
