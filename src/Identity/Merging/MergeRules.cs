namespace BetterCare.Care.Identity.Merging;

/// <summary>What a merge is judged on, of one of the two records.</summary>
/// <param name="BirthDay">Day of birth; 0 not known.</param>
/// <param name="Sex">Administrative sex; 0 not known.</param>
/// <param name="HasDied">Whether a death is on record.</param>
/// <param name="IsVerified">Whether PDS has confirmed the number for this person (status 01).</param>
public readonly record struct MergeSide(int BirthDay, int Sex, bool HasDied, bool IsVerified);

/// <summary>Why two records are not merged, and what would mend it.</summary>
/// <param name="Rule">Stable name of the rule.</param>
/// <param name="Detail">What is not so, and what to do about it; names no person.</param>
public sealed record MergeRefusal(string Rule, string Detail);

/// <summary>
/// Which two records may be made one. A wrong merge puts one person's illness into another's record, so what speaks against
/// it has to be settled first; a reviewer who has looked may say so for slips in a date or a letter, never for a death or for
/// two numbers that PDS has both confirmed.
/// </summary>
public static class MergeRules
{
    /// <summary>Nobody merges a record with itself.</summary>
    public const string TwoRecords = "two-records";

    /// <summary>One has died and the other has not.</summary>
    public const string BothAlive = "same-death";

    /// <summary>PDS knows both numbers as in force.</summary>
    public const string OneVerified = "one-number-verified";

    /// <summary>The number that PDS has confirmed is the one to keep.</summary>
    public const string KeepVerified = "keep-verified-number";

    /// <summary>Somebody has looked at what differs.</summary>
    public const string DifferencesReviewed = "differences-reviewed";

    /// <summary>What stands in the way; null: nothing.</summary>
    /// <param name="from">The record to take up.</param>
    /// <param name="into">The record to remain.</param>
    /// <param name="pdsSupersedes">PDS says that the first number was superseded by the second.</param>
    /// <param name="reviewed">The reviewer says that they have looked at the differences.</param>
    public static MergeRefusal? Unmet(MergeSide from, MergeSide into, bool pdsSupersedes, bool reviewed)
    {
        if (from.HasDied != into.HasDied)
        {
            return new MergeRefusal(BothAlive, "One of the two has died and the other has not. Find out which is true, have the supplier post or take back the death, and merge then.");
        }

        if (!pdsSupersedes && from.IsVerified)
        {
            return into.IsVerified
                ? new MergeRefusal(OneVerified, "PDS has confirmed both numbers, so they are two people unless PDS itself says otherwise. Ask it (POST /v1/patients/NUMBER/number-check): if one number was superseded by the other, merge then.")
                : new MergeRefusal(KeepVerified, "PDS has confirmed the number that you want to give up, and not the one that you want to keep. Merge the other way round.");
        }

        if (!pdsSupersedes && !reviewed && Differences(from, into) is { Count: > 0 } differences)
        {
            return new MergeRefusal(DifferencesReviewed, $"The two differ in {string.Join(" and ", differences)}. Look at both records; if they are one person all the same, say differencesReviewed: true, and why in the reason.");
        }

        return null;
    }

    private static List<string> Differences(MergeSide from, MergeSide into)
    {
        var differences = new List<string>();
        if (from.BirthDay != into.BirthDay)
        {
            differences.Add("date of birth");
        }

        if (from.Sex != into.Sex && from.Sex != 0 && into.Sex != 0)
        {
            differences.Add("sex");
        }

        return differences;
    }
}
