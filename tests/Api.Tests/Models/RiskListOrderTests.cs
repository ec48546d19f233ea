using BetterCare.Care.Api.Features.Runs;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Storage.Worklists;
using BetterCare.Care.Stratification.Timelines;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace BetterCare.Care.Tests.Api.Models;

/// <summary>The risk list holds the right people once each, in each of its orders and under each of its filters, page after page.</summary>
public sealed class RiskListOrderTests
{
    private const string InBoth = "";

    private static readonly string[] Changes = ["none", "new", "risen", "fallen"];

    [Fact]
    public async Task EveryOrderAndFilter_HoldsWhomItShould_AcrossPagesOfEqualNames()
    {
        await using var app = await Cohort.StartAsync(people: 300);
        await StratifyTwiceAsync(app);
        var people = await MoveAsync(app);
        var practices = people.GroupBy(p => p.Practice).OrderByDescending(g => g.Count()).Select(g => g.Key).ToArray();
        people.GroupBy(p => p.Family).Max(g => g.Count()).ShouldBeGreaterThan(2, "equal names lie across the end of a page");

        foreach (var sort in new[] { "risk", "-risk", "name", "age", "last-admission" })
        {
            foreach (var practice in new[] { InBoth, practices[0] })
            {
                for (var level = 0; level <= 4; level++)
                {
                    for (var change = -1; change < Changes.Length; change++)
                    {
                        var query = $"sort={sort}{(practice == InBoth ? "" : $"&practice={practice}")}{(level == 0 ? "" : $"&level={level}")}{(change < 0 ? "" : $"&change={Changes[change]}")}";
                        var expected = people
                            .Where(p => p.Shown && (practice == InBoth || (p.Practice == practice && p.Registered == practice)) && (level == 0 || p.Level == level) && (change < 0 || (int)p.Change == change));

                        (await WalkAsync(app, query, count: 17)).ShouldBe(InOrder(expected, sort).Select(p => p.Number), query);
                    }
                }
            }
        }
    }

    [Fact]
    public async Task CallerOfSeveralPractices_ReadsTheirListsAsOne_ByName()
    {
        await using var app = await Cohort.StartAsync(people: 300);
        await StratifyTwiceAsync(app);
        var people = await MoveAsync(app);
        var run = (await app.Services.GetRequiredService<RunModels>().CurrentAsync(CancellationToken.None))!;
        foreach (var own in new[] { 1, 3, 12 }.Select(n => people.Select(p => p.Practice).Distinct().Order(StringComparer.Ordinal).Take(n).ToList()))
        {
            foreach (var sort in new[] { "risk", "-risk", "name", "age", "last-admission" })
            {
                foreach (var level in new int?[] { null, 1, 4 })
                {
                    var expected = people.Where(p => p.Shown && own.Contains(p.Practice) && own.Contains(p.Registered) && (level is null || p.Level == level));

                    (await KeysAsync(app, new RiskListQuestion(run, own, level, null, RiskList.Handler.Sorts[sort], 0, StratifiedOn.DayNumber)))
                        .ShouldBe(InOrder(expected, sort).Select(p => p.Key), $"{own.Count} practices by {sort}, level {level}");
                }
            }
        }
    }

    [Fact]
    public async Task NameOfAPersonAtLevel4_Corrected_MovesThemInTheListOfThatLevel()
    {
        await using var app = await StoryApp.StartAsync();
        await Story.PostCohortAsync(app);
        await Story.StratifyAsync(app);
        var level = (await app.GetJsonAsync("/v1/risk-list?count=500")).GetProperty("people").EnumerateArray().GroupBy(p => p.GetProperty("level").GetInt32()).Where(g => g.Key >= 3).MaxBy(g => g.Count())!;
        var last = (await app.GetJsonAsync($"/v1/risk-list?sort=name&level={level.Key}&count=500")).GetProperty("people").EnumerateArray().Last().GetProperty("nhsNumber").GetString()!;
        var resource = await app.Client.GetStringAsync($"/fhir/Patient/{last}");
        var family = System.Text.Json.JsonDocument.Parse(resource).RootElement.GetProperty("name")[0].GetProperty("family").GetString()!;

        var answer = await app.Client.PutAsync($"/fhir/Patient/{last}", new StringContent(resource.Replace($"\"{family}\"", "\"Aaronson\"", StringComparison.Ordinal), System.Text.Encoding.UTF8, "application/fhir+json"));
        answer.IsSuccessStatusCode.ShouldBeTrue(await answer.Content.ReadAsStringAsync());
        await app.Services.GetRequiredService<WorklistFacts>().CatchUpAsync(0, StratifiedOn, CancellationToken.None);

        foreach (var query in new[] { $"level={level.Key}&", "" })
        {
            (await app.GetJsonAsync($"/v1/risk-list?{query}sort=name&count=1")).GetProperty("people")[0].GetProperty("nhsNumber").GetString().ShouldBe(last);
        }
    }

    private static DateOnly StratifiedOn => new(2026, 11, 22);

    private static async Task StratifyTwiceAsync(StoryApp app)
    {
        var jobs = app.Services.GetRequiredService<StratificationJobs>();
        foreach (var index in new[] { "2025-11-01", "2026-11-01" })
        {
            await jobs.RunAsync((await jobs.CreateAsync(new RunRequest(index, "prism", null), "test", CancellationToken.None)).Value, null, CancellationToken.None);
        }
    }

