using System.Runtime.InteropServices;

namespace BetterCare.Care.Stratification.Timelines;

/// <summary>What happened. The number is stored; never reuse one.</summary>
public enum EventKind : byte
{
    /// <summary>No event; marks unused space.</summary>
    None = 0,

    /// <summary>A hospital spell. Code: primary diagnosis as <see cref="Icd10Code"/> (0 where not known); length: nights.</summary>
    Admission = 1,

    /// <summary>An emergency department attendance.</summary>
    AeAttendance = 2,

    /// <summary>An outpatient appointment, attended or not.</summary>
    Outpatient = 3,

    /// <summary>A contact with general practice.</summary>
    GpContact = 4,

    /// <summary>A contact with a community health service.</summary>
    CommunityContact = 5,

    /// <summary>A contact with social care.</summary>
    SocialCareContact = 6,

    /// <summary>A coded condition. Code: <c>ConditionGroup</c> number.</summary>
    Condition = 7,

    /// <summary>A hospital diagnosis. Code: <see cref="Icd10Code"/>.</summary>
    Diagnosis = 8,

    /// <summary>A medicine ordered. Code: <c>MedicineGroup</c> number in the top byte, a hash of the product below it.</summary>
    Medicine = 9,

    /// <summary>A measurement. Code: <c>MeasurementKind</c> number; value in that kind's unit.</summary>
    Measurement = 10,

    /// <summary>A social circumstance or service that lasts. Code: <c>SocialFact</c> number; length 65535: still so.</summary>
    Social = 11,

    /// <summary>A procedure. Code: hash of the code; with <see cref="ProcedureFlags.Opcs4"/> the code itself, packed like an <see cref="Icd10Code"/>.</summary>
    Procedure = 12,

    /// <summary>A hospital discharge followed up, a mental-health contact, or another contact that has no kind of its own.</summary>
    OtherContact = 13,
}

/// <summary>More about an event; the meaning of a bit depends on the kind.</summary>
[Flags]
public enum EventFlags : byte
{
    /// <summary>Nothing more.</summary>
    None = 0,

    /// <summary>Admission: by an emergency admission method (2A to 2D, 21 to 25, 28). A and E: led to admission.</summary>
    Emergency = 1,

    /// <summary>Admission: not yet ended, or without an end date.</summary>
    Open = 2,

    /// <summary>A and E: arrived by ambulance. Contact: home visit.</summary>
    AmbulanceOrHomeVisit = 4,

    /// <summary>Outpatient or contact: the person did not attend.</summary>
    DidNotAttend = 8,

    /// <summary>Condition: the code says that it has resolved, or that it does not apply any more.</summary>
    Resolved = 16,

    /// <summary>Diagnosis: primary position.</summary>
    Primary = 32,

    /// <summary>Admission: came from, or went to, a care home.</summary>
    CareHome = 64,

    /// <summary>Admission: maternity (admission methods 31, 32, 82, 83), never an emergency.</summary>
    Maternity = 128,
}

/// <summary>Bits of <see cref="EventFlags"/> that mean something else of an admission.</summary>
public static class AdmissionFlags
{
    /// <summary>Came from another hospital: goes on with a stay.</summary>
    public const EventFlags Transfer = EventFlags.DidNotAttend;

    /// <summary>Died during the stay.</summary>
    public const EventFlags Died = EventFlags.Resolved;
}

/// <summary>Bits of <see cref="EventFlags"/> that mean something else of a procedure.</summary>
public static class ProcedureFlags
{
    /// <summary>Coded in OPCS-4: a letter and two to four digits, as ICD-10 has them.</summary>
    public const EventFlags Opcs4 = EventFlags.Primary;
}

/// <summary>
/// One dated event of a person's timeline: 20 bytes, stored as they are (little-endian), so that a stratification run
/// reads them in place. Dates only: a prediction horizon of a year needs no clock time.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly record struct TimelineEvent
{
    /// <summary>Bytes of one event in storage.</summary>
    public const int Size = 20;

    /// <summary>A length that has not ended.</summary>
    public const ushort Ongoing = ushort.MaxValue;

    /// <summary>First day, as <see cref="DateOnly.DayNumber"/>.</summary>
    public int Day { get; init; }

    /// <summary>What the event is about; see <see cref="EventKind"/>.</summary>
    public uint Code { get; init; }

    /// <summary>A number in the unit of the code; 0 where there is none.</summary>
    public float Value { get; init; }

    /// <summary>Hash of the resource that told it, so that an update or delete of the resource finds its events.</summary>
    public uint Source { get; init; }

    /// <summary>Days from <see cref="Day"/> to the last day (0: same day); <see cref="Ongoing"/> where it has not ended.</summary>
    public ushort LengthDays { get; init; }

    /// <summary>What happened.</summary>
    public EventKind Kind { get; init; }

    /// <summary>More about it.</summary>
    public EventFlags Flags { get; init; }

    /// <summary>Whether all of <paramref name="flags"/> are set.</summary>
    public bool Is(EventFlags flags) => (Flags & flags) == flags;
}

/// <summary>An ICD-10 code of up to six characters packed into 32 bits, so that events can carry and compare it.</summary>
public static class Icd10Code
{
    /// <summary>
    /// Packs the letters and digits of a code in base 37 from the left, six places, so that a prefix comparison is a
    /// range comparison. Dots and the trailing dagger, asterisk, X and hyphen fillers are passed over. 0: not a code.
    /// </summary>
    /// <param name="code">For example "I50.0", "I500", "J44".</param>
    public static uint Pack(ReadOnlySpan<char> code)
    {
        uint packed = 0;
        var places = 0;
        foreach (var c in code)
        {
            var u = char.ToUpperInvariant(c);
            uint digit;
            if (u is >= 'A' and <= 'Z')
            {
                digit = (uint)(u - 'A' + 11);
            }
            else if (u is >= '0' and <= '9')
            {
                digit = (uint)(u - '0' + 1);
            }
            else if (u is '.' or '-' or '*' or '+')
            {
                continue;
            }
            else
            {
                return 0;
            }

            if (places == 0 && digit < 11)
            {
                return 0;
            }

            // A filler X in the fourth place ("I10X") means that the category has no subdivision.
            if (u == 'X' && places == 3)
            {
                continue;
            }

            if (places == 6)
            {
                break;
            }

            packed = (packed * 37) + digit;
            places++;
        }

        if (places < 3)
        {
            return 0;
        }

        for (; places < 6; places++)
        {
            packed *= 37;
        }

        return packed;
    }

    /// <summary>The range [from, to) of packed codes that begin with <paramref name="prefix"/>.</summary>
    public static (uint From, uint To) PrefixRange(ReadOnlySpan<char> prefix)
    {
        var from = Pack(prefix);
        var places = 0;
        foreach (var c in prefix)
        {
            places += char.IsAsciiLetterOrDigit(c) ? 1 : 0;
        }

        uint width = 1;
        for (var i = Math.Min(places, 6); i < 6; i++)
        {
            width *= 37;
        }

        return (from, from + width);
    }

    /// <summary>The undotted code again, for reasons shown to people.</summary>
    public static string Unpack(uint packed)
    {
        Span<char> text = stackalloc char[6];
        for (var i = 5; i >= 0; i--)
        {
            var d = packed % 37;
            packed /= 37;
            text[i] = d switch { 0 => ' ', < 11 => (char)('0' + d - 1), _ => (char)('A' + d - 11) };
        }

        return text.TrimEnd(' ').ToString();
    }
}
