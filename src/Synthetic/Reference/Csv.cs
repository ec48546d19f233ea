using System.Globalization;
using System.Text;

namespace BetterCare.Care.Synthetic.Reference;

/// <summary>Reads the embedded tables: a header row, then rows with RFC 4180 quotes but no line breaks in fields.</summary>
internal static class Csv
{
    public static IEnumerable<string[]> Rows(string resource)
    {
        using var stream = typeof(Csv).Assembly.GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"The embedded table {resource} is missing.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        _ = reader.ReadLine();
        while (reader.ReadLine() is { } line)
        {
            if (line.Length > 0)
            {
                yield return Split(line);
            }
        }
    }

    public static double Number(string field) =>
        field.Length == 0 ? 0 : double.Parse(field, NumberStyles.Float, CultureInfo.InvariantCulture);

    public static int Whole(string field) => int.Parse(field, NumberStyles.Integer, CultureInfo.InvariantCulture);

    private static string[] Split(string line)
    {
        if (!line.Contains('"', StringComparison.Ordinal))
        {
            return line.Split(',');
        }

        var fields = new List<string>();
        var field = new StringBuilder();
        var quoted = false;
        foreach (var c in line)
        {
            if (c == '"')
            {
                quoted = !quoted;
            }
            else if (c == ',' && !quoted)
            {
                fields.Add(field.ToString());
                field.Clear();
            }
            else
            {
                field.Append(c);
            }
        }

        fields.Add(field.ToString());
        return [.. fields];
    }
}
