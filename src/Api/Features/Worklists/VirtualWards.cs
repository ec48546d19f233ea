using BetterCare.Care.Api.Features.Coordination;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Coordination;
using BetterCare.Care.Coordination.Worklists;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Audit;
using BetterCare.Care.Storage.Model;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Worklists;

/// <summary>A virtual ward as it is today.</summary>
/// <param name="Id">Id.</param>
/// <param name="Name">Name.</param>
/// <param name="Beds">Beds.</param>
/// <param name="Occupied">Beds taken.</param>
/// <param name="LongStays">Stays of more than 14 nights, to be reviewed or recorded as case management.</param>
/// <param name="MeanLengthOfStay">Mean nights of the stays that ended in the last 90 days; null none did.</param>
/// <param name="Stays">Who is there: only people whom the caller may see; null in lists.</param>
public sealed record WardView(string Id, string Name, int Beds, int Occupied, int LongStays, double? MeanLengthOfStay, IReadOnlyList<WardStayView>? Stays);

/// <summary>Somebody on a ward.</summary>
/// <param name="NhsNumber">NHS number.</param>
/// <param name="Name">Name.</param>
/// <param name="From">Day of admission.</param>
/// <param name="Nights">Nights so far.</param>
/// <param name="Reason">Why.</param>
public sealed record WardStayView(string NhsNumber, string Name, string From, int Nights, string Reason)
{
    /// <summary>Masked: a record would print everything.</summary>
    public override string ToString() => "ward stay";
}

/// <summary>Reads and judges wards.</summary>
public sealed class Wards(CareDbContext db, People people, CurrentCaller current)
{
    private const int LookBackDays = 90;

    /// <summary>A ward with its current stays and those that ended lately.</summary>
    public async Task<(WardRecord Record, VirtualWard Ward)?> FindAsync(string id, CancellationToken ct)
    {
        if (await db.Wards.SingleOrDefaultAsync(w => w.Id == id, ct) is not { } record)
        {
            return null;
        }

        var since = people.Today.DayNumber - LookBackDays;
        var stays = await db.WardStays.AsNoTracking().Where(s => s.WardId == id && (s.EndDay == 0 || s.EndDay >= since)).OrderBy(s => s.Id).ToListAsync(ct);
        return (record, new VirtualWard { Name = record.Name, Beds = record.Beds, Stays = [.. stays.Select(Of)] });
    }

    /// <summary>The ward for the caller.</summary>
    public async Task<WardView> ViewAsync(WardRecord record, VirtualWard ward, bool withStays, CancellationToken ct)
    {
        var today = people.Today;
        var there = ward.Stays.Where(s => s.OccupiesOn(today)).ToList();
        var keys = withStays ? there.ConvertAll(s => s.Person) : [];
        var persons = (await db.Patients.AsNoTracking().Where(p => keys.Contains(p.PatientKey)).ToListAsync(ct)).Where(p => current.Caller.MaySee(p.PracticeCode, p.Flags)).ToDictionary(p => p.PatientKey);
        AccessTrail.Current?.Saw(persons.Keys);
        return new WardView(
            record.Id, record.Name, record.Beds, ward.Occupied(today), ward.LongStays(today).Count,
            ward.MeanLengthOfStay(today.AddDays(-LookBackDays), today.AddDays(1)) is { } mean ? Math.Round(mean, 1) : null,
            withStays
                ? [.. there.Where(s => persons.ContainsKey(s.Person)).Select(s => new WardStayView(
                    persons[s.Person].NhsNumber.Value, $"{persons[s.Person].Given} {persons[s.Person].Family}".Trim(), FhirText.Day(s.From), s.LengthOfStay(today), s.Reason))]
                : null);
    }

    /// <summary>Unmet rules as a refusal.</summary>
    public static Mdt.RulesNotMet RuleOf(IReadOnlyList<UnmetRule> unmet) => new(unmet);

