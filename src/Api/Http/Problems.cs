using System.Buffers;
using BetterCare.Care.Fhir.Validation;
using BetterCare.Care.Storage.Resources;

namespace BetterCare.Care.Api.Http;

/// <summary>Renders errors: one family of records, two formats.</summary>
public static class Problems
{
    /// <summary>Media type of FHIR JSON.</summary>
    public const string FhirJson = "application/fhir+json; charset=utf-8";

    /// <summary>A problem outside /fhir (RFC 9457).</summary>
    public static IResult From(CareError error) => Results.Json(
        new Problem(
            "about:blank",
            Title(error.Status),
            error.Status,
            error.Detail,
            error is InvalidResource or RuleNotMet or Features.CarePlans.Overtaken or Features.Mdt.RulesNotMet ? [.. error.Issues.Select(i => new ProblemIssue(i.Key, i.Expression, i.Text))] : null),
        ProblemJson.Default.Problem,
        "application/problem+json",
        error.Status);

    /// <summary>A problem under /fhir.</summary>
    public static IResult Fhir(CareError error) => Fhir(error.Status, error.Issues);

    /// <summary>An OperationOutcome with a status.</summary>
    public static IResult Fhir(int status, IEnumerable<Issue> issues)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        OutcomeJson.Write(buffer, issues);
        return new Bytes(status, buffer.WrittenMemory, FhirJson);
    }

    /// <summary>Writes whichever fits the path.</summary>
    public static Task WriteAsync(HttpContext context, CareError error)
    {
        if (error.Status == 401)
        {
            // RFC 6750, 3: without a token only the scheme is named; with one that is not taken, that it is not.
            context.Response.Headers.WWWAuthenticate = error is NotAuthenticated ? "Bearer realm=\"BetterCare.Care\"" : "Bearer realm=\"BetterCare.Care\", error=\"invalid_token\"";
        }

        return (context.Request.Path.StartsWithSegments("/fhir", StringComparison.Ordinal) ? Fhir(error) : From(error)).ExecuteAsync(context);
    }

    private static string Title(int status) => status switch
    {
        400 => "The request is not valid",
        401 => "Who are you?",
        403 => "Not allowed",
        404 => "Not found",
        409 => "Conflict",
        410 => "Deleted",
        412 => "It changed in the meantime",
        413 => "Too large",
        405 => "Not with this method",
        406 or 415 => "Not in this format",
        422 => "A rule is not met",
        429 => "Too much at a time",
        428 => "Say which version you change",
        503 => "Try again",
        _ => status >= 500 ? "The service failed" : "The request was refused",
    };

    /// <summary>Bytes as they are.</summary>
    internal sealed class Bytes(int status, ReadOnlyMemory<byte> body, string contentType) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = status;
            httpContext.Response.ContentType = contentType;
            httpContext.Response.ContentLength = body.Length;
            await httpContext.Response.Body.WriteAsync(body, httpContext.RequestAborted);
        }
    }
}

/// <summary>ProblemDetails, with the single issues.</summary>
public sealed record Problem(string Type, string Title, int Status, string Detail, IReadOnlyList<ProblemIssue>? Issues);

/// <summary>One issue of a problem: the rule, where, and how to mend it.</summary>
public sealed record ProblemIssue(string? Rule, string Where, string Text);

/// <summary>JSON of problems.</summary>
[System.Text.Json.Serialization.JsonSourceGenerationOptions(
    PropertyNamingPolicy = System.Text.Json.Serialization.JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull)]
[System.Text.Json.Serialization.JsonSerializable(typeof(Problem))]
internal sealed partial class ProblemJson : System.Text.Json.Serialization.JsonSerializerContext;
