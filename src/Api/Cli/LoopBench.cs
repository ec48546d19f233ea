using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using BetterCare.Care.Api.Features.Worklists;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Coordination.Leads;
using BetterCare.Care.Storage;

namespace BetterCare.Care.Api.Cli;

/// <summary><c>./run bench worklist</c> and <c>./run bench leads</c>: the loop's two speeds that people feel.</summary>
internal static class LoopBench
{
    /// <summary>Filters as an MDT, a lead and a manager ask them: of one practice, and of the whole place.</summary>
    private static readonly (string What, string Query)[] Filters =
    [
        ("the whole list", ""),
        ("level 4", "level=4"),
        ("one practice", "practice={practice}"),
        ("one practice, no lead", "practice={practice}&noLead=true"),
        ("new or risen, no plan", "change=new,risen&planMissing=true"),
        ("plan overdue", "planOverdue=true"),
        ("admitted within 14 days", "admittedWithin=14"),
        ("discharged within 14 days", "dischargedWithin=14"),
        ("severe frailty", "frailty=severe"),
        ("dementia in a care home", "condition=Dementia&careHome=true"),
        ("caseload of one professional", "caseload=p7"),
        ("nobody matches", "condition=Copd&frailty=severe&careHome=true&caseload=p7&level=4"),
    ];

    /// <summary>Pages of worklists.</summary>
    public static Command Worklist(Option<int> people)
    {
        var command = new Command("worklist", "Pages of worklists: milliseconds a page of 50, by filter.") { people };
        command.SetAction((parse, ct) => RunAsync(parse, parse.GetValue(people), ct));
        return command;
    }

