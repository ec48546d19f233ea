using System.Text.Json;
using BetterCare.Care.Api.Hosting;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Jobs;
using BetterCare.Care.Api.Security;
using MediatR;
using Microsoft.Extensions.Options;

namespace BetterCare.Care.Api.Features.Ingest;

/// <summary>Starts an asynchronous import: an NDJSON upload, or files of a configured folder named in Parameters.</summary>
public static class StartImport
{
    /// <summary>Files that are on the machine already.</summary>
    public sealed record Command(IReadOnlyList<ImportSource> Sources, string? Supplier) : IRequest<Result<string>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.SupplyData;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.None;
    }

    /// <summary>Creates the job and hands it to the worker.</summary>
    public sealed class Handler(ImportJobs jobs, JobQueue queue, CurrentCaller current) : IRequestHandler<Command, Result<string>>
    {
        /// <inheritdoc/>
        public async Task<Result<string>> Handle(Command request, CancellationToken cancellationToken)
        {
            if (current.Caller is { Practices: not null } || current.Caller.Scopes?.AllowsEverywhere(FhirAccess.Create | FhirAccess.Update) == false)
            {
                return new NotAllowed("$import: it is for suppliers of all practices and resource types. Send Bundles instead");
            }

            if (request.Supplier is { } supplier && current.Caller.Sources?.Contains(supplier, StringComparer.Ordinal) == false)
            {
                return new NotAllowed("sending as that source; leave it out, or give one that your client is registered with");
            }

            var id = await jobs.CreateAsync(request.Sources, request.Supplier, current.Caller.Name, cancellationToken, current.Caller.Sources);
            queue.Enqueue(id);
            return id;
        }
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/fhir/$import",
        async (HttpContext http, IMediator mediator, IOptions<CareOptions> options, CancellationToken ct) =>
        {
            var sources = http.Request.ContentType?.Contains("ndjson", StringComparison.OrdinalIgnoreCase) == true
                ? await UploadAsync(http, options.Value, ct)
                : await NamedAsync(http, options.Value, ct);
            if (sources.Error is { } error)
            {
                return Problems.Fhir(error);
            }

            var supplier = http.Request.Query["source"].ToString();
            return (await mediator.Send(new Command(sources.Value, supplier.Length == 0 ? null : supplier), ct)).Match(
                id =>
                {
                    http.Response.Headers.ContentLocation = $"{http.Request.Scheme}://{http.Request.Host}/fhir/$import/{id}";
                    return Results.StatusCode(202);
                },
                Problems.Fhir);
        })
        .WithName("StartImport").WithTags("FHIR").WithSummary("Import NDJSON asynchronously; poll the Content-Location")
        .Accepts<object>("application/fhir+ndjson", "application/fhir+json").Produces(202).Produces<object>(400, "application/fhir+json").Produces<object>(413, "application/fhir+json")
        .WithMetadata(new Resources.FhirOperation("import", "https://bettercare.care/fhir/OperationDefinition/import", OnSystem: true));

    /// <summary>Keeps an upload as a file, so that it can be resumed.</summary>
    private static async Task<Result<IReadOnlyList<ImportSource>>> UploadAsync(HttpContext http, CareOptions options, CancellationToken ct)
    {
        var limit = http.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpMaxRequestBodySizeFeature>();
        if (limit is { IsReadOnly: false })
        {
            limit.MaxRequestBodySize = options.MaxUploadBytes;
        }

        if (http.Request.ContentLength > options.MaxUploadBytes)
        {
            return new TooLarge(options.MaxUploadBytes);
        }

        var folder = Path.Combine(options.WorkFolder, "uploads");
        Directory.CreateDirectory(folder);
        var gzip = http.Request.Headers.ContentEncoding.ToString() == "gzip";
        var path = Path.GetFullPath(Path.Combine(folder, $"{Guid.CreateVersion7()}.ndjson{(gzip ? ".gz" : "")}"));
        try
        {
            await using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16, useAsync: true);
            await http.Request.Body.CopyToAsync(file, ct);
            await file.FlushAsync(ct);
        }
        catch (Exception e) when (e is BadHttpRequestException or OperationCanceledException or IOException)
        {
            File.Delete(path);
            if (e is BadHttpRequestException { StatusCode: 413 })
            {
                return new TooLarge(options.MaxUploadBytes);
            }

            throw;
        }

        return new List<ImportSource> { new(gzip ? "upload.ndjson.gz" : "upload.ndjson", path) };
    }

    /// <summary>Files of the import folder, by name: Parameters.parameter[input].part[url] with a relative name.</summary>
    private static async Task<Result<IReadOnlyList<ImportSource>>> NamedAsync(HttpContext http, CareOptions options, CancellationToken ct)
    {
        var body = await FhirBody.ReadAsync(http, options.MaxBodyBytes, ct);
        if (body.Error is { } error)
        {
            return error;
        }

        var names = new List<string>();
        try
        {
            using var json = JsonDocument.Parse(body.Value);
            if (!json.RootElement.TryGetProperty("resourceType", out var type) || !type.ValueEquals("Parameters"))
            {
                return new Invalid("Parameters", "Post NDJSON (Content-Type: application/fhir+ndjson), or Parameters that name files: input.url.");
            }

            foreach (var parameter in json.RootElement.GetProperty("parameter").EnumerateArray())
            {
                if (parameter.GetProperty("name").ValueEquals("input") && parameter.TryGetProperty("part", out var parts))
                {
                    names.AddRange(parts.EnumerateArray().Where(p => p.GetProperty("name").ValueEquals("url"))
                        .Select(p => (p.TryGetProperty("valueUrl", out var url) || p.TryGetProperty("valueUri", out url) ? url.GetString() : null) ?? ""));
                }
            }
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return new Invalid("Parameters.parameter", "The Parameters cannot be read: parameter input, with part url (valueUrl), one per file.");
        }

        if (options.ImportFolder.Length == 0)
        {
            return new Invalid("Parameters.parameter", "This server takes uploads only: no import folder is configured (Care:ImportFolder).");
        }

        var root = Path.GetFullPath(options.ImportFolder) + Path.DirectorySeparatorChar;
        var sources = new List<ImportSource>();
        for (var i = 0; i < names.Count; i++)
        {
            var path = Path.GetFullPath(Path.Combine(root, names[i]));
            if (names[i].Length == 0 || !path.StartsWith(root, StringComparison.Ordinal) || !File.Exists(path))
            {
                return new Invalid($"Parameters.parameter[{i}].part", "There is no such file in the import folder.");
            }

            sources.Add(new ImportSource(names[i], path));
        }

        return sources.Count == 0 ? new Invalid("Parameters.parameter", "No file is named: parameter input, with part url.") : sources;
    }
}

