using System.Globalization;
using BetterCare.Care.Stratification.Features;

namespace BetterCare.Care.Stratification.Models;

/// <summary>
/// Reads a logistic model given as a table of coefficients: CSV with the header
/// <c>feature,form,from,to,coefficient</c> and optionally <c>standard_error,mean</c>, one row per column and one row
/// whose feature is <c>intercept</c>. Form is Linear, Log1p, Capped, AtLeast, Band, Hinge or Missing; empty means Linear.
/// </summary>
public static class CoefficientTable
{
    private static readonly string[] Required = ["feature", "form", "from", "to", "coefficient"];

    /// <summary>Reads a table.</summary>
    /// <exception cref="ModelDocumentException">The table is not usable; the message names the line and what would do.</exception>
    public static ModelDocument Parse(string csv, string id, string version, ModelCard card)
    {
        var lines = csv.ReplaceLineEndings("\n").Split('\n');
        var header = lines[0].Split(',').Select(h => h.Trim().ToLowerInvariant()).ToList();
        if (Required.Any(r => !header.Contains(r)))
        {
            throw new ModelDocumentException("The first line must name the columns feature, form, from, to and coefficient (standard_error and mean may follow).");
        }

        var terms = new List<LogisticTerm>();
        double? intercept = null;
        for (var i = 1; i < lines.Length; i++)
        {
            if (string.IsNullOrWhiteSpace(lines[i]))
            {
                continue;
            }

            var fields = lines[i].Split(',');
            if (fields.Length != header.Count)
            {
                throw new ModelDocumentException($"Line {i + 1} has {fields.Length} fields; the header has {header.Count}.");
            }

            string Field(string name) => header.IndexOf(name) is >= 0 and var at ? fields[at].Trim() : "";
            double? Number(string name) => Field(name) switch
            {
                "" => null,
                var text when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value) => value,
                _ => throw new ModelDocumentException($"Line {i + 1}: {name} must be a number with a decimal point."),
            };

            var coefficient = Number("coefficient") ?? throw new ModelDocumentException($"Line {i + 1}: the coefficient is missing.");
            var feature = Field("feature");
            if (feature is "intercept" or "(intercept)" or "(Intercept)")
            {
                intercept = intercept is null ? coefficient : throw new ModelDocumentException($"Line {i + 1}: there is more than one intercept.");
                continue;
            }

            var form = TermForm.Linear;
            if (Field("form").Length > 0 && !Enum.TryParse(Field("form"), ignoreCase: true, out form))
            {
                throw new ModelDocumentException($"Line {i + 1}: form must be one of {string.Join(", ", Enum.GetNames<TermForm>())}.");
            }

            terms.Add(new LogisticTerm(new Term(feature, form, (float?)Number("from"), (float?)Number("to")), coefficient, Number("standard_error"), Number("mean") ?? 0));
        }

        var document = new ModelDocument
        {
            Id = id,
            Version = version,
            Kind = "logistic",
            Card = card,
            Intercept = intercept ?? throw new ModelDocumentException("The table has no row for the intercept."),
            Terms = terms,
        };
        return ModelDocument.Parse(document.ToJson());
    }
}
