using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace BetterCare.Care.Api.Hosting;

/// <summary>Limits, headers and origins: what a service owes the network it stands in.</summary>
internal static class WebHygiene
{
    private const string Origins = "configured";

    /// <summary>Registers what <see cref="UseWebHygiene"/> uses, and sets Kestrel's limits.</summary>
    public static WebApplicationBuilder AddWebHygiene(this WebApplicationBuilder builder)
    {
        var section = builder.Configuration.GetSection("Care:Web");
        builder.Services.AddOptions<WebOptions>().Bind(section)
            .Validate(o => o is { RequestsPerSecond: >= 0, RequestsAtOnce: > 0, RefusalsPerMinute: >= 0, Connections: >= 0, StopSeconds: >= 0, HstsSeconds: >= 0, SlowestBytesPerSecond: >= 0 }, "Care:Web: numbers are not negative, and RequestsAtOnce is at least 1.")
            .Validate(o => o is { RequestSeconds: > 0, HeaderSeconds: > 0 }, "Care:Web: RequestSeconds and HeaderSeconds are at least 1.")
            .Validate(o => OriginsOf(o).All(IsOrigin), "Care:Web:CorsOrigins holds origins such as https://mdt.example.nhs.uk, with commas between; * is not taken.")
            .ValidateOnStart();
        var web = section.Get<WebOptions>() ?? new WebOptions();

        // TLS as Kestrel's own settings say (Kestrel__Endpoints__Https__…, docs/operations.md).
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(Math.Max(1, web.HeaderSeconds));
            kestrel.Limits.MinRequestBodyDataRate = web.SlowestBytesPerSecond <= 0 ? null : new MinDataRate(web.SlowestBytesPerSecond, TimeSpan.FromSeconds(5));
            kestrel.Limits.MaxConcurrentConnections = web.Connections <= 0 ? null : web.Connections;
        });
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(Math.Max(0, web.StopSeconds)));
        builder.Services.AddRequestTimeouts(o => o.DefaultPolicy = new RequestTimeoutPolicy { Timeout = TimeSpan.FromSeconds(Math.Max(1, web.RequestSeconds)), TimeoutStatusCode = 504 });
        if (OriginsOf(web) is { Length: > 0 } origins)
        {
            builder.Services.AddCors(cors => cors.AddPolicy(Origins, policy => policy.WithOrigins(origins)
                .WithMethods("GET", "POST", "PUT", "PATCH", "DELETE")
                .WithHeaders("Authorization", "Content-Type", "Accept", "If-Match", "If-None-Match", "If-None-Exist", "Prefer", "X-Request-ID", "X-Purpose-Of-Use")
                .WithExposedHeaders("ETag", "Location", "Content-Location", "Last-Modified", "Retry-After", "X-Request-ID")));
        }

        return builder;
    }

    /// <summary>Headers for every answer; limits for every request.</summary>
    public static WebApplication UseWebHygiene(this WebApplication app)
    {
        app.UseMiddleware<SecurityHeaders>();
        app.UseRequestTimeouts();
        if (OriginsOf(app.Services.GetRequiredService<IOptions<WebOptions>>().Value).Length > 0)
        {
            app.UseCors(Origins);
        }

        return app;
    }

    private static string[] OriginsOf(WebOptions options) => options.CorsOrigins.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static bool IsOrigin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "https" or "http" && uri.GetLeftPart(UriPartial.Authority) == text;
}

/// <summary>Says to browsers what they may do with an answer: nothing, but for the pages of this service itself.</summary>
internal sealed class SecurityHeaders(RequestDelegate next, IOptions<WebOptions> options)
{
    private const string ForData = "default-src 'none'; frame-ancestors 'none'";
    private const string ForPages = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

    private readonly string? _hsts = options.Value.HstsSeconds > 0 ? $"max-age={options.Value.HstsSeconds}" : null;

    public Task InvokeAsync(HttpContext context)
    {
        var headers = context.Response.Headers;
        var path = context.Request.Path;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers.XFrameOptions = "DENY";
        var isData = path.StartsWithSegments("/fhir", StringComparison.Ordinal) || path.StartsWithSegments("/v1", StringComparison.Ordinal);
        headers.ContentSecurityPolicy = isData && !context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase) ? ForData : ForPages;
        if (isData)
        {
            // Answers may say who somebody is: nothing on the way keeps them.
            headers.CacheControl = "no-store";
        }

        if (_hsts is not null && context.Request.IsHttps)
        {
            headers.StrictTransportSecurity = _hsts;
        }

        return next(context);
    }
}
