using System.Text;
using BetterCare.Care.Fhir.Nhs;

namespace BetterCare.Care.Tests.Api.Imports;

/// <summary>A bulk file that takes several commits: people, and what was measured of them, with lines that are refused.</summary>
internal static class Lines
{
    public const int People = 40;
    public const int Observations = 6000;

    /// <summary>Every so-many-th line is refused.</summary>
    public const int Broken = 500;

    // A note of two kilobytes each: fewer lines make the same bytes.
    private static readonly string Note = new('n', 2000);

    public static IReadOnlyList<string> Numbers { get; } =
        [.. Enumerable.Range(0, 60).Select(i => NhsNumber.WithFirstNine(999_500_000 + i)).OfType<NhsNumber>().Select(n => n.Value).Take(People)];

    public static byte[] File { get; } = Encoding.UTF8.GetBytes(string.Join('\n', All()) + "\n");

    /// <summary>The lines that are refused, from 1.</summary>
    public static IEnumerable<int> Refused => Enumerable.Range(1, Observations / Broken).Select(i => People + (i * Broken));

    private static IEnumerable<string> All()
    {
        foreach (var number in Numbers)
        {
            yield return CareApp.Patient(number);
        }

        for (var i = 1; i <= Observations; i++)
        {
            var status = i % Broken == 0 ? "nearly" : "final";
            yield return $$"""{"resourceType":"Observation","id":"o-{{i}}","status":"{{status}}","code":{"coding":[{"system":"http://snomed.info/sct","code":"27113001"}]},"subject":{"reference":"Patient/{{Numbers[i % People]}}"},"effectiveDateTime":"2025-05-{{1 + (i % 28):00}}","valueQuantity":{"value":{{i}},"unit":"kg"},"note":[{"text":"{{Note}}"}]}""";
        }
    }
}
