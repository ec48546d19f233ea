using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace BetterCare.Care.Storage.Reference;

/// <summary>Deprivation of small areas (Data/small_areas.csv): a table that a place extends with its own areas.</summary>
public static class SmallAreas
{
    private static readonly FrozenDictionary<string, byte> Quintiles = Read();

    /// <summary>The quintile of an LSOA, 1 least to 5 most deprived; 0 where not in the table.</summary>
    public static byte Quintile(string lsoa) => Quintiles.GetValueOrDefault(lsoa);

    private static FrozenDictionary<string, byte> Read()
    {
        using var stream = typeof(SmallAreas).Assembly.GetManifestResourceStream("small_areas.csv")!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        reader.ReadLine();
        var quintiles = new Dictionary<string, byte>(StringComparer.Ordinal);
        while (reader.ReadLine() is { } line)
        {
            var comma = line.IndexOf(',', StringComparison.Ordinal);
            var decile = int.Parse(line.AsSpan(comma + 1), CultureInfo.InvariantCulture);

            // IMD counts from the most deprived; the predictor's quintile 5 is the most deprived (predictors.csv, n 3).
            quintiles[line[..comma]] = (byte)(5 - ((decile - 1) / 2));
        }

        return quintiles.ToFrozenDictionary(StringComparer.Ordinal);
    }
}