    private static WardStay Of(WardStayRecord r) => new(
        r.PatientKey, DateOnly.FromDayNumber(r.StartDay), r.Reason, r.EndDay == 0 ? null : DateOnly.FromDayNumber(r.EndDay),
        r.Outcome is null ? null : Enum.Parse<WardOutcome>(r.Outcome.Replace("-", "", StringComparison.Ordinal), ignoreCase: true));
}

/// <summary>Opens a virtual ward, or changes its beds.</summary>
public static class SetVirtualWard
{
    /// <summary>The ward; without id a new one.</summary>
    public sealed record Command(string? Id, string? Name, int Beds) : IRequest<Result<WardView>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.CoordinateCare;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Listed;
    }

    /// <summary>Keeps it.</summary>
    public sealed class Handler(CareDbContext db, Wards wards) : IRequestHandler<Command, Result<WardView>>
    {
        /// <inheritdoc/>
        public async Task<Result<WardView>> Handle(Command request, CancellationToken cancellationToken)
        {
            var ct = cancellationToken;
            if (request.Beds is < 0 or > 1000 || string.IsNullOrWhiteSpace(request.Name) || request.Name.Length > 200)
            {
                return new Invalid("beds", "A ward has a name of up to 200 characters and 0 to 1,000 beds.");
            }

            var found = request.Id is null ? null : await wards.FindAsync(request.Id, ct);
            if (request.Id is not null && found is null)
            {
                return new NotVisible("virtual ward");
            }

            var (record, ward) = found ?? (new WardRecord { Id = Guid.CreateVersion7().ToString(), Name = "" }, new VirtualWard { Name = "", Beds = 0 });
            (record.Name, record.Beds, record.Revision) = (request.Name.Trim(), request.Beds, record.Revision + 1);
            if (found is null)
            {
                db.Wards.Add(record);
            }

            await db.SaveChangesAsync(ct);
            return await wards.ViewAsync(record, ward with { Name = record.Name, Beds = record.Beds }, withStays: false, ct);
        }
    }

    /// <summary>What a client sends.</summary>
    /// <param name="Name">Name.</param>
    /// <param name="Beds">Beds.</param>
    public sealed record Body(string? Name, int Beds);

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1/virtual-wards",
            async (Body body, IMediator mediator, CancellationToken ct) =>
                (await mediator.Send(new Command(null, body.Name, body.Beds), ct)).Match(w => Results.Created($"/v1/virtual-wards/{w.Id}", w), Problems.From))
            .WithName("OpenVirtualWard").WithTags("Virtual wards").WithSummary("Open a virtual ward with a number of beds").Produces<WardView>(201).Produces<Problem>(400);
        routes.MapPut("/v1/virtual-wards/{id}",
            async (string id, Body body, IMediator mediator, CancellationToken ct) => (await mediator.Send(new Command(id, body.Name, body.Beds), ct)).Match(w => Results.Ok(w), Problems.From))
            .WithName("ChangeVirtualWard").WithTags("Virtual wards").WithSummary("Change a ward's name or beds").Produces<WardView>().Produces<Problem>(400).Produces<Problem>(404);
    }
}

