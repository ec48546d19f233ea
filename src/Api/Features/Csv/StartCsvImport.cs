using BetterCare.Care.Api.Hosting;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Jobs;
using BetterCare.Care.Api.Security;
using MediatR;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace BetterCare.Care.Api.Features.Csv;

/// <summary>Takes a council's CSV file with the map that says what its columns mean.</summary>
public static class StartCsvImport
{
    /// <summary>The file as it was kept, and the map.</summary>
    public sealed record Command(string Path, string Name, ReadOnlyMemory<byte> Map) : IRequest<Result<string>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.SupplyData;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Listed;

        /// <inheritdoc/>
        public override string ToString() => "csv import";
    }

    /// <summary>Reads the file, and hands the job to the worker.</summary>
    public sealed class Handler(CsvImports imports, JobQueue queue, CurrentCaller current) : IRequestHandler<Command, Result<string>>
    {
        /// <inheritdoc/>
        public async Task<Result<string>> Handle(Command request, CancellationToken cancellationToken)
        {
            var created = await imports.CreateAsync(request.Path, request.Name, request.Map, current.Caller.Name, cancellationToken, current.Caller.Sources);
            if (created.Error is null)
            {
                queue.Enqueue(created.Value);
            }

            return created;
        }
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/csv-imports",
        async (HttpContext http, IMediator mediator, IOptions<CareOptions> options, CancellationToken ct) =>
        {
            var upload = await UploadAsync(http, options.Value, ct);
            return upload.Error is { } error
                ? Problems.From(error)
                : (await mediator.Send(upload.Value, ct)).Match(
                    id =>
                    {
                        http.Response.Headers.ContentLocation = $"{http.Request.Scheme}://{http.Request.Host}/fhir/$import/{id}";
                        return Results.StatusCode(202);
                    },
                    Problems.From);
        })
        .WithName("StartCsvImport").WithTags("Identity").WithSummary("Import a social care CSV file: multipart/form-data with the parts map (JSON) and file; poll the Content-Location")
        .Accepts<object>("multipart/form-data").Produces(202).Produces<Problem>(400).Produces<Problem>(413).Produces<Problem>(415);

    private static async Task<Result<Command>> UploadAsync(HttpContext http, CareOptions options, CancellationToken ct)
    {
        if (!MediaTypeHeaderValue.TryParse(http.Request.ContentType, out var type) || type.MediaType != "multipart/form-data" || HeaderUtilities.RemoveQuotes(type.Boundary).Value is not { Length: > 0 } boundary)
        {
            return new Unsupported("Send multipart/form-data with the parts map and file: curl -F map=@map.json -F file=@people.csv");
        }

        if (http.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = options.MaxUploadBytes;
        }

        var folder = Path.Combine(options.WorkFolder, "uploads");
        Directory.CreateDirectory(folder);
        string? path = null;
        var name = "upload.csv";
        byte[]? map = null;
        var reader = new MultipartReader(boundary, http.Request.Body);
        while (await reader.ReadNextSectionAsync(ct) is { } section)
        {
            if (!ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var disposition))
            {
                continue;
            }

            switch (HeaderUtilities.RemoveQuotes(disposition.Name).Value)
            {
                case "map":
                    using (var memory = new MemoryStream())
                    {
                        var buffer = new byte[8192];
                        int read;
                        while ((read = await section.Body.ReadAsync(buffer, ct)) > 0)
                        {
                            memory.Write(buffer, 0, read);
                            if (memory.Length > 1 << 20)
                            {
                                return new TooLarge(1 << 20);
                            }
                        }

                        map = memory.ToArray();
                    }

                    break;
                case "file":
                    name = Path.GetFileName(HeaderUtilities.RemoveQuotes(disposition.FileName).Value is { Length: > 0 and < 100 } given ? given : name);
                    path = Path.GetFullPath(Path.Combine(folder, $"{Guid.CreateVersion7()}.csv"));
                    await using (var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16, useAsync: true))
                    {
                        await section.Body.CopyToAsync(file, ct);
                    }

                    break;
            }
        }

        return map is null ? new Invalid("map", "The part map is missing: the JSON that says what the columns mean (docs/identity.md).")
            : path is null ? new Invalid("file", "The part file is missing: the CSV file.")
            : new Command(path, name, map);
    }
}
