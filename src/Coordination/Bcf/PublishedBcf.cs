using BetterCare.Care.Coordination.Coverage;

namespace BetterCare.Care.Coordination.Bcf;

/// <summary>A line of a metric as it may be published: counts suppressed, the value from the published counts.</summary>
/// <param name="Area">CCG, ICB or the whole.</param>
/// <param name="Numerator">Above the line.</param>
/// <param name="Denominator">Below the line.</param>
/// <param name="Value">Half up to one decimal; null where hidden, or where nobody is in the denominator.</param>
/// <param name="IsHidden">The value is <c>*</c>.</param>
/// <param name="Baseline">As planned.</param>
/// <param name="Target">As planned.</param>
public sealed record PublishedBcfLine(string Area, SuppressedCount Numerator, SuppressedCount Denominator, decimal? Value, bool IsHidden, decimal? Baseline, decimal? Target);

/// <summary>A metric by CCG for readers who may not see people (CCG OIS too hides 1 to 7 and rounds to 5).</summary>
/// <param name="Metric">The metric.</param>
/// <param name="Whole">The whole area.</param>
/// <param name="Areas">By CCG.</param>
public sealed record PublishedBcf(BcfMetric Metric, PublishedBcfLine Whole, IReadOnlyList<PublishedBcfLine> Areas)
{
    /// <summary>Suppresses a table so that no area can be worked out from the whole and the others.</summary>
    public static PublishedBcf Of(BcfTable table)
    {
        var guard = new DisclosureGuard();
        var areas = table.Areas.Select(a => (Numerator: guard.Add(Rounded(a.Count.Numerator)), Denominator: guard.Add(Rounded(a.Count.Denominator)))).ToArray();

        // Monthly averages are not whole numbers; the published whole is the sum of the whole-numbered areas, so that the sum holds.
        (int Numerator, int Denominator) whole = (Whole(l => l.Count.Numerator), Whole(l => l.Count.Denominator));
        if (areas.Length > 0)
        {
            guard.Sum(whole.Numerator, [.. areas.Select(a => a.Numerator)]);
            guard.Sum(whole.Denominator, [.. areas.Select(a => a.Denominator)]);
        }

        if (table.Whole.Metric.Multiplier == 100)
        {
            foreach (var (numerator, denominator) in areas.Append(whole))
            {
                guard.Within(numerator, denominator);
            }
        }

        guard.Protect();
        return new PublishedBcf(table.Whole.Metric, Line(table.Whole, whole), [.. table.Areas.Zip(areas, Line)]);

        int Whole(Func<BcfLine, decimal> count) => guard.Add(table.Areas.Count == 0 ? Rounded(count(table.Whole)) : table.Areas.Sum(a => Rounded(count(a))));

        PublishedBcfLine Line(BcfLine line, (int Numerator, int Denominator) cells)
        {
            var (n, d) = (guard[cells.Numerator], guard[cells.Denominator]);
            var isHidden = n.IsHidden || d.IsHidden;
            var value = isHidden ? null : new BcfLine(line.Metric, line.Area, new BcfCount(n.Value!.Value, d.Value!.Value), line.Months).Value;
            return new PublishedBcfLine(line.Area, n, d, value, isHidden, line.Baseline, line.Target);
        }
    }

    private static int Rounded(decimal count) => (int)BcfFormula.HalfUp(count, 0);
}
