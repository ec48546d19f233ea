using System.Buffers.Binary;
using System.Text;
using BetterCare.Care.Api.Features.Resources;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Fhir.Search;
using BetterCare.Care.Storage.Resources;
using BetterCare.Care.Storage.Runs;

namespace BetterCare.Care.Api.Features.RiskAssessments;

/// <summary>
/// Searches RiskAssessments across people: those of runs along the index by probability, a page from each run and merged, and
/// those that suppliers posted beside them. Order: probability, then the newer run, then the person, so that keyset pages
/// neither repeat nor skip. Conditions that are the same for a whole run (model, date, tag) leave out runs; probability and
/// level go into the query; what is left is looked at in the rendered resource.
/// </summary>
public sealed class RiskSearch(ScoreReads scores, RenderedRisks assessments, ResourceStore store, SearchCandidates finder)
{
    /// <summary>Whether a search is one across people of RiskAssessments, not of a person's or by id or identifier.</summary>
    public static bool Concerns(ResourceType type, CriteriaPlan plan) =>
        type == ResourceType.RiskAssessment && plan is { Ids: null, Compartments: null, Identifiers: null, PatientSearches.Count: 0 };

    /// <summary>A page of matches.</summary>
    /// <param name="request">A valid search that <see cref="Concerns"/> this.</param>
    /// <param name="subs">What its sub-searches found.</param>
    /// <param name="visibility">Who asks.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<Result<SearchAnswer>> RunAsync(SearchRequest request, SubSearchResults? subs, Visibility visibility, CancellationToken ct)
    {
        var posted = await PostedAsync(request, subs, visibility, ct);
        if (posted.Error is { } refused)
        {
            return refused;
        }

        var conditions = new RiskConditions(request, subs);
        var runs = new List<ExplainedRun>();
        foreach (var run in await scores.RunsAsync(ct))
        {
            var explained = await assessments.ExplainAsync(run, ct);
            if (conditions.Admits(explained))
            {
                runs.Add(explained);
            }
        }

        var filter = conditions.FilterOf(visibility.Search);
        if (request.Sort.Parts is not ([] or [{ Parameter.Code: "probability" }]))
        {
            return await SortedAsync(request, subs, conditions, runs, filter, posted.Value, ct);
        }

        long? total = null;
        if (request.CountOnly || request.Total == TotalMode.Accurate)
        {
            var counted = await CountAsync(conditions, runs, filter, posted.Value.Count, ct);
            if (counted.Error is { } error)
            {
                return error;
            }

            total = counted.Value;
        }

        return request.CountOnly ? new SearchAnswer([], [], total, null) : await PageAsync(request, conditions, runs, filter, posted.Value, total, ct);
    }

    private async Task<Result<SearchAnswer>> PageAsync(
        SearchRequest request, RiskConditions conditions, List<ExplainedRun> runs, ScoreFilter filter, List<StoredResource> posted, long? total, CancellationToken ct)
    {
        var order = new RiskOrder(request.Sort.Parts is not [{ Descending: false }]);
        var after = request.Cursor is { } cursor ? RiskPosition.Read(cursor.Key.Span) : (RiskPosition?)null;
        var found = new List<(RiskPosition At, ExplainedRun? Run, ScoreRow Row, StoredResource? Posted)>();
        foreach (var resource in posted)
        {
            var at = order.PositionOf(resource);
            if (after is null || order.Compare(at, after.Value) > 0)
            {
                found.Add((at, null, default, resource));
            }
        }

        var looked = 0;
        foreach (var run in runs)
        {
            var from = order.Within(after, run.Run.RunId);
            for (var wanted = request.Count + 1; wanted > 0;)
            {
                var rows = await scores.PageAsync(run.Run.RunId, filter, from, order.Descending, request.Count + 1, ct);
                foreach (var row in rows.Where(r => conditions.Matches(run, r)))
                {
                    found.Add((RiskPosition.Of(row), run, row, null));
                    wanted--;
                }

                looked += rows.Count;
                if (rows.Count <= request.Count)
                {
                    break;
                }

                if (looked > SearchCandidates.Max)
                {
                    return TooMany();
                }

                from = new ScorePosition(rows[^1].Probability, rows[^1].PatientKey);
            }
        }

        found.Sort((a, b) => order.Compare(a.At, b.At));
        var page = found.Take(request.Count).ToList();
        var next = found.Count > request.Count ? PageCursor.After(request.Type, request.Sort, page[^1].At.ToBytes()) : null;
        return new SearchAnswer(
            [.. page.Select(p => p.Posted ?? RenderedRisk.Render(p.Run!, p.Row))], [], total ?? (next is null && after is null ? page.Count : null), next);
    }

