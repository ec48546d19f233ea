using System.Globalization;
using System.Reflection;
using System.Text.Json;
using BetterCare.Care.Stratification.Features;
using BetterCare.Care.Stratification.Models;

namespace BetterCare.Care.Tests.Stratification.Given;

/// <summary>The data and figures of scikit-learn; see Reference/make_reference.py.</summary>
internal static class Reference
{
    private static readonly string[] Lines = Read("reference_data.csv").Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public static JsonElement Expected { get; } = JsonDocument.Parse(Read("reference_expected.json")).RootElement;

    public static FeatureSet Features { get; } = FeatureSet.Of(Lines[0].Split(',')[..^1]);

    public static TrainingSet Data()
    {
        var set = new TrainingSet(Features);
        for (var i = 1; i < Lines.Length; i++)
        {
            var fields = Lines[i].Split(',');
            set.Add(i, [.. fields[..^1].Select(f => float.Parse(f, CultureInfo.InvariantCulture))], fields[^1] == "1");
        }

        return set;
    }

    public static ModelCard Card { get; } = new() { Summary = "A model for tests." };

    private static string Read(string name)
    {
        using var reader = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }
}
