using System.Collections.Frozen;
using BetterCare.Care.Api.Features.Coordination;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Coordination;
using BetterCare.Care.Coordination.Leads;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Model;
using FluentValidation;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Leads;

/// <summary>A person's wish as recorded, and whether it can be met.</summary>
/// <param name="Practitioner">Whom the person wants; null: nobody in particular.</param>
/// <param name="Kind">The kind of professional whom the person wants; null: no wish.</param>
/// <param name="NotThese">Whom the person does not want: they are never proposed.</param>
/// <param name="Note">In the person's own words.</param>
/// <param name="RecordedBy">Who recorded it.</param>
/// <param name="RecordedOn">Day.</param>
/// <param name="CanBeMet">Whether it can be met today.</param>
/// <param name="WhyNot">If not, why, and what would change it.</param>
public sealed record WishView(
    string? Practitioner, RoleKind? Kind, IReadOnlyList<string> NotThese, string? Note, string RecordedBy, string RecordedOn, bool CanBeMet, IReadOnlyList<UnmetRule> WhyNot)
{
    /// <summary>Masked: a record would print the person's words.</summary>
    public override string ToString() => "lead wish";
}

/// <summary>Stored wishes and those of the rules.</summary>
internal static class Wishes
{
    /// <summary>A stored wish as the rules read it.</summary>
    public static LeadWish Of(LeadWishRecord record) => new()
    {
        Professional = record.PractitionerId.Length > 0 ? record.PractitionerId : null,
        Kind = Enum.TryParse<RoleKind>(record.Kind, out var kind) ? kind : null,
        NotThese = record.NotThese.Split(' ', StringSplitOptions.RemoveEmptyEntries).ToFrozenSet(StringComparer.Ordinal),
    };

    /// <summary>A wish for people.</summary>
    public static WishView View(LeadWishRecord record, UnmetWish? unmet)
    {
        var wish = Of(record);
        return new WishView(
            wish.Professional, wish.Kind, [.. wish.NotThese.Order(StringComparer.Ordinal)], record.Note, record.RecordedBy,
            FhirText.Day(DateOnly.FromDateTime(DateTimeOffset.FromUnixTimeMilliseconds(record.RecordedAt).UtcDateTime)), unmet is null, unmet?.Reasons ?? []);
    }
}

/// <summary>Records what a person wants about who leads. The wish before it is kept.</summary>
public static class SetLeadWish
{
    /// <summary>The wish; all empty: the person has no wish any more.</summary>
    public sealed record Command(string NhsNumber, string? Practitioner, RoleKind? Kind, IReadOnlyList<string> NotThese, string? Note) : IRequest<Result<WishView>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.CoordinateCare;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Named;

