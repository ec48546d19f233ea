using System.Diagnostics.CodeAnalysis;

namespace BetterCare.Care.Fhir.Nhs;

/// <summary>
/// An Organisation Data Service code: 3 to 12 capital letters and digits (a GP practice is a letter and five digits).
/// Kept in capitals, because suppliers send both.
/// </summary>
public readonly record struct OdsCode : IParsable<OdsCode>, IComparable<OdsCode>
{
    /// <summary>The identifier system of organisations (UK Core Organization; note the z).</summary>
    public const string System = "https://fhir.nhs.uk/Id/ods-organization-code";

    private readonly string? _code;

    private OdsCode(string code) => _code = code;

    /// <summary>The code in capitals.</summary>
    /// <exception cref="InvalidOperationException">The value was never parsed.</exception>
    public string Value => _code ?? throw new InvalidOperationException("default(OdsCode) has no code");

    /// <inheritdoc/>
    public override string ToString() => _code ?? "(none)";

    /// <inheritdoc/>
    public int CompareTo(OdsCode other) => string.CompareOrdinal(_code, other._code);

    /// <summary>Parses, or answers false.</summary>
    public static bool TryParse([NotNullWhen(true)] string? s, out OdsCode result)
    {
        result = default;
        if (s is null || s.Length is < 3 or > 12)
        {
            return false;
        }

        foreach (var c in s)
        {
            if (!char.IsAsciiLetterOrDigit(c))
            {
                return false;
            }
        }

        result = new OdsCode(s.ToUpperInvariant());
        return true;
    }

    /// <summary>Parses, or throws.</summary>
    public static OdsCode Parse(string s) =>
        TryParse(s, out var code) ? code : throw new FormatException("An ODS code is 3 to 12 letters and digits.");

    static OdsCode IParsable<OdsCode>.Parse(string s, IFormatProvider? provider) => Parse(s);

    static bool IParsable<OdsCode>.TryParse(string? s, IFormatProvider? provider, out OdsCode result) => TryParse(s, out result);
}
