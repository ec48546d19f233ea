using System.Text.Json;
using System.Text.Json.Serialization;
using BetterCare.Care.Api.Features.Coordination;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Coordination.Plans;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Ingest;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.CarePlans;

/// <summary>A plan as it stands: the version, what is so of it, and what is missing.</summary>
public sealed record PlanView(int Version, JointCarePlan Plan, bool Joint, bool Complete, bool Overdue, string? ReviewBy, IReadOnlyList<MissingItem> Missing, string WrittenBy);

/// <summary>Something that a plan lacks.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Text">What is missing.</param>
/// <param name="HowToMend">How to satisfy the rule.</param>
public sealed record MissingItem(string Rule, string Text, string HowToMend);

/// <summary>Writes a version of a person's joint care plan.</summary>
public static class PutCarePlan
{
    /// <summary>How plans are written as JSON, here and in the store.</summary>
    public static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) } };

    /// <summary>The new version.</summary>
    public sealed record Command(string NhsNumber, JointCarePlan Plan, int? ExpectedVersion) : IRequest<Result<PlanView>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.CoordinateCare;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Named;

        /// <inheritdoc/>
        public override string ToString() => "put care plan";
    }

    /// <summary>Judges the plan and keeps it as the next version.</summary>
    public sealed class Handler(People people, PlanDecisions decisions, DecisionResources resources) : IRequestHandler<Command, Result<PlanView>>
    {
        /// <inheritdoc/>
        public async Task<Result<PlanView>> Handle(Command request, CancellationToken cancellationToken)
        {
            var ct = cancellationToken;
            if (PlanShape.Unfit(request.Plan) is var (where, problem))
            {
                return new Invalid(where, problem);
            }

            var found = await people.FindAsync(request.NhsNumber, ct);
            if (found.Error is { } error)
            {
                return error;
            }

            await using var transaction = await resources.BeginAsync(ct);
            var standing = await people.StandingAsync(found.Value, ct);
            if (await decisions.OvertakenAsync(standing, request.ExpectedVersion, request.Plan, ct) is { } overtaken)
            {
                return overtaken;
            }

            var written = await decisions.WriteAsync(standing, request.Plan, ct);
            if (written.Error is null)
            {
                await transaction.CommitAsync(ct);
            }

            return written;
        }
    }

    /// <summary>A plan with what is so of it.</summary>
    internal static PlanView ViewOf(int version, JointCarePlan plan, PlanVerdict verdict, string writtenBy) => new(
        version, plan, verdict.IsJoint, verdict.IsComplete, verdict.IsOverdue,
        verdict.ReviewBy?.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture),
        [.. verdict.Missing.Select(m => new MissingItem(m.Rule, m.Detail, m.HowToSatisfy))], writtenBy);

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPut("/v1/patients/{nhsNumber}/care-plan",
        async (string nhsNumber, JointCarePlan plan, HttpContext http, IMediator mediator, CancellationToken ct) =>
        {
            var version = BundlePreparer.Version(http.Request.Headers.IfMatch.ToString());
            return (await mediator.Send(new Command(nhsNumber, plan, version), ct)).Match(
                view =>
                {
                    http.Response.Headers.ETag = $"W/\"{view.Version}\"";
                    return Results.Ok(view);
                },
                Problems.From);
        })
        .WithName("PutCarePlan").WithTags("Coordination").WithSummary("Write a version of the joint care plan; the answer lists what is missing")
        .Produces<PlanView>().Produces<Problem>(400).Produces<Problem>(404).Produces<Problem>(412).Produces<Problem>(422).Produces<Problem>(428);
}

/// <summary>Reads a person's joint care plan.</summary>
public static class GetCarePlan
{
    /// <summary>Whose.</summary>
    public sealed record Query(string NhsNumber) : IRequest<Result<PlanView>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ReadRecords;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Named;

        /// <inheritdoc/>
        public override string ToString() => "get care plan";
    }

    /// <summary>Reads the latest version and judges it as of today.</summary>
    public sealed class Handler(CareDbContext db, People people) : IRequestHandler<Query, Result<PlanView>>
    {
        /// <inheritdoc/>
        public async Task<Result<PlanView>> Handle(Query request, CancellationToken cancellationToken)
        {
            var found = await people.FindAsync(request.NhsNumber, cancellationToken);
            if (found.Error is { } error)
            {
                return error;
            }

            var key = found.Value.PatientKey;
            var latest = await db.CarePlans.AsNoTracking().Where(p => p.PatientKey == key).OrderByDescending(p => p.Version).FirstOrDefaultAsync(cancellationToken);
            if (latest is null)
            {
                return new NotVisible("care plan");
            }

            var standing = await people.StandingAsync(found.Value, cancellationToken);
            var plan = JsonSerializer.Deserialize<JointCarePlan>(latest.Plan, PutCarePlan.Json)!;
            return PutCarePlan.ViewOf(latest.Version, plan, PlanRules.Evaluate(plan, People.LevelOf(standing), people.Today), latest.WrittenBy);
        }
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/patients/{nhsNumber}/care-plan",
        async (string nhsNumber, HttpContext http, IMediator mediator, CancellationToken ct) => (await mediator.Send(new Query(nhsNumber), ct)).Match(
            view =>
            {
                http.Response.Headers.ETag = $"W/\"{view.Version}\"";
                return Results.Ok(view);
            },
            Problems.From))
        .WithName("GetCarePlan").WithTags("Coordination").WithSummary("The joint care plan, with what is missing")
        .Produces<PlanView>().Produces<Problem>(404);
}
