using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace BetterCare.Care.Api.Hosting;

/// <summary>openapi.yaml, generated from the endpoints.</summary>
public static class OpenApiDocuments
{
    /// <summary>Name of the one document.</summary>
    public const string Name = "v1";

    /// <summary>Title, version and what the service is.</summary>
    public static void Configure(OpenApiOptions options) => options.AddDocumentTransformer((document, _, _) =>
    {
        document.Info = new OpenApiInfo
        {
            Title = "BetterCare.Care",
            Version = "1",
            Description = "Finds the people most at risk of an emergency admission, gives each one accountable lead professional and one joint care plan, and reports the coverage. FHIR R4 under /fhir; problems elsewhere are RFC 9457.",
        };

        // The address is the deployer's; a generated host would make the file depend on where it was written.
        document.Servers = [];
        return Task.CompletedTask;
    });

    /// <summary>The document as YAML.</summary>
    public static async Task<string> YamlAsync(IServiceProvider services, CancellationToken ct)
    {
        var provider = services.GetRequiredKeyedService<IOpenApiDocumentProvider>(Name);
        var document = await provider.GetOpenApiDocumentAsync(ct);
        await using var text = new StringWriter { NewLine = "\n" };
        document.SerializeAsV31(new OpenApiYamlWriter(text));
        await text.FlushAsync(ct);
        return text.ToString().ReplaceLineEndings("\n").TrimEnd('\n') + "\n";
    }
}
