using System.Globalization;
using System.Text.Json;
using BetterCare.Care.Api.Features.Coordination;
using BetterCare.Care.Api.Features.Resources;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Coordination.Coverage;
using BetterCare.Care.Fhir;
using MediatR;

namespace BetterCare.Care.Api.Features.Coverage;

/// <summary>
/// <c>Measure/$evaluate-measure</c>: the national condition as a MeasureReport with a stratifier for each dimension. A report of
/// published figures is stored; one of exact figures is answered only, because not everybody who reads MeasureReports may see them.
/// </summary>
public static class EvaluateMeasure
{
    /// <summary>Id of the one measure, and the end of its address.</summary>
    public const string MeasureId = "national-condition-2d";

    private const string MeasureUrl = "https://bettercare.care/fhir/Measure/" + MeasureId;

    /// <summary>Which measure, over what, and how.</summary>
    public sealed record Query(string? Measure, string? PeriodStart, string? PeriodEnd, string? ReportType, string? Figures) : IRequest<Result<byte[]>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ReadCoverage;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.None;

        /// <inheritdoc/>
        public override string ToString() => "evaluate measure";
    }

    /// <summary>Gathers the answers and renders the report.</summary>
    public sealed class Handler(CoverageQuestions questions, DecisionResources resources, CurrentCaller current, TimeProvider clock) : IRequestHandler<Query, Result<byte[]>>
    {
        /// <inheritdoc/>
        public async Task<Result<byte[]>> Handle(Query request, CancellationToken cancellationToken)
        {
            var ct = cancellationToken;
            if (request.Measure is null || (request.Measure != MeasureId && request.Measure.Split('|')[0] != MeasureUrl))
            {
                return new NotVisible($"measure. The one that is evaluated here is {MeasureUrl}");
            }

            if (request.ReportType is not (null or "summary" or "population"))
            {
                return new Invalid("reportType", "The report counts people: reportType is summary. Lists of people are at /v1/worklists.");
            }

            if (!TryMonth(request.PeriodStart, out _) || !TryMonth(request.PeriodEnd, out var month))
            {
                return new Invalid("periodEnd", "A period is given by dates, yyyy-MM-dd. The report tells how things stood at its end.");
            }

            var caller = current.Caller;
            var published = request.Figures == "published" || !caller.Grants.Contains(Grant.ReadRecords);
            var thisMonth = Storage.Coverage.CoverageWriter.MonthOf(DateOnly.FromDateTime(clock.GetLocalNow().DateTime));
            var answers = new List<CoverageAnswer>();
            foreach (var by in caller.Practices is null || !published ? CoverageGroups.Dimensions : ["practice"])
            {
                var answer = await questions.AnswerAsync(new CoverageAsk(by, month is { } m && m < thisMonth ? m : null), caller, published, ct);
                if (answer.Error is { } error)
                {
                    return error;
                }

                answers.Add(answer.Value);
            }

            var id = DecisionResources.IdOf("MeasureReport", 0, $"{MeasureId}|{answers[0].StandsFor}|{published}");
            var json = DecisionResources.Render(ResourceType.MeasureReport, id, writer => Write(writer, answers));
            if (published && caller.Practices is null)
            {
                await using var transaction = await resources.BeginAsync(ct);
                await resources.WriteAsync([(ResourceType.Measure, MeasureId, Shipped()), (ResourceType.MeasureReport, id, json)], ct);
                await transaction.CommitAsync(ct);
            }

            return json;
        }

        private static bool TryMonth(string? text, out int? month)
        {
            month = null;
            if (text is null)
            {
                return true;
            }

            if (!DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
            {
                return false;
            }

            month = Storage.Coverage.CoverageWriter.MonthOf(day);
            return true;
        }
    }

    /// <summary>The Measure that ships with the product.</summary>
    internal static byte[] Shipped()
    {
        using var stream = typeof(EvaluateMeasure).Assembly.GetManifestResourceStream("measure-national-condition-2d.json")!;
        using var buffer = new MemoryStream();
        stream.CopyTo(buffer);
        return buffer.ToArray();
    }

    private static void Write(Utf8JsonWriter json, List<CoverageAnswer> answers)
    {
        var first = answers[0];
        json.WriteStartArray("identifier");
        json.WriteStartObject();
        json.WriteString("system", "https://bettercare.care/fhir/Id/measure-report");
        json.WriteString("value", $"{MeasureId}-{first.StandsFor}");
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteString("status", "complete");
        json.WriteString("type", "summary");
        json.WriteString("measure", MeasureUrl + "|1.0.0");
        json.WriteString("date", first.StandsFor);
        json.WriteStartObject("reporter");
        json.WriteString("display", "BetterCare.Care");
        json.WriteEndObject();
        json.WriteStartObject("period");
        json.WriteString("start", first.StandsFor[..7] + "-01");
        json.WriteString("end", first.StandsFor);
        json.WriteEndObject();
        json.WriteStartObject("improvementNotation");
        json.WriteStartArray("coding");
        Coding(json, "http://terminology.hl7.org/CodeSystem/measure-improvement-notation", "increase");
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteStartArray("group");
        Group(json, answers, "high-risk", f => (f.People, f.HighRisk, f.HighRiskOfPeople));
        Group(json, answers, "lead", f => (f.HighRisk, f.WithLead, f.LeadOfHighRisk));
        Group(json, answers, "joint-plan", f => (f.HighRisk, f.WithPlan, f.PlanOfHighRisk));
        Group(json, answers, "both", f => (f.HighRisk, f.WithBoth, f.BothOfHighRisk));
        json.WriteEndArray();
    }

    private static void Group(Utf8JsonWriter json, List<CoverageAnswer> answers, string code, Func<CoverageFigures, (SuppressedCount Denominator, SuppressedCount Numerator, Rate Score)> of)
    {
        json.WriteStartObject();
        json.Concept("code", code);
        Figures(json, of(answers[0].TotalFigures!));
        json.WriteStartArray("stratifier");
        foreach (var answer in answers.Where(a => a.Figures.Count > 0))
        {
            json.WriteStartObject();
            json.WriteStartArray("code");
            json.WriteStartObject();
            json.WriteString("text", answer.By);
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteStartArray("stratum");
            foreach (var (group, figures) in answer.Figures)
            {
                json.WriteStartObject();
                json.Concept("value", group);
                Figures(json, of(figures));
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Figures(Utf8JsonWriter json, (SuppressedCount Denominator, SuppressedCount Numerator, Rate Score) f)
    {
        json.WriteStartArray("population");
        Population(json, "denominator", f.Denominator);
        Population(json, "numerator", f.Numerator);
        json.WriteEndArray();
        json.WriteStartObject("measureScore");
        if (f.Score.Value is { } score)
        {
            json.WriteNumber("value", score);
            json.WriteString("unit", "%");
            json.WriteString("system", "http://unitsofmeasure.org");
            json.WriteString("code", "%");
        }
        else
        {
            Absent(json, f.Score.IsHidden ? "masked" : "not-applicable");
        }

        json.WriteEndObject();
    }

    private static void Population(Utf8JsonWriter json, string code, SuppressedCount count)
    {
        json.WriteStartObject();
        json.WriteStartObject("code");
        json.WriteStartArray("coding");
        Coding(json, "http://terminology.hl7.org/CodeSystem/measure-population", code);
        json.WriteEndArray();
        json.WriteEndObject();
        if (count.Value is { } value)
        {
            json.WriteNumber("count", value);
        }
        else
        {
            json.WriteStartObject("_count");
            Absent(json, "masked");
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void Coding(Utf8JsonWriter json, string system, string code)
    {
        json.WriteStartObject();
        json.WriteString("system", system);
        json.WriteString("code", code);
        json.WriteEndObject();
    }

    private static void Absent(Utf8JsonWriter json, string reason)
    {
        json.WriteStartArray("extension");
        json.WriteStartObject();
        json.WriteString("url", "http://hl7.org/fhir/StructureDefinition/data-absent-reason");
        json.WriteString("valueCode", reason);
        json.WriteEndObject();
        json.WriteEndArray();
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        var operation = new FhirOperation("evaluate-measure", "http://hl7.org/fhir/OperationDefinition/Measure-evaluate-measure", "Measure");
        routes.MapGet("/fhir/Measure/$evaluate-measure", (HttpRequest http, IMediator mediator, CancellationToken ct) => Answer(http, mediator, null, ct))
            .Describe("EvaluateMeasure", "The national condition as a MeasureReport with stratifiers", null, 400, 403, 404, 406).WithMetadata(operation);
        routes.MapGet("/fhir/Measure/{id}/$evaluate-measure", (string id, HttpRequest http, IMediator mediator, CancellationToken ct) => Answer(http, mediator, id, ct))
            .Describe("EvaluateOneMeasure", "The national condition as a MeasureReport with stratifiers", null, 400, 403, 404, 406).WithMetadata(operation);
    }

    private static async Task<IResult> Answer(HttpRequest http, IMediator mediator, string? id, CancellationToken ct)
    {
        string? Asked(string name) => http.Query.TryGetValue(name, out var value) && value.ToString().Length > 0 ? value.ToString() : null;
        return (await mediator.Send(new Query(id ?? Asked("measure"), Asked("periodStart"), Asked("periodEnd"), Asked("reportType"), Asked("figures")), ct))
            .Match(json => new Problems.Bytes(200, json, Problems.FhirJson), Problems.Fhir);
    }
}
