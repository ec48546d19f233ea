using System.Security.Cryptography;
using BetterCare.Care.Api.Hosting;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;

namespace BetterCare.Care.Api.Security;

/// <summary>The service's own secrets, each in a file: given by the deployer, or made in the work folder for one instance alone.</summary>
internal static class KeyFiles
{
    private const int SecretBytes = 32;

    /// <summary>Reads a secret file, or makes it where the deployer names none; readable by the service's user only.</summary>
    /// <param name="configured">The deployer's file; empty: none.</param>
    /// <param name="folder">The work folder.</param>
    /// <param name="name">The file's name there.</param>
    /// <param name="make">Its first content.</param>
    /// <exception cref="InvalidOperationException">The deployer's file is not there.</exception>
    public static string ReadOrMake(string configured, string folder, string name, Func<string> make)
    {
        if (configured.Length > 0)
        {
            return File.Exists(configured) ? File.ReadAllText(configured) : throw new InvalidOperationException($"The key file {name} that the settings name is not there.");
        }

        var path = Path.Combine(folder, "keys", name);
        if (!File.Exists(path))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            var draft = $"{path}.{Guid.NewGuid():N}";
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            using (var file = new StreamWriter(draft, options))
            {
                file.Write(make());
            }

            try
            {
                // Whole or not at all, and the first of two processes wins.
                File.Move(draft, path);
            }
            catch (IOException) when (File.Exists(path))
            {
                File.Delete(draft);
            }
        }

        return File.ReadAllText(path);
    }

    /// <summary>A fresh secret as text.</summary>
    public static string NewSecret() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(SecretBytes));
}

/// <summary>The key with which this service signs its own access tokens (ES256).</summary>
public sealed class SigningKey : IDisposable
{
    private readonly Lazy<(ECDsa Key, ECDsaSecurityKey Security)> _key;

    /// <summary>Reads the key when it is first needed.</summary>
    public SigningKey(IOptions<AccessOptions> access, IOptions<CareOptions> care) => _key = new(() =>
    {
        var key = ECDsa.Create();
        key.ImportFromPem(KeyFiles.ReadOrMake(access.Value.SigningKeyFile, care.Value.WorkFolder, "signing-key.pem", () =>
        {
            using var made = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            return made.ExportPkcs8PrivateKeyPem();
        }));
        var id = Base64UrlEncoder.Encode(SHA256.HashData(key.ExportSubjectPublicKeyInfo()).AsSpan(0, 12).ToArray());
        return (key, new ECDsaSecurityKey(key) { KeyId = id });
    });

    /// <summary>For signing and for checking.</summary>
    public SecurityKey Key => _key.Value.Security;

    /// <summary>The public half, as JSON Web Key.</summary>
    public object PublicJwk()
    {
        var point = _key.Value.Key.ExportParameters(false).Q;
        return new { kty = "EC", crv = "P-256", use = "sig", alg = SecurityAlgorithms.EcdsaSha256, kid = Key.KeyId, x = Base64UrlEncoder.Encode(point.X), y = Base64UrlEncoder.Encode(point.Y) };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_key.IsValueCreated)
        {
            _key.Value.Key.Dispose();
        }
    }
}
