using BetterCare.Care.Api.Features.Coverage;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Coverage;
using BetterCare.Care.Storage.Model;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace BetterCare.Care.Tests.Api.Coverage;

/// <summary>
/// Somebody reads everything that a commissioner may read (every breakdown, adults and whole list) and subtracts. Whatever they
/// do with the sums that hold between the figures, a count of 1 to 7 stays a count of 1 to 7.
/// </summary>
public sealed class DifferencingTests
{
    private static readonly Caller Commissioner = new("commissioner", new HashSet<Grant> { Grant.ReadCoverage }, null);

    // Three neighbourhoods of two places under one ICB.
    private static readonly string[] Practices = ["N81011", "N81018", "N81019", "N84001", "N84002", "N84003"];

    private static readonly (string Name, Func<CoverageRow, string> Of)[] Columns =
    [
        ("people", r => r.People), ("verified", r => r.NumberVerified), ("high risk", r => r.HighRisk), ("lead", r => r.WithLead), ("plan", r => r.WithPlan),
        ("both", r => r.WithBoth), ("overdue", r => r.PlanOverdue), ("health", r => r.LeadInHealth), ("social care", r => r.LeadInSocialCare), ("voluntary", r => r.LeadInVoluntary),
    ];

    [Theory]
    [InlineData(1, 40)]
    [InlineData(2, 120)]
    [InlineData(3, 400)]
    [InlineData(4, 1500)]
    public async Task Reader_SubtractsEverythingFromEverything_NoSmallCountIsNarrowed(int seed, int people)
    {
        await using var app = await StoryApp.StartAsync();
        await FillAsync(app, new Random(seed), people);
        var questions = app.Services.GetRequiredService<CoverageQuestions>();
        var attack = new Attack();
        foreach (var wholeList in (bool[])[true, false])
        {
            foreach (var by in CoverageGroups.Dimensions)
            {
                var ask = new CoverageAsk(by, WholeList: wholeList);
                var shown = (await questions.AnswerAsync(ask, Commissioner, false, default)).Value;
                var exact = (await questions.AnswerAsync(ask, Caller.Demo, false, default)).Value;
                shown.Rows.Select(r => r.Group).ShouldBe(exact.Rows.Select(r => r.Group), $"{by} {wholeList}");
                foreach (var (name, of) in Columns)
                {
                    attack.Read($"{name}/{wholeList}/All", of(shown.Total), of(exact.Total));
                    foreach (var (row, truth) in shown.Rows.Zip(exact.Rows))
                    {
                        attack.Read($"{name}/{wholeList}/{by}/{row.Group}", of(row), of(truth));
                    }

                    attack.Sum($"{name}/{wholeList}/All", shown.Rows.Select(r => $"{name}/{wholeList}/{by}/{r.Group}"));
                }
            }
        }

        // What is not printed, but follows: the children of each group.
        foreach (var cell in attack.Names.Where(n => n.Contains("/True/", StringComparison.Ordinal)).ToList())
        {
            var adults = cell.Replace("/True/", "/False/", StringComparison.Ordinal);
            attack.Difference(cell, adults, cell + " (children)");
        }

        attack.Narrowed().ShouldBeEmpty();
        attack.Shown.ShouldBeGreaterThan(20, "a release that shows nothing is safe and of no use");
    }

    private static async Task FillAsync(StoryApp app, Random random, int people)
    {
        var cells = new Dictionary<CellKey, CoverageCell>();
        for (var i = 0; i < people; i++)
        {
            var level = (byte)random.Next(0, 5);
            var age = (byte)(random.Next(0, 8) == 0 ? 0 : random.Next(1, 6));
            var lead = level >= 3 ? (LeadSector)random.Next(0, 4) : LeadSector.NoLead;
            var plan = level >= 3 && random.Next(0, 3) > 0;
            var share = new CoverageShare(
                Practices[Math.Min(random.Next(0, 6), random.Next(0, 6))], level, level, age, (byte)random.Next(1, 3), (byte)random.Next(0, 6), random.Next(0, 9) > 0, lead, plan, level >= 3 && !plan && random.Next(0, 4) == 0);
            foreach (var key in CellsOf(share))
            {
                if (!cells.TryGetValue(key, out var cell))
                {
                    cells[key] = cell = new CoverageCell
                    {
                        Month = 202610, Split = (byte)key.Split, PracticeCode = key.PracticeCode, Part = key.Part, Adult = key.Adult, Level = key.Level, ModelLevel = key.ModelLevel,
                    };
                }

                cell.People++;
                cell.Verified += share.Verified ? 1 : 0;
                cell.LeadHealth += share.Lead == LeadSector.Health ? 1 : 0;
                cell.LeadSocialCare += share.Lead == LeadSector.SocialCare ? 1 : 0;
                cell.LeadVoluntary += share.Lead == LeadSector.Voluntary ? 1 : 0;
                cell.WithPlan += share.HasPlan ? 1 : 0;
                cell.WithBoth += share is { HasPlan: true, Lead: not LeadSector.NoLead } ? 1 : 0;
                cell.PlanOverdue += share.PlanOverdue ? 1 : 0;
            }
        }

        await using var db = await app.Services.GetRequiredService<IDbContextFactory<CareDbContext>>().CreateDbContextAsync();
        db.CoverageCells.AddRange(cells.Values);
        db.CoverageMonths.Add(new CoverageMonth { Month = 202610, Revision = 1 });
        await db.SaveChangesAsync();
    }

