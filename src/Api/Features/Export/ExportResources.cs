using System.Globalization;
using System.Text.Json;
using BetterCare.Care.Api.Features.Resources;
using BetterCare.Care.Api.Hosting;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Jobs;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Search;
using BetterCare.Care.Storage.Audit;
using BetterCare.Care.Storage.Model;
using MediatR;
using Microsoft.Extensions.Options;

namespace BetterCare.Care.Api.Features.Export;

/// <summary>Starts a bulk export of everything, of all people, or of the people of a group.</summary>
public static class StartExport
{
    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Post];

    /// <summary>What to export.</summary>
    public sealed record Command(ExportRequest Request) : IRequest<Result<string>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ReadRecords;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Everyone;
    }

    /// <summary>Creates the job and hands it to the worker.</summary>
    public sealed class Handler(ExportJobs jobs, JobQueue queue, CurrentCaller current, Visibility visibility) : IRequestHandler<Command, Result<string>>
    {
        /// <inheritdoc/>
        public async Task<Result<string>> Handle(Command request, CancellationToken cancellationToken)
        {
            if (request.Request.GroupId is { } group && await visibility.FindAsync(ResourceType.Group, group, cancellationToken) is not { Deleted: false })
            {
                return new NotVisible("group");
            }

            foreach (var patient in request.Request.Patients ?? [])
            {
                if (await visibility.PersonAsync(patient, cancellationToken) is null)
                {
                    return new Invalid("Parameters.parameter", "One of the patients is not known here: give references such as Patient/id.");
                }
            }

            if (request.Request.Types.Select(ResourceTypes.Parse).Select(t => visibility.Refusal(t, FhirAccess.Read)).FirstOrDefault(r => r is not null) is { } refusal)
            {
                return refusal;
            }

            var asked = request.Request;
            if (visibility.Scopes is { } scopes && asked.Types.Count == 0)
            {
                asked = asked with { Types = [.. Metadata.GetMetadata.Types.Where(t => scopes.Allows(t, FhirAccess.Read)).Select(t => t.Name())] };
                if (asked.Types.Count == 0)
                {
                    return new OutOfScope("any resource type", "read");
                }
            }

            var practices = visibility.Practices?.Order(StringComparer.Ordinal).ToList();
            var created = await jobs.CreateAsync(asked with { Practices = practices, Hidden = current.Caller.Hidden }, current.Caller.Name, cancellationToken);
            if (created.Error is null)
            {
                queue.Enqueue(created.Value);
            }

            return created;
        }
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        const string Definition = "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/";
        routes.MapMethods("/fhir/$export", Methods, (HttpContext http, IMediator mediator, IOptions<CareOptions> options, CancellationToken ct) => Answer(http, mediator, options, "system", null, ct))
            .Describe("ExportSystem", "Export everything as NDJSON, asynchronously", null, 202, 400, 429).WithMetadata(new FhirOperation("export", Definition + "export", OnSystem: true));
        routes.MapMethods("/fhir/Patient/$export", Methods, (HttpContext http, IMediator mediator, IOptions<CareOptions> options, CancellationToken ct) => Answer(http, mediator, options, "Patient", null, ct))
            .Describe("ExportPatients", "Export all people's records as NDJSON, asynchronously", null, 202, 400, 429).WithMetadata(new FhirOperation("export", Definition + "patient-export", "Patient"));
        routes.MapMethods("/fhir/Group/{id}/$export", Methods, (string id, HttpContext http, IMediator mediator, IOptions<CareOptions> options, CancellationToken ct) => Answer(http, mediator, options, "Group", id, ct))
            .Describe("ExportGroup", "Export the records of a group's members as NDJSON, asynchronously", null, 202, 400, 404, 429).WithMetadata(new FhirOperation("export", Definition + "group-export", "Group"));
    }

    private static async Task<IResult> Answer(HttpContext http, IMediator mediator, IOptions<CareOptions> options, string level, string? group, CancellationToken ct)
    {
        var parameters = new List<KeyValuePair<string, string>>(QueryText.Parse(http.Request.QueryString.Value!));
        if (http.Request.Method == HttpMethods.Post && http.Request.ContentLength is not 0)
        {
            var body = await FhirBody.ReadAsync(http, options.Value.MaxBodyBytes, ct);
            if (body.Error is { } error)
            {
                return Problems.Fhir(error);
            }

            if (!AddPosted(parameters, body.Value.Span))
            {
                return Problems.Fhir(new Invalid("Parameters", "Post Parameters: _type, _typeFilter, _since, _outputFormat and patient, each as often as needed."));
            }
        }

        var url = $"{FhirHttp.BaseOf(http)}{http.Request.Path.Value!["/fhir".Length..]}{http.Request.QueryString}";
        var request = ExportRequest.Read(level, group, parameters, FhirHttp.IsLenient(http), url);
        if (request.Error is { } invalid)
        {
            return Problems.Fhir(invalid);
        }

        return (await mediator.Send(new Command(request.Value), ct)).Match(
            id =>
            {
                http.Response.Headers.ContentLocation = $"{FhirHttp.BaseOf(http)}/$export/{id}";
                return Problems.Fhir(202, [new(Fhir.Validation.IssueSeverity.Information, "informational", "", "The export is under way. Poll the address in Content-Location.")]);
            },
            refused =>
            {
                if (refused is TooMany)
                {
                    http.Response.Headers.RetryAfter = "60";
                }

                return Problems.Fhir(refused);
            });
    }

    /// <summary>The parameters of a kick-off that was posted; false where they cannot be read.</summary>
    private static bool AddPosted(List<KeyValuePair<string, string>> parameters, ReadOnlySpan<byte> json)
    {
        var reader = new Fhir.Validation.ResourceReader();
        if (!reader.Read(json, new Fhir.Validation.ReaderOptions { ExpectedType = ResourceType.Parameters }))
        {
            return false;
        }

        foreach (var parameter in new JsonView(json)["parameter"u8].Items)
        {
            var value = parameter["valueString"u8].ToString() + parameter["valueInstant"u8].ToString() + parameter["valueReference"u8]["reference"u8].ToString();
            parameters.Add(KeyValuePair.Create(parameter["name"u8].ToString(), value));
        }

        return true;
    }
}

