using BetterCare.Care.Synthetic.Reference;

namespace BetterCare.Care.Synthetic.Place;

/// <summary>A real practice of practices.csv and the small areas that its people live in.</summary>
internal sealed class PracticeInfo
{
    public required int Index { get; init; }

    public required AreaData Area { get; init; }

    public required string PcnCode { get; init; }

    public required string PcnName { get; init; }

    public required string OdsCode { get; init; }

    public required string Name { get; init; }

    public required string Postcode { get; init; }

    public required int ListSize { get; init; }

    /// <summary>IMD 2019 decile that the practice's score falls in.</summary>
    public required double Decile { get; init; }

    /// <summary>Where its people live: about 24 LSOAs near its own deprivation.</summary>
    public Lsoa[] Catchment { get; set; } = [];
}

/// <summary>Chooses the practices of a cohort.</summary>
internal static class Practices
{
    // Smallest list that is still a practice; below that fewer practices are used.
    private const int SmallestList = 500;

    // Lower bounds of the IMD 2019 score of national deciles 1 (most deprived) to 9; approximate.
    private static readonly double[] DecileScores = [45.2, 34.0, 27.0, 21.8, 17.7, 14.2, 11.3, 8.6, 5.9];

    /// <summary>Whole primary care networks of each area, as many practices as keep lists at 500 people or more.</summary>
    public static List<PracticeInfo> Choose(int patients, string? area, ulong seed)
    {
        var all = Csv.Rows("practices.csv")
            .Where(r => area is null ? r[0] is "Halton" or "Sefton" : string.Equals(r[0], area, StringComparison.OrdinalIgnoreCase))
            .ToList();
        var byArea = all.GroupBy(r => r[0], StringComparer.Ordinal).ToList();
        var wanted = Math.Clamp(patients / SmallestList, 1, all.Count);
        var chosen = new List<PracticeInfo>();
        foreach (var group in byArea)
        {
            var share = (int)Math.Round((double)wanted * group.Count() / all.Count, MidpointRounding.AwayFromZero);
            foreach (var row in group.Take(Math.Max(share, chosen.Count == 0 ? 1 : 0)))
            {
                chosen.Add(Read(row, chosen.Count, seed));
            }
        }

        return chosen;
    }

    private static PracticeInfo Read(string[] row, int index, ulong seed)
    {
        var area = AreaData.All.First(a => a.Name == row[0]);
        var practice = new PracticeInfo
        {
            Index = index,
            Area = area,
            PcnCode = row[1],
            PcnName = row[2],
            OdsCode = row[3],
            Name = row[4],
            Postcode = row[5],
            ListSize = Csv.Whole(row[6]),
            Decile = DecileOf(Csv.Number(row[7])),
        };

        var dice = Dice.For(seed, (ulong)index, 0xCA7C);
        var cumulative = new double[area.Lsoas.Count];
        double total = 0;

        // A deprived practice's score is a mean drawn up by its poorest streets; its typical street is a decile better.
        var centre = practice.Decile <= 5 ? practice.Decile + 1 : practice.Decile;
        for (var i = 0; i < cumulative.Length; i++)
        {
            var away = (area.Lsoas[i].Decile - centre) / 2.5;
            cumulative[i] = total += Math.Exp(-0.5 * away * away);
        }

        practice.Catchment = [.. Enumerable.Range(0, 24).Select(_ => area.Lsoas[dice.Pick(cumulative)])];
        return practice;
    }

    private static double DecileOf(double score)
    {
        var decile = 1;
        while (decile < 10 && score < DecileScores[decile - 1])
        {
            decile++;
        }

        return decile;
    }
}
