using System.Text;
using BetterCare.Care.Api.Features.Csv;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Api.Features.OptOuts;

/// <summary>A list of NHS numbers as it was read.</summary>
/// <param name="Numbers">The different valid numbers.</param>
/// <param name="Wrong">Lines without a valid number.</param>
/// <param name="FirstWrong">The first of those lines, from 1: enough to find what is wrong with the file.</param>
public sealed record OptOutText(IReadOnlyCollection<NhsNumber> Numbers, int Wrong, IReadOnlyList<long> FirstWrong)
{
    private const int LinesTold = 20;

    /// <summary>The opt-outs by the names that addresses and the command line use.</summary>
    public static IReadOnlyDictionary<string, PersonFlags> Kinds { get; } = new Dictionary<string, PersonFlags>(StringComparer.Ordinal)
    {
        ["type-1-opt-out"] = PersonFlags.TypeOneOptOut,
        ["national-data-opt-out"] = PersonFlags.NationalOptOut,
    };

    /// <summary>Masked: a record would print everything.</summary>
    public override string ToString() => $"list of {Numbers.Count} numbers";

    /// <summary>
    /// Reads one number a line, as the national check for data opt-outs has it (also with a comma after it), or CSV with a
    /// header: then the column whose name has "NHS" in it, else the first.
    /// </summary>
    public static OptOutText Read(Stream text)
    {
        using var rows = new CsvText(new StreamReader(text, Encoding.UTF8), ',');
        var numbers = new HashSet<NhsNumber>();
        var wrong = new List<long>();
        var (column, count, isFirst) = (0, 0, true);
        while (rows.Read())
        {
            if (isFirst)
            {
                isFirst = false;
                if (!rows.Fields.Any(f => NhsNumber.TryParse(f, out _)) && !rows.Fields.Any(f => f.Any(char.IsAsciiDigit)))
                {
                    column = Math.Max(0, rows.Fields.ToList().FindIndex(f => f.Contains("nhs", StringComparison.OrdinalIgnoreCase)));
                    continue;
                }
            }

            if (!rows.IsBroken && !rows.IsUnclosed && column < rows.Fields.Count && NhsNumber.TryParse(rows.Fields[column], out var number))
            {
                numbers.Add(number);
            }
            else
            {
                count++;
                if (wrong.Count < LinesTold)
                {
                    wrong.Add(rows.Line);
                }
            }
        }

        return new OptOutText(numbers, count, wrong);
    }
}
