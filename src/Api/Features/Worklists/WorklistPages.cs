using System.Data.Common;
using System.Globalization;
using BetterCare.Care.Api.Features.Coordination;
using BetterCare.Care.Api.Features.Runs;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Coordination;
using BetterCare.Care.Coordination.Worklists;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Audit;
using BetterCare.Care.Stratification.Timelines;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Worklists;

/// <summary>A person on a worklist.</summary>
public sealed record WorklistPerson(
    string NhsNumber, string Name, int Age, string Practice, int Level, int ModelLevel, double Percent, string Change, int? PreviousLevel, IReadOnlyList<string> Reasons,
    string? Lead, string? LeadId, string? LeadRole, bool HasLead, string PlanState, bool PlanJoint, bool PlanComplete, string? ReviewBy,
    FrailtyBand Frailty, bool InCareHome, string? AdmittedOn, string? DischargedOn)
{
    /// <summary>Masked: a record would print everything.</summary>
    public override string ToString() => $"worklist row at level {Level}";
}

/// <summary>One page of a worklist.</summary>
/// <param name="People">By risk, highest first.</param>
/// <param name="Next">Cursor of the next page; null: this is the last.</param>
public sealed record WorklistPage(IReadOnlyList<WorklistPerson> People, string? Next);

/// <summary>Reads worklists.</summary>
public sealed class WorklistPages(CareDatabase database, CareDbContext db, CurrentCaller current, People people, RunModels models, ListCursors cursors)
{
    private const string List = "worklist";

    /// <summary>Reads query values into a filter; <c>caseload=me</c> is the caller's own, any other value that professional's.</summary>
    public Decision<WorklistFilter> Parse(IEnumerable<KeyValuePair<string, string?>> query)
    {
        // Callers are named "user:…" or "client:…"; the part after it is the id that the place gave them.
        var me = current.Caller.Name[(current.Caller.Name.IndexOf(':', StringComparison.Ordinal) + 1)..];
        var values = query.ToList();
        for (var i = 0; i < values.Count; i++)
        {
            if (values[i] is { Key: "caseload", Value: { Length: > 0 and <= 64 } named } && named != "me")
            {
                me = named;
                values[i] = new(values[i].Key, "me");
            }
        }

        return WorklistFilter.Parse(values, me);
    }

    /// <summary>A page of a filter.</summary>
    /// <param name="filter">The filter.</param>
    /// <param name="cursor">Where the page before ended; null: the first page.</param>
    /// <param name="count">Rows.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<Result<WorklistPage>> ReadAsync(WorklistFilter filter, string? cursor, int count, CancellationToken ct)
    {
        if (cursors.Open(List, cursor, out var place) is { } unfit)
        {
            return unfit;
        }

        (double Risk, long Key)? after = place?.Split(' ') is [var risk, var key] ? (double.Parse(risk, CultureInfo.InvariantCulture), long.Parse(key, CultureInfo.InvariantCulture)) : null;

        var model = await models.CurrentAsync(ct);
        var reasons = new List<int>();
        foreach (var id in filter.Reasons)
        {
            if (model?.NumberOf(id) is not (> 0 and var number))
            {
                return new Invalid("reason", "A reason is the id of a predictor of the current run's model, for example emergency_admissions_12m.");
            }

            reasons.Add(number);
        }

        var conditions = new List<ConditionGroup>();
        foreach (var id in filter.Conditions)
        {
            if (!id.All(char.IsAsciiLetterOrDigit) || char.IsAsciiDigit(id[0]) || !Enum.TryParse<ConditionGroup>(id, ignoreCase: true, out var group) || (int)group == 0)
            {
                return new Invalid("condition", "A condition is one of the groups that predictors use, for example HeartFailure, Copd, Dementia or Diabetes.");
            }

            conditions.Add(group);
        }

        var question = new WorklistQuestion(filter, await PracticesAsync(filter, ct), reasons, conditions, (byte)current.Caller.Hidden, people.Today);
        var rows = new List<WorklistPerson>(count);
        await using var connection = await database.OpenAsync(ct);
        var byDay = await WorklistSql.IsByDayAsync(connection, question, ct);
        while (true)
        {
            // People who may not be shown are passed over: where that leaves room, the page goes on behind them.
            await using var command = connection.CreateCommand();
            WorklistSql.Build(command, question, byDay, after, count + 1);
            var read = 0;
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
            {
                read++;
                if (rows.Count == count)
                {
                    return new WorklistPage(rows, cursors.Seal(List, string.Create(CultureInfo.InvariantCulture, $"{after!.Value.Risk:R} {after.Value.Key}")));
                }

                after = (reader.GetDouble(1), reader.GetInt64(0));
                if (reader.GetBoolean(27))
                {
                    AccessTrail.Current?.Saw(reader.GetInt64(0));
                    rows.Add(Row(reader, model, people.Today));
                }
            }

            if (read <= count)
            {
                return new WorklistPage(rows, null);
            }
        }
    }

