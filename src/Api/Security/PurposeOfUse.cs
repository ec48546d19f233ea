using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Api.Security;

/// <summary>Why somebody looks: the codes of HL7 v3 PurposeOfUse that this service distinguishes.</summary>
public enum PurposeOfUse : byte
{
    /// <summary>TREAT: individual care.</summary>
    Treatment,

    /// <summary>ETREAT: individual care in an emergency.</summary>
    Emergency,

    /// <summary>CAREMGT: finding and coordinating the people of a list.</summary>
    CareManagement,

    /// <summary>PATRQT: the person asks for their own record.</summary>
    PatientRequest,

    /// <summary>PUBHLTH: public health.</summary>
    PublicHealth,

    /// <summary>HOPERAT: planning and running services.</summary>
    Operations,

    /// <summary>HRESCH: research.</summary>
    Research,

    /// <summary>HSYSADMIN: running this system.</summary>
    SystemAdministration,
}

/// <summary>Codes of purposes, and whom each purpose must not see.</summary>
public static class PurposesOfUse
{
    /// <summary>The header by which a client states its purpose.</summary>
    public const string Header = "X-Purpose-Of-Use";

    private static readonly Dictionary<string, PurposeOfUse> ByCode = new(StringComparer.Ordinal)
    {
        ["TREAT"] = PurposeOfUse.Treatment,
        ["ETREAT"] = PurposeOfUse.Emergency,
        ["CAREMGT"] = PurposeOfUse.CareManagement,
        ["PATRQT"] = PurposeOfUse.PatientRequest,
        ["PUBHLTH"] = PurposeOfUse.PublicHealth,
        ["HOPERAT"] = PurposeOfUse.Operations,
        ["HRESCH"] = PurposeOfUse.Research,
        ["HSYSADMIN"] = PurposeOfUse.SystemAdministration,
    };

    private static readonly Dictionary<PurposeOfUse, string> Codes = ByCode.ToDictionary(p => p.Value, p => p.Key);

    /// <summary>The purpose of a code; null where this service does not know it.</summary>
    public static PurposeOfUse? Parse(string code) => ByCode.TryGetValue(code, out var purpose) ? purpose : null;

    /// <summary>HL7's code.</summary>
    public static string Code(this PurposeOfUse purpose) => Codes[purpose];

    /// <summary>
    /// Opt-outs that hide a person from this purpose. A type 1 opt-out stops every use of the practice's record beyond individual
    /// care, and practices include risk stratification in that; the national data opt-out stops planning and research, but neither
    /// individual care nor the finding of cases for it, nor public health under regulation 3 of COPI 2002.
    /// </summary>
    public static PersonFlags Hides(this PurposeOfUse purpose) => purpose switch
    {
        PurposeOfUse.Treatment or PurposeOfUse.Emergency or PurposeOfUse.PatientRequest => PersonFlags.None,
        PurposeOfUse.CareManagement or PurposeOfUse.PublicHealth => PersonFlags.TypeOneOptOut,
        _ => PersonFlags.TypeOneOptOut | PersonFlags.NationalOptOut,
    };
}
