using BetterCare.Care.Api.Hosting;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Storage.OptOuts;
using MediatR;
using Microsoft.Extensions.Options;

namespace BetterCare.Care.Api.Features.OptOuts;

/// <summary>Takes a list of NHS numbers of people who opted out, and applies it at once.</summary>
public static class TakeOptOutList
{
    /// <summary>The list.</summary>
    /// <param name="Kind">Which opt-out, by name.</param>
    /// <param name="List">What the list is.</param>
    /// <param name="Text">The list as read.</param>
    /// <param name="Expect">How many numbers the sender says it has; null: not said.</param>
    public sealed record Command(string Kind, OptOutList List, OptOutText Text, int? Expect) : IRequest<Result<Answer>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.Administer;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Listed;

        /// <inheritdoc/>
        public override string ToString() => $"{List} to the list of {Kind}";
    }

    /// <summary>Counts, and nobody.</summary>
    /// <param name="Kind">Which opt-out.</param>
    /// <param name="Numbers">Different valid NHS numbers in the list.</param>
    /// <param name="Known">Those of them whom the service has a record of; the others are kept, for when they come.</param>
    /// <param name="Hidden">People who are opted out now and were not before.</param>
    /// <param name="Shown">People whose opt-out has ended by it.</param>
    /// <param name="Removed">Numbers that are off the list now.</param>
    /// <param name="Wrong">Lines without a valid number; they were passed over.</param>
    /// <param name="WrongLines">The first of them.</param>
    public sealed record Answer(string Kind, int Numbers, int Known, int Hidden, int Shown, int Removed, int Wrong, IReadOnlyList<long> WrongLines);

    /// <summary>Checks the list and applies it.</summary>
    public sealed class Handler(OptOutLists lists) : IRequestHandler<Command, Result<Answer>>
    {
        /// <inheritdoc/>
        public async Task<Result<Answer>> Handle(Command request, CancellationToken cancellationToken)
        {
            if (!OptOutText.Kinds.TryGetValue(request.Kind, out var kind))
            {
                return new Invalid("kind", $"An opt-out is {string.Join(" or ", OptOutText.Kinds.Keys)}.");
            }

            var text = request.Text;
            if (text.Numbers.Count == 0)
            {
                return new Invalid("body", "There is no valid NHS number in the list, so nothing was changed. Send one number a line, or CSV with a column of NHS numbers.");
            }

            if (request.Expect is { } expected && expected != text.Numbers.Count)
            {
                return new Invalid("expect", $"The list has {text.Numbers.Count} different valid numbers and not {expected}, so nothing was changed. Send it again, whole.");
            }

            if (request.List == OptOutList.Whole && text.Wrong > 0)
            {
                // Whoever is missing from a whole list is shown again: a damaged one must not do that.
                return new Invalid("body", $"{text.Wrong} lines of this whole list have no valid NHS number (the first: line {text.FirstWrong[0]}), so nothing was changed. Mend them, or send the list as an addition.");
            }

            var result = await lists.TakeAsync(kind, request.List, text.Numbers, cancellationToken);
            return new Answer(request.Kind, result.Numbers, result.Known, result.Hidden, result.Shown, result.Removed, text.Wrong, text.FirstWrong);
        }
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/opt-outs/{kind}",
        async (string kind, string? @as, int? expect, HttpContext http, IMediator mediator, IOptions<CareOptions> options, CancellationToken ct) =>
        {
            if (!Enum.TryParse<OptOutList>(@as ?? nameof(OptOutList.Addition), ignoreCase: true, out var list) || !Enum.IsDefined(list))
            {
                return Problems.From(new Invalid("as", "A list is an addition (the default), whole, or a removal."));
            }

            var isPlain = http.Request.ContentType?.StartsWith("text/plain", StringComparison.OrdinalIgnoreCase) == true;
            var body = await FhirBody.ReadAsync(http, options.Value.MaxBodyBytes, ct, isPlain ? "text/plain" : "text/csv");
            if (body.Error is { } error)
            {
                return Problems.From(error);
            }

            using var stream = new MemoryStream(body.Value.ToArray(), writable: false);
            return (await mediator.Send(new Command(kind, list, OptOutText.Read(stream), expect), ct)).Match(answer => Results.Ok(answer), Problems.From);
        })
        .WithName("TakeOptOutList").WithTags("Access").WithSummary("A list of NHS numbers of people who opted out (type-1-opt-out, national-data-opt-out): one a line, or CSV; as=addition, whole or removal")
        .Accepts<string>("text/csv", "text/plain").Produces<Answer>().Produces<Problem>(400).Produces<Problem>(403).Produces<Problem>(413).Produces<Problem>(415);
}