/// <summary>Tells how an export stands, hands out its files, and cancels it.</summary>
public static class GetExport
{
    /// <summary>Which; whether it is to be cancelled.</summary>
    public sealed record Query(string Id, bool Cancel = false) : IRequest<Result<ExportReport>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ReadRecords;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Listed;
    }

    /// <summary>Reads the report; an export is for the one who asked for it.</summary>
    public sealed class Handler(ExportJobs jobs, CurrentCaller current) : IRequestHandler<Query, Result<ExportReport>>
    {
        /// <inheritdoc/>
        public async Task<Result<ExportReport>> Handle(Query request, CancellationToken cancellationToken)
        {
            if (!Guid.TryParse(request.Id, out _) || await jobs.ReportAsync(request.Id, cancellationToken) is not { } report
                || report.RequestedBy != current.Caller.Name || report.Status == JobStatus.Cancelled)
            {
                return new NotVisible("export");
            }

            if (report.Status == JobStatus.Completed)
            {
                // Here the records leave: each look at the manifest and each file is an access to all who are in it.
                AccessTrail.Current?.SawEveryone();
            }

            if (request.Cancel)
            {
                await jobs.CancelAsync(request.Id, cancellationToken);
            }

            return report;
        }
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/fhir/$export/{id}", async (string id, HttpContext http, IMediator mediator, CancellationToken ct) =>
                (await mediator.Send(new Query(id), ct)).Match(report => Answer(http, id, report), Problems.Fhir))
            .Describe("GetExport", "Progress of an export; its manifest when it is done", null, 202, 404, 500);
        routes.MapDelete("/fhir/$export/{id}", async (string id, IMediator mediator, CancellationToken ct) =>
                (await mediator.Send(new Query(id, Cancel: true), ct)).Match(_ => Results.StatusCode(202), Problems.Fhir))
            .Describe("CancelExport", "Cancel an export, or delete its files", null, 202, 404);
        routes.MapGet("/fhir/$export/{id}/{file}", async (string id, string file, ExportJobs jobs, IMediator mediator, CancellationToken ct) =>
                (await mediator.Send(new Query(id), ct)).Match(
                    report => report.Files.Any(f => f.Name == file) && File.Exists(jobs.PathOf(id, file))
                        ? Results.File(jobs.PathOf(id, file), "application/fhir+ndjson", enableRangeProcessing: true)
                        : Problems.Fhir(new NotVisible("file")),
                    Problems.Fhir))
            .WithName("GetExportFile").WithTags("FHIR").WithSummary("A file of an export")
            .Produces<object>(200, "application/fhir+ndjson").Produces<object>(404, "application/fhir+json");
    }

    private static IResult Answer(HttpContext http, string id, ExportReport report)
    {
        if (report.Status is JobStatus.Queued or JobStatus.Running)
        {
            http.Response.Headers["X-Progress"] = report.Progress;
            http.Response.Headers.RetryAfter = "1";
            return Results.StatusCode(202);
        }

        if (report.Status == JobStatus.Failed)
        {
            return Problems.Fhir(500, [new(Fhir.Validation.IssueSeverity.Error, "exception", "", report.Message ?? "The export failed; start it again.")]);
        }

        http.Response.Headers.Expires = DateTimeOffset.FromUnixTimeMilliseconds(report.Expires).ToString("R");
        var root = $"{FhirHttp.BaseOf(http)}/$export/{id}";
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("transactionTime"u8, DateTimeOffset.FromUnixTimeMilliseconds(report.At).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
            json.WriteString("request"u8, report.Request.Url);
            json.WriteBoolean("requiresAccessToken"u8, http.Request.Headers.Authorization.Count > 0);
            var deleted = ResourceType.Bundle.Name();
            WriteFiles(json, "output"u8, report.Files.Where(f => f.Type != deleted), root);
            WriteFiles(json, "deleted"u8, report.Files.Where(f => f.Type == deleted), root);
            json.WriteStartArray("error"u8);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        return new Problems.Bytes(200, buffer.ToArray(), "application/json");
    }

    private static void WriteFiles(Utf8JsonWriter json, ReadOnlySpan<byte> name, IEnumerable<ExportFile> files, string root)
    {
        json.WriteStartArray(name);
        foreach (var file in files)
        {
            json.WriteStartObject();
            json.WriteString("type"u8, file.Type);
            json.WriteString("url"u8, $"{root}/{file.Name}");
            json.WriteNumber("count"u8, file.Count);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
