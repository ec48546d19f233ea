using System.Globalization;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Storage.Resources;

namespace BetterCare.Care.Storage.Coverage;

/// <summary>Reads coverage cells. An answer reads some hundred to two thousand rows, whatever the population.</summary>
public sealed class CoverageReads(CareDatabase database) : IAsyncDisposable
{
    private const string Columns =
        "month, split, practice_code, part, adult, level, model_level, people, verified, lead_health, lead_social_care, lead_voluntary, with_plan, with_both, plan_overdue";

    private readonly RowReads _rows = new(database);

    /// <summary>Months that have been counted up to one, the latest first.</summary>
    public async ValueTask<List<int>> MonthsAsync(int upTo, CancellationToken ct) =>
        await _rows.ListAsync("SELECT month FROM coverage_month WHERE month<=@p0 ORDER BY month DESC", [upTo], static r => (int)r.Long(0), ct);

    /// <summary>The cells of a month by a split.</summary>
    /// <param name="month">A counted month.</param>
    /// <param name="split">By what.</param>
    /// <param name="practices">ODS codes; null: for a split the cells of all practices together, without one those of every practice.</param>
    /// <param name="ct">Cancels.</param>
    public async ValueTask<List<CoverageCell>> CellsAsync(int month, CoverageSplit split, IReadOnlySet<string>? practices, CancellationToken ct)
    {
        if (practices is null)
        {
            return split == CoverageSplit.None
                ? await _rows.ListAsync($"SELECT {Columns} FROM coverage_cell WHERE month=@p0 AND split=@p1 AND practice_code<>'*' AND people<>0", [month, (short)split], Cell, ct)
                : await _rows.ListAsync($"SELECT {Columns} FROM coverage_cell WHERE month=@p0 AND split=@p1 AND practice_code='*' AND people<>0", [month, (short)split], Cell, ct);
        }

        var names = string.Join(',', practices.Select((_, i) => $"@p{(i + 2).ToString(CultureInfo.InvariantCulture)}"));
        return practices.Count == 0
            ? []
            : await _rows.ListAsync(
                $"SELECT {Columns} FROM coverage_cell WHERE month=@p0 AND split=@p1 AND practice_code IN ({names}) AND people<>0", [month, (short)split, .. practices], Cell, ct);
    }

    /// <summary>The cells of all practices together, not split, of several months.</summary>
    public async ValueTask<List<CoverageCell>> TotalsAsync(IReadOnlyCollection<int> months, CancellationToken ct) => months.Count == 0
        ? []
        : await _rows.ListAsync(
            $"SELECT {Columns} FROM coverage_cell WHERE month IN ({string.Join(',', months.Select((_, i) => $"@p{i.ToString(CultureInfo.InvariantCulture)}"))}) AND split=0 AND practice_code='*' AND people<>0",
            [.. months.Select(m => (object)m)],
            Cell,
            ct);

    /// <summary>Practices with the groups that they belong to.</summary>
    public async ValueTask<Dictionary<string, Practice>> PracticesAsync(CancellationToken ct) => (await _rows.ListAsync(
        "SELECT code, name, neighbourhood, locality, place, icb FROM practice",
        [],
        static r => new Practice { Code = r.Text(0), Name = r.Text(1), Neighbourhood = r.Text(2), Locality = r.Text(3), Place = r.Text(4), Icb = r.Text(5) },
        ct)).ToDictionary(p => p.Code, StringComparer.Ordinal);

    /// <summary>The last completed run; 0 none.</summary>
    public async ValueTask<int> LastRunAsync(CancellationToken ct) =>
        await _rows.FirstAsync("SELECT COALESCE(MAX(run_id), 0) FROM stratification_run WHERE status=2", [], static r => (int)r.Long(0), ct);

    /// <summary>People counted with a plan whose review has become overdue since.</summary>
    public async ValueTask<List<long>> OverdueAsync(DateOnly today, CancellationToken ct) => await _rows.ListAsync(
        $"""
        SELECT s.patient_key FROM person_standing s JOIN counted_person c ON c.patient_key=s.patient_key
        WHERE s.plan_state='agreed' AND s.review_day>0 AND s.review_day<@p0 AND (c.share & {CoverageShare.OverdueBit})=0
        """,
        [today.DayNumber],
        static r => r.Long(0),
        ct);

    /// <summary>People counted whose Patient changed at or after an instant, with that instant, the earliest first.</summary>
    public async ValueTask<List<(long PatientKey, long At)>> ChangedAsync(long since, int limit, CancellationToken ct) => await _rows.ListAsync(
        $"""
        SELECT r.patient_key, r.last_updated FROM resource r JOIN counted_person c ON c.patient_key=r.patient_key
        WHERE r.type={((int)Fhir.ResourceType.Patient).ToString(CultureInfo.InvariantCulture)} AND r.last_updated>=@p0 ORDER BY r.last_updated LIMIT @p1
        """,
        [since, limit],
        static r => (r.Long(0), r.Long(1)),
        ct);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _rows.DisposeAsync();

    private static CoverageCell Cell(StoredRow r) => new()
    {
        Month = (int)r.Long(0),
        Split = (byte)r.Long(1),
        PracticeCode = r.Text(2),
        Part = (byte)r.Long(3),
        Adult = r.Long(4) != 0,
        Level = (byte)r.Long(5),
        ModelLevel = (byte)r.Long(6),
        People = (int)r.Long(7),
        Verified = (int)r.Long(8),
        LeadHealth = (int)r.Long(9),
        LeadSocialCare = (int)r.Long(10),
        LeadVoluntary = (int)r.Long(11),
        WithPlan = (int)r.Long(12),
        WithBoth = (int)r.Long(13),
        PlanOverdue = (int)r.Long(14),
    };
}
