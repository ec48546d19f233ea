using System.Text.Json;
using System.Text.Json.Serialization;
using BetterCare.Care.Api.Features.Access;
using BetterCare.Care.Api.Features.Bcf;
using BetterCare.Care.Api.Features.Audit;
using BetterCare.Care.Api.Features.CarePlans;
using BetterCare.Care.Api.Features.Coordination;
using BetterCare.Care.Api.Features.Coverage;
using BetterCare.Care.Api.Features.Export;
using BetterCare.Care.Api.Features.Ingest;
using BetterCare.Care.Api.Features.Leads;
using BetterCare.Care.Api.Features.Levels;
using BetterCare.Care.Api.Features.Metadata;
using BetterCare.Care.Api.Features.Models;
using BetterCare.Care.Api.Features.Reminders;
using BetterCare.Care.Api.Features.Resources;
using BetterCare.Care.Api.Features.Subscriptions;
using BetterCare.Care.Api.Features.UrgentCare;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Jobs;
using BetterCare.Care.Storage;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Hosting;

/// <summary>The web service.</summary>
public static class CareHost
{
    /// <summary>Builds the application; nothing is opened yet.</summary>
    /// <param name="args">Host arguments, for example <c>--urls</c>.</param>
    /// <param name="overrides">Settings that go before all others.</param>
    /// <param name="customise">For tests: replaces services.</param>
    public static WebApplication Build(string[] args, IEnumerable<KeyValuePair<string, string?>>? overrides = null, Action<WebApplicationBuilder>? customise = null)
    {
        // Watching the settings for changes means watching their folder, and with it each write to a database below it.
        var builder = WebApplication.CreateSlimBuilder(["--hostBuilder:reloadConfigOnChange=false", .. args]);
        SecretFiles.DemandNoSecretInFiles(builder.Configuration);
        builder.Configuration.AddSecretFiles().AddInMemoryCollection(overrides ?? []);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;

            // Bodies are limited where they are read, with an answer that says how to mend it.
            kestrel.Limits.MaxRequestBodySize = 5L << 30;

            // A link to the next page holds the whole search, sealed.
            kestrel.Limits.MaxRequestLineSize = 64 << 10;
        });

        // The framework logs each URL at Information, and URLs hold NHS numbers: it is kept quiet (RequestLog tells instead).
        builder.Logging.SetMinimumLevel(LogLevel.Information)
            .AddFilter("Microsoft", LogLevel.Warning).AddFilter("System", LogLevel.Warning)
            .AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error)

            // What a command fails of is thrown and told by whoever sent it; on an empty PostgreSQL database the first always does.
            .AddFilter("Microsoft.EntityFrameworkCore.Database.Command", LogLevel.Critical).AddSimpleConsole(c => c.SingleLine = true);
        builder.AddWebHygiene();
        builder.Services.AddCare(builder.Configuration);
        builder.Services.AddSingleton<Readiness>();
        builder.Services.AddWorker<JobWorker>().AddWorker<AuditUpkeep>().AddWorker<LoopWorker>().AddWorker<UpkeepWorker>();
        builder.Services.AddHealthChecks().AddCheck<DatabaseReady>("database", tags: ["ready"]);
        builder.Services.AddRouting();
        builder.Services.Configure<RouteHandlerOptions>(o => o.ThrowOnBadRequest = true);
        builder.Services.ConfigureHttpJsonOptions(o =>
        {
            o.SerializerOptions.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower));
            o.SerializerOptions.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        });
        builder.Services.AddOpenApi(OpenApiDocuments.Name, OpenApiDocuments.Configure);
        customise?.Invoke(builder);

        var app = builder.Build();
        app.UseMiddleware<HeadAsGet>();
        app.UseMiddleware<FormerNumberAddresses>();
        app.UseRouting();
        app.UseMiddleware<RequestLog>();
        app.UseMiddleware<ErrorAnswers>();
        app.UseWebHygiene();
        app.UseMiddleware<RefusalLimits>();
        app.UseMiddleware<Security.AuditedRequests>();
        app.UseMiddleware<Security.Callers>();
        app.UseMiddleware<RateLimits>();
        Map(app);

        // Said explicitly, so that the endpoints are known before the host starts: openapi.yaml is written from them.
