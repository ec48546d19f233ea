using System.Globalization;
using BetterCare.Care.Coordination.Bcf;

namespace BetterCare.Care.Tests.Coordination.Bcf;

/// <summary>Reproduces the tables of five published plans.</summary>
public class PlanTablesTests
{
    private static readonly PlanRow[] Table = Read();

    [Fact]
    public void Table_HasEveryRow()
    {
        Table.Length.ShouldBe(116);
        Table.CountBy(r => r.Reproduces).OrderBy(c => c.Key, StringComparer.Ordinal).Select(c => (c.Key, c.Value))
            .ShouldBe([("NO", 4), ("NOT CHECKABLE", 10), ("ROUNDING", 25), ("YES", 77)]);
    }

    public static TheoryData<string> Rows(string reproduces) => [.. Table.Where(r => r.Reproduces == reproduces).Select(r => r.Id)];

    [Theory]
    [MemberData(nameof(Rows), "YES")]
    public void Recompute_RowMarkedYes_GivesThePrintedValue(string id)
    {
        var row = Row(id);

        BcfFormula.HalfUp(row.Compute(0), row.Decimals).ShouldBe(row.Printed, $"{row.Document}, {row.Name}");
    }

    [Theory]
    [MemberData(nameof(Rows), "ROUNDING")]
    public void Recompute_RowMarkedRounding_GivesThePrintedValueWithinItsRoundedInputs(string id)
    {
        var row = Row(id);
        var half = 0.5m * Step(row.Decimals);

        // The printed inputs may each be half a unit off, the printed value as well.
        row.Compute(-1).ShouldBeLessThanOrEqualTo(row.Printed + half, $"{row.Document}, {row.Name}");
        row.Compute(+1).ShouldBeGreaterThanOrEqualTo(row.Printed - half, $"{row.Document}, {row.Name}");
    }

    [Theory]
    [MemberData(nameof(Rows), "NO")]
    public void Recompute_RowWithAnErrorInPrint_DoesNotGiveThePrintedValue(string id)
    {
        var row = Row(id);

        BcfFormula.HalfUp(row.Compute(0), row.Decimals).ShouldNotBe(row.Printed);
    }

    private static PlanRow Row(string id) => Array.Find(Table, r => r.Id == id)!;

    private static decimal Step(int decimals) => decimals switch { 0 => 1m, 1 => 0.1m, _ => 0.01m };

    private static PlanRow[] Read()
    {
        using var stream = typeof(PlanTablesTests).Assembly.GetManifestResourceStream("plan_tables.csv")!;
        using var reader = new StreamReader(stream);
        reader.ReadLine();
        var rows = new List<PlanRow>();
        while (reader.ReadLine() is { } line)
        {
            rows.Add(new PlanRow(Fields(line)));
        }

        return [.. rows];
    }

    private static string[] Fields(string line)
    {
        var fields = new List<string> { string.Empty };
        var quoted = false;
        foreach (var c in line)
        {
            if (c == '"')
            {
                quoted = !quoted;
            }
            else if (c == ',' && !quoted)
            {
                fields.Add(string.Empty);
            }
            else
            {
                fields[^1] += c;
            }
        }

        return [.. fields];
    }

    private sealed class PlanRow(string[] f)
    {
        public string Id => f[0];

        public string Document => f[2];

        public string Name => f[4];

        public string Reproduces => f[15];

        public decimal Printed => Number(f[11]);

        public int Decimals => DecimalsOf(f[11]);

        /// <summary>The recomputed value; -1 and +1: the least and the most it can be with inputs that were rounded.</summary>
        public decimal Compute(int side)
        {
            var (numerator, denominator) = (Input(f[6], side), Input(f[7], -side));
            return f[5] switch
            {
                "proportion" or "share" or "rate" or "percent change" => BcfFormula.Value(numerator, denominator, int.Parse(f[8], CultureInfo.InvariantCulture), int.Parse(f[9], CultureInfo.InvariantCulture))!.Value,
                "percent change (new-old)/old" => BcfFormula.PercentChange(numerator, denominator)!.Value,
                "difference a-b" => numerator - denominator,
                "0.67 x estimated" => BcfFormula.RegisterNeeded(numerator),
                "sum" => Sum(side),
                "weighted mean" => BcfFormula.WeightedMean(f[10].Split(';').Select(Weighted))!.Value,
                _ when f[5].StartsWith("pro-rata", StringComparison.Ordinal) => BcfFormula.ProRata(Input(f[9], side), numerator, denominator)!.Value,
                _ => throw new InvalidOperationException("No formula for " + f[5]),
            };
        }

        private static (decimal Rate, decimal Population) Weighted(string part)
        {
            var words = part.Trim().Split(' ');
            return (Number(words[^3]), Number(words[^1]));
        }

        private static decimal Number(string text) => decimal.Parse(text, CultureInfo.InvariantCulture);

        private static int DecimalsOf(string text) => text.Contains('.', StringComparison.Ordinal) ? text.Length - text.IndexOf('.', StringComparison.Ordinal) - 1 : 0;

        private static decimal Input(string text, int side) => text.Length == 0 ? 0 : Number(text) + (side * 0.5m * Step(DecimalsOf(text)));

        private decimal Sum(int side)
        {
            var words = f[10].Split(' ');
            var sum = Input(words[0], side);
            for (var i = 1; i < words.Length; i += 2)
            {
                sum += words[i] == "-" ? -Input(words[i + 1], -side) : Input(words[i + 1], side);
            }

            return sum;
        }
    }
}
