using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Identity.Matching;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Storage.Resources;
using BetterCare.Care.Stratification.Timelines;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Matching;

/// <summary>A person here who may be meant.</summary>
/// <param name="Number">NHS number.</param>
/// <param name="Resource">The Patient.</param>
/// <param name="Result">How the two compare.</param>
public sealed record LocalMatch(NhsNumber Number, StoredResource Resource, MatchResult Result);

/// <summary>
/// Finds the people here whom a description may mean: candidates by number, birthday, family name with year of birth, and
/// postcode, each by an index; then rules and probabilities. People with a restricted record are found by number only.
/// </summary>
#pragma warning disable CA1001 // The semaphore has no wait handle, so it holds nothing to dispose of.
public sealed class LocalMatching(IDbContextFactory<CareDbContext> contexts, ResourceStore store, TimeProvider clock)
#pragma warning restore CA1001
{
    /// <summary>Candidates looked at closely, and matches told, of one description.</summary>
    public const int MostMatches = 20;

    private const int MostOfAKey = 500;

    // A small place is part of a large country: someone who is not here may be like someone who is.
    private const long SmallestPopulation = 100_000;
    private static readonly MatchModel National = new(67_000_000);
    private static readonly TimeSpan Fresh = TimeSpan.FromHours(24);

    private readonly SemaphoreSlim _loading = new(1, 1);
    private readonly Lock _book = new();
    private Weighed? _weighed;

    /// <summary>The matches, best first; none is worse than possible.</summary>
    /// <param name="asked">What is known.</param>
    /// <param name="practices">ODS codes of the practices whose people may be found; null: all.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<IReadOnlyList<LocalMatch>> FindAsync(PersonText asked, IReadOnlySet<string>? practices, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var weighed = await WeighedAsync(db, ct);
        var rows = await CandidatesAsync(db, asked, practices, ct);
        var near = Rank(weighed, asked, rows, r => Describe(r)).Take(MostMatches).Select(r => rows[r.At]).ToList();

        // The resource says more than the row: telephone, second and former names.
        var whole = new List<(NhsNumber Number, StoredResource Resource, PersonText Text)>(near.Count);
        foreach (var row in near)
        {
            if (await store.ReadAsync(ResourceType.Patient, row.NhsNumber.Value, ct) is { Deleted: false } resource)
            {
                whole.Add((row.NhsNumber, resource, PatientText.Of(resource.Body) with { Number = row.NhsNumber }));
            }
        }

        var ranked = Rank(weighed, asked, whole, w => w.Text).Where(c => c.Result.Grade > MatchGrade.CertainlyNot).ToArray();
        Ranking.Settle(ranked);
        return [.. ranked.Select(c => new LocalMatch(whole[c.At].Number, whole[c.At].Resource, c.Result))];
    }

    /// <summary>Compares a description with someone of the whole country, who need not be here.</summary>
    public async Task<MatchResult> CompareAsync(PersonText asked, PersonText found, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var weighed = await WeighedAsync(db, ct);
        return Rank(weighed with { Model = National }, asked, [found], t => t)[0].Result;
    }

    private List<Candidate> Rank<T>(Weighed weighed, PersonText asked, IReadOnlyList<T> found, Func<T, PersonText> describe)
    {
        var candidates = new List<Candidate>(found.Count);
        lock (_book)
        {
            var person = Person.Of(asked, weighed.Names);
            for (var i = 0; i < found.Count; i++)
            {
                var other = Person.Of(describe(found[i]), weighed.Names);
                candidates.Add(new Candidate(i, weighed.Model.Score(in person, in other)));
            }
        }

        return [.. candidates.OrderByDescending(c => c.Result.Grade).ThenByDescending(c => c.Result.Weight).ThenBy(c => c.At)];
    }

    private static PersonText Describe(Patient row) => new()
    {
        Number = row.NhsNumber,
        Family = row.Family,
        Given = row.Given.Split(' ', StringSplitOptions.RemoveEmptyEntries),
        Birth = row.BirthDay == 0 ? null : DateOnly.FromDayNumber(row.BirthDay).ToString("yyyy-MM-dd"),
        Gender = row.Sex.ToString().ToLowerInvariant(),
        Postcode = row.Postcode,
    };

    private static async Task<List<Patient>> CandidatesAsync(CareDbContext db, PersonText asked, IReadOnlySet<string>? practices, CancellationToken ct)
    {
        var found = new Dictionary<long, Patient>();
        async Task AddAsync(IQueryable<Patient> query, bool restricted = false)
        {
            foreach (var row in await query.AsNoTracking().OrderBy(p => p.PatientKey).Take(MostOfAKey).ToListAsync(ct))
            {
                if ((practices is null || practices.Contains(row.PracticeCode)) && (restricted || !row.Flags.HasFlag(PersonFlags.Restricted)))
                {
                    found.TryAdd(row.PatientKey, row);
                }
            }
        }

        if (asked.Number is { } number)
        {
            await AddAsync(db.Patients.Where(p => p.NhsNumber == number), restricted: true);
        }

        if (DateOnly.TryParseExact(asked.Birth, "yyyy-MM-dd", out var born))
        {
            var day = born.DayNumber;
            var swapped = born.Day <= 12 ? new DateOnly(born.Year, born.Day, born.Month).DayNumber : day;
            await AddAsync(db.Patients.Where(p => p.BirthDay == day));
            if (swapped != day)
            {
                await AddAsync(db.Patients.Where(p => p.BirthDay == swapped));
            }

            if (FoldedText.Of(asked.Family ?? "") is { Length: > 0 } family)
            {
                var (from, to) = (new DateOnly(born.Year, 1, 1).DayNumber, new DateOnly(born.Year, 12, 31).DayNumber);
                await AddAsync(db.Patients.Where(p => p.FamilyFolded == family && p.BirthDay >= from && p.BirthDay <= to));
            }
        }

        if (PostcodeForms(asked.Postcode) is { Length: > 0 } forms)
        {
            await AddAsync(db.Patients.Where(p => forms.Contains(p.Postcode)));
        }

        return [.. found.Values];
    }

    /// <summary>The ways in which systems write a postcode: with and without the space.</summary>
    private static string[] PostcodeForms(string? postcode)
    {
        var letters = string.Concat((postcode ?? "").Where(char.IsLetterOrDigit)).ToUpperInvariant();
        return letters.Length is < 5 or > 7 ? [] : [$"{letters[..^3]} {letters[^3..]}", letters];
    }

    /// <summary>How common names are here; counted once a day.</summary>
    private async Task<Weighed> WeighedAsync(CareDbContext db, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        if (_weighed is { } current && now - current.At < Fresh)
        {
            return current;
        }

        await _loading.WaitAsync(ct);
        try
        {
            if (_weighed is { } loaded && now - loaded.At < Fresh)
            {
                return loaded;
            }

            var names = new NameBook();
            foreach (var family in await db.Patients.GroupBy(p => p.FamilyFolded).Select(g => new { g.Key, Count = g.Count() }).ToListAsync(ct))
            {
                names.Count(names.Of(family.Key), null, family.Count);
            }

            var people = names.People;
            foreach (var given in await db.Patients.GroupBy(p => p.Given).Select(g => new { g.Key, Count = g.Count() }).ToListAsync(ct))
            {
                names.Count(null, names.Of(given.Key.Split(' ')[0]), given.Count);
            }

            names.Weigh(people);
            return _weighed = new Weighed(names, new MatchModel(Math.Max(SmallestPopulation, people)), now);
        }
        finally
        {
            _loading.Release();
        }
    }

    private sealed record Weighed(NameBook Names, MatchModel Model, DateTimeOffset At);
}
