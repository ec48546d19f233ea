using BetterCare.Care.Storage.Resources;

namespace BetterCare.Care.Api.Http;

/// <summary>
/// Requests that name a former NHS number are answered for the number in force, as the national PDS answers them
/// (docs/decisions/0016-merges.md): in the address of everything that reads or decides, and in the parameters of searches. Former
/// versions stay under the number that they had, and a Patient that is sent under a former number is the ingest's to judge.
/// While nobody has been merged, this looks at one field.
/// </summary>
internal sealed class FormerNumberAddresses(RequestDelegate next, Directories directories)
{
    private const string Patients = "/fhir/Patient/";

    public async Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        var isFhir = request.Path.StartsWithSegments("/fhir", StringComparison.Ordinal);
        if ((isFhir || request.Path.StartsWithSegments("/v1", StringComparison.Ordinal)) && await directories.MergedAsync(context.RequestAborted) is { IsEmpty: false } merged)
        {
            var reads = HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method);
            var path = request.Path.Value!;
            if (isFhir ? Follows(path, reads) : true)
            {
                var inForce = merged.InForce(path);
                if (inForce != path)
                {
                    request.Path = inForce;
                    if (reads && isFhir && inForce.LastIndexOf('/') == Patients.Length - 1)
                    {
                        TellWhere(context, inForce);
                    }
                }
            }

            if ((reads || path.EndsWith("/_search", StringComparison.Ordinal)) && request.QueryString.HasValue)
            {
                var query = request.QueryString.Value!;
                var inForce = merged.InForce(query);
                if (inForce != query)
                {
                    request.QueryString = new QueryString(inForce);
                }
            }
        }

        await next(context);
    }

    /// <summary>Whether the number in an address under /fhir means whoever has it now.</summary>
    private static bool Follows(string path, bool reads) => path.StartsWith(Patients, StringComparison.Ordinal)
        && !path.Contains("/_history", StringComparison.Ordinal)
        && (reads || path.EndsWith("/_search", StringComparison.Ordinal) || path.Contains("/$", StringComparison.Ordinal));

    /// <summary>The record that was read is that of another address.</summary>
    private static void TellWhere(HttpContext context, string path) => context.Response.OnStarting(() =>
    {
        if (context.Response.StatusCode is 200 or 304)
        {
            context.Response.Headers.ContentLocation = $"{context.Request.Scheme}://{context.Request.Host}{path}";
        }

        return Task.CompletedTask;
    });
}
