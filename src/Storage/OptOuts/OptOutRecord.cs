using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Search;
using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Storage.OptOuts;

/// <summary>What one record says of an opt-out: a Consent, a Flag, or a line of a list.</summary>
/// <param name="Kind">Which opt-out: one flag.</param>
/// <param name="Withdraws">Whether it ends the opt-out rather than states it.</param>
/// <param name="Day">The day on which it was said (<see cref="DateOnly.DayNumber"/>).</param>
public readonly record struct OptOutRecord(PersonFlags Kind, bool Withdraws, int Day)
{
    /// <summary>Every opt-out.</summary>
    public const PersonFlags Both = PersonFlags.TypeOneOptOut | PersonFlags.NationalOptOut;

    // The codes that practices record (SNOMED CT UK edition): dissent from secondary use of general practitioner patient
    // identifiable data, and its withdrawal; and our own, which say the same of either opt-out.
    private static readonly (byte[] Code, PersonFlags Kind, bool Withdraws)[] Codes =
    [
        ("827241000000103"u8.ToArray(), PersonFlags.TypeOneOptOut, false),
        ("827261000000102"u8.ToArray(), PersonFlags.TypeOneOptOut, true),
        ("type-1-opt-out"u8.ToArray(), PersonFlags.TypeOneOptOut, false),
        ("type-1-opt-out-withdrawn"u8.ToArray(), PersonFlags.TypeOneOptOut, true),
        ("national-data-opt-out"u8.ToArray(), PersonFlags.NationalOptOut, false),
        ("national-data-opt-out-withdrawn"u8.ToArray(), PersonFlags.NationalOptOut, true),
    ];

    /// <summary>
    /// The opt-outs that hold by what was said: of each kind, the latest word counts; of two on one day, that which
    /// protects.
    /// </summary>
    public static PersonFlags InForce(IEnumerable<OptOutRecord> records)
    {
        var flags = PersonFlags.None;
        foreach (var kind in records.GroupBy(r => r.Kind))
        {
            var last = kind.Max(r => r.Day);
            flags |= kind.Any(r => r.Day == last && !r.Withdraws) ? kind.Key : PersonFlags.None;
        }

        return flags;
    }

    /// <summary>Whether a write of a resource can move its person's opt-outs, before anything is looked up.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="body">Its body; empty: a deletion.</param>
    /// <param name="isNew">Whether nothing of this id was there before.</param>
    public static bool Concerns(ResourceType type, ReadOnlySpan<byte> body, bool isNew) =>
        type is ResourceType.Consent or ResourceType.Flag && (!isNew || body.IndexOf("opt-out"u8) >= 0 || body.IndexOf("827241000000103"u8) >= 0 || body.IndexOf("827261000000102"u8) >= 0);

    /// <summary>
    /// What a Consent or a Flag says. One that is not active, was entered in error, or whose period is over says nothing any
    /// more. A Consent that permits (<c>provision.type</c>) withdraws.
    /// </summary>
    /// <param name="type">Its type.</param>
    /// <param name="json">The resource.</param>
    /// <param name="stored">The day on which it was stored: counts where it has no date of its own.</param>
    /// <param name="today">A period that ended before this day is over.</param>
    /// <param name="records">What it says is added here.</param>
    public static void Read(ResourceType type, ReadOnlySpan<byte> json, int stored, int today, ICollection<OptOutRecord> records)
    {
        var resource = new JsonView(json);
        if (!resource["status"u8].Text.SequenceEqual("active"u8))
        {
            return;
        }

        var isConsent = type == ResourceType.Consent;
        var period = isConsent ? resource["provision"u8]["period"u8] : resource["period"u8];
        if (DayOf(period["end"u8]) is var end and not 0 && end < today)
        {
            return;
        }

        var said = isConsent && DayOf(resource["dateTime"u8]) is var at and not 0 ? at : DayOf(period["start"u8]) is var start and not 0 ? start : stored;
        var permits = isConsent && resource["provision"u8]["type"u8].Text.SequenceEqual("permit"u8);
        if (isConsent)
        {
            foreach (var category in resource["category"u8].Items)
            {
                Add(category, said, permits, records);
            }
        }
        else
        {
            Add(resource["code"u8], said, false, records);
        }
    }

    private static void Add(JsonView concept, int day, bool permits, ICollection<OptOutRecord> records)
    {
        foreach (var coding in concept["coding"u8].Items)
        {
            foreach (var (code, kind, withdraws) in Codes)
            {
                if (coding["code"u8].Text.SequenceEqual(code))
                {
                    records.Add(new OptOutRecord(kind, withdraws || permits, day));
                }
            }
        }
    }

    private static int DayOf(JsonView date) =>
        !date.Text.IsEmpty && DateInterval.TryParse(date.ToString(), out var interval) ? (int)(Math.Max(0, interval.Start) / TimeSpan.TicksPerDay) : 0;
}
