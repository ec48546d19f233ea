using BetterCare.Care.Api.Http;

namespace BetterCare.Care.Api.Features;

/// <summary>What holds for every reason that is kept with a decision or an access.</summary>
internal static class Reasons
{
    /// <summary>Longest reason, in characters.</summary>
    public const int MaxLength = 500;

    /// <summary>What is wrong with a reason; null: nothing.</summary>
    public static CareError? Unfit(string? reason) => string.IsNullOrWhiteSpace(reason) || reason.Length > MaxLength
        ? new Invalid("reason", $"Say why, in up to {MaxLength} characters: the reason is kept.")
        : null;
}
