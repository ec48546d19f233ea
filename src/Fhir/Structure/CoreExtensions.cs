namespace BetterCare.Care.Fhir.Structure;

/// <summary>The 393 extensions that R4 itself defines: what value each takes. Loaded when the first of them is met.</summary>
internal static class CoreExtensions
{
    private static readonly Lazy<NameTable<CoreExtension>> All = new(Load);

    /// <summary>The definition of an extension, or null when R4 does not define it.</summary>
    public static CoreExtension? Find(ReadOnlySpan<byte> url) =>
        url.StartsWith("http://hl7.org/fhir/"u8) ? All.Value.Find(url) : null;

    private static NameTable<CoreExtension> Load()
    {
        using var document = Structures.Definition("r4-extensions.json");
        var extensions = new List<(string, CoreExtension)>();
        foreach (var extension in document.RootElement.GetProperty("extensions").EnumerateObject())
        {
            var types = extension.Value.TryGetProperty("value", out var value) && value.TryGetProperty("types", out var listed)
                ? listed.EnumerateArray().Select(t => t.GetProperty("code").GetString()!).ToArray() : [];
            extensions.Add((extension.Name, new CoreExtension(types, extension.Value.TryGetProperty("extensions", out _))));
        }

        return new NameTable<CoreExtension>(extensions);
    }
}

/// <summary>One extension of R4.</summary>
/// <param name="ValueTypes">The types that its value may have; empty when it takes none.</param>
/// <param name="IsComplex">Whether it is made of extensions of its own.</param>
internal sealed record CoreExtension(string[] ValueTypes, bool IsComplex);
