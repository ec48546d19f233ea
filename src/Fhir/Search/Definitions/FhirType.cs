namespace BetterCare.Care.Fhir.Search;

/// <summary>The R4 data types that search tells apart. Quantity stands for its profiles (Age, Duration …) as well.</summary>
public enum FhirType : byte
{
    /// <summary>A type that search has no use for (Attachment, Narrative, a backbone element …).</summary>
    Other,

    /// <summary>A whole resource.</summary>
    Resource,

    /// <summary>boolean.</summary>
    Boolean,

    /// <summary>integer, positiveInt or unsignedInt.</summary>
    Integer,

    /// <summary>decimal.</summary>
    Decimal,

    /// <summary>string or markdown.</summary>
    String,

    /// <summary>code.</summary>
    Code,

    /// <summary>id.</summary>
    Id,

    /// <summary>uri, url, oid or uuid.</summary>
    Uri,

    /// <summary>canonical: a URL with an optional |version.</summary>
    Canonical,

    /// <summary>date, dateTime or instant.</summary>
    Date,

    /// <summary>Period.</summary>
    Period,

    /// <summary>Timing.</summary>
    Timing,

    /// <summary>Coding.</summary>
    Coding,

    /// <summary>CodeableConcept.</summary>
    CodeableConcept,

    /// <summary>Identifier.</summary>
    Identifier,

    /// <summary>ContactPoint.</summary>
    ContactPoint,

    /// <summary>HumanName.</summary>
    HumanName,

    /// <summary>Address.</summary>
    Address,

    /// <summary>Quantity, Age, Duration, Count, Distance.</summary>
    Quantity,

    /// <summary>Money.</summary>
    Money,

    /// <summary>Range.</summary>
    Range,

    /// <summary>Reference.</summary>
    Reference,
}

/// <summary>Names of data types.</summary>
internal static class FhirTypes
{
    public static FhirType Parse(string name) => name switch
    {
        "boolean" => FhirType.Boolean,
        "integer" or "positiveInt" or "unsignedInt" => FhirType.Integer,
        "decimal" => FhirType.Decimal,
        "string" or "markdown" => FhirType.String,
        "code" => FhirType.Code,
        "id" => FhirType.Id,
        "uri" or "url" or "oid" or "uuid" => FhirType.Uri,
        "canonical" => FhirType.Canonical,
        "date" or "dateTime" or "instant" => FhirType.Date,
        "Period" => FhirType.Period,
        "Timing" => FhirType.Timing,
        "Coding" => FhirType.Coding,
        "CodeableConcept" => FhirType.CodeableConcept,
        "Identifier" => FhirType.Identifier,
        "ContactPoint" => FhirType.ContactPoint,
        "HumanName" => FhirType.HumanName,
        "Address" => FhirType.Address,
        "Quantity" or "SimpleQuantity" or "MoneyQuantity" or "Age" or "Duration" or "Count" or "Distance" => FhirType.Quantity,
        "Money" => FhirType.Money,
        "Range" => FhirType.Range,
        "Reference" => FhirType.Reference,
        _ => FhirType.Other,
    };

    /// <summary>Whether a search parameter of this type can be asked of this data type (R4 search.html, "Search Parameter Types").</summary>
    public static bool Fits(this FhirType data, SearchParameterType search) => search switch
    {
        SearchParameterType.Token => data is FhirType.Boolean or FhirType.Code or FhirType.Coding or FhirType.CodeableConcept
            or FhirType.Identifier or FhirType.ContactPoint or FhirType.Id or FhirType.Uri or FhirType.String or FhirType.Canonical,
        SearchParameterType.Reference => data is FhirType.Reference or FhirType.Canonical or FhirType.Uri,
        SearchParameterType.Date => data is FhirType.Date or FhirType.Period or FhirType.Timing,
        SearchParameterType.String => data is FhirType.String or FhirType.HumanName or FhirType.Address or FhirType.Code or FhirType.CodeableConcept,
        SearchParameterType.Number => data is FhirType.Integer or FhirType.Decimal or FhirType.Range,
        SearchParameterType.Quantity => data is FhirType.Quantity or FhirType.Money or FhirType.Range,
        SearchParameterType.Uri => data is FhirType.Uri or FhirType.Canonical,
        _ => false,
    };
}
