namespace BetterCare.Care.Fhir.Validation;

/// <summary>How bad an issue is (FHIR IssueSeverity).</summary>
public enum IssueSeverity : byte
{
    /// <summary>Worth knowing.</summary>
    Information,

    /// <summary>Taken, but should be mended.</summary>
    Warning,

    /// <summary>Refused.</summary>
    Error,

    /// <summary>Refused, and reading could not go on.</summary>
    Fatal,
}

/// <summary>One thing that is wrong with a resource. Never holds a posted value: it may identify a person.</summary>
/// <param name="Severity">How bad.</param>
/// <param name="Code">FHIR issue type: structure, required, value, invariant, code-invalid, not-supported …</param>
/// <param name="Expression">Where, as FHIRPath with indices: <c>Patient.identifier[0].value</c>.</param>
/// <param name="Text">What is wrong and how to mend it, in plain English.</param>
/// <param name="Key">The invariant's or rule's key (<c>pat-1</c>, <c>nhs-number</c>); null for plain structure.</param>
public sealed record Issue(IssueSeverity Severity, string Code, string Expression, string Text, string? Key = null)
{
    /// <summary>Whether the resource is refused.</summary>
    public bool IsError => Severity >= IssueSeverity.Error;
}
