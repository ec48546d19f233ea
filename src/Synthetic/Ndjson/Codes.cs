namespace BetterCare.Care.Synthetic.Ndjson;

/// <summary>Code systems and sources as UTF-8.</summary>
internal static class Codes
{
    public static ReadOnlySpan<byte> Snomed => "http://snomed.info/sct"u8;

    public static ReadOnlySpan<byte> Icd10 => "http://hl7.org/fhir/sid/icd-10"u8;

    public static ReadOnlySpan<byte> Loinc => "http://loinc.org"u8;

    public static ReadOnlySpan<byte> AdmissionMethod => "https://fhir.hl7.org.uk/CodeSystem/UKCore-AdmissionMethodEngland"u8;

    public static ReadOnlySpan<byte> SourceOfAdmission => "https://fhir.hl7.org.uk/CodeSystem/UKCore-SourceOfAdmissionEngland"u8;

    public static ReadOnlySpan<byte> DischargeDestination => "https://fhir.hl7.org.uk/CodeSystem/UKCore-DischargeDestinationEngland"u8;

    public static ReadOnlySpan<byte> DischargeMethod => "https://fhir.hl7.org.uk/CodeSystem/UKCore-DischargeMethodEngland"u8;

    /// <summary>Ours: general-practice, emergency-department, inpatient, outpatient, community, mental-health, social-care.</summary>
    public static ReadOnlySpan<byte> CareSetting => "https://bettercare.care/fhir/CodeSystem/care-setting"u8;

    /// <summary>Ours: gp-registration, reablement, home-care, residential-care.</summary>
    public static ReadOnlySpan<byte> EpisodeType => "https://bettercare.care/fhir/CodeSystem/episode-type"u8;

    /// <summary>Ours: type-1-opt-out, national-data-opt-out.</summary>
    public static ReadOnlySpan<byte> OptOut => "https://bettercare.care/fhir/CodeSystem/opt-out"u8;

    /// <summary>Ours: ambulance.</summary>
    public static ReadOnlySpan<byte> ArrivalMode => "https://bettercare.care/fhir/CodeSystem/arrival-mode"u8;

    public static ReadOnlySpan<byte> GpSystem => "https://gp.example.nhs.uk/"u8;

    public static ReadOnlySpan<byte> HospitalSystem => "https://hospital.example.nhs.uk/"u8;

    public static ReadOnlySpan<byte> CommunitySystem => "https://community.example.nhs.uk/"u8;

    public static ReadOnlySpan<byte> SocialCareSystem => "https://social-care.example.gov.uk/"u8;
}
