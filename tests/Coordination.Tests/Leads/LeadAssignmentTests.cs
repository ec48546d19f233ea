using BetterCare.Care.Coordination.Leads;
using FsCheck;
using FsCheck.Fluent;
using static BetterCare.Care.Tests.Coordination.Given;

namespace BetterCare.Care.Tests.Coordination.Leads;

public class LeadAssignmentTests
{
    [Fact]
    public void Assign_NurseWithOnePlaceKnowsBothButOneHasNobodyElse_EverybodyGetsALead()
    {
        var hers = Person(1, Saw("nurse", 1), Saw("nurse", 5), Saw("gp", 200));
        var only = Person(2, Saw("nurse", 300));

        var proposal = LeadAssignment.Assign([hers, only], [Professional("nurse") with { Capacity = 1 }, Professional("gp", RoleKind.Gp)], Today);

        proposal.Assigned.Select(a => (a.Person, a.Lead.Professional.Key)).ShouldBe([(1L, "gp"), (2L, "nurse")]);
        proposal.Unassigned.ShouldBeEmpty();
    }

    [Fact]
    public void Assign_NoRoomLeft_PersonIsListedWithTheReason()
    {
        var proposal = LeadAssignment.Assign([Person(1, Saw("nurse", 1)), Person(2, Saw("nurse", 9)), Person(3)], [Professional("nurse") with { Capacity = 1 }], Today);

        proposal.Assigned.ShouldHaveSingleItem().Person.ShouldBe(1);
        proposal.Unassigned.Select(u => (u.Person, u.Reason.Rule)).ShouldBe([(2L, LeadAssignment.NoRoomLeft), (3L, LeadProposals.NobodyKnows)]);
    }

    [Fact]
    public void Assign_WishedNurseGoesToSomeoneWithNobodyElse_SaysSo()
    {
        var wishes = Person(1, Saw("nurse", 1), Saw("gp", 5)) with { Wish = new LeadWish { Professional = "nurse" } };
        var only = Person(2, Saw("nurse", 30));

        var proposal = LeadAssignment.Assign([wishes, only], [Professional("nurse") with { Capacity = 1 }, Professional("gp", RoleKind.Gp)], Today);

        proposal.Assigned[0].UnmetWish!.Reasons.Rules().ShouldBe([LeadAssignment.WishOutOfRoom]);
    }

    [Fact]
    public void Assign_CurrentLeadIsFull_ThePersonKeepsThem()
    {
        var person = Person(1, Saw("nurse", 3)) with { CurrentLead = "nurse" };

        LeadAssignment.Assign([person], [Professional("nurse") with { Capacity = 5, Caseload = 5 }], Today)
            .Assigned.ShouldHaveSingleItem().Lead.IsCurrentLead.ShouldBeTrue();
    }

    [Fact]
    public void Assign_ListsInAnotherOrder_SameAnswer()
    {
        var random = new Random(7);
        var professionals = Enumerable.Range(0, 12).Select(i => Professional($"p{i:00}") with { Capacity = 4 }).ToArray();
        var people = Enumerable.Range(0, 60).Select(i => Person(i, [.. Enumerable.Range(0, 4).Select(_ => Saw($"p{random.Next(12):00}", random.Next(700)))])).ToArray();
        var answer = Lines(LeadAssignment.Assign(people, professionals, Today));

        random.Shuffle(people);
        random.Shuffle(professionals);

        Lines(LeadAssignment.Assign(people, professionals, Today)).ShouldBe(answer);

        static string[] Lines(ListProposal p) => [.. p.Assigned.Select(a => $"{a.Person} {a.Lead.Professional.Key}"), .. p.Unassigned.Select(u => $"{u.Person} {u.Reason.Rule}")];
    }

    /// <summary>Against every possible assignment of small lists: coverage is greatest, and then the score.</summary>
    [Fact]
    public void Solve_SmallLists_AsGoodAsTryingEverything()
    {
        var problem = from professionals in Gen.Choose(1, 4)
                      from capacity in Gen.Choose(0, 2).ArrayOf(professionals)
                      from people in Gen.Choose(1, 6)
                      from scores in Gen.Choose(-6, 9).ArrayOf(professionals * people)
                      select (professionals, capacity, people, scores);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(600), Prop.ForAll(problem.ToArbitrary(), p =>
        {
            var (starts, targets, scores) = Sparse(p.people, p.professionals, p.scores);

            var solved = CapacityAssignment.Solve(starts, targets, scores, p.capacity);

            var used = new int[p.professionals];
            var (covered, total) = (0, 0);
            for (var i = 0; i < p.people; i++)
            {
                if (solved[i] >= 0)
                {
                    used[solved[i]]++;
                    covered++;
                    total += p.scores[(i * p.professionals) + solved[i]];
                    p.scores[(i * p.professionals) + solved[i]].ShouldBeGreaterThanOrEqualTo(0);
                }
            }

            used.Zip(p.capacity).ShouldAllBe(u => u.First <= u.Second);
            (covered, total).ShouldBe(TryEverything(p.people, p.professionals, p.scores, [.. p.capacity], 0));
        }));
    }

    // A negative score stands for "does not know the person".
    private static (int[] Starts, int[] Targets, int[] Scores) Sparse(int people, int professionals, int[] scores)
    {
        var starts = new int[people + 1];
        var targets = new List<int>();
        var kept = new List<int>();
        for (var i = 0; i < people; i++)
        {
            for (var j = 0; j < professionals; j++)
            {
                if (scores[(i * professionals) + j] >= 0)
                {
                    targets.Add(j);
                    kept.Add(scores[(i * professionals) + j]);
                }
            }

            starts[i + 1] = targets.Count;
        }

        return (starts, [.. targets], [.. kept]);
    }

    private static (int Covered, int Total) TryEverything(int people, int professionals, int[] scores, int[] capacity, int person)
    {
        if (person == people)
        {
            return (0, 0);
        }

        var best = TryEverything(people, professionals, scores, capacity, person + 1);
        for (var j = 0; j < professionals; j++)
        {
            var score = scores[(person * professionals) + j];
            if (score < 0 || capacity[j] == 0)
            {
                continue;
            }

            capacity[j]--;
            var (covered, total) = TryEverything(people, professionals, scores, capacity, person + 1);
            capacity[j]++;
            if ((covered + 1, total + score).CompareTo(best) > 0)
            {
                best = (covered + 1, total + score);
            }
        }

        return best;
    }
}