/// <summary>Virtual wards: beds, who is there, length of stay.</summary>
public static class GetVirtualWards
{
    /// <summary>All, or one.</summary>
    public sealed record Query(string? Id) : IRequest<Result<IReadOnlyList<WardView>>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ReadRecords;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Listed;
    }

    /// <summary>Reads them.</summary>
    public sealed class Handler(CareDbContext db, Wards wards) : IRequestHandler<Query, Result<IReadOnlyList<WardView>>>
    {
        /// <inheritdoc/>
        public async Task<Result<IReadOnlyList<WardView>>> Handle(Query request, CancellationToken cancellationToken)
        {
            var ids = request.Id is { } id ? [id] : await db.Wards.OrderBy(w => w.Name).Select(w => w.Id).ToListAsync(cancellationToken);
            var views = new List<WardView>(ids.Count);
            foreach (var each in ids)
            {
                if (await wards.FindAsync(each, cancellationToken) is not { } found)
                {
                    return new NotVisible("virtual ward");
                }

                views.Add(await wards.ViewAsync(found.Record, found.Ward, request.Id is not null, cancellationToken));
            }

            return views;
        }
    }

    /// <summary>Serves them.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/virtual-wards", async (IMediator mediator, CancellationToken ct) => (await mediator.Send(new Query(null), ct)).Match(w => Results.Ok(w), Problems.From))
            .WithName("ListVirtualWards").WithTags("Virtual wards").WithSummary("Virtual wards: beds, occupied, long stays, mean length of stay").Produces<IReadOnlyList<WardView>>();
        routes.MapGet("/v1/virtual-wards/{id}", async (string id, IMediator mediator, CancellationToken ct) => (await mediator.Send(new Query(id), ct)).Match(w => Results.Ok(w[0]), Problems.From))
            .WithName("GetVirtualWard").WithTags("Virtual wards").WithSummary("A virtual ward and who is there").Produces<WardView>().Produces<Problem>(404);
    }
}

/// <summary>Admits a person to a virtual ward.</summary>
public static class AdmitToWard
{
    /// <summary>Who, when and why.</summary>
    public sealed record Command(string WardId, string NhsNumber, DateOnly? On, string? Reason) : IRequest<Result<WardView>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.CoordinateCare;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Listed;

        /// <inheritdoc/>
        public override string ToString() => "admit to ward";
    }

    /// <summary>Asks the rules and keeps the stay.</summary>
    public sealed class Handler(CareDbContext db, Wards wards, People people, CurrentCaller current) : IRequestHandler<Command, Result<WardView>>
    {
        /// <inheritdoc/>
        public async Task<Result<WardView>> Handle(Command request, CancellationToken cancellationToken)
        {
            var ct = cancellationToken;
            if (request.Reason is { Length: > Reasons.MaxLength })
            {
                return Reasons.Unfit(request.Reason)!;
            }

            var on = request.On ?? people.Today;
            if (on > people.Today || on < people.Today.AddDays(-30))
            {
                return new Invalid("on", "An admission is recorded on its day, or within 30 days after.");
            }

            var person = await people.FindAsync(request.NhsNumber, ct);
            if (person.Error is { } error)
            {
                return error;
            }

            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            if (await wards.FindAsync(request.WardId, ct) is not { } found)
            {
                return new NotVisible("virtual ward");
            }

            var key = person.Value.PatientKey;
            var admitted = found.Ward.Admit(key, on, request.Reason ?? "");
            if (!admitted.IsAllowed)
            {
                return Wards.RuleOf(admitted.Unmet);
            }

            if (await db.WardStays.AnyAsync(s => s.PatientKey == key && s.EndDay == 0, ct))
            {
                return new RuleNotMet(VirtualWard.OnceOnly, "The person is on another virtual ward. Discharge them there first.");
            }

            db.WardStays.Add(new WardStayRecord
            {
                PatientKey = key,
                Id = Guid.CreateVersion7().ToString(),
                WardId = request.WardId,
                StartDay = on.DayNumber,
                Reason = request.Reason!,
                AdmittedBy = current.Caller.Name,
            });

            // The ward itself changes with each admission, so that two people never get the last bed.
            found.Record.Revision++;
            try
            {
                await db.SaveChangesAsync(ct);
            }
            catch (DbUpdateException)
            {
                return new Conflict(409, "Somebody else admitted to this ward at the same time. Send it again.");
            }

            await transaction.CommitAsync(ct);
            return await wards.ViewAsync(found.Record, admitted.Value, withStays: true, ct);
        }
    }

    /// <summary>What a client sends.</summary>
    /// <param name="NhsNumber">NHS number.</param>
    /// <param name="On">Day; left out: today.</param>
    /// <param name="Reason">Why.</param>
    public sealed record Body(string NhsNumber, DateOnly? On, string? Reason)
    {
        /// <summary>Masked: a record would print the number.</summary>
        public override string ToString() => "admission";
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/virtual-wards/{id}/admissions",
        async (string id, Body body, IMediator mediator, CancellationToken ct) =>
            (await mediator.Send(new Command(id, body.NhsNumber, body.On, body.Reason), ct)).Match(w => Results.Ok(w), Problems.From))
        .WithName("AdmitToWard").WithTags("Virtual wards").WithSummary("Admit a person: there must be a bed, and a reason")
        .Produces<WardView>().Produces<Problem>(400).Produces<Problem>(404).Produces<Problem>(409).Produces<Problem>(422);
}