/// <summary>Tells how an import stands.</summary>
public static class GetImport
{
    /// <summary>Which.</summary>
    public sealed record Query(string Id) : IRequest<Result<ImportReport>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.SupplyData;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.None;
    }

    /// <summary>Reads the report.</summary>
    public sealed class Handler(ImportJobs jobs, CurrentCaller current) : IRequestHandler<Query, Result<ImportReport>>
    {
        /// <inheritdoc/>
        public async Task<Result<ImportReport>> Handle(Query request, CancellationToken cancellationToken) =>
            await jobs.ReportAsync(request.Id, cancellationToken) is { } report
                && (report.RequestedBy == current.Caller.Name || current.Caller.Grants.Contains(Grant.Administer)) ? report : new NotVisible("import");
    }

    /// <summary>Serves the status and the rejects.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/fhir/$import/{id}",
            async (string id, HttpContext http, IMediator mediator, CancellationToken ct) => (await mediator.Send(new Query(id), ct)).Match(
                report =>
                {
                    var rejects = report.RejectsFile is null ? null : $"{http.Request.Scheme}://{http.Request.Host}/fhir/$import/{id}/rejects";
                    if (report.Status is "queued" or "running")
                    {
                        http.Response.Headers["X-Progress"] = $"{report.Percent:F0} %: {report.Created + report.Updated + report.Unchanged} resources";
                        http.Response.Headers.RetryAfter = "1";
                        return Results.Json(report with { RejectsFile = null }, statusCode: 202);
                    }

                    return Results.Ok(report with { RejectsFile = rejects });
                },
                Problems.Fhir))
            .WithName("GetImport").WithTags("FHIR").WithSummary("Progress of an import, and what became of each file")
            .Produces<ImportReport>().Produces<ImportReport>(202).Produces<object>(404, "application/fhir+json");
        routes.MapGet("/fhir/$import/{id}/rejects",
            async (string id, ImportJobs jobs, IMediator mediator, CancellationToken ct) => (await mediator.Send(new Query(id), ct)).Match(
                report => report.RejectsFile is { } file && File.Exists(file) ? Results.File(Path.GetFullPath(jobs.RejectsPath(id)), "application/fhir+ndjson") : Results.Text("", "application/fhir+ndjson"),
                Problems.Fhir))
            .WithName("GetImportRejects").WithTags("FHIR").WithSummary("The refused lines of an import, an OperationOutcome a line")
            .Produces<object>(200, "application/fhir+ndjson").Produces<object>(404, "application/fhir+json");
    }
}

/// <summary>Cancels an import that is under way, or removes what is kept of one that is over (Bulk Data Access, 2.5.4).</summary>
public static class CancelImport
{
    /// <summary>Which.</summary>
    public sealed record Command(string Id) : IRequest<Result<bool>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.SupplyData;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.None;
    }

    /// <summary>Cancels it for whoever started it, or an administrator.</summary>
    public sealed class Handler(ImportJobs jobs, CurrentCaller current) : IRequestHandler<Command, Result<bool>>
    {
        /// <inheritdoc/>
        public async Task<Result<bool>> Handle(Command request, CancellationToken cancellationToken) =>
            await jobs.ReportAsync(request.Id, cancellationToken) is { } report
                && (report.RequestedBy == current.Caller.Name || current.Caller.Grants.Contains(Grant.Administer))
                && await jobs.CancelAsync(request.Id, cancellationToken) ? true : new NotVisible("import");
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapDelete("/fhir/$import/{id}",
        async (string id, IMediator mediator, CancellationToken ct) => (await mediator.Send(new Command(id), ct)).Match(
            _ => Problems.Fhir(202, [new(Fhir.Validation.IssueSeverity.Information, "informational", "", "The import is cancelled, or what was kept of it is removed. What it had stored stays: sending it again changes nothing.")]),
            Problems.Fhir))
        .WithName("CancelImport").WithTags("FHIR").WithSummary("Cancel an import, or remove the report and rejects of one that is over; what it stored stays")
        .Produces<object>(202, "application/fhir+json").Produces<object>(404, "application/fhir+json");
}
