namespace BetterCare.Care.Coordination.Plans;

/// <summary>
/// A place's settings for plans. The review intervals are ours, to be set by each place: no national one is confirmed
/// (a three-monthly review in the Unplanned Admissions enhanced service of 2014/15 is often quoted).
/// </summary>
public sealed record PlanSettings
{
    /// <summary>The defaults.</summary>
    public static PlanSettings Default { get; } = new();

    /// <summary>Longest time between reviews at level 4, months.</summary>
    public int ReviewMonthsLevel4 { get; init; } = 3;

    /// <summary>Longest time between reviews at level 3, months.</summary>
    public int ReviewMonthsLevel3 { get; init; } = 6;

    /// <summary>Longest time between reviews at levels 1 and 2, months.</summary>
    public int ReviewMonthsBelow { get; init; } = 12;

    /// <summary>Lowest level at which a contingency plan is required.</summary>
    public int ContingencyFromLevel { get; init; } = 4;

    /// <summary>Lowest level at which a joint plan is due (national condition: levels 3 and 4).</summary>
    public int PlanDueFromLevel { get; init; } = 3;

    /// <summary>Days from reaching that level to having a plan agreed.</summary>
    public int PlanDueWithinDays { get; init; } = 28;

    /// <summary>Longest time between reviews at a level, months.</summary>
    public int ReviewMonths(int level) => level switch { >= 4 => ReviewMonthsLevel4, 3 => ReviewMonthsLevel3, _ => ReviewMonthsBelow };
}
