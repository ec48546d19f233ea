using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Stratification.Models;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Models;

/// <summary>All models: those of this place and those that ship.</summary>
public static class ListModels
{
    /// <summary>All of them.</summary>
    public sealed record Query : IRequest<Result<IReadOnlyList<ModelSummary>>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.RunStratification;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.None;
    }

    /// <summary>Reads the list, the one in force first.</summary>
    public sealed class Handler(CareDbContext db) : IRequestHandler<Query, Result<IReadOnlyList<ModelSummary>>>
    {
        /// <inheritdoc/>
        public async Task<Result<IReadOnlyList<ModelSummary>>> Handle(Query request, CancellationToken cancellationToken)
        {
            // Not the documents: they may be large.
            var own = await db.RiskModels.AsNoTracking().OrderByDescending(m => m.ProposedAt).ThenBy(m => m.ModelId)
                .Select(m => new RiskModelRecord { ModelId = m.ModelId, Version = m.Version, Kind = m.Kind, State = m.State, Origin = m.Origin, Summary = m.Summary, ProposedBy = m.ProposedBy, ProposedAt = m.ProposedAt, Document = "", Hash = "" })
                .ToListAsync(cancellationToken);
            var ownInForce = own.Exists(m => m.State == ModelState.Active);
            var shipped = RiskModels.Shipped.Select(ModelDocument.Shipped).Select(d => ModelSummary.OfShipped(d, !ownInForce && d.Id == RiskModels.Default));
            return own.Select(ModelSummary.Of).Concat(shipped).OrderByDescending(m => m.InForce).ToList();
        }
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/models",
        async (IMediator mediator, CancellationToken ct) => (await mediator.Send(new Query(), ct)).Match(models => Results.Ok(models), Problems.From))
        .WithName("ListModels").WithTags("Models").WithSummary("Risk models: the one in force first, then proposals, retired ones and those that ship")
        .Produces<IReadOnlyList<ModelSummary>>();
}

/// <summary>One model with card and history.</summary>
public static class GetModel
{
    /// <summary>Which.</summary>
    public sealed record Query(string Id, string Version) : IRequest<Result<Found>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.RunStratification;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.None;
    }

    /// <summary>The model, told and as it is.</summary>
    public sealed record Found(ModelDetail Detail, ModelDocument Document);

    /// <summary>Reads it.</summary>
    public sealed class Handler(CareDbContext db) : IRequestHandler<Query, Result<Found>>
    {
        /// <inheritdoc/>
        public async Task<Result<Found>> Handle(Query request, CancellationToken cancellationToken)
        {
            var ct = cancellationToken;
            if (RiskModels.Shipped.Contains(request.Id, StringComparer.Ordinal))
            {
                var shipped = ModelDocument.Shipped(request.Id);
                var ownInForce = await db.RiskModels.AnyAsync(m => m.State == ModelState.Active, ct);
                if (shipped.Version != request.Version)
                {
                    return new NotVisible("model of that version");
                }

                return new Found(new ModelDetail(ModelSummary.OfShipped(shipped, !ownInForce && shipped.Id == RiskModels.Default), null, shipped.Card, []), shipped);
            }

            var record = await db.RiskModels.AsNoTracking().SingleOrDefaultAsync(m => m.ModelId == request.Id && m.Version == request.Version, ct);
            if (record is null)
            {
                return new NotVisible("model of that version");
            }

            var steps = await db.RiskModelDecisions.AsNoTracking().Where(d => d.ModelId == record.ModelId && d.Version == record.Version).OrderBy(d => d.Id).ToListAsync(ct);
            var document = RiskModels.DocumentOf(record);
            if (record.State == ModelState.Active && steps.FindLast(s => s.Action == ModelAction.Activated) is { } activation)
            {
                document = document with { Card = document.Card with { ApprovedBy = $"{activation.DecidedBy}, {DateTimeOffset.FromUnixTimeMilliseconds(activation.DecidedAt):yyyy-MM-dd}" } };
            }

            return new Found(new ModelDetail(ModelSummary.Of(record), record.Hash, document.Card, [.. steps.Select(ModelStep.Of)]), document);
        }
    }

    /// <summary>Serves it: with its history, as the document, and as the card.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/models/{id}/{version}",
            async (string id, string version, IMediator mediator, CancellationToken ct) =>
                (await mediator.Send(new Query(id, version), ct)).Match(found => Results.Ok(found.Detail), Problems.From))
            .WithName("GetModel").WithTags("Models").WithSummary("A model's card and history: who proposed, reviewed and activated it")
            .Produces<ModelDetail>().Produces<Problem>(404);
        routes.MapGet("/v1/models/{id}/{version}/document",
            async (string id, string version, IMediator mediator, CancellationToken ct) =>
                (await mediator.Send(new Query(id, version), ct)).Match(found => Results.Bytes(found.Document.ToJson(), "application/json"), Problems.From))
            .WithName("GetModelDocument").WithTags("Models").WithSummary("The model document, to read or to take to another place")
            .Produces<ModelDocument>().Produces<Problem>(404);
        routes.MapGet("/v1/models/{id}/{version}/card",
            async (string id, string version, IMediator mediator, CancellationToken ct) =>
                (await mediator.Send(new Query(id, version), ct)).Match(found => Results.Text(ModelCardText.Of(found.Document), "text/markdown"), Problems.From))
            .WithName("GetModelCard").WithTags("Models").WithSummary("The model card in plain English")
            .Produces<string>(200, "text/markdown").Produces<Problem>(404);
    }
}
