namespace BetterCare.Care.Coordination.Leads;

/// <summary>
/// Assigns many people to few professionals with capacities: as many people as can be, and among all such
/// assignments the highest total score. Exact. Successive shortest augmenting paths with prices (Jonker and
/// Volgenant 1987, with capacities): each person enters in turn and pushes others along a cheapest chain of moves.
/// Paths are searched among the few hundred professionals, not among the thousands of people.
/// </summary>
public static class CapacityAssignment
{
    /// <summary>No professional.</summary>
    public const int Nobody = -1;

    /// <summary>Solves. Person <c>i</c> may go to <c>targets[starts[i]..starts[i + 1]]</c> for <c>scores</c> at the same places.</summary>
    /// <param name="starts">Where each person's candidates begin; one more entry than people.</param>
    /// <param name="targets">Index of the professional; no professional twice for the same person.</param>
    /// <param name="scores">Score from 0 to 1,000,000.</param>
    /// <param name="capacity">People each professional can take; 0 or more.</param>
    /// <returns>Per person the index of the professional, or <see cref="Nobody"/>.</returns>
    public static int[] Solve(ReadOnlySpan<int> starts, ReadOnlySpan<int> targets, ReadOnlySpan<int> scores, ReadOnlySpan<int> capacity)
    {
        var people = starts.Length - 1;
        var best = 0;
        foreach (var score in scores)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(score, nameof(scores));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(score, 1_000_000, nameof(scores));
            best = Math.Max(best, score);
        }

        var search = new Search(starts, targets, scores, capacity, best, people);
        for (var i = 0; i < people; i++)
        {
            search.Enter(i);
        }

        return search.Assigned;
    }

    private ref struct Search
    {
        private readonly ReadOnlySpan<int> _starts;
        private readonly ReadOnlySpan<int> _targets;
        private readonly ReadOnlySpan<int> _scores;
        private readonly int _best;

        // Going without a professional costs more than all scores together, so coverage always comes first.
        private readonly long _without;

        private readonly int[] _assigned;
        private readonly int[] _free;
        private readonly long[] _price;
        private readonly long[] _held;

        // The people of each professional, as doubly linked lists through _next and _previous.
        private readonly int[] _head;
        private readonly int[] _next;
        private readonly int[] _previous;

        private readonly long[] _distance;
        private readonly int[] _via;
        private readonly List<int> _touched;
        private readonly PriorityQueue<int, (long Distance, int Professional)> _queue;

        private long _bestEnd;
        private int _endProfessional;
        private int _endPerson;

        public Search(ReadOnlySpan<int> starts, ReadOnlySpan<int> targets, ReadOnlySpan<int> scores, ReadOnlySpan<int> capacity, int best, int people)
        {
            _starts = starts;
            _targets = targets;
            _scores = scores;
            _best = best;
            _without = (best + 1L) * (people + 1L);
            _assigned = new int[people];
            Array.Fill(_assigned, Nobody);
            _free = capacity.ToArray();
            _price = new long[capacity.Length];
            _held = new long[people];
            _head = new int[capacity.Length];
            Array.Fill(_head, Nobody);
            _next = new int[people];
            _previous = new int[people];
            _distance = new long[capacity.Length];
            Array.Fill(_distance, long.MaxValue);
            _via = new int[capacity.Length];
            _touched = [];
            _queue = new PriorityQueue<int, (long, int)>();
        }

        public readonly int[] Assigned => _assigned;

        /// <summary>Brings one more person in, along the cheapest chain of moves.</summary>
        public void Enter(int person)
        {
            _bestEnd = _without;
            _endProfessional = Nobody;
            _endPerson = person;
            Reach(person, 0);
            while (_queue.TryDequeue(out var at, out var key) && key.Distance < _bestEnd)
            {
                if (key.Distance > _distance[at])
                {
                    continue;
                }

                for (var held = _head[at]; held != Nobody; held = _next[held])
                {
                    // Prices make every person's present place their cheapest, so no step is negative.
                    var soFar = key.Distance - (_held[held] + _price[at]);
                    if (soFar + _without < _bestEnd)
                    {
                        (_bestEnd, _endProfessional, _endPerson) = (soFar + _without, Nobody, held);
                    }

                    Reach(held, soFar);
                }
            }

            foreach (var professional in _touched)
            {
                _price[professional] += Math.Max(0, _bestEnd - _distance[professional]);
                _distance[professional] = long.MaxValue;
            }

            _touched.Clear();
            _queue.Clear();
            Move(person);
        }

        private void Reach(int person, long soFar)
        {
            for (var e = _starts[person]; e < _starts[person + 1]; e++)
            {
                var to = _targets[e];
                var distance = soFar + (_best - _scores[e]) + _price[to];
                if (distance >= _bestEnd || distance >= _distance[to])
                {
                    continue;
                }

                if (_distance[to] == long.MaxValue)
                {
                    _touched.Add(to);
                }

                _distance[to] = distance;
                _via[to] = person;
                if (_free[to] > 0)
                {
                    (_bestEnd, _endProfessional, _endPerson) = (distance, to, person);
                }
                else if (_head[to] != Nobody)
                {
                    _queue.Enqueue(to, (distance, to));
                }
            }
        }

        // Walks the chain back from its end: each person takes the place found for them and leaves their old one to the one before.
        private readonly void Move(int entering)
        {
            var person = _endPerson;
            var to = _endProfessional;
            if (to != Nobody)
            {
                _free[to]--;
            }

            while (true)
            {
                var from = _assigned[person];
                if (from != Nobody)
                {
                    Unlink(person, from);
                }

                _assigned[person] = to;
                if (to != Nobody)
                {
                    Link(person, to);
                }

                if (person == entering)
                {
                    return;
                }

                to = from;
                person = _via[from];
            }
        }

        private readonly void Link(int person, int to)
        {
            _next[person] = _head[to];
            _previous[person] = Nobody;
            if (_head[to] != Nobody)
            {
                _previous[_head[to]] = person;
            }

            _head[to] = person;
            var e = _starts[person];
            while (_targets[e] != to)
            {
                e++;
            }

            _held[person] = _best - _scores[e];
        }

        private readonly void Unlink(int person, int from)
        {
            var (previous, next) = (_previous[person], _next[person]);
            if (previous == Nobody)
            {
                _head[from] = next;
            }
            else
            {
                _next[previous] = next;
            }

            if (next != Nobody)
            {
                _previous[next] = previous;
            }
        }
    }
}