    /// <summary>Another order than by probability: everything is looked at, so it must be little.</summary>
    private async Task<Result<SearchAnswer>> SortedAsync(
        SearchRequest request, SubSearchResults? subs, RiskConditions conditions, List<ExplainedRun> runs, ScoreFilter filter, List<StoredResource> posted, CancellationToken ct)
    {
        var all = new List<StoredResource>(posted);
        foreach (var run in runs)
        {
            var rows = await scores.PageAsync(run.Run.RunId, filter, null, descending: true, SearchCandidates.Max + 1 - all.Count, ct);
            all.AddRange(rows.Where(r => conditions.Matches(run, r)).Select(r => RenderedRisk.Render(run, r)));
            if (all.Count > SearchCandidates.Max)
            {
                return TooMany();
            }
        }

        var page = SearchPage.Of(request, all, static r => r.ToUtf8(), subs);
        return new SearchAnswer(page.Rows, [], page.Total, page.Next);
    }

    private async Task<Result<long>> CountAsync(RiskConditions conditions, List<ExplainedRun> runs, ScoreFilter filter, long posted, CancellationToken ct)
    {
        var total = posted;
        foreach (var run in runs)
        {
            if (!conditions.HasResidue)
            {
                total += await scores.CountAsync(run.Run.RunId, filter, ct);
                continue;
            }

            var rows = await scores.PageAsync(run.Run.RunId, filter, null, descending: true, SearchCandidates.Max + 1, ct);
            if (rows.Count > SearchCandidates.Max)
            {
                return TooMany();
            }

            total += rows.Count(r => conditions.Matches(run, r));
        }

        return total;
    }

    /// <summary>What suppliers posted and matches.</summary>
    private async Task<Result<List<StoredResource>>> PostedAsync(SearchRequest request, SubSearchResults? subs, Visibility visibility, CancellationToken ct)
    {
        var found = await finder.FindAsync(request.Type, request.Plan, request.Criteria, subs, visibility, ct);
        if (found.Error is not null)
        {
            found = SearchCandidates.Limited(await store.PageAsync(request.Type, "", visibility.Search, SearchCandidates.Max + 1, ct));
        }

        return found.Error is { } error ? error : found.Value.Where(r => request.Matches(r.ToUtf8(), subs)).ToList();
    }

    private static TooCostly TooMany() => new("This search would look at too many RiskAssessments. Give a patient, a run (_tag), a level (risk) or a probability, and sort by probability.");
}

/// <summary>Where a RiskAssessment stands in the order by probability.</summary>
/// <param name="Probability">0 to 1.</param>
/// <param name="Run">The run; 0 for one that was posted.</param>
/// <param name="Person">The person's key; 0 for one that was posted.</param>
/// <param name="Id">The id of one that was posted; else empty.</param>
internal readonly record struct RiskPosition(double Probability, int Run, long Person, string Id)
{
    private const int Fixed = 20;

    public static RiskPosition Of(in ScoreRow row) => new(row.Probability, row.RunId, row.PatientKey, "");

    public static RiskPosition Read(ReadOnlySpan<byte> bytes) => bytes.Length < Fixed
        ? default
        : new RiskPosition(
            BinaryPrimitives.ReadDoubleBigEndian(bytes), BinaryPrimitives.ReadInt32BigEndian(bytes[8..]), BinaryPrimitives.ReadInt64BigEndian(bytes[12..]), Encoding.UTF8.GetString(bytes[Fixed..]));

    public byte[] ToBytes()
    {
        var bytes = new byte[Fixed + Encoding.UTF8.GetByteCount(Id)];
        BinaryPrimitives.WriteDoubleBigEndian(bytes, Probability);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(8), Run);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(12), Person);
        Encoding.UTF8.GetBytes(Id, bytes.AsSpan(Fixed));
        return bytes;
    }

    /// <summary>Prints nothing of a person.</summary>
    public override string ToString() => "(position)";
}

/// <summary>The order by probability, either way; what is equal goes by newer run, then by person as the index has them.</summary>
/// <param name="descending">Highest first.</param>
internal sealed class RiskOrder(bool descending)
{
    public bool Descending => descending;

    public int Compare(RiskPosition a, RiskPosition b)
    {
        var order = descending ? b.Probability.CompareTo(a.Probability) : a.Probability.CompareTo(b.Probability);
        order = order != 0 ? order : b.Run.CompareTo(a.Run);
        order = order != 0 ? order : descending ? a.Person.CompareTo(b.Person) : b.Person.CompareTo(a.Person);
        return order != 0 ? order : string.CompareOrdinal(a.Id, b.Id);
    }

    /// <summary>Where a run's own pages go on after a place in the order of all.</summary>
    public ScorePosition? Within(RiskPosition? after, int run) => after is not { } at ? null
        : new ScorePosition(at.Probability, run == at.Run ? at.Person : (run < at.Run) == descending ? long.MinValue : long.MaxValue);

