using System.Globalization;
using System.Text;
using BetterCare.Care.Storage.Model;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Storage.Reference;

/// <summary>The practices that ship with the product (Data/practices.csv).</summary>
public static class Practices
{
    /// <summary>Adds those that are not there yet.</summary>
    public static async Task SeedAsync(CareDbContext db, CancellationToken ct)
    {
        var have = (await db.Practices.Select(p => p.Code).ToListAsync(ct)).ToHashSet(StringComparer.Ordinal);
        db.Practices.AddRange(Read().Where(p => !have.Contains(p.Code)));
        await db.SaveChangesAsync(ct);
    }

    private static IEnumerable<Practice> Read()
    {
        using var stream = typeof(Practices).Assembly.GetManifestResourceStream("practices.csv")!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        reader.ReadLine();
        while (reader.ReadLine() is { } line)
        {
            var cells = Cells(line);
            yield return new Practice
            {
                Code = cells[0],
                Name = cells[1],
                Neighbourhood = cells[2],
                Locality = cells[3],
                Place = cells[4],
                Deprivation = byte.Parse(cells[5], CultureInfo.InvariantCulture),
                Icb = cells[6],
            };
        }
    }

    private static List<string> Cells(string line)
    {
        var cells = new List<string>();
        var cell = new StringBuilder();
        var quoted = false;
        foreach (var c in line)
        {
            if (c == '"')
            {
                quoted = !quoted;
            }
            else if (c == ',' && !quoted)
            {
                cells.Add(cell.ToString());
                cell.Clear();
            }
            else
            {
                cell.Append(c);
            }
        }

        cells.Add(cell.ToString());
        return cells;
    }
}
