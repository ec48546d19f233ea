using System.Text;
using BetterCare.Care.Fhir.Views;
using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Storage.Timelines;

public sealed partial class TimelineProjector
{
    private void Encounter(ReadOnlySpan<byte> json, ClinicalView view, uint source)
    {
        if (view.StartDay == 0)
        {
            return;
        }

        var length = Length(view.StartDay, view.EndDay, openIs: 0);
        var encounterClass = ClassOf(json, view);
        if (encounterClass is "IMP" or "ACUTE" or "NONAC" or "SS")
        {
            Admission(json, view, source, length);
            return;
        }

        var flags = EventFlags.None;
        EventKind kind;
        if (encounterClass is "EMER")
        {
            kind = EventKind.AeAttendance;
            flags = ByAmbulance(json, view) ? EventFlags.AmbulanceOrHomeVisit : EventFlags.None;
        }
        else
        {
            kind = ContactKind(json, view);
            flags = encounterClass is "HH" or "FLD" ? EventFlags.AmbulanceOrHomeVisit : EventFlags.None;
        }

        ContactEvent = Events.Count;
        Events.Add(new TimelineEvent { Day = view.StartDay, LengthDays = length, Kind = kind, Flags = flags, Source = source });
        Diagnoses(json, view, view.StartDay, source);
    }

    private static string ClassOf(ReadOnlySpan<byte> json, ClinicalView view)
    {
        foreach (var coding in view.Codings)
        {
            if (coding.Slot == CodingSlot.Class)
            {
                var code = json[coding.Code];
                foreach (var known in KnownClasses)
                {
                    if (Ascii.Equals(code, known))
                    {
                        return known;
                    }
                }
            }
        }

        return "";
    }

    private static readonly string[] KnownClasses = ["AMB", "IMP", "EMER", "HH", "ACUTE", "NONAC", "SS", "VR", "FLD", "OBSENC", "PRENC"];

    private void Admission(ReadOnlySpan<byte> json, ClinicalView view, uint source, ushort length)
    {
        var flags = view.EndDay == 0 ? EventFlags.Open : EventFlags.None;
        var method = false;
        var transfer = false;
        foreach (var coding in view.Codings)
        {
            var code = json[coding.Code];
            switch (coding.Slot)
            {
                case CodingSlot.AdmissionMethod:
                    method = true;
                    flags |= MethodFlags(code);
                    break;
                case CodingSlot.AdmitSource or CodingSlot.DischargeDisposition:
                    // NHS care home, local authority residential accommodation, other care home.
                    transfer |= coding.Slot == CodingSlot.AdmitSource && (code.SequenceEqual("51"u8) || code.SequenceEqual("52"u8) || code.SequenceEqual("53"u8));
                    flags |= coding.Slot == CodingSlot.DischargeDisposition && code.SequenceEqual("79"u8) ? AdmissionFlags.Died : EventFlags.None;
                    flags |= code.SequenceEqual("54"u8) || code.SequenceEqual("65"u8) || code.SequenceEqual("85"u8) ? EventFlags.CareHome : EventFlags.None;
                    break;
            }
        }

        // Where the NHS admission method is absent, the type or priority of the encounter says whether it was an emergency.
        if (!method)
        {
            foreach (var coding in view.Codings)
            {
                var code = json[coding.Code];
                if ((coding.Slot == CodingSlot.Type && (code.SequenceEqual("50849002"u8) || code.SequenceEqual("183452005"u8) || code.SequenceEqual("183478001"u8)))
                    || (coding.Slot == CodingSlot.Priority && (code.SequenceEqual("EM"u8) || code.SequenceEqual("UR"u8))))
                {
                    flags |= EventFlags.Emergency;
                }
            }
        }

        // A transfer from another hospital goes on with an admission; it is not a new one (CCG OIS 2.6: ADMISORC not 51 to 53).
        flags = transfer ? (flags & ~EventFlags.Emergency) | AdmissionFlags.Transfer : flags;
        ContactEvent = Events.Count;
        Events.Add(new TimelineEvent { Day = view.StartDay, LengthDays = length, Kind = EventKind.Admission, Flags = flags, Source = source });
        Diagnoses(json, view, view.StartDay, source);
        foreach (var e in Events)
        {
            if (e.Kind == EventKind.Diagnosis && e.Is(EventFlags.Primary))
            {
                Events[ContactEvent] = Events[ContactEvent] with { Code = e.Code };
                break;
            }
        }
    }

    /// <summary>NHS Data Dictionary ADMISSION METHOD: 2x emergency, 31 32 82 83 maternity and birth.</summary>
    private static EventFlags MethodFlags(ReadOnlySpan<byte> code) =>
        code.Length == 2 && code[0] == '2' && (code[1] is >= (byte)'1' and <= (byte)'5' or (byte)'8' or (byte)'A' or (byte)'B' or (byte)'C' or (byte)'D')
            ? EventFlags.Emergency
            : code.SequenceEqual("31"u8) || code.SequenceEqual("32"u8) || code.SequenceEqual("82"u8) || code.SequenceEqual("83"u8)
                ? EventFlags.Maternity
                : EventFlags.None;

    private bool ByAmbulance(ReadOnlySpan<byte> json, ClinicalView view)
    {
        foreach (var coding in view.Codings)
        {
            if (coding.Slot is CodingSlot.AdmitSource or CodingSlot.Type or CodingSlot.ServiceType && Contains(json[coding.Display], "ambulance"))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// Which service saw the person. UK Core has no code for it that systems agree on, so the words of the type and service
    /// decide, and what no word decides is a contact with general practice.
    /// </summary>
    private EventKind ContactKind(ReadOnlySpan<byte> json, ClinicalView view)
    {
        foreach (var coding in view.Codings)
        {
            if (coding.Slot is not (CodingSlot.Type or CodingSlot.ServiceType))
            {
                continue;
            }

            var display = json[coding.Display];
            if (Contains(display, "social"))
            {
                return EventKind.SocialCareContact;
            }

            if (Contains(display, "outpatient"))
            {
                return EventKind.Outpatient;
            }

            if (Contains(display, "community") || Contains(display, "district nurs") || Contains(display, "therap") || Contains(display, "mental health"))
            {
                return EventKind.CommunityContact;
            }
        }

        return EventKind.GpContact;
    }
}
