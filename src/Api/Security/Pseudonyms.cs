using System.Security.Cryptography;
using System.Text;
using BetterCare.Care.Api.Hosting;
using Microsoft.Extensions.Options;

namespace BetterCare.Care.Api.Security;

/// <summary>
/// Stands a pseudonym in the place of an NHS number for those who may not know who people are: the same for the same recipient
/// at any time, so that lists can be joined; another for another recipient, so that recipients cannot join theirs. Keyed
/// (HMAC-SHA-256): ten-digit numbers are few enough to be guessed from a hash without a key.
/// </summary>
public sealed class Pseudonyms(IOptions<AccessOptions> access, IOptions<CareOptions> care)
{
    private const int Bytes = 12;

    private readonly Lazy<byte[]> _key = new(() => SHA256.HashData(
        Encoding.UTF8.GetBytes(KeyFiles.ReadOrMake(access.Value.PseudonymKeyFile, care.Value.WorkFolder, "pseudonym-key", KeyFiles.NewSecret).Trim())));

    /// <summary>The pseudonym of a person for a recipient: <c>p-</c> and 24 hexadecimal digits.</summary>
    public string Of(Caller recipient, string nhsNumber)
    {
        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_key.Value, Encoding.UTF8.GetBytes($"{recipient.Name}\n{nhsNumber}"), mac);
        return "p-" + Convert.ToHexStringLower(mac[..Bytes]);
    }
}
