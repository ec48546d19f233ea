using System.Text.Json;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Stratification.Models;

namespace BetterCare.Care.Api.Features.Models;

/// <summary>A model in the list.</summary>
/// <param name="Id">Id.</param>
/// <param name="Version">Version.</param>
/// <param name="Kind"><c>logistic</c> or <c>ebm</c>.</param>
/// <param name="State"><c>proposed</c>, <c>active</c>, <c>retired</c>, <c>withdrawn</c>, or <c>shipped</c>.</param>
/// <param name="InForce">Whether runs use it unless they say otherwise. Of all models, one is.</param>
/// <param name="Origin"><c>trained</c>, <c>document</c>, <c>coefficients</c> or <c>shipped</c>.</param>
/// <param name="Summary">What it is, in a sentence.</param>
/// <param name="ProposedBy">Who put it forward; null for a shipped one.</param>
/// <param name="ProposedAt">When.</param>
public sealed record ModelSummary(string Id, string Version, string Kind, string State, bool InForce, string Origin, string Summary, string? ProposedBy, DateTimeOffset? ProposedAt)
{
    internal static ModelSummary Of(RiskModelRecord m) => new(
        m.ModelId, m.Version, m.Kind, JsonNamingPolicy.KebabCaseLower.ConvertName(m.State.ToString()), m.State == ModelState.Active, m.Origin, m.Summary, m.ProposedBy, DateTimeOffset.FromUnixTimeMilliseconds(m.ProposedAt));

    internal static ModelSummary OfShipped(ModelDocument d, bool inForce) => new(d.Id, d.Version, d.Kind, "shipped", inForce, "shipped", d.Card.Summary, null, null);
}

/// <summary>A model with all that is known about it.</summary>
/// <param name="Model">As in the list.</param>
/// <param name="Hash">SHA-256 of the document; null for a shipped one.</param>
/// <param name="Card">What it was made from, for whom, how good it is and what it is not for.</param>
/// <param name="History">What people did about it, the first step first.</param>
public sealed record ModelDetail(ModelSummary Model, string? Hash, ModelCard Card, IReadOnlyList<ModelStep> History);

/// <summary>A step of a model's history.</summary>
/// <param name="Action"><c>proposed</c>, <c>recommended</c>, <c>objected</c>, <c>activated</c>, <c>retired</c> or <c>withdrawn</c>.</param>
/// <param name="By">By whom.</param>
/// <param name="At">When.</param>
/// <param name="Comment">Why, or what was found.</param>
public sealed record ModelStep(string Action, string By, DateTimeOffset At, string Comment)
{
    internal static ModelStep Of(RiskModelDecision d) =>
        new(JsonNamingPolicy.KebabCaseLower.ConvertName(d.Action.ToString()), d.DecidedBy, DateTimeOffset.FromUnixTimeMilliseconds(d.DecidedAt), d.Comment);
}
