using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml;
using System.Xml.Linq;

namespace BetterCare.Care.Api.Cli;

/// <summary><c>./run sbom</c>: what the product is made of, as CycloneDX, from its own lock files.</summary>
internal static class SbomVerb
{
    public static Command Create()
    {
        var root = new Option<string>("--root") { Description = "The repository.", DefaultValueFactory = _ => "." };
        var output = new Option<string>("--out") { Description = "File to write.", DefaultValueFactory = _ => "sbom.cdx.json" };
        var command = new Command("sbom", "Write a software bill of materials (CycloneDX 1.5, JSON) from the lock files of the repository.") { root, output };
        command.SetAction(async (parse, ct) =>
        {
            var terminal = new Terminal(parse.GetValue(Verb.Json));
            var folder = parse.GetValue(root)!;
            if (!File.Exists(Path.Combine(folder, "BetterCare.Care.sln")))
            {
                terminal.Fail("This is not the repository: there is no BetterCare.Care.sln. Give --root.");
                return Verb.Failed;
            }

            var sbom = Of(folder, Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages"));
            await File.WriteAllTextAsync(parse.GetValue(output)!, sbom.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n", ct);
            var components = sbom["components"]!.AsArray();
            terminal.Result(
                new { components = components.Count, withLicence = components.Count(c => c!["licenses"] is not null), file = parse.GetValue(output) },
                r => terminal.Say($"{r.components} packages, {r.withLicence} with their licence, written to {r.file}."));
            return Verb.Ok;
        });
        return command;
    }

    /// <summary>The bill: packages of src are required, those of tests are optional (they are not delivered).</summary>
    /// <param name="root">The repository.</param>
    /// <param name="packages">Where restored packages are, for their licences; need not exist.</param>
    internal static JsonObject Of(string root, string packages)
    {
        var found = new SortedDictionary<string, JsonObject>(StringComparer.Ordinal);
        foreach (var (part, scope) in new[] { ("src", "required"), ("tests", "optional") })
        {
            foreach (var file in Directory.EnumerateFiles(Path.Combine(root, part), "packages.lock.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
            {
                foreach (var (name, version, hash) in NuGet(file))
                {
                    found.TryAdd($"pkg:nuget/{name}@{version}", Component("nuget", name, version, scope, hash, LicenceOf(packages, name, version)));
                }
            }

            foreach (var file in Directory.EnumerateFiles(Path.Combine(root, part), "package.json", SearchOption.AllDirectories)
                .Where(f => !f.Contains("node_modules", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
            {
                foreach (var (name, version, licence) in Npm(file))
                {
                    found.TryAdd($"pkg:npm/{name.Replace("@", "%40", StringComparison.Ordinal)}@{version}", Component("npm", name, version, scope, null, licence));
                }
            }
        }

        return new JsonObject
        {
            ["bomFormat"] = "CycloneDX",
            ["specVersion"] = "1.5",
            ["version"] = 1,
            ["metadata"] = new JsonObject
            {
                ["component"] = new JsonObject { ["type"] = "application", ["bom-ref"] = "BetterCare.Care", ["name"] = "BetterCare.Care", ["version"] = typeof(SbomVerb).Assembly.GetName().Version!.ToString(3) },
            },
            ["components"] = new JsonArray([.. found.Values]),
        };
    }

    /// <summary>Packages of a NuGet lock file, direct and transitive.</summary>
    internal static IEnumerable<(string Name, string Version, string? Hash)> NuGet(string lockFile)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(lockFile));
        foreach (var target in json.RootElement.GetProperty("dependencies").EnumerateObject())
        {
            foreach (var package in target.Value.EnumerateObject().Where(p => p.Value.TryGetProperty("resolved", out _)))
            {
                yield return (package.Name, package.Value.GetProperty("resolved").GetString()!, package.Value.TryGetProperty("contentHash", out var hash) ? hash.GetString() : null);
            }
        }
    }

    private static List<(string Name, string Version, string? Licence)> Npm(string file)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(file));
        var all = new List<(string, string, string?)>();
        foreach (var kind in new[] { "dependencies", "devDependencies" })
        {
            if (json.RootElement.TryGetProperty(kind, out var listed))
            {
                foreach (var package in listed.EnumerateObject())
                {
                    var installed = Path.Combine(Path.GetDirectoryName(file)!, "node_modules", package.Name, "package.json");
                    string? licence = null;
                    if (File.Exists(installed))
                    {
                        using var own = JsonDocument.Parse(File.ReadAllBytes(installed));
                        licence = own.RootElement.TryGetProperty("license", out var said) && said.ValueKind == JsonValueKind.String ? said.GetString() : null;
                    }

                    all.Add((package.Name, package.Value.GetString()!.TrimStart('^', '~'), licence));
                }
            }
        }

        return all;
    }

    private static JsonObject Component(string kind, string name, string version, string scope, string? hash, string? licence)
    {
        var purl = $"pkg:{kind}/{name.Replace("@", "%40", StringComparison.Ordinal)}@{version}";
        var component = new JsonObject { ["type"] = "library", ["bom-ref"] = purl, ["name"] = name, ["version"] = version, ["scope"] = scope };
        if (hash is not null)
        {
            // The lock file holds SHA-512 as base64, CycloneDX as hexadecimal.
            component["hashes"] = new JsonArray(new JsonObject { ["alg"] = "SHA-512", ["content"] = Convert.ToHexStringLower(Convert.FromBase64String(hash)) });
        }

        if (licence is not null)
        {
            component["licenses"] = new JsonArray(licence.Contains("://", StringComparison.Ordinal)
                ? new JsonObject { ["license"] = new JsonObject { ["name"] = "see the address", ["url"] = licence } }
                : new JsonObject { ["expression"] = licence });
        }

        component["purl"] = purl;
        return component;
    }

    /// <summary>An SPDX expression where the package says one, else the address of its licence; null where it is not restored here or says neither.</summary>
    private static string? LicenceOf(string packages, string name, string version)
    {
        var id = name.ToLower(CultureInfo.InvariantCulture);
        var spec = Path.Combine(packages, id, version.ToLower(CultureInfo.InvariantCulture), id + ".nuspec");
        if (!File.Exists(spec))
        {
            return null;
        }

        try
        {
            var metadata = XDocument.Load(spec).Root!.Elements().First(e => e.Name.LocalName == "metadata");
            var said = metadata.Elements().FirstOrDefault(e => e.Name.LocalName == "license" && (string?)e.Attribute("type") == "expression")
                ?? metadata.Elements().FirstOrDefault(e => e.Name.LocalName == "licenseUrl");
            return string.IsNullOrWhiteSpace(said?.Value) ? null : said.Value.Trim();
        }
        catch (XmlException)
        {
            return null;
        }
    }
}
