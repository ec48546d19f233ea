using System.Collections;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration.Json;

namespace BetterCare.Care.Api.Hosting;

/// <summary>
/// Where secrets come from: the environment, or files that the environment names (<c>Care__Database_FILE=/run/secrets/database</c>
/// sets <c>Care:Database</c>). A secret in a settings file stops the start: such files end up in repositories and images.
/// </summary>
public static partial class SecretFiles
{
    private const string Suffix = "_FILE";

    /// <summary>Adds the values of the files that variables ending in <c>_FILE</c> name.</summary>
    /// <exception cref="InvalidOperationException">A file cannot be read, or a settings file holds a secret; says which.</exception>
    public static IConfigurationBuilder AddSecretFiles(this IConfigurationBuilder builder) => builder.AddSecretFiles(Environment.GetEnvironmentVariables());

    /// <summary>The same for given variables.</summary>
    internal static IConfigurationBuilder AddSecretFiles(this IConfigurationBuilder builder, IDictionary environment)
    {
        var found = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (DictionaryEntry variable in environment)
        {
            if (variable.Key is string name && name.EndsWith(Suffix, StringComparison.Ordinal) && Ours().IsMatch(name) && variable.Value is string { Length: > 0 } path)
            {
                try
                {
                    found[name[..^Suffix.Length].Replace("__", ":", StringComparison.Ordinal)] = File.ReadAllText(path).TrimEnd('\r', '\n');
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    throw new InvalidOperationException($"{name} names a file that cannot be read ({e.GetType().Name}).", e);
                }
            }
        }

        return builder.AddInMemoryCollection(found);
    }

    /// <summary>Refuses to go on if a settings file (appsettings.json) holds a secret.</summary>
    /// <exception cref="InvalidOperationException">It does; the setting is named, its value is not.</exception>
    public static void DemandNoSecretInFiles(IConfigurationRoot configuration)
    {
        foreach (var provider in configuration.Providers.OfType<JsonConfigurationProvider>())
        {
            foreach (var (key, _) in configuration.AsEnumerable())
            {
                if (provider.TryGet(key, out var value) && !string.IsNullOrEmpty(value)
                    && (SecretName().IsMatch(key) || SecretValue().IsMatch(value)))
                {
                    throw new InvalidOperationException(
                        $"The settings file {provider.Source.Path} holds a secret ({key}). Take it out, and set {key.Replace(":", "__", StringComparison.Ordinal)} in the environment, or {key.Replace(":", "__", StringComparison.Ordinal)}_FILE to the name of a file that holds it.");
                }
            }
        }
    }

    [GeneratedRegex("^(Care|Kestrel)__", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Ours();

    [GeneratedRegex("(password|secret|privatekey|private_key|apikey|token)$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex SecretName();

    [GeneratedRegex("(password|pwd)\\s*=\\s*[^;\\s]|-----BEGIN [A-Z ]*PRIVATE KEY", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex SecretValue();
}