    /// <summary>The place of one that was posted: by its highest probability; without any it comes last.</summary>
    public RiskPosition PositionOf(StoredResource posted)
    {
        double? highest = null;
        foreach (var prediction in new JsonView(posted.Body)["prediction"u8].Items)
        {
            if (double.TryParse(prediction["probabilityDecimal"u8].Raw, System.Globalization.CultureInfo.InvariantCulture, out var percent) && (highest is null || percent / 100 > highest))
            {
                highest = percent / 100;
            }
        }

        return new RiskPosition(highest ?? (descending ? double.MinValue : double.MaxValue), 0, 0, posted.Id);
    }
}

/// <summary>The conditions of a search for RiskAssessments, as far as a run, a score row or only the rendered resource answers them.</summary>
internal sealed class RiskConditions
{
    // They say the same of everybody in a run.
    private static readonly HashSet<string> OfRun = new(StringComparer.Ordinal)
    {
        "method", "date", "_tag", "_lastUpdated", "_profile", "_security", "_source", "condition", "encounter", "performer", "identifier",
    };

    private static readonly NhsNumber Anybody = NhsNumber.Parse("9000000009");

    private readonly SearchRequest _request;
    private readonly SubSearchResults? _subs;
    private readonly List<SearchRequest> _ofRun = [];
    private readonly List<IReadOnlyList<NumberValue>> _probabilities = [];
    private HashSet<int>? _levels;

    public RiskConditions(SearchRequest request, SubSearchResults? subs)
    {
        _request = request;
        _subs = subs;
        foreach (var criterion in request.Criteria)
        {
            if (criterion is not ParameterCriterion parameter || !(OfRun.Contains(parameter.Parameter.Code) || IsProbability(parameter) || IsLevel(parameter)))
            {
                HasResidue = true;
            }
            else if (OfRun.Contains(parameter.Parameter.Code))
            {
                _ofRun.Add(SearchRequest.Parse(ResourceType.RiskAssessment, [KeyValuePair.Create(criterion.Name, criterion.Text)], new SearchOptions { Now = default }));
            }
        }
    }

    /// <summary>Whether some condition can be answered only by looking at each resource.</summary>
    public bool HasResidue { get; }

    /// <summary>Whether a run can have matches.</summary>
    public bool Admits(ExplainedRun run)
    {
        if (_ofRun.Count == 0)
        {
            return true;
        }

        var sample = RenderedRisk.Render(run, new ScoreRow(run.Run.RunId, 0, Anybody, 0, 1, [])).ToUtf8();
        return _ofRun.TrueForAll(c => c.Matches(sample));
    }

    /// <summary>What a query can ask: never narrower than the conditions.</summary>
    public ScoreFilter FilterOf(PeopleFilter people)
    {
        // What is shown is rounded; so half of its last digit to each side.
        const double Half = 0.5e-4;
        var (low, high) = (0d, 1d);
        foreach (var alternatives in _probabilities)
        {
            low = Math.Max(low, alternatives.Min(v => v.Low is { } l ? ((double)l - Half) / 100 : 0));
            high = Math.Min(high, alternatives.Max(v => v.High is { } h ? ((double)h + Half) / 100 : 1));
        }

        return new ScoreFilter(low, high, _levels is null ? null : [.. _levels.Order()], people);
    }

    /// <summary>Whether a row of a run that is admitted matches.</summary>
    public bool Matches(ExplainedRun run, in ScoreRow row)
    {
        var percent = RenderedRisk.Percent(row.Probability);
        return _probabilities.TrueForAll(alternatives => alternatives.Any(v => v.Matches(percent)))
            && (!HasResidue || _request.Matches(RenderedRisk.Render(run, row).ToUtf8(), _subs));
    }

    private bool IsProbability(ParameterCriterion criterion)
    {
        if (criterion is not { Parameter.Code: "probability", Modifier: "", Missing: null } || !criterion.Values.All(v => v is NumberValue))
        {
            return false;
        }

        _probabilities.Add([.. criterion.Values.Cast<NumberValue>()]);
        return true;
    }

    private bool IsLevel(ParameterCriterion criterion)
    {
        if (criterion is not { Parameter.Code: "risk", Modifier: "", Missing: null } || !criterion.Values.All(v => v is TokenValue { Code.Length: > 0 }))
        {
            return false;
        }

        var levels = criterion.Values.Cast<TokenValue>().Where(t => t.System is null or RenderedRisk.LevelSystem)
            .Select(t => int.TryParse(t.Code, out var level) ? level : 0).ToHashSet();
        _levels = _levels is null ? levels : [.. _levels.Intersect(levels)];
        return true;
    }
}
