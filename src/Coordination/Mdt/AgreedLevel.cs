namespace BetterCare.Care.Coordination.Mdt;

/// <summary>A level that a team agreed instead of the model's, on knowledge that the model does not have.</summary>
/// <param name="Level">1 to 4.</param>
/// <param name="From">First day.</param>
/// <param name="Until">Last day; then the model's level is in force again.</param>
/// <param name="Reason">Why they differ (soft intelligence).</param>
/// <param name="AgreedBy">Key of the human who answers for it.</param>
public sealed record AgreedLevel(int Level, DateOnly From, DateOnly Until, string Reason, string AgreedBy)
{
    /// <summary>Holds on a day.</summary>
    public bool HoldsOn(DateOnly day) => From <= day && day <= Until;

    /// <summary>The level in force: the latest agreed level that holds, else the model's.</summary>
    /// <param name="modelLevel">Level of the latest run, 1 to 4; 0: not stratified.</param>
    /// <param name="agreed">All agreed levels, in any order.</param>
    /// <param name="asOf">The day.</param>
    public static int InForce(int modelLevel, IEnumerable<AgreedLevel> agreed, DateOnly asOf)
    {
        AgreedLevel? latest = null;
        foreach (var level in agreed)
        {
            // Later in the list wins a tie: it was recorded later.
            if (level.HoldsOn(asOf) && (latest is null || level.From >= latest.From))
            {
                latest = level;
            }
        }

        return latest?.Level ?? modelLevel;
    }
}
