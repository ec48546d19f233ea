using BetterCare.Care.Coordination.Coverage;
using FsCheck;
using FsCheck.Fluent;

namespace BetterCare.Care.Tests.Coordination.Coverage;

public class DisclosureGuardTests
{
    [Theory]
    [InlineData(0, "0")]
    [InlineData(1, "*")]
    [InlineData(7, "*")]
    [InlineData(8, "10")]
    [InlineData(12, "10")]
    [InlineData(13, "15")]
    [InlineData(1234, "1235")]
    public void Count_ByItself_FollowsTheHesRule(int exact, string published) => SuppressedCount.Of(exact).ToString().ShouldBe(published);

    [Theory]
    [InlineData(18, 102, "20.0")]
    [InlineData(0, 40, "0.0")]
    [InlineData(0, 0, "-")]
    [InlineData(5, 40, "*")]
    public void Rate_ComesFromTheRoundedFigures(int numerator, int denominator, string published) =>
        Rate.Of(SuppressedCount.Of(numerator), SuppressedCount.Of(denominator)).ToString().ShouldBe(published);

    [Fact]
    public void Publish_TwoWomenAmongTen_TheMenAreHiddenTooAndTheTotalStays() =>
        Publish([8, 2]).ShouldBe(["10", "*", "*"]);

    [Fact]
    public void Publish_RoundedByItself_WouldGiveFourSinglePeopleAway_TheGuardDoesNot()
    {
        // 8 + 1 + 1 + 1 + 1 = 12: rounded separately that reads 10, *, *, *, * of 10, and only ones fit.
        Publish([8, 1, 1, 1, 1]).ShouldBe(["10", "*", "*", "*", "*", "*"]);
    }

    [Fact]
    public void Publish_SmallCountsAmongLargeOnes_NothingElseIsHidden() =>
        Publish([120, 340, 3, 5, 77, 208]).ShouldBe(["755", "120", "340", "*", "*", "75", "210"]);

    /// <summary>
    /// The strongest reader: knows the method, and lists every table that would read the same. For all tables of so many rows
    /// and up to so many people, every small count keeps at least four possible values.
    /// </summary>
    [Theory]
    [InlineData(2, 42)]
    [InlineData(3, 32)]
    [InlineData(4, 27)]
    public void Publish_EveryTable_NoReaderCanWorkOutAHiddenFigure(int rows, int people)
    {
        var seen = new Dictionary<string, (int[] Least, int[] Most)>(StringComparer.Ordinal);
        var parts = new int[rows];
        while (true)
        {
            Note(seen, string.Join(' ', Publish(parts)), parts);
            var i = 0;
            parts[0]++;
            while (parts.Sum() > people && i < rows)
            {
                parts[i] = 0;
                if (++i < rows)
                {
                    parts[i]++;
                }
            }

            if (i == rows)
            {
                break;
            }
        }

        ShouldGiveNothingAway(seen, rows);
    }

    /// <summary>Two breakdowns of the same people, two rows each: subtracting one from the other gives nothing away.</summary>
    [Fact]
    public void Publish_EveryPairOfBreakdowns_NoReaderCanWorkOutAHiddenFigure()
    {
        var seen = new Dictionary<string, (int[] Least, int[] Most)>(StringComparer.Ordinal);
        for (var a = 0; a <= 22; a++)
        {
            for (var b = 0; a + b <= 22; b++)
            {
                for (var c = 0; c <= a + b; c++)
                {
                    int[] cells = [a, b, c, a + b - c];
                    var guard = new DisclosureGuard();
                    var total = guard.Add(a + b);
                    var numbers = cells.Select(guard.Add).ToArray();
                    guard.Sum(total, numbers.AsSpan(0, 2));
                    guard.Sum(total, numbers.AsSpan(2, 2));
                    guard.Protect();
                    Note(seen, string.Join(' ', numbers.Select(n => guard[n])) + " of " + guard[total], cells);
                }
            }
        }

        ShouldGiveNothingAway(seen, 4);
    }

    /// <summary>
    /// Every crossed table of two by two with its margins, for a reader of the figures and their sums: every small count could
    /// still be anything from 1 to 7. (The strongest reader, who also lists which tables the method would hide this way, can learn
    /// more of crossed tables of so few people; they are not for publication by themselves.)
    /// </summary>
    [Fact]
    public void Publish_EveryCrossedTable_SumsNarrowNoSmallCount()
    {
        var tables = CrossedTables(22).ToArray();
        foreach (var published in tables.Select(t => (Table: t, Figures: PublishCrossed(t))).DistinctBy(p => (string.Join(' ', p.Figures), string.Join(' ', p.Table.Select(IsSmall)))))
        {
            // The list of tables is whole only where the total is shown.
            if (published.Figures[8].IsHidden)
            {
                continue;
            }

            var (least, most) = (new int[9], new int[9]);
            Array.Fill(least, int.MaxValue);
            foreach (var table in tables.Where(t => Fits(t, published.Figures)))
            {
                for (var i = 0; i < 9; i++)
                {
                    least[i] = Math.Min(least[i], table[i]);
                    most[i] = Math.Max(most[i], table[i]);
                }
            }

            for (var i = 0; i < 9; i++)
            {
                if (IsSmall(published.Table[i]))
                {
                    // A hidden sum of two hidden figures is at least 2, which says nothing of either.
                    least[i].ShouldBeLessThanOrEqualTo(i < 4 ? 1 : 2, string.Join(' ', published.Figures) + " cell " + i);
                    most[i].ShouldBeGreaterThanOrEqualTo(7, string.Join(' ', published.Figures) + " cell " + i);
                }
            }
        }

        static bool IsSmall(int count) => count is >= 1 and <= 7;
    }