#pragma warning disable ASP0014
        app.UseEndpoints(_ => { });
#pragma warning restore ASP0014
        return app;
    }

    /// <summary>Brings the schema up to date and serves until stopped.</summary>
    public static async Task RunAsync(WebApplication app, CancellationToken ct)
    {
        await Migrator.MigrateAsync(app.Services.GetRequiredService<CareDatabase>(), app.Services.GetRequiredService<IDbContextFactory<CareDbContext>>(), ct);
        await app.RunAsync(ct);
    }

    private static void Map(WebApplication app)
    {
        var fhir = app.MapGroup("").AddEndpointFilter<RouteGroupBuilder, FhirContent>();
        PostBundle.Map(fhir);
        PutSubscription.Map(fhir);
        EvaluateMeasure.Map(fhir);
        ReadResource.Map(fhir);
        CreateResource.Map(fhir);
        UpdateResource.Map(fhir);
        PatchResource.Map(fhir);
        DeleteResource.Map(fhir);
        GetHistory.Map(fhir);
        SearchResources.Map(fhir);
        ValidateResource.Map(fhir);
        GetEverything.Map(fhir);
        MatchPatient.Map(fhir);
        SearchAuditEvents.Map(fhir);
        ReadAuditEvent.Map(fhir);
        StartExport.Map(fhir);
        GetExport.Map(fhir);
        GetMetadata.Map(fhir);
        StartImport.Map(app);
        Features.Tracing.TracingEndpoints.Map(app);
        Features.Merges.MergeEndpoints.Map(app);
        GetImport.Map(app);
        CancelImport.Map(app);
        app.MapStratification();
        SetAgreedLevel.Map(app);
        EndAgreedLevel.Map(app);
        GetAgreedLevels.Map(app);
        CoordinationRoutes.Map(app);
        ProposeLeads.Map(app);
        SetLeadProfessional.Map(app);
        GetCarePlan.Map(app);
        PutCarePlan.Map(app);
        GetUrgentCare.Map(app);
        GetUrgentCareAccesses.Map(app);
        GetAccessReport.Map(app);
        GetCoverage.Map(app);
        GetCoverageTrend.Map(app);
        GetCoverageReport.Map(app);
        GetBcf.Map(app);
        CountBcf.Map(app);
        SetPlanValue.Map(app);
        GetPlanValues.Map(app);
        GetReminders.Map(app);
        AcknowledgeReminder.Map(app);
        GetDeliveries.Map(app);
        ReplayDelivery.Map(app);
        AccessEndpoints.Map(app);
        app.MapHealthChecks("/health/live", new() { Predicate = _ => false }).AllowAnonymous();
        app.MapHealthChecks("/health/ready", new() { Predicate = check => check.Tags.Contains("ready") }).AllowAnonymous();
        app.MapGet("/openapi.yaml", async (IServiceProvider services, CancellationToken ct) =>
            Results.Text(await OpenApiDocuments.YamlAsync(services, ct), "application/yaml")).ExcludeFromDescription().AllowAnonymous();
        app.UseSwaggerUI(ui =>
        {
            ui.RoutePrefix = "swagger";
            ui.SwaggerEndpoint("/openapi.yaml", "BetterCare.Care");
            ui.DocumentTitle = "BetterCare.Care";
        });
        app.MapGet("/", () => Results.Redirect("/swagger")).ExcludeFromDescription().AllowAnonymous();
    }
}

/// <summary>Answers HEAD as it would GET; the server leaves the body out (RFC 9110, 9.3.2).</summary>
internal sealed class HeadAsGet(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (HttpMethods.IsHead(context.Request.Method))
        {
            context.Request.Method = HttpMethods.Get;
        }

        return next(context);
    }
}

