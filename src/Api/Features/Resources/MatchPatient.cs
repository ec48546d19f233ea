using BetterCare.Care.Api.Hosting;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Fhir.Search;
using BetterCare.Care.Fhir.Validation;
using MediatR;
using Microsoft.Extensions.Options;

namespace BetterCare.Care.Api.Features.Resources;

/// <summary>Finds whom a description may mean (<c>Patient/$match</c>). What is not certain is for a human to decide.</summary>
public static class MatchPatient
{
    /// <summary>The Parameters as posted.</summary>
    public sealed record Query(ReadOnlyMemory<byte> Json) : IRequest<Result<IReadOnlyList<PatientMatch>>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ReadRecords;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Listed;

        /// <inheritdoc/>
        public override string ToString() => "match";
    }

    /// <summary>Reads the Parameters and asks the matcher.</summary>
    public sealed class Handler(IPatientMatcher matcher, Visibility visibility) : IRequestHandler<Query, Result<IReadOnlyList<PatientMatch>>>
    {
        private const int DefaultCount = 20;

        /// <inheritdoc/>
        public async Task<Result<IReadOnlyList<PatientMatch>>> Handle(Query request, CancellationToken cancellationToken)
        {
            if (visibility.Refusal(Fhir.ResourceType.Patient, FhirAccess.Search) is { } refusal)
            {
                return refusal;
            }

            var reader = new ResourceReader();
            if (!reader.Read(request.Json.Span) || reader.Type != Fhir.ResourceType.Parameters)
            {
                return reader.Type == Fhir.ResourceType.Parameters
                    ? new InvalidResource(400, reader.Issues.ToList())
                    : new Invalid("Parameters", "Post Parameters with a parameter resource: the Patient to look for.");
            }

            var (patient, certain, count) = Read(request.Json.Span);
            if (patient is null)
            {
                return new Invalid("Parameters.parameter", "A parameter resource that holds a Patient is needed: what is known of the person.");
            }

            var matches = await matcher.MatchAsync(patient, visibility, cancellationToken);
            return matches.Where(m => !certain || m.Score.Grade == "certain").Take(count).ToList();
        }

        private static (byte[]? Patient, bool CertainOnly, int Count) Read(ReadOnlySpan<byte> json)
        {
            byte[]? patient = null;
            var certain = false;
            var count = DefaultCount;
            foreach (var parameter in new JsonView(json)["parameter"u8].Items)
            {
                switch (parameter["name"u8].ToString())
                {
                    case "resource" when parameter["resource"u8]["resourceType"u8].Text.SequenceEqual("Patient"u8):
                        patient = parameter["resource"u8].Raw.ToArray();
                        break;
                    case "onlyCertainMatches":
                        certain = parameter["valueBoolean"u8].Raw.SequenceEqual("true"u8);
                        break;
                    case "count" when int.TryParse(parameter["valueInteger"u8].ToString(), out var asked) && asked > 0:
                        count = Math.Min(asked, 100);
                        break;
                }
            }

            return (patient, certain, count);
        }
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/fhir/Patient/$match",
        async (HttpContext http, IMediator mediator, IOptions<CareOptions> options, CancellationToken ct) =>
        {
            var body = await FhirBody.ReadAsync(http, options.Value.MaxBodyBytes, ct);
            if (body.Error is { } error)
            {
                return Problems.Fhir(error);
            }

            var root = FhirHttp.BaseOf(http);
            return (await mediator.Send(new Query(body.Value), ct)).Match(
                found => new BundleResult(new BundleContent(root, "searchset", found.Count, $"{root}/Patient/$match")
                {
                    Entries = [.. found.Select(m => new BundleItem(m.Resource, "match") { Score = m.Score })],
                }),
                Problems.Fhir);
        })
        .Describe("MatchPatient", "Find whom a description may mean, best first, with grade, score and reasons", null, 400, 413, 415)
        .WithMetadata(new FhirOperation("match", "http://hl7.org/fhir/OperationDefinition/Patient-match", "Patient"))
        .Takes();
}
