using BetterCare.Care.Api.Features.Tracing.Pds;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Storage.Resources;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Merges;

/// <summary>What PDS says of a number that is on record here.</summary>
/// <param name="State"><c>in-force</c>; <c>superseded</c>: by another; <c>invalidated</c>: out of use; <c>unknown</c>: PDS knows nobody of it.</param>
/// <param name="InForce">The number in force, where the one asked for was superseded and the caller may see who has it.</param>
/// <param name="Next">What to do now.</param>
public sealed record NumberCheck(string State, string? InForce, string Next)
{
    /// <summary>Says nothing: numbers are personal.</summary>
    public override string ToString() => "(number check)";
}

/// <summary>Asks PDS whether a person's number is still in force. Two records are never merged by the machine: what it learns is a proposal.</summary>
public static class CheckNumber
{
    /// <summary>Whose.</summary>
    public sealed record Command(string NhsNumber) : IRequest<Result<NumberCheck>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ResolveIdentity;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Named;

        /// <inheritdoc/>
        public override string ToString() => "check number";
    }

    /// <summary>Asks.</summary>
    public sealed class Handler(CareDbContext db, People people, IPdsClient pds, Directories directories, CurrentCaller current, TimeProvider clock) : IRequestHandler<Command, Result<NumberCheck>>
    {
        /// <inheritdoc/>
        public async Task<Result<NumberCheck>> Handle(Command request, CancellationToken cancellationToken)
        {
            var ct = cancellationToken;
            var found = await people.FindAsync(request.NhsNumber, ct);
            if (found.Error is { } error)
            {
                return error;
            }

            var number = found.Value.NhsNumber;
            switch (await pds.ReadAsync(number, ct))
            {
                case PdsReply.Found { People: [var person, ..] } when person.Number == number:
                    return new NumberCheck("in-force", null, "Nothing: the number is in force.");
                case PdsReply.Found { People: [var person, ..] }:
                    var row = await db.MergeProposals.SingleOrDefaultAsync(p => p.FromNumber == number.Number, ct)
                        ?? db.MergeProposals.Add(new MergeProposal { FromNumber = number.Number, Source = "pds", FoundBy = "" }).Entity;
                    (row.IntoNumber, row.FoundBy, row.FoundAt) = (person.Number.Number, current.Caller.Name, clock.GetUtcNow().ToUnixTimeMilliseconds());
                    await db.SaveChangesAsync(ct);
                    var yours = await directories.FindAsync(person.Number, ct) is null || (await people.FindAsync(person.Number.Value, ct)).Error is null;
                    return yours
                        ? new NumberCheck("superseded", person.Number.Value, "Merge the two with POST /v1/merges, from the number asked for into the one in force.")
                        : new NumberCheck("superseded", null, "The number in force is that of a person of a practice that is not yours: a reviewer for both practices has to merge the two.");
                case PdsReply.Invalidated:
                    return new NumberCheck("invalidated", null, "The number was taken out of use, and no other in its place. Ask the supplier who the person is; their record stays as it is.");
                case PdsReply.Unavailable away:
                    return new Conflict(503, $"{away.Why}. Try again later.");
                default:
                    return new NumberCheck("unknown", null, "PDS knows nobody of this number. Ask the supplier where it comes from.");
            }
        }
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/patients/{nhsNumber}/number-check",
        async (string nhsNumber, IMediator mediator, CancellationToken ct) => (await mediator.Send(new Command(nhsNumber), ct)).Match(check => Results.Ok(check), Problems.From))
        .WithName("CheckNumber").WithTags("Identity").WithSummary("Ask PDS whether the person's number is in force, superseded or out of use")
        .Produces<NumberCheck>().Produces<Problem>(404).Produces<Problem>(503);
}