/// <summary>Turns what goes wrong into an answer that says what to do, and never into one that repeats what was sent.</summary>
internal sealed partial class ErrorAnswers(RequestDelegate next, ILogger<ErrorAnswers> log)
{
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
            if (context.Response is { HasStarted: false, StatusCode: 404 or 405, ContentLength: null } && context.GetEndpoint() is not RouteEndpoint)
            {
                var status = context.Response.StatusCode;
                await Problems.WriteAsync(context, status == 404 ? new NotVisible("address") : new NoSuchMethod());
            }
            else if (context.Response is { HasStarted: false, StatusCode: 400, ContentLength: null })
            {
                // A parameter that may be absent and cannot be read: the made endpoints answer so without a word.
                await Problems.WriteAsync(context, Unreadable());
            }
        }
        catch (CareException e) when (!context.Response.HasStarted)
        {
            await Problems.WriteAsync(context, e.Error);
        }
        catch (BadHttpRequestException e) when (!context.Response.HasStarted)
        {
            // The framework's message may repeat what was sent; only its status is told.
            var where = (e.InnerException as JsonException)?.Path;
            await Problems.WriteAsync(context, e.StatusCode == 413 ? new TooLarge(50L << 20)
                : e.StatusCode == 415 ? new Unsupported("Send JSON: Content-Type: application/json.")
                : where is null ? Unreadable() : new Invalid(where, $"The body cannot be read at {where}: check it against /openapi.yaml."));
        }
        catch (Storage.Resources.StoreFailedException e) when (!context.Response.HasStarted)
        {
            Failed(e.InnerException?.GetType().Name ?? "", context.TraceIdentifier, e.InnerException?.StackTrace);
            await Problems.WriteAsync(context, new NotStored());
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has gone.
        }
#pragma warning disable CA1031 // The last line: everything else is a fault of ours.
        catch (Exception e) when (!context.Response.HasStarted)
#pragma warning restore CA1031
        {
            // The message may hold what was posted; the type and the trace tell an engineer enough.
            Failed(e.GetType().Name, context.TraceIdentifier, e.StackTrace);
            await Problems.WriteAsync(context, new Fault(context.TraceIdentifier));
        }
    }

    private static Invalid Unreadable() => new("", "The request cannot be read: check its parameters and body against /openapi.yaml.");

    [LoggerMessage(1101, LogLevel.Error, "{Exception} in request {TraceId}\n{StackTrace}")]
    private partial void Failed(string exception, string traceId, string? stackTrace);
}

/// <summary>The address exists, but not with this method.</summary>
public sealed record NoSuchMethod() : CareError(405, "not-supported", "This address does not take that method.");

/// <summary>The store could not write.</summary>
public sealed record NotStored() : CareError(503, "transient", "The store could not write just now, and nothing of this request was kept. Send it again.");

/// <summary>A fault of the service.</summary>
public sealed record Fault(string TraceId) : CareError(500, "exception", $"The service failed. Nothing of this request was kept. Tell the operator this reference: {TraceId}.");

/// <summary>
/// A line for each request that failed or was slow, and at level Debug for every other: method, route template, status, time.
/// Never the URL, which may hold an NHS number. Who saw whom is the audit's.
/// </summary>
internal sealed partial class RequestLog(RequestDelegate next, ILogger<RequestLog> log, TimeProvider clock)
{
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(1);

    public async Task InvokeAsync(HttpContext context)
    {
        var start = clock.GetTimestamp();
        await next(context);
        var took = clock.GetElapsedTime(start);
        var level = context.Response.StatusCode >= 400 || took >= Slow ? LogLevel.Information : LogLevel.Debug;
        if (log.IsEnabled(level))
        {
            var route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "(none)";
            Served(level, context.Request.Method, route, context.Response.StatusCode, took.TotalMilliseconds);
        }
    }

    [LoggerMessage(EventId = 1100, Message = "{Method} {Route} {Status} {Milliseconds:F1} ms")]
    private partial void Served(LogLevel level, string method, string route, int status, double milliseconds);
}