    private static IEnumerable<CellKey> CellsOf(CoverageShare s) =>
        ((string[])[s.PracticeCode, CoverageCell.AllPractices]).SelectMany(practice => (CellKey[])
        [
            new(CoverageSplit.None, practice, 0, s.Adult, s.Level, s.ModelLevel), new(CoverageSplit.Age, practice, s.AgeBand, s.Adult, s.Level, s.ModelLevel),
            new(CoverageSplit.Sex, practice, s.Sex, s.Adult, s.Level, s.ModelLevel), new(CoverageSplit.Deprivation, practice, s.Deprivation, s.Adult, s.Level, s.ModelLevel),
        ]);

    /// <summary>A reader who knows the rules of rounding and every sum, and sharpens what each figure can be until nothing moves.</summary>
    private sealed class Attack
    {
        private readonly Dictionary<string, (int Least, int Most, int Truth, bool Hidden)> _cells = new(StringComparer.Ordinal);
        private readonly List<(string Total, List<string> Parts)> _sums = [];

        public IEnumerable<string> Names => _cells.Keys;

        public int Shown => _cells.Values.Count(c => !c.Hidden && c.Truth > 0);

        public void Read(string name, string shown, string exact)
        {
            var truth = int.Parse(exact, System.Globalization.CultureInfo.InvariantCulture);
            if (shown == "*")
            {
                _cells[name] = (1, int.MaxValue / 4, truth, true);
                return;
            }

            var value = int.Parse(shown, System.Globalization.CultureInfo.InvariantCulture);
            _cells[name] = value == 0 ? (0, 0, truth, false) : (Math.Max(8, value - 2), value + 2, truth, false);
            (truth is >= 1 and <= 7).ShouldBeFalse($"{name} is small and shown");
        }

        public void Sum(string total, IEnumerable<string> parts) => _sums.Add((total, [.. parts]));

        public void Difference(string whole, string part, string rest)
        {
            if (_cells.TryGetValue(part, out var known))
            {
                _cells[rest] = (0, int.MaxValue / 4, _cells[whole].Truth - known.Truth, true);
                _sums.Add((whole, [part, rest]));
            }
        }

        public List<string> Narrowed()
        {
            bool moved;
            do
            {
                moved = false;
                foreach (var (total, parts) in _sums)
                {
                    var (least, most) = (parts.Sum(p => (long)_cells[p].Least), parts.Sum(p => (long)_cells[p].Most));

                    // That a hidden total of k hidden parts is k or more says nothing: each of them may be large, hidden for another's sake.
                    moved |= Sharpen(total, _cells[total].Hidden && parts.TrueForAll(p => _cells[p].Hidden || _cells[p].Most == 0) ? 0 : least, most);
                    foreach (var part in parts)
                    {
                        moved |= Sharpen(part, _cells[total].Least - (most - _cells[part].Most), _cells[total].Most - (least - _cells[part].Least));
                    }
                }
            }
            while (moved);

            // That nobody, or that somebody, is in a group may be learnt; how few may not.
            return [.. _cells.Where(c => c.Value is { Truth: >= 1 and <= 7 } && (c.Value.Least > 1 || c.Value.Most < 7)).Select(c => $"{c.Key}: {c.Value}")];
        }

        private bool Sharpen(string name, long least, long most)
        {
            var cell = _cells[name];
            var sharper = (Least: (int)Math.Max(cell.Least, least), Most: (int)Math.Min(cell.Most, Math.Min(most, int.MaxValue / 4)));
            if (sharper.Least == cell.Least && sharper.Most == cell.Most)
            {
                return false;
            }

            _cells[name] = cell with { Least = sharper.Least, Most = sharper.Most };
            return true;
        }
    }
}
