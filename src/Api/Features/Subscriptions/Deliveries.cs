using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Fhir;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Model;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Subscriptions;

/// <summary>A notification as an operator sees it: what it was about is named by type only, because an id may be an NHS number.</summary>
public sealed record DeliveryView(string Id, string Subscription, long Event, string About, string State, int Attempts, DateTimeOffset CreatedAt, DateTimeOffset? NextAt, string? Problem)
{
    internal static DeliveryView Of(SubscriptionDelivery d) => new(
        d.Id, d.SubscriptionId, d.Event, ((ResourceType)d.Type).Name(), d.State.ToString().ToLowerInvariant(), d.Attempts, DateTimeOffset.FromUnixTimeMilliseconds(d.CreatedAt),
        d.State == DeliveryState.Waiting ? DateTimeOffset.FromUnixTimeMilliseconds(d.NextAt) : null, d.Problem.Length == 0 ? null : d.Problem);
}

/// <summary>Lists notifications.</summary>
public static class GetDeliveries
{
    /// <summary>In which state, of which subscription.</summary>
    public sealed record Query(string? State, string? Subscription) : IRequest<Result<IReadOnlyList<DeliveryView>>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.Administer;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.None;
    }

    /// <summary>Reads them, the latest first.</summary>
    public sealed class Handler(CareDbContext db) : IRequestHandler<Query, Result<IReadOnlyList<DeliveryView>>>
    {
        private const int Most = 500;

        /// <inheritdoc/>
        public async Task<Result<IReadOnlyList<DeliveryView>>> Handle(Query request, CancellationToken cancellationToken)
        {
            DeliveryState? state = request.State switch { "waiting" => DeliveryState.Waiting, "delivered" => DeliveryState.Delivered, "dead" => DeliveryState.Dead, _ => null };
            return request.State is not null && state is null
                ? new Invalid("state", "The state is waiting, delivered or dead.")
                : (await db.SubscriptionDeliveries.AsNoTracking()
                    .Where(d => (state == null || d.State == state) && (request.Subscription == null || d.SubscriptionId == request.Subscription))
                    .OrderByDescending(d => d.Id).Take(Most).ToListAsync(cancellationToken)).ConvertAll(DeliveryView.Of);
        }
    }

    /// <summary>Serves them.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/subscription-deliveries",
        async (string? state, string? subscription, IMediator mediator, CancellationToken ct) => (await mediator.Send(new Query(state, subscription), ct)).Match(list => Results.Ok(list), Problems.From))
        .WithName("GetDeliveries").WithTags("Subscriptions").WithSummary("Notifications, the latest first: waiting, delivered or dead")
        .Produces<IReadOnlyList<DeliveryView>>().Produces<Problem>(400);
}

/// <summary>Sends a dead notification again.</summary>
public static class ReplayDelivery
{
    /// <summary>Which.</summary>
    public sealed record Command(string Id) : IRequest<Result<DeliveryView>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.Administer;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.None;
    }

    /// <summary>Puts it back into the queue.</summary>
    public sealed class Handler(CareDbContext db, TimeProvider clock) : IRequestHandler<Command, Result<DeliveryView>>
    {
        /// <inheritdoc/>
        public async Task<Result<DeliveryView>> Handle(Command request, CancellationToken cancellationToken)
        {
            if (await db.SubscriptionDeliveries.SingleOrDefaultAsync(d => d.Id == request.Id, cancellationToken) is not { } delivery)
            {
                return new NotVisible("notification");
            }

            if (delivery.State != DeliveryState.Dead)
            {
                return new Conflict(409, "Only a dead notification is replayed; this one was delivered or is still being tried.");
            }

            (delivery.State, delivery.Attempts, delivery.NextAt) = (DeliveryState.Waiting, 0, clock.GetUtcNow().ToUnixTimeMilliseconds());
            await db.SaveChangesAsync(cancellationToken);
            return DeliveryView.Of(delivery);
        }
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/subscription-deliveries/{id}/replay",
        async (string id, IMediator mediator, CancellationToken ct) => (await mediator.Send(new Command(id), ct)).Match(delivery => Results.Ok(delivery), Problems.From))
        .WithName("ReplayDelivery").WithTags("Subscriptions").WithSummary("Send a dead notification again")
        .Produces<DeliveryView>().Produces<Problem>(404).Produces<Problem>(409);
}
