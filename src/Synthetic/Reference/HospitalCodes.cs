using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Synthetic.Reference;

/// <summary>Admission methods used, by index.</summary>
internal static class AdmissionMethods
{
    public const int EmergencyDepartment = 0;
    public const int Gp = 1;
    public const int BedBureau = 2;
    public const int Clinic = 3;
    public const int OtherDepartment = 4;
    public const int OtherEmergency = 5;
    public const int WaitingList = 6;
    public const int Booked = 7;
    public const int AntePartum = 8;

    /// <summary>UKCore-AdmissionMethodEngland.</summary>
    public static readonly Coded[] All =
    [
        new("21", "Emergency Admission: Emergency Care Department or dental casualty department of the Health Care Provider"),
        new("22", "Emergency Admission: General Practitioner: after a request for immediate admission has been made direct to a Hospital Provider, i.e. not through a Bed bureau, by a General Practitioner or deputy"),
        new("23", "Emergency Admission: Bed bureau"),
        new("24", "Emergency Admission: Consultant Clinic, of this or another Health Care Provider"),
        new("2A", "Emergency Admission: Emergency Care Department of another provider where the Patient had not been admitted"),
        new("2D", "Emergency Admission: Other emergency admission"),
        new("11", "Elective Admission: Waiting list"),
        new("12", "Elective Admission: Booked"),
        new("31", "Maternity Admission: Admitted ante partum"),
    ];
}

/// <summary>All ICD-10 codes that hospital stays carry, in one table.</summary>
internal static class HospitalCodes
{
    private static readonly int TraitStart = Catalogue.Diagnoses.Length;
    private static readonly int FrailtyStart = TraitStart + Traits.Count;
    private static readonly int PlannedStart = FrailtyStart + Catalogue.FrailtyDiagnoses.Length;
    private static readonly int ExtraStart = PlannedStart + Catalogue.PlannedCare.Length;

    public static readonly Coded[] All =
    [
        .. Catalogue.Diagnoses.Select(d => new Coded(d.Icd10, d.Text)),
        .. Traits.All.Select(t => new Coded(t.Icd10, t.Snomed[0].Term)),
        .. Catalogue.FrailtyDiagnoses.Select(f => f.Code),
        .. Catalogue.PlannedCare.Select(p => p.Reason),
        new("W19", "Unspecified fall"),
        new("O80.9", "Single spontaneous delivery, unspecified"),
    ];

    public static readonly uint[] Packed = [.. All.Select(c => Icd10Code.Pack(c.Code))];

    public static int Fall => ExtraStart;

    public static int Delivery => ExtraStart + 1;

    public static int OfDiagnosis(int diagnosis) => diagnosis;

    public static int OfTrait(Trait trait) => TraitStart + (int)trait;

    public static int OfFrailty(int index) => FrailtyStart + index;

    public static int OfPlanned(int planned) => PlannedStart + planned;

    public static bool IsInjury(int diagnosis) => Catalogue.Diagnoses[diagnosis].Icd10[0] == 'S';
}