        /// <inheritdoc/>
        public override string ToString() => "set lead wish";
    }

    /// <summary>What is valid.</summary>
    public sealed class Validator : AbstractValidator<Command>
    {
        /// <summary>The rules.</summary>
        public Validator()
        {
            RuleFor(c => c.Practitioner).MaximumLength(64).WithMessage("Name the professional: the id of a Practitioner.");
            RuleFor(c => c.NotThese).Must(n => n.Count <= 50 && n.All(id => id is { Length: > 0 and <= 64 } && !id.Contains(' ', StringComparison.Ordinal)))
                .WithMessage("Name up to 50 professionals, each by the id of a Practitioner.");
            RuleFor(c => c.NotThese).Must((c, n) => c.Practitioner is null || !n.Contains(c.Practitioner, StringComparer.Ordinal))
                .WithMessage("The same professional is wanted and not wanted: ask the person again.");
            RuleFor(c => c.Note).MaximumLength(1000).WithMessage("A note has up to 1,000 characters.");
        }
    }

    /// <summary>Ends the wish before and keeps the new one.</summary>
    public sealed class Handler(CareDbContext db, People people, PersonProposals proposals, CurrentCaller current, TimeProvider clock) : IRequestHandler<Command, Result<WishView>>
    {
        /// <inheritdoc/>
        public async Task<Result<WishView>> Handle(Command request, CancellationToken cancellationToken)
        {
            var ct = cancellationToken;
            var found = await people.FindAsync(request.NhsNumber, ct);
            if (found.Error is { } error)
            {
                return error;
            }

            var key = found.Value.PatientKey;
            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            await db.LeadWishes.Where(w => w.PatientKey == key && w.EndDay == 0).ExecuteUpdateAsync(s => s.SetProperty(w => w.EndDay, people.Today.DayNumber), ct);
            var record = new LeadWishRecord
            {
                PatientKey = key,
                Id = Guid.CreateVersion7().ToString(),
                PractitionerId = request.Practitioner ?? "",
                Kind = request.Kind?.ToString() ?? "",
                NotThese = string.Join(' ', request.NotThese),
                Note = request.Note,
                RecordedBy = current.Caller.Name,
                RecordedAt = clock.GetUtcNow().ToUnixTimeMilliseconds(),
            };
            db.LeadWishes.Add(record);
            await db.SaveChangesAsync(ct);
            await transaction.CommitAsync(ct);
            return Wishes.View(record, (await proposals.ForAsync(found.Value, ct)).UnmetWish);
        }
    }

    /// <summary>What a client sends.</summary>
    /// <param name="Practitioner">Whom the person wants: id of a Practitioner.</param>
    /// <param name="Kind">The kind of professional whom the person wants.</param>
    /// <param name="NotThese">Whom the person does not want.</param>
    /// <param name="Note">In the person's own words.</param>
    public sealed record Body(string? Practitioner, RoleKind? Kind, IReadOnlyList<string>? NotThese, string? Note);

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPut("/v1/patients/{nhsNumber}/lead-wish",
        async (string nhsNumber, Body body, IMediator mediator, CancellationToken ct) =>
            (await mediator.Send(new Command(nhsNumber, body.Practitioner, body.Kind, body.NotThese ?? [], body.Note), ct)).Match(wish => Results.Ok(wish), Problems.From))
        .WithName("SetLeadWish").WithTags("Leads").WithSummary("Record whom the person wants to lead, and whom not; a wish that cannot be met says why")
        .Produces<WishView>().Produces<Problem>(400).Produces<Problem>(404);
}

/// <summary>The person's wish in force.</summary>
public static class GetLeadWish
{
    /// <summary>Whose.</summary>
    public sealed record Query(string NhsNumber) : IRequest<Result<WishView>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ReadRecords;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Named;

        /// <inheritdoc/>
        public override string ToString() => "get lead wish";
    }

    /// <summary>Reads it and says whether it can be met today.</summary>
    public sealed class Handler(CareDbContext db, People people, PersonProposals proposals) : IRequestHandler<Query, Result<WishView>>
    {
        /// <inheritdoc/>
        public async Task<Result<WishView>> Handle(Query request, CancellationToken cancellationToken)
        {
            var ct = cancellationToken;
            var found = await people.FindAsync(request.NhsNumber, ct);
            if (found.Error is { } error)
            {
                return error;
            }

            var key = found.Value.PatientKey;
            var record = await db.LeadWishes.AsNoTracking().SingleOrDefaultAsync(w => w.PatientKey == key && w.EndDay == 0, ct);
            return record is null ? new NotVisible("wish: nothing is recorded") : Wishes.View(record, (await proposals.ForAsync(found.Value, ct)).UnmetWish);
        }
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/patients/{nhsNumber}/lead-wish",
        async (string nhsNumber, IMediator mediator, CancellationToken ct) => (await mediator.Send(new Query(nhsNumber), ct)).Match(wish => Results.Ok(wish), Problems.From))
        .WithName("GetLeadWish").WithTags("Leads").WithSummary("Whom the person wants to lead, and whether that can be met")
        .Produces<WishView>().Produces<Problem>(404);
}
