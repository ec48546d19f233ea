namespace BetterCare.Care.Coordination.Coverage;

/// <summary>The published figures of one cell and the rates from them.</summary>
public sealed record CoverageFigures
{
    /// <summary>People.</summary>
    public required SuppressedCount People { get; init; }

    /// <summary>With a verified NHS number.</summary>
    public required SuppressedCount NumberVerified { get; init; }

    /// <summary>At high risk.</summary>
    public required SuppressedCount HighRisk { get; init; }

    /// <summary>At high risk, with an accountable lead.</summary>
    public required SuppressedCount WithLead { get; init; }

    /// <summary>At high risk, with a joint plan in force and not overdue.</summary>
    public required SuppressedCount WithPlan { get; init; }

    /// <summary>At high risk, with both.</summary>
    public required SuppressedCount WithBoth { get; init; }

    /// <summary>At high risk, with a plan overdue for review.</summary>
    public required SuppressedCount PlanOverdue { get; init; }

    /// <summary>Leads in health.</summary>
    public required SuppressedCount LeadInHealth { get; init; }

    /// <summary>Leads in social care.</summary>
    public required SuppressedCount LeadInSocialCare { get; init; }

    /// <summary>Leads in voluntary organisations.</summary>
    public required SuppressedCount LeadInVoluntary { get; init; }

    /// <summary>Question a: share of people at high risk, %.</summary>
    public Rate HighRiskOfPeople => Rate.Of(HighRisk, People);

    /// <summary>Question c: share of people at high risk with an accountable lead, %.</summary>
    public Rate LeadOfHighRisk => Rate.Of(WithLead, HighRisk);

    /// <summary>Question c: share of people at high risk with a joint plan, %.</summary>
    public Rate PlanOfHighRisk => Rate.Of(WithPlan, HighRisk);

    /// <summary>Question c: share of people at high risk with both, %.</summary>
    public Rate BothOfHighRisk => Rate.Of(WithBoth, HighRisk);

    /// <summary>Share of people at high risk with an overdue plan, %.</summary>
    public Rate OverdueOfHighRisk => Rate.Of(PlanOverdue, HighRisk);

    /// <summary>Share of people with a verified NHS number, %.</summary>
    public Rate VerifiedOfPeople => Rate.Of(NumberVerified, People);

    /// <summary>Exact figures, only for roles that may see the people.</summary>
    public static CoverageFigures Exact(CoverageCounts counts) => new()
    {
        People = SuppressedCount.Exact(counts.People),
        NumberVerified = SuppressedCount.Exact(counts.NumberVerified),
        HighRisk = SuppressedCount.Exact(counts.HighRisk),
        WithLead = SuppressedCount.Exact(counts.WithLead),
        WithPlan = SuppressedCount.Exact(counts.WithPlan),
        WithBoth = SuppressedCount.Exact(counts.WithBoth),
        PlanOverdue = SuppressedCount.Exact(counts.PlanOverdue),
        LeadInHealth = SuppressedCount.Exact(counts.LeadInHealth),
        LeadInSocialCare = SuppressedCount.Exact(counts.LeadInSocialCare),
        LeadInVoluntary = SuppressedCount.Exact(counts.LeadInVoluntary),
    };
}

/// <summary>One published row.</summary>
/// <param name="Value">As in the breakdown.</param>
/// <param name="Figures">The figures.</param>
/// <param name="Parents">As in the breakdown.</param>
public sealed record PublishedRow(string Value, CoverageFigures Figures, IReadOnlyList<string> Parents);

/// <summary>One published breakdown, in the order given.</summary>
/// <param name="Dimension">The dimension.</param>
/// <param name="Rows">All rows; pages are cut from them afterwards, never before.</param>
public sealed record PublishedBreakdown(string Dimension, IReadOnlyList<PublishedRow> Rows);

/// <summary>
/// The coverage of one population on one day: a total and its breakdowns, published together so that none gives another away.
/// <para>Over months: a month that was published stays as it was (a snapshot, never revised), and flows between months are
/// not published, so months have no sums in common that could be subtracted. Over filters: a question about part of the people (this practice by
/// age) is answered from the rows of a crossed breakdown of the whole release, never from a release of its own, which would not
/// know what the others show.</para>
/// </summary>
public sealed record CoverageRelease
{
    /// <summary>What readers are told of <c>*</c>.</summary>
    public const string Legend = "* stands for 1 to 7 people, or for a larger number where it protects a small one. Other figures are rounded to the nearest 5; rates come from the rounded figures.";