    /// <summary>Leads, plans and both among up to 22 people at high risk: what they have in common gives nothing away.</summary>
    [Fact]
    public void Publish_EveryOverlapOfLeadsAndPlans_NoReaderCanWorkOutAHiddenFigure()
    {
        var seen = new Dictionary<string, (int[] Least, int[] Most)>(StringComparer.Ordinal);
        for (var whole = 0; whole <= 22; whole++)
        {
            for (var lead = 0; lead <= whole; lead++)
            {
                for (var plan = 0; plan <= whole; plan++)
                {
                    for (var both = Math.Max(0, lead + plan - whole); both <= Math.Min(lead, plan); both++)
                    {
                        int[] cells = [whole, lead, plan, both];
                        var guard = new DisclosureGuard();
                        var numbers = cells.Select(guard.Add).ToArray();
                        guard.Within(numbers[1], numbers[0]);
                        guard.Within(numbers[2], numbers[0]);
                        guard.Overlap(numbers[3], numbers[1], numbers[2], numbers[0]);
                        guard.Protect();
                        Note(seen, string.Join(' ', numbers.Select(n => guard[n])), cells);
                    }
                }
            }
        }

        ShouldGiveNothingAway(seen, 4);
    }

    /// <summary>Larger tables by chance: what is shown is the count rounded, small counts are always hidden, zeros and the legend hold.</summary>
    [Fact]
    public void Publish_AnyTable_ShownFiguresAreTheRoundedOnes()
    {
        Check.QuickThrowOnFailure(Prop.ForAll(Gen.Choose(0, 60).NonEmptyListOf().ToArbitrary(), parts =>
        {
            var guard = new DisclosureGuard();
            var total = guard.Add(parts.Sum());
            var cells = parts.Select(guard.Add).ToArray();
            guard.Sum(total, cells);
            guard.Protect();
            for (var i = 0; i < cells.Length; i++)
            {
                var published = guard[cells[i]];
                published.IsHidden.ShouldBe(published.IsHidden || parts[i] is >= 1 and <= 7);
                if (!published.IsHidden)
                {
                    published.ShouldBe(SuppressedCount.Of(parts[i]));
                }

                if (parts[i] == 0)
                {
                    published.Value.ShouldBe(0);
                }
            }
        }));
    }

    // a b | c d, then rows, columns and the total.
    private static IEnumerable<int[]> CrossedTables(int people)
    {
        for (var a = 0; a <= people; a++)
        {
            for (var b = 0; a + b <= people; b++)
            {
                for (var c = 0; a + b + c <= people; c++)
                {
                    for (var d = 0; a + b + c + d <= people; d++)
                    {
                        yield return [a, b, c, d, a + b, c + d, a + c, b + d, a + b + c + d];
                    }
                }
            }
        }
    }

    private static SuppressedCount[] PublishCrossed(int[] table)
    {
        var guard = new DisclosureGuard();
        var n = table.Select(guard.Add).ToArray();
        guard.Sum(n[8], [n[4], n[5]]);
        guard.Sum(n[8], [n[6], n[7]]);
        guard.Sum(n[4], [n[0], n[1]]);
        guard.Sum(n[5], [n[2], n[3]]);
        guard.Sum(n[6], [n[0], n[2]]);
        guard.Sum(n[7], [n[1], n[3]]);
        guard.Protect();
        return [.. n.Select(i => guard[i])];
    }

    private static bool Fits(int[] table, SuppressedCount[] figures)
    {
        for (var i = 0; i < table.Length; i++)
        {
            if (figures[i].IsHidden ? table[i] == 0 : SuppressedCount.Of(table[i]) != figures[i])
            {
                return false;
            }
        }

        return true;
    }

    private static string[] Publish(int[] parts)
    {
        var guard = new DisclosureGuard();
        var total = guard.Add(parts.Sum());
        var cells = parts.Select(guard.Add).ToArray();
        guard.Sum(total, cells);
        guard.Protect();
        return [guard[total].ToString(), .. cells.Select(c => guard[c].ToString())];
    }

    private static void Note(Dictionary<string, (int[] Least, int[] Most)> seen, string published, int[] cells)
    {
        if (!seen.TryGetValue(published, out var range))
        {
            seen[published] = ([.. cells], [.. cells]);
            return;
        }

        for (var i = 0; i < cells.Length; i++)
        {
            range.Least[i] = Math.Min(range.Least[i], cells[i]);
            range.Most[i] = Math.Max(range.Most[i], cells[i]);
        }
    }

    private static void ShouldGiveNothingAway(Dictionary<string, (int[] Least, int[] Most)> seen, int rows)
    {
        var worst = seen.SelectMany(s => Enumerable.Range(0, rows).Where(i => s.Value.Least[i] is >= 1 and <= 7).Select(i => (Width: s.Value.Most[i] - s.Value.Least[i], s.Key, i))).Min();
        worst.Width.ShouldBeGreaterThanOrEqualTo(3, worst.Key);
    }
}
