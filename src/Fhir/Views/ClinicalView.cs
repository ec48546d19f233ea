using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace BetterCare.Care.Fhir.Views;

/// <summary>Which element a coding was found in.</summary>
public enum CodingSlot : byte
{
    /// <summary>Anything that no one computes with.</summary>
    Other,

    /// <summary>Encounter.class.</summary>
    Class,

    /// <summary><c>type</c>.</summary>
    Type,

    /// <summary><c>code</c>, <c>vaccineCode</c>: what the resource is about.</summary>
    Code,

    /// <summary><c>category</c>.</summary>
    Category,

    /// <summary><c>reasonCode</c>.</summary>
    Reason,

    /// <summary><c>medicationCodeableConcept</c>.</summary>
    Medication,

    /// <summary><c>serviceType</c>.</summary>
    ServiceType,

    /// <summary><c>clinicalStatus</c>.</summary>
    ClinicalStatus,

    /// <summary><c>verificationStatus</c>.</summary>
    VerificationStatus,

    /// <summary><c>valueCodeableConcept</c>.</summary>
    Value,

    /// <summary>Observation.component.code.</summary>
    ComponentCode,

    /// <summary>Encounter.hospitalization extension AdmissionMethod (UK Core).</summary>
    AdmissionMethod,

    /// <summary>Encounter.hospitalization.admitSource.</summary>
    AdmitSource,

    /// <summary>Encounter.hospitalization.dischargeDisposition.</summary>
    DischargeDisposition,

    /// <summary><c>meta.security</c>.</summary>
    Security,

    /// <summary>Patient extension EthnicCategory (UK Core).</summary>
    Ethnicity,

    /// <summary>Verification status extension on Patient.identifier (UK Core).</summary>
    NumberVerification,

    /// <summary>PractitionerRole.specialty.</summary>
    Specialty,

    /// <summary><c>policyRule</c> or <c>scope</c> of a Consent.</summary>
    Policy,

    /// <summary><c>priority</c>.</summary>
    Priority,

    /// <summary>RelatedPerson.relationship.</summary>
    Relationship,
}

/// <summary>A coding, as ranges of the JSON.</summary>
/// <param name="Slot">Where it was found.</param>
/// <param name="Item">Which item of a repeating element, from 0.</param>
/// <param name="System">The system URI; empty range where absent.</param>
/// <param name="Code">The code; empty range where the concept is text only.</param>
/// <param name="Display">The display, or the concept's text.</param>
public readonly record struct CodingView(CodingSlot Slot, ushort Item, Range System, Range Code, Range Display);

/// <summary>A measured value.</summary>
/// <param name="Component">Index of the component, or -1 for the resource's own value.</param>
/// <param name="Value">The number.</param>
/// <param name="Unit">UCUM code where given, else the unit as written.</param>
public readonly record struct QuantityView(int Component, double Value, Range Unit);

/// <summary>
/// What the timeline, the indexes and the lists need from a resource, read in one pass over its bytes, without a DOM and
/// without allocation. One instance per thread, used again and again; ranges point into the JSON last read.
/// </summary>
public sealed partial class ClinicalView
{
    private const string AdmissionMethodUrl = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-AdmissionMethod";
    private const string CensusTractUrl = "http://hl7.org/fhir/StructureDefinition/iso21090-ADXP-censusTract";
    private const string EthnicCategoryUrl = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-EthnicCategory";
    private const string VerificationUrl = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus";

    private readonly List<CodingView> _codings = [];
    private readonly List<QuantityView> _quantities = [];

    /// <summary>Codings in document order.</summary>
    public IReadOnlyList<CodingView> Codings => _codings;

    /// <summary>Measured values in document order.</summary>
    public IReadOnlyList<QuantityView> Quantities => _quantities;

    /// <summary><c>status</c>.</summary>
    public Range Status { get; private set; }

    /// <summary>First day of the event as <see cref="DateOnly.DayNumber"/>; 0 where undated.</summary>
    public int StartDay { get; private set; }

    /// <summary>Last day of the event; 0 where it has none.</summary>
    public int EndDay { get; private set; }

    /// <summary>Day on which it was recorded or issued; 0 where absent.</summary>
    public int RecordedDay { get; private set; }

    /// <summary>Day on which a condition abated; 0 where absent.</summary>
    public int AbatementDay { get; private set; }