    /// <summary>The breakdown by level, where "at high risk" is the row itself.</summary>
    public const string LevelDimension = "level";

    /// <summary>The breakdown into adults and under-18s, whose rows are headlines themselves.</summary>
    public const string PopulationDimension = "population";

    private CoverageRelease(CoverageFigures total, IReadOnlyList<PublishedBreakdown> breakdowns, bool isExact)
    {
        Total = total;
        Breakdowns = breakdowns;
        IsExact = isExact;
    }

    /// <summary>The whole population: the same figures in every breakdown.</summary>
    public CoverageFigures Total { get; }

    /// <summary>The breakdowns, in the order given.</summary>
    public IReadOnlyList<PublishedBreakdown> Breakdowns { get; }

    /// <summary>Not suppressed: for roles that may see the people.</summary>
    public bool IsExact { get; }

    /// <summary>
    /// The day for which suppressed figures stand: the end of the month before. A rounded figure read every day would tell on
    /// which day one more person passed a threshold; roles that may see the people read today's.
    /// </summary>
    public static DateOnly StandsFor(DateOnly today) => new DateOnly(today.Year, today.Month, 1).AddDays(-1);

    /// <summary>Exact figures, only for roles that may see the people.</summary>
    /// <param name="total">The whole population.</param>
    /// <param name="breakdowns">Its breakdowns.</param>
    public static CoverageRelease Exact(CoverageCounts total, IReadOnlyList<Breakdown> breakdowns) =>
        new(
            CoverageFigures.Exact(total),
            [.. breakdowns.Select(b => new PublishedBreakdown(b.Dimension, [.. b.Rows.Select(r => new PublishedRow(r.Value, CoverageFigures.Exact(r.Counts), r.Parents))]))],
            isExact: true);

    /// <summary>Suppressed figures.</summary>
    /// <param name="total">The whole population.</param>
    /// <param name="breakdowns">Its breakdowns; the rows of each add up to the total.</param>
    /// <exception cref="ArgumentException">Rows do not add up, or a cell is impossible: a fault of the caller, which would undo the protection.</exception>
    public static CoverageRelease Publish(CoverageCounts total, IReadOnlyList<Breakdown> breakdowns)
    {
        Check(total, breakdowns);
        var guard = new DisclosureGuard();
        var whole = new Cells(guard, total, sameHighRisk: false);
        whole.KeepToTheLast(guard);
        var cells = new Cells[breakdowns.Count][];
        for (var b = 0; b < cells.Length; b++)
        {
            // By level, "at high risk" is the row itself: one figure, hidden or shown as one.
            var byLevel = string.Equals(breakdowns[b].Dimension, LevelDimension, StringComparison.Ordinal);
            cells[b] = [.. breakdowns[b].Rows.Select(r => new Cells(guard, r.Counts, byLevel && r.Counts.HighRisk == r.Counts.People))];
        }

        // The headlines of adults and of the levels are as much needed as that of the whole list.
        foreach (var row in cells.Zip(breakdowns).Where(x => x.Second.Dimension is PopulationDimension or LevelDimension).SelectMany(x => x.First))
        {
            row.KeepToTheLast(guard);
        }

        for (var b = 0; b < cells.Length; b++)
        {
            if (breakdowns[b].Within.Count == 0)
            {
                Cells.Sum(guard, whole, cells[b]);
            }

            for (var side = 0; side < breakdowns[b].Within.Count; side++)
            {
                var coarser = IndexOf(breakdowns, breakdowns[b].Within[side]);
                var rows = cells[b].Zip(breakdowns[b].Rows).ToLookup(p => p.Second.Parents[side], p => p.First, StringComparer.Ordinal);
                foreach (var (parent, row) in cells[coarser].Zip(breakdowns[coarser].Rows))
                {
                    Cells.Sum(guard, parent, [.. rows[row.Value]]);
                }
            }
        }

        guard.Protect();
        return new CoverageRelease(
            whole.Figures(guard),
            [.. breakdowns.Select((x, b) => new PublishedBreakdown(x.Dimension, [.. x.Rows.Select((r, i) => new PublishedRow(r.Value, cells[b][i].Figures(guard), r.Parents))]))],
            isExact: false);
    }