    /// <summary>After the run some move to another practice, die, change their names or are put at another level.</summary>
    private static async Task<List<Listed>> MoveAsync(StoryApp app)
    {
        await using var db = await ContextAsync(app);
        var dice = new Random(20261122);
        var scores = await db.RiskScores.AsNoTracking().Where(s => s.RunId == 2).ToListAsync();
        var patients = await db.Patients.ToDictionaryAsync(p => p.PatientKey);
        var standings = await db.Standings.ToDictionaryAsync(s => s.PatientKey);
        var practices = scores.Select(s => s.PracticeCode).Distinct().Order(StringComparer.Ordinal).ToArray();
        var people = new List<Listed>();
        foreach (var score in scores.OrderBy(s => s.PatientKey))
        {
            var patient = patients[score.PatientKey];
            (patient.DeathDay, patient.PracticeCode, patient.FamilyFolded) = dice.Next(20) switch
            {
                0 => (StratifiedOn.DayNumber, patient.PracticeCode, patient.FamilyFolded),
                1 => (0, practices[dice.Next(practices.Length)], patient.FamilyFolded),
                2 => (0, patient.PracticeCode, "jones"),
                _ => (0, patient.PracticeCode, patient.FamilyFolded),
            };
            if (dice.Next(12) == 0 && !standings.ContainsKey(score.PatientKey))
            {
                standings[score.PatientKey] = new PersonStanding { PatientKey = score.PatientKey, PracticeCode = score.PracticeCode, ModelLevel = score.Level, Change = score.Change, LastAdmissionDay = score.LastAdmissionDay, BirthDay = patient.BirthDay };
                db.Standings.Add(standings[score.PatientKey]);
            }

            var standing = standings.GetValueOrDefault(score.PatientKey);
            if (standing is not null)
            {
                (standing.FamilyFolded, standing.AgreedLevel) = (patient.FamilyFolded, (byte)(dice.Next(2) == 0 ? 0 : 1 + dice.Next(4)));
            }

            var hidden = patient.Flags & HiddenInLists;
            people.Add(new Listed(
                score.PatientKey, patient.NhsNumber.Value, score.PracticeCode, patient.PracticeCode, standing is { AgreedLevel: > 0 } agreed ? agreed.AgreedLevel : score.Level, score.Change,
                score.Probability, patient.FamilyFolded, patient.BirthDay, score.LastAdmissionDay,
                patient.DeathDay == 0 && hidden == PersonFlags.None && (patient.DeregisteredDay == 0 || patient.DeregisteredDay > StratifiedOn.DayNumber)));
        }

        await db.SaveChangesAsync();
        return people;
    }

    private static PersonFlags HiddenInLists => PersonFlags.Restricted | PersonFlags.Inactive | PersonFlags.TypeOneOptOut;

    private static IEnumerable<Listed> InOrder(IEnumerable<Listed> people, string sort) => sort switch
    {
        "risk" => people.OrderByDescending(p => p.Risk).ThenBy(p => p.Key),
        "-risk" => people.OrderBy(p => p.Risk).ThenByDescending(p => p.Key),
        "name" => people.OrderBy(p => p.Family, StringComparer.Ordinal).ThenBy(p => p.Key),
        "age" => people.OrderBy(p => p.BirthDay).ThenBy(p => p.Key),
        _ => people.OrderByDescending(p => p.LastAdmission).ThenBy(p => p.Key),
    };

    private static async Task<List<string>> WalkAsync(StoryApp app, string query, int count)
    {
        var found = new List<string>();
        string? cursor = null;
        do
        {
            var page = await app.GetJsonAsync($"/v1/risk-list?{query}&count={count}{(cursor is null ? "" : $"&cursor={cursor}")}");
            found.AddRange(page.GetProperty("people").EnumerateArray().Select(p => p.GetProperty("nhsNumber").GetString()!));
            cursor = page.TryGetProperty("next", out var next) ? next.GetString() : null;
        }
        while (cursor is not null);
        return found;
    }

    /// <summary>The keys of the list as a caller who may see every flag reads it, seven by seven.</summary>
    private static async Task<List<long>> KeysAsync(StoryApp app, RiskListQuestion question)
    {
        var asked = question with { Hidden = (int)HiddenInLists };
        await using var connection = await app.Services.GetRequiredService<CareDatabase>().OpenAsync(CancellationToken.None);
        var keys = new List<long>();
        (object Value, long Key)? after = null;
        while (true)
        {
            await using var command = connection.CreateCommand();
            RiskListSql.Build(command, asked, after, 7);
            var read = 0;
            await using var reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync())
            {
                read++;
                after = (reader.GetValue(19), reader.GetInt64(0));
                if (reader.GetBoolean(22))
                {
                    keys.Add(reader.GetInt64(0));
                }
            }

            if (read < 7)
            {
                return keys;
            }
        }
    }

    private static Task<CareDbContext> ContextAsync(StoryApp app) => app.Services.GetRequiredService<IDbContextFactory<CareDbContext>>().CreateDbContextAsync();

    private sealed record Listed(
        long Key, string Number, string Practice, string Registered, int Level, LevelChange Change, double Risk, string Family, int BirthDay, int LastAdmission, bool Shown);
}
