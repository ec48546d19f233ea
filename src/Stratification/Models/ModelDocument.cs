using System.Text.Json;
using System.Text.Json.Serialization;
using BetterCare.Care.Stratification.Features;

namespace BetterCare.Care.Stratification.Models;

/// <summary>A model as it is stored, exchanged and read by people: JSON, the same bytes for the same model.</summary>
public sealed record ModelDocument
{
    /// <summary>The format that this program writes.</summary>
    public const string CurrentFormat = "bettercare-risk-model/1";

    /// <summary>Name and version of the format.</summary>
    public string Format { get; init; } = CurrentFormat;

    /// <summary>Stable id of the model, for example "synthetic-uk-logistic".</summary>
    public required string Id { get; init; }

    /// <summary>Version of the model.</summary>
    public required string Version { get; init; }

    /// <summary>"logistic" or "ebm".</summary>
    public required string Kind { get; init; }

    /// <summary>What the model was made from, for whom, how good it is and what it is not for.</summary>
    public required ModelCard Card { get; init; }

    /// <summary>The starting point in log-odds.</summary>
    public double Intercept { get; init; }

    /// <summary>Columns of a logistic model.</summary>
    public IReadOnlyList<LogisticTerm>? Terms { get; init; }

    /// <summary>Curves of an explainable boosting machine.</summary>
    public IReadOnlyList<ShapeFunction>? Shapes { get; init; }

    /// <summary>Surfaces of an explainable boosting machine.</summary>
    public IReadOnlyList<PairFunction>? Pairs { get; init; }

    /// <summary>Calibration on held-out people; null: none.</summary>
    public Calibration? Calibration { get; init; }

    /// <summary>The document as UTF-8 JSON.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, ModelJson.Default.ModelDocument);

    /// <summary>Reads and checks a document.</summary>
    /// <exception cref="ModelDocumentException">It is not a usable model; the message says why.</exception>
    public static ModelDocument Parse(ReadOnlySpan<byte> json)
    {
        try
        {
            var document = JsonSerializer.Deserialize(json, ModelJson.Default.ModelDocument)
                ?? throw new ModelDocumentException("The model document is empty.");
            document.ToModel();
            return document;
        }
        catch (JsonException e)
        {
            throw new ModelDocumentException($"The model document is not valid at {e.Path ?? "$"} (line {e.LineNumber + 1}).");
        }
        catch (UnknownPredictorException e)
        {
            throw new ModelDocumentException(e.Message);
        }
    }

    /// <summary>The model, ready to score.</summary>
    /// <exception cref="ModelDocumentException">It is not a usable model.</exception>
    /// <exception cref="UnknownPredictorException">It names a predictor that does not exist.</exception>
    public IRiskModel ToModel()
    {
        if (!string.Equals(Format, CurrentFormat, StringComparison.Ordinal))
        {
            throw new ModelDocumentException($"The model's format is not known here; this program reads {CurrentFormat}.");
        }

        // The reader refuses null for a whole list but not for one of its entries.
        if ((Terms ?? []).Any(t => t is null) || (Shapes ?? []).Any(s => s is null) || (Pairs ?? []).Any(p => p is null))
        {
            throw new ModelDocumentException("A list of terms, shapes or pairs has an empty entry.");
        }

        Calibration?.Validate();
        return Kind switch
        {
            "logistic" => new LogisticModel(this),
            "ebm" => new BoostingMachine(this),
            _ => throw new ModelDocumentException("A model's kind is \"logistic\" or \"ebm\"."),
        };
    }

    /// <summary>A model document that ships with the product, by file name without ending.</summary>
    public static ModelDocument Shipped(string name)
    {
        using var stream = Timelines.EmbeddedData.Open(name + ".json");
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        return Parse(memory.GetBuffer().AsSpan(0, (int)memory.Length));
    }
}

/// <summary>One column of a logistic model.</summary>
/// <param name="Term">Predictor and form.</param>
/// <param name="Coefficient">Log odds ratio for one unit of the column.</param>
/// <param name="StandardError">Standard error of the coefficient; null where not known.</param>
/// <param name="Mean">
/// Mean of the column in the training data: contributions are told against it. 0 where not known.
/// </param>
public sealed record LogisticTerm(Term Term, double Coefficient, double? StandardError = null, double Mean = 0)
{
    /// <summary>Odds ratio for one unit of the column.</summary>
    [JsonIgnore]
    public double OddsRatio => Math.Exp(Coefficient);