    private static int IndexOf(IReadOnlyList<Breakdown> breakdowns, string dimension)
    {
        for (var i = 0; i < breakdowns.Count; i++)
        {
            if (string.Equals(breakdowns[i].Dimension, dimension, StringComparison.Ordinal))
            {
                return i;
            }
        }

        return -1;
    }

    private static void Check(CoverageCounts total, IReadOnlyList<Breakdown> breakdowns)
    {
        foreach (var breakdown in breakdowns)
        {
            if (Fault(breakdown) is { } fault)
            {
                throw new ArgumentException($"Breakdown by {breakdown.Dimension}: {fault}", nameof(breakdowns));
            }
        }

        string? Fault(Breakdown breakdown)
        {
            if (Sum(breakdown.Rows) != total)
            {
                return "The rows do not add up to the total.";
            }

            for (var side = 0; side < breakdown.Within.Count; side++)
            {
                var coarser = IndexOf(breakdowns, breakdown.Within[side]);
                if (coarser < 0 || !breakdown.Rows.All(r => r.Parents.Count == breakdown.Within.Count))
                {
                    return "A row does not say which row of the coarser breakdown it belongs to.";
                }

                var rows = breakdown.Rows.ToLookup(r => r.Parents[side], StringComparer.Ordinal);
                if (!breakdowns[coarser].Rows.All(p => Sum(rows[p.Value]) == p.Counts))
                {
                    return "The rows do not add up to those of the coarser breakdown.";
                }
            }

            return breakdown.Rows.Select(r => r.Counts.Impossible()).FirstOrDefault(i => i is not null);
        }

        static CoverageCounts Sum(IEnumerable<BreakdownRow> rows) => rows.Aggregate(default(CoverageCounts), (a, r) => a + r.Counts);
    }

    /// <summary>The ten figures of a cell, as numbers in the guard.</summary>
    private readonly struct Cells
    {
        private const int People = 0, Verified = 1, HighRisk = 2, Lead = 3, Plan = 4, Both = 5, Overdue = 6, Health = 7, SocialCare = 8, Voluntary = 9, Count = 10;

        private readonly int[] _cells = new int[Count];

        public Cells(DisclosureGuard guard, CoverageCounts c, bool sameHighRisk)
        {
            ReadOnlySpan<int> exact = [c.People, c.NumberVerified, c.HighRisk, c.WithLead, c.WithPlan, c.WithBoth, c.PlanOverdue, c.LeadInHealth, c.LeadInSocialCare, c.LeadInVoluntary];
            for (var i = 0; i < Count; i++)
            {
                _cells[i] = i == HighRisk && sameHighRisk ? _cells[People] : guard.Add(exact[i]);
            }

            guard.Within(_cells[Verified], _cells[People]);
            guard.Within(_cells[HighRisk], _cells[People]);
            guard.Within(_cells[Lead], _cells[HighRisk]);
            guard.Within(_cells[Plan], _cells[HighRisk]);
            guard.Within(_cells[Overdue], _cells[HighRisk]);
            guard.Overlap(_cells[Both], _cells[Lead], _cells[Plan], _cells[HighRisk]);
            guard.Sum(_cells[Lead], [_cells[Health], _cells[SocialCare], _cells[Voluntary]]);
        }

        public void KeepToTheLast(DisclosureGuard guard)
        {
            foreach (var cell in _cells)
            {
                guard.KeepToTheLast(cell);
            }
        }

        public static void Sum(DisclosureGuard guard, Cells total, Cells[] parts)
        {
            Span<int> column = parts.Length <= 256 ? stackalloc int[parts.Length] : new int[parts.Length];
            for (var i = 0; i < Count; i++)
            {
                for (var p = 0; p < parts.Length; p++)
                {
                    column[p] = parts[p]._cells[i];
                }

                guard.Sum(total._cells[i], column);
            }
        }

        public CoverageFigures Figures(DisclosureGuard guard) => new()
        {
            People = guard[_cells[People]],
            NumberVerified = guard[_cells[Verified]],
            HighRisk = guard[_cells[HighRisk]],
            WithLead = guard[_cells[Lead]],
            WithPlan = guard[_cells[Plan]],
            WithBoth = guard[_cells[Both]],
            PlanOverdue = guard[_cells[Overdue]],
            LeadInHealth = guard[_cells[Health]],
            LeadInSocialCare = guard[_cells[SocialCare]],
            LeadInVoluntary = guard[_cells[Voluntary]],
        };
    }
}
