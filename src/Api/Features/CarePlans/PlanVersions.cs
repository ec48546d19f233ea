using System.Text.Json;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Coordination.Plans;
using BetterCare.Care.Storage;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.CarePlans;

/// <summary>A version of a plan: who wrote it, when, and what it changed.</summary>
/// <param name="Version">1 and up.</param>
/// <param name="Status">Where the plan stood.</param>
/// <param name="WrittenBy">Who.</param>
/// <param name="WrittenAt">When, in UTC.</param>
/// <param name="Changes">Against the version before, by heading and item; never the content.</param>
public sealed record PlanVersionView(int Version, PlanStatus Status, string WrittenBy, DateTimeOffset WrittenAt, IReadOnlyList<PlanChange> Changes);

/// <summary>Every version of a person's plan.</summary>
public static class GetPlanVersions
{
    /// <summary>Whose.</summary>
    public sealed record Query(string NhsNumber) : IRequest<Result<IReadOnlyList<PlanVersionView>>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ReadRecords;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Named;

        /// <inheritdoc/>
        public override string ToString() => "get plan versions";
    }

    /// <summary>Compares each with the one before.</summary>
    public sealed class Handler(CareDbContext db, People people) : IRequestHandler<Query, Result<IReadOnlyList<PlanVersionView>>>
    {
        /// <inheritdoc/>
        public async Task<Result<IReadOnlyList<PlanVersionView>>> Handle(Query request, CancellationToken cancellationToken)
        {
            var found = await people.FindAsync(request.NhsNumber, cancellationToken);
            if (found.Error is { } error)
            {
                return error;
            }

            var key = found.Value.PatientKey;
            var versions = await db.CarePlans.AsNoTracking().Where(p => p.PatientKey == key).OrderBy(p => p.Version).ToListAsync(cancellationToken);
            var views = new List<PlanVersionView>(versions.Count);
            var before = new JointCarePlan();
            foreach (var version in versions)
            {
                var plan = JsonSerializer.Deserialize<JointCarePlan>(version.Plan, PutCarePlan.Json)!;
                views.Add(new PlanVersionView(version.Version, plan.Status, version.WrittenBy, DateTimeOffset.FromUnixTimeMilliseconds(version.WrittenAt), PlanChanges.Between(before, plan)));
                before = plan;
            }

            views.Reverse();
            return views;
        }
    }

    /// <summary>Serves them.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/patients/{nhsNumber}/care-plan/versions",
        async (string nhsNumber, IMediator mediator, CancellationToken ct) => (await mediator.Send(new Query(nhsNumber), ct)).Match(versions => Results.Ok(versions), Problems.From))
        .WithName("GetPlanVersions").WithTags("Plans").WithSummary("Every version of the plan, the latest first: who wrote it, when, and what it changed")
        .Produces<IReadOnlyList<PlanVersionView>>().Produces<Problem>(404);
}

/// <summary>One version of a person's plan, as it was written.</summary>
public static class GetPlanVersion
{
    /// <summary>Whose, and which.</summary>
    public sealed record Query(string NhsNumber, int Version) : IRequest<Result<JointCarePlan>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ReadRecords;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Named;

        /// <inheritdoc/>
        public override string ToString() => "get plan version";
    }

    /// <summary>Reads it.</summary>
    public sealed class Handler(People people, PlanDecisions plans) : IRequestHandler<Query, Result<JointCarePlan>>
    {
        /// <inheritdoc/>
        public async Task<Result<JointCarePlan>> Handle(Query request, CancellationToken cancellationToken)
        {
            var found = await people.FindAsync(request.NhsNumber, cancellationToken);
            if (found.Error is { } error)
            {
                return error;
            }

            return await plans.ReadAsync(found.Value.PatientKey, request.Version, cancellationToken) is { } plan ? plan : new NotVisible("version of the plan");
        }
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/patients/{nhsNumber}/care-plan/versions/{version:int}",
        async (string nhsNumber, int version, IMediator mediator, CancellationToken ct) => (await mediator.Send(new Query(nhsNumber, version), ct)).Match(plan => Results.Ok(plan), Problems.From))
        .WithName("GetPlanVersion").WithTags("Plans").WithSummary("One version of the plan, as it was written")
        .Produces<JointCarePlan>().Produces<Problem>(404);
}