    /// <summary>95 % confidence interval of the odds ratio; null where no standard error is known.</summary>
    [JsonIgnore]
    public (double Low, double High)? OddsRatioInterval =>
        StandardError is { } se ? (Math.Exp(Coefficient - (1.959963984540054 * se)), Math.Exp(Coefficient + (1.959963984540054 * se))) : null;
}

/// <summary>A curve: what each range of a predictor adds.</summary>
/// <param name="Feature">Id of the predictor.</param>
/// <param name="Edges">Upper edges of all ranges but the last, rising; a value belongs to the first range whose edge exceeds it.</param>
/// <param name="Scores">Log-odds of each range, centred on the training data.</param>
/// <param name="Missing">Log-odds where the value is not known.</param>
/// <param name="StandardErrors">Spread between the bagged models, one per range.</param>
/// <param name="Weights">People of the training data in each range, the missing ones last.</param>
public sealed record ShapeFunction(string Feature, IReadOnlyList<float> Edges, IReadOnlyList<double> Scores, double Missing, IReadOnlyList<double>? StandardErrors = null, IReadOnlyList<int>? Weights = null);

/// <summary>A surface: what two predictors add together beyond their own curves.</summary>
/// <param name="First">Id of the first predictor (rows).</param>
/// <param name="Second">Id of the second predictor (columns).</param>
/// <param name="FirstEdges">Upper edges of the rows but the last.</param>
/// <param name="SecondEdges">Upper edges of the columns but the last.</param>
/// <param name="Scores">Log-odds row by row; after the value ranges of each axis comes the range for "not known".</param>
public sealed record PairFunction(string First, string Second, IReadOnlyList<float> FirstEdges, IReadOnlyList<float> SecondEdges, IReadOnlyList<double> Scores);

/// <summary>What a model says about itself, after Mitchell 2019, "Model cards for model reporting".</summary>
public sealed record ModelCard
{
    /// <summary>One sentence that says what the model is.</summary>
    public required string Summary { get; init; }

    /// <summary>What is predicted.</summary>
    public string Outcome { get; init; } = "At least one emergency hospital admission in the 365 days from the index date";

    /// <summary>Where the data came from.</summary>
    public string Data { get; init; } = "";

    /// <summary>Who the model is for.</summary>
    public string Population { get; init; } = "";

    /// <summary>Index date of the training data, yyyy-MM-dd.</summary>
    public string? IndexDate { get; init; }

    /// <summary>Day on which the model was made, yyyy-MM-dd, as told by the caller.</summary>
    public string? Made { get; init; }

    /// <summary>People in the training data.</summary>
    public int? People { get; init; }

    /// <summary>People in the training data who had the outcome.</summary>
    public int? Events { get; init; }

    /// <summary>Settings of the training, in words and numbers.</summary>
    public string? Training { get; init; }

    /// <summary>How good it was on people that it had not seen.</summary>
    public ModelPerformance? Performance { get; init; }

    /// <summary>What it is not for, and what is known to be weak.</summary>
    public IReadOnlyList<string> Limits { get; init; } = [];

    /// <summary>Sources of coefficients or methods.</summary>
    public IReadOnlyList<string> Sources { get; init; } = [];

    /// <summary>Who approved it for use; null: nobody yet.</summary>
    public string? ApprovedBy { get; init; }
}

/// <summary>Performance on held-out people.</summary>
/// <param name="How">How the people were held out.</param>
/// <param name="People">How many.</param>
/// <param name="Events">How many of them had the outcome.</param>
/// <param name="Auroc">Area under the receiver operating characteristic curve.</param>
/// <param name="Brier">Mean squared error of the probability.</param>
/// <param name="CalibrationSlope">1 is perfect.</param>
/// <param name="CalibrationIntercept">0 is perfect.</param>
public sealed record ModelPerformance(string How, int People, int Events, double Auroc, double Brier, double CalibrationSlope, double CalibrationIntercept);

[JsonSourceGenerationOptions(
    WriteIndented = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    NewLine = "\n")]
[JsonSerializable(typeof(ModelDocument))]
internal sealed partial class ModelJson : JsonSerializerContext;