    /// <summary><c>active</c>; true where absent.</summary>
    public bool Active { get; private set; }

    /// <summary>Patient.birthDate as a day number; a missing month or day counts as the middle.</summary>
    public int BirthDay { get; private set; }

    /// <summary>Day of death; 1 where dead on a day not known; 0 alive.</summary>
    public int DeathDay { get; private set; }

    /// <summary><c>gender</c>.</summary>
    public Range Gender { get; private set; }

    /// <summary>Family name of the usual or first name.</summary>
    public Range Family { get; private set; }

    /// <summary>First given name of that name.</summary>
    public Range Given { get; private set; }

    /// <summary><c>name</c> where it is one string (Organization).</summary>
    public Range Name { get; private set; }

    /// <summary>Postcode of the first address.</summary>
    public Range Postcode { get; private set; }

    /// <summary>Census tract (in England the LSOA) of the first address that gives one.</summary>
    public Range SmallArea { get; private set; }

    /// <summary>District of the first address.</summary>
    public Range District { get; private set; }

    /// <summary>ODS code or reference by which Patient.generalPractitioner names the practice.</summary>
    public Range PracticeCode { get; private set; }

    /// <summary>Reference by which Patient.generalPractitioner names the practice, where it gives no ODS code.</summary>
    public Range PracticeReference { get; private set; }

