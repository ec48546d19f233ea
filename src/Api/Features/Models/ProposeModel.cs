using System.Globalization;
using System.Text;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Stratification.Features;
using BetterCare.Care.Stratification.Models;
using MediatR;

namespace BetterCare.Care.Api.Features.Models;

/// <summary>Puts a model forward: a document from elsewhere, or a logistic model as a table of coefficients.</summary>
public static class ProposeModel
{
    /// <summary>What is put forward.</summary>
    /// <param name="Content">The document as JSON, or the table as CSV.</param>
    /// <param name="Table">How to name the model of a table; null: the content is a document.</param>
    /// <param name="Comment">Why.</param>
    public sealed record Command(ReadOnlyMemory<byte> Content, TableCard? Table, string? Comment) : IRequest<Result<ModelSummary>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.RunStratification;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.None;
    }

    /// <summary>What a table of coefficients does not say about itself.</summary>
    /// <param name="Id">Id for the model.</param>
    /// <param name="Version">Version; null: the next.</param>
    /// <param name="Summary">What the model is, in a sentence.</param>
    /// <param name="Population">Who it is for.</param>
    /// <param name="Source">Where it was published.</param>
    public sealed record TableCard(string? Id, string? Version, string? Summary, string? Population, string? Source);

    /// <summary>Reads and checks it, and keeps it as a proposal.</summary>
    public sealed class Handler(RiskModels models, CurrentCaller current, TimeProvider clock) : IRequestHandler<Command, Result<ModelSummary>>
    {
        /// <inheritdoc/>
        public async Task<Result<ModelSummary>> Handle(Command request, CancellationToken cancellationToken)
        {
            var ct = cancellationToken;
            if (request.Comment?.Length > Reasons.MaxLength)
            {
                return new Invalid("comment", $"A comment has up to {Reasons.MaxLength} characters.");
            }

            try
            {
                var document = request.Table is { } table ? await ReadTableAsync(request.Content, table, ct) : ModelDocument.Parse(request.Content.Span);
                var proposed = await models.ProposeAsync(document, request.Table is null ? "document" : "coefficients", current.Caller.Name, request.Comment ?? "", ct);
                return proposed.Match<Result<ModelSummary>>(record => ModelSummary.Of(record), error => error);
            }
            catch (Exception e) when (e is ModelDocumentException or UnknownPredictorException)
            {
                return new Invalid("model", e.Message);
            }
        }

        private async Task<ModelDocument> ReadTableAsync(ReadOnlyMemory<byte> csv, TableCard table, CancellationToken ct)
        {
            if (string.IsNullOrWhiteSpace(table.Id) || string.IsNullOrWhiteSpace(table.Summary))
            {
                throw new ModelDocumentException("A table of coefficients does not name itself: give its id and a summary, for example ?id=qmodel&summary=What it is and where it was published.");
            }

            var version = table.Version ?? await models.NextVersionAsync(table.Id, ct);
            return CoefficientTable.Parse(Encoding.UTF8.GetString(csv.Span), table.Id, version, new ModelCard
            {
                Summary = table.Summary,
                Data = "Coefficients given as a table; not trained here.",
                Population = table.Population ?? "",
                Made = DateOnly.FromDateTime(clock.GetLocalNow().DateTime).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
                Limits = ["Not evaluated on the people of this place: do so before it is activated.", "A clinician approves it before it is used."],
                Sources = table.Source is { } source ? [source] : [],
            });
        }
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/models",
        async (string? id, string? version, string? summary, string? population, string? source, string? comment, HttpContext http, IMediator mediator, CancellationToken ct) =>
        {
            var isTable = http.Request.ContentType?.StartsWith("text/csv", StringComparison.OrdinalIgnoreCase) ?? false;
            var body = await FhirBody.ReadAsync(http, RiskModels.LargestDocument, ct, isTable ? "text/csv" : "application/json");
            if (body.Error is { } error)
            {
                return Problems.From(error is Unsupported ? new Unsupported("Send a model document (Content-Type: application/json) or a table of coefficients (Content-Type: text/csv).") : error);
            }

            var command = new Command(body.Value, isTable ? new TableCard(id, version, summary, population, source) : null, comment);
            return (await mediator.Send(command, ct)).Match(model => Results.Created($"/v1/models/{model.Id}/{model.Version}", model), Problems.From);
        })
        .WithName("ProposeModel").WithTags("Models").WithSummary("Put a model forward: a model document as JSON, or a logistic model as a CSV table of coefficients")
        .Accepts<ModelDocument>("application/json", "text/csv")
        .Produces<ModelSummary>(201).Produces<Problem>(400).Produces<Problem>(409).Produces<Problem>(413).Produces<Problem>(415);
}