    /// <summary>Proposals for a whole list under capacity.</summary>
    public static Command Leads()
    {
        var people = new Option<int>("--people") { Description = "People who need a lead.", DefaultValueFactory = _ => 5000 };
        var professionals = new Option<int>("--professionals") { Description = "Professionals who can lead.", DefaultValueFactory = _ => 300 };
        var command = new Command("leads", "Proposals for a whole list under everyone's capacity: seconds for the optimum.") { people, professionals };
        command.SetAction(parse =>
        {
            var terminal = new Terminal(parse.GetValue(Cli.Verb.Json));
            var (list, register) = Crowd(parse.GetValue(people), parse.GetValue(professionals));
            var today = new DateOnly(2026, 11, 1);
            LeadAssignment.Assign(list.Take(200), register, today);
            var clock = Stopwatch.StartNew();
            var before = Environment.CpuUsage.TotalTime;
            var proposal = LeadAssignment.Assign(list, register, today);
            var figures = new LeadFigures(
                list.Count, register.Count, proposal.Assigned.Count, proposal.Unassigned.Count, clock.Elapsed.TotalSeconds, (Environment.CpuUsage.TotalTime - before).TotalSeconds);
            terminal.Result(figures, f => terminal.Say(
                $"leads: {f.People:N0} people, {f.Professionals:N0} professionals: {f.Proposed:N0} proposed, {f.NobodyFree:N0} without, in {f.Seconds:F2} s ({f.CpuSeconds:F2} s of processor)"));
            return Cli.Verb.Ok;
        });
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parse, int people, CancellationToken ct)
    {
        var terminal = new Terminal(parse.GetValue(Cli.Verb.Json));
        var folder = Directory.CreateTempSubdirectory("care-bench").FullName;
        try
        {
            await using var provider = await BenchServices.StartAsync(parse, folder, ct, new DayAfter());
            var database = provider.GetRequiredService<CareDatabase>();
            var practice = await FillAsync(provider, database, people, ct);
            await using var scope = provider.CreateAsyncScope();
            scope.ServiceProvider.GetRequiredService<CurrentCaller>().Caller = Caller.Operator;
            var pages = scope.ServiceProvider.GetRequiredService<WorklistPages>();
            var results = new List<RequestTimes>();
            foreach (var (what, query) in Filters)
            {
                var filter = pages.Parse(Microsoft.AspNetCore.WebUtilities.QueryHelpers.ParseQuery(query.Replace("{practice}", practice, StringComparison.Ordinal))
                    .Select(q => new KeyValuePair<string, string?>(q.Key, q.Value))).Value;
                string? cursor = null;

                // From page to page, as people do; after the last from the top.
                results.Add(await RequestTimes.MeasureAsync(what, async () => cursor = (await pages.ReadAsync(filter, cursor, 50, ct)).Value.Next));
            }

            terminal.Result(results, _ => terminal.Say($"worklist, {database.Engine}, {Environment.ProcessorCount} cores; pages of 50"));
            return Cli.Verb.Ok;
        }
        finally
        {
            Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>People, two runs, and decisions about two thirds of the list. Returns a practice.</summary>
    private static async Task<string> FillAsync(ServiceProvider provider, CareDatabase database, int people, CancellationToken ct)
    {
        await BenchPlace.FillAsync(provider, people, ct);
        await using var connection = await database.OpenAsync(ct);
        await using var decide = connection.CreateCommand();
        decide.CommandTimeout = 0;
        decide.CommandText = """
            UPDATE person_standing SET has_lead=(patient_key % 3 > 0), lead_id=CASE WHEN patient_key % 3 > 0 THEN 'p' || (patient_key % 300) ELSE '' END,
              plan_joint=(patient_key % 2 = 0), plan_state=CASE WHEN patient_key % 2 = 0 THEN 'agreed' ELSE 'none' END, review_day=@day + patient_key % 200
            """;
        var day = decide.CreateParameter();
        day.ParameterName = "day";
        day.Value = new DateOnly(2026, 11, 2).DayNumber - 20;
        decide.Parameters.Add(day);
        await decide.ExecuteNonQueryAsync(ct);
        await TableUpkeep.TidyAsync(connection, ct, "person_standing");
        await using var busiest = connection.CreateCommand();
        busiest.CommandText = "SELECT practice_code FROM person_standing GROUP BY practice_code ORDER BY COUNT(*) DESC LIMIT 1";
        return (string)(await busiest.ExecuteScalarAsync(ct))!;
    }

    /// <summary>A place: each person knows a few professionals, most of them of their own practice; places are scarce.</summary>
    private static (List<PersonForLead> People, List<Professional> Register) Crowd(int people, int professionals)
    {
        var dice = new Random(1);
        var today = new DateOnly(2026, 11, 1);
        var register = Enumerable.Range(0, professionals).Select(i => new Professional
        {
            Key = "p" + i.ToString(CultureInfo.InvariantCulture),
            Role = "Community matron",
            Kind = (RoleKind)(1 + (i % 20)),
            Sector = i % 4 == 0 ? Sector.SocialCare : Sector.Health,
            Place = "Place",
            LeadEligible = true,
            Capacity = (int)(1.05 * people / professionals),
            SevenDayCover = i % 3 == 0,
        }).ToList();
        var list = Enumerable.Range(0, people).Select(i => new PersonForLead
        {
            Key = i,
            Practice = "P1",
            Place = "Place",
            Level = 3 + (i % 2),
            Needs = (Needs)dice.Next(1, 1 << 14),
            Contacts = [.. Enumerable.Range(0, 4 + dice.Next(8)).Select(_ => new ProfessionalContact(register[((i % 30 * 10) + dice.Next(14)) % professionals].Key, today.AddDays(-dice.Next(700))))],
        }).ToList();
        return (list, register);
    }

    /// <summary>The day after the index date: the cohort's last admissions are of this week.</summary>
    private sealed class DayAfter : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => new(2026, 11, 2, 9, 0, 0, TimeSpan.Zero);
    }

    private sealed record LeadFigures(int People, int Professionals, int Proposed, int NobodyFree, double Seconds, double CpuSeconds);
}