    /// <summary>Practices that the filter and the caller allow; null: all.</summary>
    private async Task<IReadOnlyCollection<string>?> PracticesAsync(WorklistFilter filter, CancellationToken ct)
    {
        IEnumerable<string>? wanted = filter.Practices.Count > 0 ? filter.Practices : null;
        if (filter.Neighbourhoods.Count > 0)
        {
            var of = await db.Practices.Where(p => filter.Neighbourhoods.Contains(p.Neighbourhood)).Select(p => p.Code).ToListAsync(ct);
            wanted = wanted is null ? of : wanted.Intersect(of, StringComparer.Ordinal);
        }

        return wanted is null ? current.Caller.Practices : [.. wanted.Where(current.Caller.MaySee)];
    }

    private static WorklistPerson Row(DbDataReader r, RunModels.Known? model, DateOnly today)
    {
        var agreed = r.GetInt16(7);
        var modelLevel = r.GetInt16(8);
        string?[] reasons = [model?.Label(r.GetInt16(24)), model?.Label(r.GetInt16(25)), model?.Label(r.GetInt16(26))];
        return new WorklistPerson(
            NhsNumber.FromStored(r.GetInt64(2)).Value,
            $"{r.GetString(3)} {r.GetString(4)}".Trim(),
            new PersonFacts { BirthDay = r.GetInt32(5) }.AgeOn(today.DayNumber),
            r.GetString(6),
            agreed > 0 ? agreed : Math.Max((short)1, modelLevel),
            modelLevel,
            Math.Round(100 * r.GetDouble(1), 1),
            ((Storage.Model.LevelChange)r.GetInt16(10)).ToString().ToLowerInvariant(),
            r.GetInt16(9) is var previous and > 0 ? previous : null,
            [.. reasons.OfType<string>()],
            r.GetString(12) is { Length: > 0 } lead ? lead : null,
            r.GetString(11) is { Length: > 0 } id ? id : null,
            r.GetString(13) is { Length: > 0 } role ? role : null,
            r.GetBoolean(14),
            r.GetString(16),
            r.GetBoolean(17),
            r.GetBoolean(18),
            FhirText.DayOrNull(r.GetInt32(19)),
            (FrailtyBand)r.GetInt16(20),
            r.GetBoolean(21),
            FhirText.DayOrNull(r.GetInt32(22)),
            FhirText.DayOrNull(r.GetInt32(23)));
    }
}

/// <summary>A worklist as CSV, safe to open in a spreadsheet.</summary>
internal static class WorklistCsv
{
    /// <summary>The columns' names.</summary>
    public const string Header =
        "nhs_number,name,age,practice,level,model_level,percent,change,previous_level,reasons,lead,lead_role,has_lead,plan_state,plan_joint,plan_complete,review_by,frailty,in_care_home,admitted_on,discharged_on";

    /// <summary>One row.</summary>
    public static string Row(WorklistPerson p) => string.Join(
        ',',
        ((string?[])[
            p.NhsNumber, p.Name, Number(p.Age), p.Practice, Number(p.Level), Number(p.ModelLevel), p.Percent.ToString("F1", CultureInfo.InvariantCulture), p.Change,
            p.PreviousLevel is { } previous ? Number(previous) : null, string.Join("; ", p.Reasons), p.Lead, p.LeadRole, Flag(p.HasLead), p.PlanState, Flag(p.PlanJoint),
            Flag(p.PlanComplete), p.ReviewBy, p.Frailty.ToString().ToLowerInvariant(), Flag(p.InCareHome), p.AdmittedOn, p.DischargedOn]).Select(Field));

    private static string Number(int n) => n.ToString(CultureInfo.InvariantCulture);

    private static string Flag(bool b) => b ? "true" : "false";

    // A cell that begins like a formula would be one (OWASP, CSV injection): an apostrophe makes it text.
    private static string Field(string? value)
    {
        var text = value ?? "";
        if (text.Length > 0 && (text[0] is '=' or '+' or '-' or '@' or '\t' or '\r'))
        {
            text = "'" + text;
        }

        return text.AsSpan().IndexOfAny(",\"\r\n") >= 0 ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
    }
}
