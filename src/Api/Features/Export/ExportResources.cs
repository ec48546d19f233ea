using System.Globalization;
using System.Text.Json;
using BetterCare.Care.Api.Features.Resources;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Jobs;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Fhir;
using BetterCare.Care.Storage.Audit;
using BetterCare.Care.Storage.Model;
using MediatR;

namespace BetterCare.Care.Api.Features.Export;

/// <summary>Starts a bulk export of everything, of all people, or of the people of a group.</summary>
public static class StartExport
{
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
            var id = await jobs.CreateAsync(asked with { Practices = practices, Hidden = current.Caller.Hidden }, current.Caller.Name, cancellationToken);
            queue.Enqueue(id);
            return id;
        }
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        const string Definition = "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/";
        routes.MapGet("/fhir/$export", (HttpContext http, IMediator mediator, CancellationToken ct) => Answer(http, mediator, "system", null, ct))
            .Describe("ExportSystem", "Export everything as NDJSON, asynchronously", null, 202, 400).WithMetadata(new FhirOperation("export", Definition + "export", OnSystem: true));
        routes.MapGet("/fhir/Patient/$export", (HttpContext http, IMediator mediator, CancellationToken ct) => Answer(http, mediator, "Patient", null, ct))
            .Describe("ExportPatients", "Export all people's records as NDJSON, asynchronously", null, 202, 400).WithMetadata(new FhirOperation("export", Definition + "patient-export", "Patient"));
        routes.MapGet("/fhir/Group/{id}/$export", (string id, HttpContext http, IMediator mediator, CancellationToken ct) => Answer(http, mediator, "Group", id, ct))
            .Describe("ExportGroup", "Export the records of a group's members as NDJSON, asynchronously", null, 202, 400, 404).WithMetadata(new FhirOperation("export", Definition + "group-export", "Group"));
    }

    private static async Task<IResult> Answer(HttpContext http, IMediator mediator, string level, string? group, CancellationToken ct)
    {
        var query = http.Request.Query;
        var types = query["_type"].SelectMany(t => t!.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).Distinct(StringComparer.Ordinal).ToList();
        var filters = query["_typeFilter"].SelectMany(f => f!.Split(',', StringSplitOptions.RemoveEmptyEntries)).ToList();
        var since = DateTimeOffset.UnixEpoch;
        var unknown = query.Keys.FirstOrDefault(k => k is not ("_type" or "_since" or "_typeFilter" or "_outputFormat" or "_format"));
        var wrong = unknown is not null && !FhirHttp.IsLenient(http) ? "http"
            : types.Exists(t => ResourceTypes.Parse(t) == ResourceType.None) ? "http._type"
            : filters.Exists(f => ExportRequest.Filter(f, DateTimeOffset.UnixEpoch) is null) ? "http._typeFilter"
            : query["_since"].ToString() is { Length: > 0 } from && !DateTimeOffset.TryParse(from.Replace(' ', '+'), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out since) ? "http._since"
            : query["_outputFormat"].ToString().Replace(' ', '+') is not ("" or "application/fhir+ndjson" or "application/ndjson" or "ndjson") ? "http._outputFormat"
            : null;
        if (wrong is not null)
        {
            return Problems.Fhir(new Invalid(wrong, "$export takes _type (resource types, with commas), _typeFilter (searches such as Observation?code=…, percent-encoded, without chains), _since (an instant) and _outputFormat (application/fhir+ndjson)."));
        }

        var url = $"{FhirHttp.BaseOf(http)}{http.Request.Path.Value!["/fhir".Length..]}{http.Request.QueryString}";
        var request = new ExportRequest(level, group, types, Math.Max(0, since.ToUnixTimeMilliseconds()), url, null) { Filters = filters };
        return (await mediator.Send(new Command(request), ct)).Match(
            id =>
            {
                http.Response.Headers.ContentLocation = $"{FhirHttp.BaseOf(http)}/$export/{id}";
                return Problems.Fhir(202, [new(Fhir.Validation.IssueSeverity.Information, "informational", "", "The export is under way. Poll the address in Content-Location.")]);
            },
            Problems.Fhir);
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

        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("transactionTime"u8, DateTimeOffset.FromUnixTimeMilliseconds(report.At).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
            json.WriteString("request"u8, report.Request.Url);
            json.WriteBoolean("requiresAccessToken"u8, http.Request.Headers.Authorization.Count > 0);
            json.WriteStartArray("output"u8);
            foreach (var file in report.Files)
            {
                json.WriteStartObject();
                json.WriteString("type"u8, file.Type);
                json.WriteString("url"u8, $"{FhirHttp.BaseOf(http)}/$export/{id}/{file.Name}");
                json.WriteNumber("count"u8, file.Count);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteStartArray("error"u8);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        return new Problems.Bytes(200, buffer.ToArray(), "application/json");
    }
}
