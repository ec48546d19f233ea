using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Storage;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Access;

/// <summary>A registered client, without its keys.</summary>
public sealed record ClientView(string Id, string Name, IReadOnlyList<string> Scopes, IReadOnlyList<string> Practices, IReadOnlyList<string> Places, IReadOnlyList<string> Sources, bool Active, string ChangedBy, DateTimeOffset ChangedAt);

/// <summary>Registers a client, or replaces its registration.</summary>
public static class PutClient
{
    private const int MaxId = 100;

    /// <summary>The client.</summary>
    public sealed record Command(string Id, ClientDescription Client) : IRequest<Result<bool>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.Administer;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.None;
    }

    /// <summary>Checks scopes and keys, and keeps them; true where the client is new.</summary>
    public sealed class Handler(CareDbContext db, ClientRegister register, BearerTokens tokens, CurrentCaller current, TimeProvider clock) : IRequestHandler<Command, Result<bool>>
    {
        /// <inheritdoc/>
        public async Task<Result<bool>> Handle(Command request, CancellationToken cancellationToken)
        {
            if (request.Id.Length > MaxId || !request.Id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_'))
            {
                return new Invalid("id", $"A client id is up to {MaxId} letters, digits, hyphens, dots and underscores.");
            }

            if (request.Client.Unfit() is { } unfit)
            {
                return unfit;
            }

            if (register.OfFile().ContainsKey(request.Id))
            {
                return new Conflict(409, "This client is in the clients file of the deployment: change it there.");
            }

            var row = request.Client.ToRow(request.Id, current.Caller.Name, clock.GetUtcNow().ToUnixTimeMilliseconds());
            var known = await db.Clients.SingleOrDefaultAsync(c => c.Id == request.Id, cancellationToken);
            if (known is null)
            {
                db.Clients.Add(row);
            }
            else
            {
                db.Entry(known).CurrentValues.SetValues(row);
            }

            await db.SaveChangesAsync(cancellationToken);
            tokens.Forget();
            return known is null;
        }
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPut("/v1/clients/{id}",
        async (string id, ClientDescription client, IMediator mediator, CancellationToken ct) =>
            (await mediator.Send(new Command(id, client), ct)).Match(isNew => isNew ? Results.Created($"/v1/clients/{id}", null) : Results.NoContent(), Problems.From))
        .WithName("PutClient").WithTags("Access").WithSummary("Register a client with its public keys, scopes and practices, or replace its registration")
        .Produces(201).Produces(204).Produces<Problem>(400).Produces<Problem>(403).Produces<Problem>(409);
}

/// <summary>Lists the registered clients.</summary>
public static class GetClients
{
    /// <summary>All of them.</summary>
    public sealed record Query : IRequest<Result<IReadOnlyList<ClientView>>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.Administer;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.None;
    }

    /// <summary>Reads the register.</summary>
    public sealed class Handler(CareDbContext db, ClientRegister register) : IRequestHandler<Query, Result<IReadOnlyList<ClientView>>>
    {
        /// <inheritdoc/>
        public async Task<Result<IReadOnlyList<ClientView>>> Handle(Query request, CancellationToken cancellationToken)
        {
            var rows = await db.Clients.AsNoTracking().ToListAsync(cancellationToken);
            return register.OfFile().Values.Concat(rows).OrderBy(c => c.Id, StringComparer.Ordinal)
                .Select(c => new ClientView(c.Id, c.Name, c.Scopes.Split(' '), c.Practices.Split(' ', StringSplitOptions.RemoveEmptyEntries), c.Places.Split('\n', StringSplitOptions.RemoveEmptyEntries), c.Sources.Split('\n', StringSplitOptions.RemoveEmptyEntries),
                    c.Active, c.ChangedBy, DateTimeOffset.FromUnixTimeMilliseconds(c.ChangedAt)))
                .ToList();
        }
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/clients",
        async (IMediator mediator, CancellationToken ct) => (await mediator.Send(new Query(), ct)).Match(clients => Results.Ok(clients), Problems.From))
        .WithName("GetClients").WithTags("Access").WithSummary("The registered clients, without their keys")
        .Produces<IReadOnlyList<ClientView>>().Produces<Problem>(403);
}

/// <summary>Ends a client's access. Its registration stays, as a record of who once had access.</summary>
public static class EndClient
{
    /// <summary>Which.</summary>
    public sealed record Command(string Id) : IRequest<Result<bool>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.Administer;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.None;
    }

    /// <summary>Marks it; its tokens are refused from then on, on other instances within five minutes.</summary>
    public sealed class Handler(CareDbContext db, BearerTokens tokens, CurrentCaller current, TimeProvider clock) : IRequestHandler<Command, Result<bool>>
    {
        /// <inheritdoc/>
        public async Task<Result<bool>> Handle(Command request, CancellationToken cancellationToken)
        {
            if (await db.Clients.SingleOrDefaultAsync(c => c.Id == request.Id, cancellationToken) is not { } client)
            {
                return new NotVisible("client");
            }

            (client.Active, client.ChangedBy, client.ChangedAt) = (false, current.Caller.Name, clock.GetUtcNow().ToUnixTimeMilliseconds());
            await db.SaveChangesAsync(cancellationToken);
            tokens.Forget();
            return true;
        }
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapDelete("/v1/clients/{id}",
        async (string id, IMediator mediator, CancellationToken ct) => (await mediator.Send(new Command(id), ct)).Match(_ => Results.NoContent(), Problems.From))
        .WithName("EndClient").WithTags("Access").WithSummary("End a client's access")
        .Produces(204).Produces<Problem>(403).Produces<Problem>(404);
}
