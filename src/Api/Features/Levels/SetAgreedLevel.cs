using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Storage;
using MediatR;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Levels;

/// <summary>The team agrees a level on what it knows and the model does not; the model's level is kept beside it.</summary>
public static class SetAgreedLevel
{
    /// <summary>The decision.</summary>
    public sealed record Command(string NhsNumber, int Level, string? Reason, DateOnly Expires) : IRequest<Result<LevelView>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.CoordinateCare;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Named;

        /// <inheritdoc/>
        public override string ToString() => "set agreed level";
    }

    /// <summary>Ends the agreed level before, if any, and puts the new one in force.</summary>
    public sealed class Handler(CareDbContext db, People people, CurrentCaller current, TimeProvider clock) : IRequestHandler<Command, Result<LevelView>>
    {
        /// <inheritdoc/>
        public async Task<Result<LevelView>> Handle(Command request, CancellationToken cancellationToken)
        {
            var ct = cancellationToken;
            var today = people.Today;
            if (request.Level is < 1 or > 4)
            {
                return new Invalid("level", "A level is 1 to 4.");
            }

            if (Reasons.Unfit(request.Reason) is { } unfit)
            {
                return unfit;
            }

            if (request.Expires < today || request.Expires > today.AddYears(1))
            {
                return new Invalid("expires", "Say until which day the level holds (yyyy-MM-dd): from today to a year from now. Then the team looks at it again.");
            }

            var found = await people.FindAsync(request.NhsNumber, ct);
            if (found.Error is { } error)
            {
                return error;
            }

            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            var standing = await people.StandingAsync(found.Value, ct);
            var record = await AgreedLevels.AgreeAsync(db, people, standing, request.Level, request.Reason!, request.Expires, current.Caller.Name, clock.GetUtcNow(), ct);
            await transaction.CommitAsync(ct);
            return new LevelView(People.LevelOf(standing), standing.ModelLevel, AgreedLevelView.Of(record));
        }
    }

    /// <summary>What a client sends.</summary>
    /// <param name="Level">1 to 4.</param>
    /// <param name="Reason">What the team knows and the model does not; kept with the decision.</param>
    /// <param name="Expires">Last day on which it holds; at most a year from now.</param>
    public sealed record Body(int Level, string? Reason, DateOnly Expires);

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPut("/v1/patients/{nhsNumber}/agreed-level",
        async (string nhsNumber, Body body, IMediator mediator, CancellationToken ct) =>
            (await mediator.Send(new Command(nhsNumber, body.Level, body.Reason, body.Expires), ct)).Match(view => Results.Ok(view), Problems.From))
        .WithName("SetAgreedLevel").WithTags("Coordination").WithSummary("Agree a level beside the model's, with reason and expiry")
        .Produces<LevelView>().Produces<Problem>(400).Produces<Problem>(404).Produces<Problem>(412);
}

/// <summary>The team takes an agreed level back: the model's counts again.</summary>
public static class EndAgreedLevel
{
    /// <summary>The decision.</summary>
    public sealed record Command(string NhsNumber, string? Reason) : IRequest<Result<LevelView>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.CoordinateCare;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Named;

        /// <inheritdoc/>
        public override string ToString() => "end agreed level";
    }

    /// <summary>Ends the agreed level in force.</summary>
    public sealed class Handler(CareDbContext db, People people, CurrentCaller current) : IRequestHandler<Command, Result<LevelView>>
    {
        /// <inheritdoc/>
        public async Task<Result<LevelView>> Handle(Command request, CancellationToken cancellationToken)
        {
            var ct = cancellationToken;
            if (Reasons.Unfit(request.Reason) is { } unfit)
            {
                return unfit;
            }

            var found = await people.FindAsync(request.NhsNumber, ct);
            if (found.Error is { } error)
            {
                return error;
            }

            var key = found.Value.PatientKey;
            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            if (await db.AgreedLevels.SingleOrDefaultAsync(a => a.PatientKey == key && a.EndDay == 0, ct) is not { } open)
            {
                return new NotVisible("agreed level: the person is at the model's level");
            }

            (open.EndDay, open.EndReason, open.EndedBy) = (people.Today.DayNumber, request.Reason, current.Caller.Name);
            var standing = await people.StandingAsync(found.Value, ct);
            await AgreedLevels.PutInForceAsync(db, people, standing, 0, ct);
            await transaction.CommitAsync(ct);
            return new LevelView(People.LevelOf(standing), standing.ModelLevel, null);
        }
    }

    /// <summary>What a client sends.</summary>
    /// <param name="Reason">Why; kept with the decision.</param>
    public sealed record Body(string? Reason);

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapDelete("/v1/patients/{nhsNumber}/agreed-level",
        async (string nhsNumber, [FromBody] Body body, IMediator mediator, CancellationToken ct) =>
            (await mediator.Send(new Command(nhsNumber, body.Reason), ct)).Match(view => Results.Ok(view), Problems.From))
        .WithName("EndAgreedLevel").WithTags("Coordination").WithSummary("Take the agreed level back: the model's counts again")
        .Produces<LevelView>().Produces<Problem>(400).Produces<Problem>(404).Produces<Problem>(412);
}

/// <summary>Every level ever agreed for a person.</summary>
public static class GetAgreedLevels
{
    /// <summary>Whose.</summary>
    public sealed record Query(string NhsNumber) : IRequest<Result<IReadOnlyList<AgreedLevelView>>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ReadRecords;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Named;

        /// <inheritdoc/>
        public override string ToString() => "get agreed levels";
    }

    /// <summary>Reads them, the latest first.</summary>
    public sealed class Handler(CareDbContext db, People people) : IRequestHandler<Query, Result<IReadOnlyList<AgreedLevelView>>>
    {
        /// <inheritdoc/>
        public async Task<Result<IReadOnlyList<AgreedLevelView>>> Handle(Query request, CancellationToken cancellationToken)
        {
            var found = await people.FindAsync(request.NhsNumber, cancellationToken);
            if (found.Error is { } error)
            {
                return error;
            }

            var key = found.Value.PatientKey;
            var records = await db.AgreedLevels.AsNoTracking().Where(a => a.PatientKey == key).OrderByDescending(a => a.Id).ToListAsync(cancellationToken);
            return records.ConvertAll(AgreedLevelView.Of);
        }
    }

    /// <summary>Serves them.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/patients/{nhsNumber}/agreed-levels",
        async (string nhsNumber, IMediator mediator, CancellationToken ct) =>
            (await mediator.Send(new Query(nhsNumber), ct)).Match(levels => Results.Ok(levels), Problems.From))
        .WithName("GetAgreedLevels").WithTags("Coordination").WithSummary("Every level agreed for the person, the latest first: who, when, why, until when")
        .Produces<IReadOnlyList<AgreedLevelView>>().Produces<Problem>(404);
}
