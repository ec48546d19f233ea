namespace BetterCare.Care.Synthetic;

/// <summary>What cohort to make. The same options give the same bytes, whatever the number of cores.</summary>
/// <param name="Patients">How many people, 1 to 9,000,000. Up to about 909,000 have NHS numbers in the range 999 000 0000 to 999 999 9999, which is never issued.</param>
/// <param name="Seed">Any number; another seed gives other people with the same statistics.</param>
/// <param name="From">First day of recorded events.</param>
/// <param name="Until">Last day of recorded events.</param>
/// <param name="Area">Halton, Sefton, Cheshire East or Lancashire; null: Halton and Sefton.</param>
/// <param name="Gzip">Write .ndjson.gz instead of .ndjson.</param>
/// <param name="InvalidRate">Share of clinical resources spoilt so that no validator may accept them, 0 to 1; for tests of rejection.</param>
public sealed record CohortOptions(
    int Patients,
    ulong Seed,
    DateOnly From,
    DateOnly Until,
    string? Area = null,
    bool Gzip = false,
    double InvalidRate = 0)
{
    /// <summary>The default period: three years of history before 2025-11-01, the year after it as outcome, so that 2026-11-01 can be the current run.</summary>
    /// <param name="patients">How many people.</param>
    /// <param name="seed">Any number.</param>
    public CohortOptions(int patients, ulong seed)
        : this(patients, seed, new DateOnly(2022, 11, 1), new DateOnly(2026, 10, 31))
    {
    }

    /// <summary>The areas that a cohort can be made for.</summary>
    public static IReadOnlyList<string> Areas { get; } = ["Halton", "Sefton", "Cheshire East", "Lancashire"];

    /// <summary>The index dates that hidden-risk.csv has a column for: the day after <see cref="Until"/> and the same day of earlier years, back to a year after <see cref="From"/>; ascending.</summary>
    public IReadOnlyList<DateOnly> IndexDates
    {
        get
        {
            var dates = new List<DateOnly>();
            for (var date = Until.AddDays(1); date >= From.AddYears(1); date = Until.AddDays(1).AddYears(-dates.Count))
            {
                dates.Add(date);
            }

            dates.Reverse();
            return dates;
        }
    }

    internal static void Check(CohortOptions options)
    {
        var (patients, _, from, until, area, _, invalidRate) = options;
        if (patients is < 1 or > 9_000_000)
        {
            throw new ArgumentException("A cohort has 1 to 9,000,000 people.", nameof(options));
        }

        if (until < from.AddYears(1) || until > from.AddYears(10) || from.Year < 1950)
        {
            throw new ArgumentException("A cohort spans one to ten years and starts in 1950 or later.", nameof(options));
        }

        if (area is not null && !Areas.Contains(area, StringComparer.OrdinalIgnoreCase))
        {
            throw new ArgumentException($"Unknown area. Choose one of {string.Join(", ", Areas)}.", nameof(options));
        }

        if (invalidRate is not (>= 0 and <= 1))
        {
            throw new ArgumentException("The invalid rate is a share from 0 to 1.", nameof(options));
        }
    }
}

/// <summary>How far the generator has come.</summary>
/// <param name="People">People written.</param>
/// <param name="OfPeople">People to write.</param>
/// <param name="Resources">Resources written.</param>
public readonly record struct CohortProgress(int People, int OfPeople, long Resources);

/// <summary>What was written.</summary>
/// <param name="Resources">Resources by FHIR type, duplicates included.</param>
/// <param name="Bytes">Bytes of all NDJSON files as they lie on disk.</param>
/// <param name="Elapsed">Time taken.</param>
public sealed record CohortSummary(IReadOnlyDictionary<string, long> Resources, long Bytes, TimeSpan Elapsed)
{
    /// <summary>Resources of all types.</summary>
    public long TotalResources => Resources.Values.Sum();
}
