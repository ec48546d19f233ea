namespace BetterCare.Care.Coordination.Leads;

/// <summary>A proposal for one person of a list.</summary>
/// <param name="Person">Storage key.</param>
/// <param name="Lead">The proposed lead, with score and reasons.</param>
/// <param name="UnmetWish">The person's wish, if this proposal does not meet it.</param>
public sealed record AssignedLead(long Person, LeadCandidate Lead, UnmetWish? UnmetWish);

/// <summary>A person of a list for whom nobody can be proposed.</summary>
/// <param name="Person">Storage key.</param>
/// <param name="Reason">Why.</param>
public sealed record UnassignedPerson(long Person, UnmetRule Reason);

/// <summary>Proposals for a whole list. A named human confirms each.</summary>
/// <param name="Assigned">By key of the person.</param>
/// <param name="Unassigned">By key of the person.</param>
public sealed record ListProposal(IReadOnlyList<AssignedLead> Assigned, IReadOnlyList<UnassignedPerson> Unassigned)
{
    /// <summary>Sum of the scores of all proposals.</summary>
    public long TotalScore => Assigned.Sum(a => (long)a.Lead.Score.Total);
}

/// <summary>Proposals for a whole list at once, within everyone's capacity.</summary>
public static class LeadAssignment
{
    /// <summary>Those who know the person have no room left.</summary>
    public const string NoRoomLeft = "lead-no-room";

    /// <summary>The last place of the wished professional went to someone whom nobody else could lead, or whom they know better.</summary>
    public const string WishOutOfRoom = "lead-wish-no-room";

    /// <summary>
    /// Proposes leads for all: first as many people as can be, then the best total score. The answer does not depend on the
    /// order of the lists. A person whose current lead may still lead competes only for others' room: staying takes none.
    /// </summary>
    /// <param name="people">The people who need a lead.</param>
    /// <param name="professionals">The place's professionals; room is capacity less caseload.</param>
    /// <param name="asOf">The day of the proposal.</param>
    /// <param name="options">Weights and look-back.</param>
    public static ListProposal Assign(IEnumerable<PersonForLead> people, IEnumerable<Professional> professionals, DateOnly asOf, LeadOptions? options = null)
    {
        var list = people.OrderBy(p => p.Key).ToArray();
        var register = professionals.ToDictionary(p => p.Key, StringComparer.Ordinal);
        var keys = register.Keys.Order(StringComparer.Ordinal).ToArray();
        var place = new Dictionary<string, int>(keys.Length, StringComparer.Ordinal);
        var room = new int[keys.Length];
        for (var i = 0; i < keys.Length; i++)
        {
            place[keys[i]] = i;
            room[i] = register[keys[i]].Headroom;
        }

        // Whoever leads someone of the list now gets that place back: the person stays, or makes room for another.
        foreach (var person in list)
        {
            if (person.CurrentLead is { } lead && place.TryGetValue(lead, out var at) && room[at] < int.MaxValue)
            {
                room[at]++;
            }
        }

        var proposals = new LeadProposal[list.Length];
        var starts = new int[list.Length + 1];
        var targets = new List<int>(list.Length * 4);
        var scores = new List<int>(list.Length * 4);
        for (var i = 0; i < list.Length; i++)
        {
            proposals[i] = LeadProposals.For(list[i], register, asOf, options);
            foreach (var candidate in proposals[i].Ranked)
            {
                targets.Add(place[candidate.Professional.Key]);
                scores.Add(candidate.Score.Total);
            }

            starts[i + 1] = targets.Count;
        }

        var solved = CapacityAssignment.Solve(
            starts,
            System.Runtime.InteropServices.CollectionsMarshal.AsSpan(targets),
            System.Runtime.InteropServices.CollectionsMarshal.AsSpan(scores),
            room);
        var assigned = new List<AssignedLead>(list.Length);
        var unassigned = new List<UnassignedPerson>();
        for (var i = 0; i < list.Length; i++)
        {
            var proposal = proposals[i];
            if (solved[i] != CapacityAssignment.Nobody)
            {
                var lead = proposal.Ranked.First(c => place[c.Professional.Key] == solved[i]);
                assigned.Add(new AssignedLead(list[i].Key, lead, proposal.UnmetWish ?? Passed(proposal, lead)));
            }
            else
            {
                unassigned.Add(new UnassignedPerson(list[i].Key, proposal.Nobody ?? NoRoom(proposal.Ranked.Count)));
            }
        }

        return new ListProposal(assigned, unassigned);
    }

    private static UnmetWish? Passed(LeadProposal proposal, LeadCandidate lead) =>
        proposal.Ranked[0].Score.Wish > lead.Score.Wish
            ? new UnmetWish([new UnmetRule(WishOutOfRoom, "The person's wish could be met, but the room of the wished professional went to people whom nobody else can lead or who wish the same.", "Raise the capacity of the wished professional, or confirm the wish by hand.")])
            : null;

    private static UnmetRule NoRoom(int candidates) => new(
        NoRoomLeft,
        candidates == 1 ? "The one professional who knows the person has no room left." : $"The {candidates} professionals who know the person have no room left.",
        "Raise a capacity, hand over people who no longer need their lead, or bring the person to the MDT.");
}
