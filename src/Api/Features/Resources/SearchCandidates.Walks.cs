using System.Text;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Search;
using BetterCare.Care.Storage.Resources;

namespace BetterCare.Care.Api.Features.Resources;

/// <summary>How a search across people goes along an index, page by page.</summary>
/// <param name="Stretches">The parts of the index in which every match is.</param>
/// <param name="Descending">From the greatest value to the least.</param>
/// <param name="ByDate">
/// Whether the order is by the exact time of the type's date, of which the index has the day: stretches that begin at day 0
/// then hold what is undated or has no exact day.
/// </param>
public sealed record WalkPlan(IReadOnlyList<IndexStretch> Stretches, bool Descending, bool ByDate);

/// <content>Which searches can be answered along an index. It is the request alone that decides, so every page of it goes the same way.</content>
public sealed partial class SearchCandidates
{
    // More alternatives than this are read whole: each is a statement a page.
    private const int MaxStretches = 40;

    // Beyond every day.
    private const long Later = 1L << 32;

    /// <summary>
    /// The way of a search along the index by which its candidates are found; null where it has none: where candidates are
    /// few by nature (ids, people, identifiers, names), where all must be seen (totals), and where the order is another.
    /// </summary>
    public async ValueTask<WalkPlan?> WalkAsync(SearchRequest request, CancellationToken ct)
    {
        var plan = request.Plan;
        if (request.CountOnly || request.Total is TotalMode.Accurate or TotalMode.Estimate
            || plan is not { Ids: null, Compartments: null, Identifiers: null, PatientSearches.Count: 0 })
        {
            return null;
        }

        var type = request.Type;
        if (IndexedCodes(type, plan) is { } codes)
        {
            return WalkOfCodes(request, codes);
        }

        if (type == ResourceType.Patient && await StretchesOfPeopleAsync(request, ct) is { } people)
        {
            return people.Count is > 0 and <= MaxStretches && request.Sort.Parts.Count == 0 ? new WalkPlan(people, false, false) : null;
        }

        return IsAboutPeople(type) && plan.LastUpdated is { } updated && request.Sort.Parts is [] or [{ Parameter.Code: "_lastUpdated" }]
            ? new WalkPlan([IndexStretch.OfUpdate(type, Updated(updated).From, Updated(updated).To)], request.Sort.Parts is [{ Descending: true }], false)
            : null;
    }

    private static WalkPlan? WalkOfCodes(SearchRequest request, IReadOnlyList<IndexedToken> codes)
    {
        var type = request.Type;
        var exact = IndexKeys.CoversDay(type);
        var byDate = exact && request.Sort.Parts is [{ } part] && part.Parameter == IndexValues.DateParameter(type);
        if (!byDate && request.Sort.Parts.Count > 0)
        {
            return null;
        }

        IReadOnlyList<(long From, long To, long Offset)> ranges = !exact ? [(0, int.MaxValue, 0)] : Ranges(request.Plan.Date, byDate);
        var hashes = codes.Select(HashOf).Distinct().ToList();
        return hashes.Count * ranges.Count <= MaxStretches
            ? new WalkPlan([.. hashes.SelectMany(h => ranges.Select(r => IndexStretch.OfCode(type, h, r.From, r.To) with { Offset = r.Offset }))], byDate && request.Sort.Parts[0].Descending, byDate)
            : null;
    }

    /// <summary>
    /// Days to go through. Day 0 is what is undated or has no exact day, which no range can exclude. Where the order is free, the
    /// days that were asked for come first, then the two beside them (a day as written is one from UTC's at most), then day 0:
    /// so a page of one day reads that day.
    /// </summary>
    private static (long From, long To, long Offset)[] Ranges(DateBounds? date, bool byDate)
    {
        if (date is null)
        {
            return byDate ? [(0, 0, 0), (1, int.MaxValue, 0)] : [(1, int.MaxValue, 0), (0, 0, Later)];
        }

        long from = Day(Math.Max(date.StartFrom, date.EndAfter));
        long to = Day(Math.Min(date.StartBefore, date.EndTo) - 1);
        return byDate
            ? [(0, 0, 0), (Math.Max(1, from - 1), to + 1, 0)]
            : [(Math.Max(1, from), to, 0), (Math.Max(1, from - 1), from - 1, Later), (to + 1, to + 1, Later), (0, 0, 2 * Later)];
    }

    /// <summary>By day of birth or practice; empty where the people are found by name, null where by neither.</summary>
    private async ValueTask<List<IndexStretch>?> StretchesOfPeopleAsync(SearchRequest request, CancellationToken ct)
    {
        var born = BornWithin(request.Plan);
        var practices = await PracticesAsync(request.Plan, ct);
        if (born is { Exact: true } day)
        {
            return [IndexStretch.OfBirth(day.From, day.To)];
        }

        if (practices is not null)
        {
            return [.. practices.Distinct(StringComparer.Ordinal).Select(IndexStretch.OfPractice)];
        }

        return FamilyNames(request.Criteria) is not null ? [] : born is { } year ? [IndexStretch.OfBirth(year.From, year.To)] : null;
    }

    private static IReadOnlyList<IndexedToken>? IndexedCodes(ResourceType type, CriteriaPlan plan) =>
        plan.Codes is { } codes && IndexValues.CodeParameter(type) is { } code && IndexKeys.CoversCode(type, code.Code) ? codes : null;

    private static long HashOf(IndexedToken code) => Hashing.Code(default, Encoding.UTF8.GetBytes(code.Value));
}
