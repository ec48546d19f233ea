namespace BetterCare.Care.Storage.Runs;

/// <summary>The age bands of coverage. Adults are bands 1 and up.</summary>
public static class AgeBand
{
    private static readonly string[] Names = ["0-17", "18-39", "40-64", "65-74", "75-84", "85+"];

    /// <summary>How many bands there are.</summary>
    public static int Count => Names.Length;

    /// <summary>The band of an age in years; an unknown age (-1) counts as an adult of working age.</summary>
    public static byte Of(int age) => age switch
    {
        < 0 => 2,
        < 18 => 0,
        < 40 => 1,
        < 65 => 2,
        < 75 => 3,
        < 85 => 4,
        _ => 5,
    };

    /// <summary>The band in words.</summary>
    public static string Name(byte band) => Names[band];
}