/// <summary>Discharges a person from a virtual ward.</summary>
public static class DischargeFromWard
{
    /// <summary>Who, when and whereto.</summary>
    public sealed record Command(string WardId, string NhsNumber, DateOnly? On, WardOutcome? Outcome) : IRequest<Result<WardView>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.CoordinateCare;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Listed;

        /// <inheritdoc/>
        public override string ToString() => "discharge from ward";
    }

    /// <summary>Asks the rules and ends the stay.</summary>
    public sealed class Handler(CareDbContext db, Wards wards, People people, CurrentCaller current) : IRequestHandler<Command, Result<WardView>>
    {
        /// <inheritdoc/>
        public async Task<Result<WardView>> Handle(Command request, CancellationToken cancellationToken)
        {
            var ct = cancellationToken;
            var on = request.On ?? people.Today;
            if (request.Outcome is not { } outcome)
            {
                return new Invalid("outcome", "Say whereto: usual-care, hospital, other-service or died.");
            }

            if (on > people.Today)
            {
                return new Invalid("on", "A discharge is recorded on its day, or later.");
            }

            var person = await people.FindAsync(request.NhsNumber, ct);
            if (person.Error is { } error)
            {
                return error;
            }

            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            if (await wards.FindAsync(request.WardId, ct) is not { } found)
            {
                return new NotVisible("virtual ward");
            }

            var key = person.Value.PatientKey;
            var discharged = found.Ward.Discharge(key, on, outcome);
            if (!discharged.IsAllowed)
            {
                return Wards.RuleOf(discharged.Unmet);
            }

            var stay = await db.WardStays.SingleAsync(s => s.PatientKey == key && s.WardId == request.WardId && s.EndDay == 0, ct);
            (stay.EndDay, stay.DischargedBy) = (on.DayNumber, current.Caller.Name);
            stay.Outcome = outcome switch { WardOutcome.UsualCare => "usual-care", WardOutcome.OtherService => "other-service", WardOutcome.Died => "died", _ => "hospital" };
            await db.SaveChangesAsync(ct);
            await transaction.CommitAsync(ct);
            return await wards.ViewAsync(found.Record, discharged.Value, withStays: true, ct);
        }
    }

    /// <summary>What a client sends.</summary>
    /// <param name="NhsNumber">NHS number.</param>
    /// <param name="On">Day; left out: today.</param>
    /// <param name="Outcome">Whereto.</param>
    public sealed record Body(string NhsNumber, DateOnly? On, WardOutcome? Outcome)
    {
        /// <summary>Masked: a record would print the number.</summary>
        public override string ToString() => "discharge";
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/virtual-wards/{id}/discharges",
        async (string id, Body body, IMediator mediator, CancellationToken ct) =>
            (await mediator.Send(new Command(id, body.NhsNumber, body.On, body.Outcome), ct)).Match(w => Results.Ok(w), Problems.From))
        .WithName("DischargeFromWard").WithTags("Virtual wards").WithSummary("Discharge a person, with whereto")
        .Produces<WardView>().Produces<Problem>(400).Produces<Problem>(404).Produces<Problem>(422);
}
