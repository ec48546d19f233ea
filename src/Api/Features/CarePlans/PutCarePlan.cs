using System.Text.Json;
using System.Text.Json.Serialization;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Coordination.Plans;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Ingest;
using BetterCare.Care.Storage.Model;
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
    public sealed class Handler(CareDbContext db, People people, CurrentCaller current, TimeProvider clock) : IRequestHandler<Command, Result<PlanView>>
    {
        /// <inheritdoc/>
        public async Task<Result<PlanView>> Handle(Command request, CancellationToken cancellationToken)
        {
            var ct = cancellationToken;
            var found = await people.FindAsync(request.NhsNumber, ct);
            if (found.Error is { } error)
            {
                return error;
            }

            var standing = await people.StandingAsync(found.Value, ct);
            if (request.ExpectedVersion is { } expected && expected != standing.PlanVersion)
            {
                return new Conflict(412, standing.PlanVersion == 0
                    ? "There is no plan yet: send it without If-Match."
                    : $"The plan is at version {standing.PlanVersion} by now. Read it, apply your change to it, and send If-Match: W/\"{standing.PlanVersion}\".");
            }

            if (request.ExpectedVersion is null && standing.PlanVersion > 0)
            {
                return new Conflict(428, $"The person has a plan. Send If-Match: W/\"{standing.PlanVersion}\", so that no one's work is overwritten.");
            }

            // The lead in the plan is the accountable lead on record, unless the plan names one.
            var plan = request.Plan.Lead is null && standing.HasLead ? request.Plan with { Lead = standing.LeadId } : request.Plan;
            var level = People.LevelOf(standing);
            var verdict = PlanRules.Evaluate(plan, level, people.Today);
            if (plan.Status == PlanStatus.Agreed && plan.Agreement is null)
            {
                var rule = verdict.Missing.FirstOrDefault(m => m.Rule == PlanRules.AgreementGiven);
                return new RuleNotMet(PlanRules.AgreementGiven, rule is null ? "A plan is agreed when the person, or someone on their behalf, agreed." : $"{rule.Detail} {rule.HowToSatisfy}");
            }

            if (plan.Status == PlanStatus.Closed && plan.Outcome is null)
            {
                return new RuleNotMet(PlanRules.OutcomeGiven, "A plan is closed with an outcome: say how it ended.");
            }

            var before = People.ShareOf(standing);
            standing.PlanVersion++;
            standing.PlanState = plan.Status.ToString().ToLowerInvariant();
            standing.PlanJoint = verdict.Counts;
            standing.PlanComplete = verdict.IsComplete;
            standing.ReviewDay = verdict.ReviewBy?.DayNumber ?? 0;
            db.CarePlans.Add(new CarePlanVersion
            {
                PatientKey = standing.PatientKey,
                Version = standing.PlanVersion,
                Plan = JsonSerializer.Serialize(plan, Json),
                WrittenBy = current.Caller.Name,
                WrittenAt = clock.GetUtcNow().ToUnixTimeMilliseconds(),
            });
            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            await people.SaveAsync(standing, before, ct);
            return ViewOf(standing.PlanVersion, plan, verdict, current.Caller.Name);
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