    /// <summary>Reads a resource that has passed validation.</summary>
    /// <param name="json">One resource in UTF-8.</param>
    public void Read(ReadOnlySpan<byte> json)
    {
        _codings.Clear();
        _quantities.Clear();
        Status = Gender = Family = Given = Name = Postcode = District = SmallArea = PracticeCode = PracticeReference = default;
        StartDay = EndDay = RecordedDay = AbatementDay = BirthDay = DeathDay = 0;
        Active = true;

        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 256 });
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.ValueSpan;
            reader.Read();
            Property(name, ref reader);
        }
    }

    /// <summary>A day number from a FHIR date, dateTime or instant; a missing month or day counts as the first. 0 where it is none.</summary>
    public static int Day(ReadOnlySpan<byte> text) => Day(text, middle: false);

    private static int Day(ReadOnlySpan<byte> text, bool middle)
    {
        if (text.Length < 4 || !Utf8Parser.TryParse(text[..4], out int year, out var used) || used != 4 || year is < 1 or > 9999)
        {
            return 0;
        }

        int month = middle ? 7 : 1, day = 1;
        if (text.Length >= 7)
        {
            _ = Utf8Parser.TryParse(text[5..7], out month, out _);
            day = middle ? 15 : 1;
        }

        if (text.Length >= 10)
        {
            _ = Utf8Parser.TryParse(text[8..10], out day, out _);
        }

        return month is >= 1 and <= 12 && day >= 1 && day <= DateTime.DaysInMonth(year, month)
            ? new DateOnly(year, month, day).DayNumber
            : 0;
    }

    private void Property(ReadOnlySpan<byte> name, ref Utf8JsonReader r)
    {
        switch (name.Length)
        {
            case 4 when name.SequenceEqual("type"u8): Concepts(CodingSlot.Type, ref r); return;
            case 4 when name.SequenceEqual("code"u8): Concepts(CodingSlot.Code, ref r); return;
            case 4 when name.SequenceEqual("meta"u8): Meta(ref r); return;
            case 4 when name.SequenceEqual("name"u8): Names(ref r); return;
            case 4 when name.SequenceEqual("date"u8): Start(ref r); return;
            case 5 when name.SequenceEqual("class"u8): Concepts(CodingSlot.Class, ref r); return;
            case 5 when name.SequenceEqual("start"u8): Start(ref r); return;
            case 5 when name.SequenceEqual("scope"u8): Concepts(CodingSlot.Policy, ref r); return;
            case 3 when name.SequenceEqual("end"u8): EndDay = DayOf(ref r); return;
            case 6 when name.SequenceEqual("status"u8): Status = Text(ref r); return;
            case 6 when name.SequenceEqual("period"u8): Period(ref r); return;
            case 6 when name.SequenceEqual("active"u8): Active = r.TokenType != JsonTokenType.False; return;
            case 6 when name.SequenceEqual("gender"u8): Gender = Text(ref r); return;
            case 6 when name.SequenceEqual("issued"u8): RecordedDay = DayOf(ref r); return;
            case 7 when name.SequenceEqual("address"u8): Addresses(ref r); return;
            case 7 when name.SequenceEqual("created"u8): RecordedDay = DayOf(ref r); return;
            case 8 when name.SequenceEqual("category"u8): Concepts(CodingSlot.Category, ref r); return;
            case 8 when name.SequenceEqual("dateTime"u8): Start(ref r); return;
            case 8 when name.SequenceEqual("priority"u8): Concepts(CodingSlot.Priority, ref r); return;
            case 9 when name.SequenceEqual("component"u8): Components(ref r); return;
            case 9 when name.SequenceEqual("birthDate"u8): BirthDay = Day(r.ValueSpan, middle: true); return;
            case 9 when name.SequenceEqual("extension"u8): Extensions(ref r); return;
            case 9 when name.SequenceEqual("specialty"u8): Concepts(CodingSlot.Specialty, ref r); return;
            case 10 when name.SequenceEqual("reasonCode"u8): Concepts(CodingSlot.Reason, ref r); return;
            case 10 when name.SequenceEqual("authoredOn"u8): Start(ref r); return;
            case 10 when name.SequenceEqual("policyRule"u8): Concepts(CodingSlot.Policy, ref r); return;
            case 10 when name.SequenceEqual("identifier"u8): Identifiers(ref r); return;
            case 11 when name.SequenceEqual("vaccineCode"u8): Concepts(CodingSlot.Code, ref r); return;
            case 11 when name.SequenceEqual("onsetPeriod"u8): Period(ref r); return;
            case 11 when name.SequenceEqual("serviceType"u8): Concepts(CodingSlot.ServiceType, ref r); return;
            case 12 when name.SequenceEqual("relationship"u8): Concepts(CodingSlot.Relationship, ref r); return;
            case 12 when name.SequenceEqual("recordedDate"u8): RecordedDay = DayOf(ref r); return;
            case 12 when name.SequenceEqual("valueInteger"u8): Number(ref r); return;
            case 13 when name.SequenceEqual("onsetDateTime"u8): Start(ref r); return;
            case 13 when name.SequenceEqual("valueQuantity"u8): Quantity(-1, ref r); return;
            case 14 when name.SequenceEqual("clinicalStatus"u8): Concepts(CodingSlot.ClinicalStatus, ref r); return;
            case 15 when name.SequenceEqual("hospitalization"u8): Hospitalization(ref r); return;
            case 15 when name.SequenceEqual("effectivePeriod"u8) || name.SequenceEqual("performedPeriod"u8): Period(ref r); return;
            case 15 when name.SequenceEqual("deceasedBoolean"u8):
                DeathDay = r.TokenType == JsonTokenType.True && DeathDay == 0 ? 1 : DeathDay;
                return;
            case 16 when name.SequenceEqual("deceasedDateTime"u8): DeathDay = Math.Max(1, DayOf(ref r)); return;
            case 16 when name.SequenceEqual("effectiveInstant"u8): Start(ref r); return;
            case 17 when name.SequenceEqual("effectiveDateTime"u8) || name.SequenceEqual("performedDateTime"u8): Start(ref r); return;
            case 17 when name.SequenceEqual("abatementDateTime"u8): AbatementDay = DayOf(ref r); return;
            case 18 when name.SequenceEqual("occurrenceDateTime"u8): Start(ref r); return;
            case 18 when name.SequenceEqual("verificationStatus"u8): Concepts(CodingSlot.VerificationStatus, ref r); return;
            case 19 when name.SequenceEqual("generalPractitioner"u8): Practices(ref r); return;
            case 20 when name.SequenceEqual("valueCodeableConcept"u8): Concepts(CodingSlot.Value, ref r); return;
            case 25 when name.SequenceEqual("medicationCodeableConcept"u8): Concepts(CodingSlot.Medication, ref r); return;
            default: r.Skip(); return;
        }
    }

    private void Start(ref Utf8JsonReader r) => StartDay = DayOf(ref r);

    private static int DayOf(ref Utf8JsonReader r)
    {
        var day = r.TokenType == JsonTokenType.String ? Day(r.ValueSpan) : 0;
        r.Skip();
        return day;
    }

    private static Range Text(ref Utf8JsonReader r)
    {
        if (r.TokenType == JsonTokenType.String)
        {
            var start = (int)r.TokenStartIndex + 1;
            return start..(start + r.ValueSpan.Length);
        }

        r.Skip();
        return default;
    }

    private void Period(ref Utf8JsonReader r)
    {
        if (r.TokenType != JsonTokenType.StartObject)
        {
            r.Skip();
            return;
        }

        while (r.Read() && r.TokenType == JsonTokenType.PropertyName)
        {
            var isStart = r.ValueTextEquals("start"u8);
            var isEnd = r.ValueTextEquals("end"u8);
            r.Read();
            if (isStart)
            {
                StartDay = DayOf(ref r);
            }
            else if (isEnd)
            {
                EndDay = DayOf(ref r);
            }
            else
            {
                r.Skip();
            }
        }
    }

    /// <summary>A code, a Coding, a CodeableConcept, or an array of them.</summary>
    private void Concepts(CodingSlot slot, ref Utf8JsonReader r)
    {
        if (r.TokenType == JsonTokenType.StartArray)
        {
            ushort item = 0;
            while (r.Read() && r.TokenType != JsonTokenType.EndArray)
            {
                Concept(slot, item++, ref r);
            }
        }
        else
        {
            Concept(slot, 0, ref r);
        }
    }

    private void Concept(CodingSlot slot, ushort item, ref Utf8JsonReader r)
    {
        if (r.TokenType == JsonTokenType.String)
        {
            _codings.Add(new CodingView(slot, item, default, Text(ref r), default));
            return;
        }

        if (r.TokenType != JsonTokenType.StartObject)
        {
            r.Skip();
            return;
        }

        // A Coding has system, code and display of its own; a CodeableConcept has coding[] and text.
        Range system = default, code = default, display = default;
        var codings = 0;
        while (r.Read() && r.TokenType == JsonTokenType.PropertyName)
        {
            if (r.ValueTextEquals("coding"u8))
            {
                r.Read();
                if (r.TokenType != JsonTokenType.StartArray)
                {
                    r.Skip();
                    continue;
                }

                while (r.Read() && r.TokenType != JsonTokenType.EndArray)
                {
                    Concept(slot, item, ref r);
                    codings++;
                }
            }
            else if (r.ValueTextEquals("system"u8))
            {
                r.Read();
                system = Text(ref r);
            }
            else if (r.ValueTextEquals("code"u8))
            {
                r.Read();
                code = Text(ref r);
            }
            else if (r.ValueTextEquals("display"u8) || r.ValueTextEquals("text"u8))
            {
                r.Read();
                display = Text(ref r);
            }
            else
            {
                r.Read();
                r.Skip();
            }
        }

        if (codings == 0 && (!IsEmpty(code) || !IsEmpty(display)))
        {
            _codings.Add(new CodingView(slot, item, system, code, display));
        }
    }

    private delegate void OnProperty(ClinicalView view, ReadOnlySpan<byte> name, ref Utf8JsonReader inner);

    private void Walk(ref Utf8JsonReader r, OnProperty property) => Walk(this, ref r, property);

    /// <summary>Calls back for each property of an object, or of each object of an array.</summary>
    private static void Walk(ClinicalView view, ref Utf8JsonReader r, OnProperty property)
    {
        var array = r.TokenType == JsonTokenType.StartArray;
        if (!array && r.TokenType != JsonTokenType.StartObject)
        {
            r.Skip();
            return;
        }

        while (!array || (r.Read() && r.TokenType != JsonTokenType.EndArray))
        {
            if (r.TokenType != JsonTokenType.StartObject)
            {
                r.Skip();
                continue;
            }

            while (r.Read() && r.TokenType == JsonTokenType.PropertyName)
            {
                var name = r.ValueSpan;
                r.Read();
                property(view, name, ref r);
            }

            if (!array)
            {
                return;
            }
        }
    }

    /// <summary>Whether a range was never set.</summary>
    public static bool IsEmpty(Range range) => range.Equals(default(Range)) || range.Start.Value == range.End.Value;

    /// <summary>The text of a range; escapes are resolved where there are any.</summary>
    public static string Get(ReadOnlySpan<byte> json, Range range)
    {
        if (IsEmpty(range))
        {
            return "";
        }

        var text = json[range];
        if (!text.Contains((byte)'\\'))
        {
            return Encoding.UTF8.GetString(text);
        }

        var reader = new Utf8JsonReader(json[(range.Start.Value - 1)..(range.End.Value + 1)]);
        reader.Read();
        return reader.GetString() ?? "";
    }
}
