namespace BetterCare.Care.Stratification.Timelines;

/// <summary>
/// The values of a <see cref="MeasurementKind.SmokingStatus"/> measurement, in ascending exposure so that a model may
/// treat them as ordered.
/// </summary>
public static class SmokingStatus
{
    /// <summary>Never smoked, or a non-smoker.</summary>
    public const float Never = 0;

    /// <summary>Used to smoke.</summary>
    public const float Ex = 1;

    /// <summary>Up to 9 cigarettes a day.</summary>
    public const float Light = 2;

    /// <summary>Smokes; how much is not recorded.</summary>
    public const float Current = 2.5f;

    /// <summary>10 to 19 cigarettes a day.</summary>
    public const float Moderate = 3;

    /// <summary>20 or more cigarettes a day.</summary>
    public const float Heavy = 4;
}
