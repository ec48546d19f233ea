using BetterCare.Care.Coordination.Worklists;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Stratification.Timelines;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using LevelChange = BetterCare.Care.Storage.Model.LevelChange;

namespace BetterCare.Care.Tests.Api.Loop;

/// <summary>The SQL of worklists finds whom the rule finds: a hundred people of all kinds, a hundred filters of all kinds.</summary>
public sealed class WorklistAgreementTests
{
    private static readonly DateOnly Today = new(2026, 11, 22);
    private static readonly string[] Practices = ["N81019", "N81063", "Y00002"];
    private static readonly ConditionGroup[] Conditions = [ConditionGroup.HeartFailure, ConditionGroup.Copd, ConditionGroup.Dementia, ConditionGroup.ParkinsonDisease];

    [Fact]
    public async Task EveryFilter_FindsWhomTheRuleFinds_InPages()
    {
        await using var app = await StoryApp.StartAsync();
        var dice = new Random(20261122);
        var people = await FillAsync(app, dice);

        for (var i = 0; i < 100; i++)
        {
            var filter = Any(dice);
            var query = string.Join('&', filter.ToQuery().Select(q => $"{q.Key}={(q.Key == "caseload" ? filter.Lead : q.Value)}"));

            var found = new List<string>();
            string? cursor = null;
            do
            {
                var page = await app.GetJsonAsync($"/v1/worklist?{query}&count=7{(cursor is null ? "" : $"&cursor={cursor}")}");
                found.AddRange(page.GetProperty("people").EnumerateArray().Select(p => p.GetProperty("nhsNumber").GetString()!));
                cursor = page.TryGetProperty("next", out var next) ? next.GetString() : null;
            }
            while (cursor is not null);

            found.ShouldBe(people.Where(p => filter.Matches(p.Row, Today)).OrderByDescending(p => p.Risk).ThenBy(p => p.Row.Person).Select(p => p.Number), query);
        }
    }

    private static WorklistFilter Any(Random dice) => new()
    {
        Practices = dice.Next(3) == 0 ? [Practices[dice.Next(3)], Practices[dice.Next(3)]] : [],
        Levels = dice.Next(3) == 0 ? [3, 4] : dice.Next(3) == 0 ? [4] : [],
        Changes = dice.Next(4) == 0 ? [BetterCare.Care.Coordination.Worklists.LevelChange.New, BetterCare.Care.Coordination.Worklists.LevelChange.Risen] : [],
        Frailty = dice.Next(4) == 0 ? [(FrailtyBand)dice.Next(4)] : [],
        Conditions = dice.Next(4) == 0 ? [Conditions[dice.Next(4)].ToString()] : [],
        NoLead = Maybe(dice),
        PlanMissing = Maybe(dice),
        PlanOverdue = Maybe(dice),
        InCareHome = Maybe(dice),
        AdmittedWithinDays = dice.Next(5) == 0 ? 1 + dice.Next(20) : null,
        DischargedWithinDays = dice.Next(5) == 0 ? 1 + dice.Next(20) : null,
        Lead = dice.Next(6) == 0 ? $"p{dice.Next(3)}" : null,
    };

    private static bool? Maybe(Random dice) => dice.Next(6) switch { 0 => true, 1 => false, _ => null };

    private static async Task<List<(WorklistRow Row, double Risk, string Number)>> FillAsync(StoryApp app, Random dice)
    {
        await using var db = await app.Services.GetRequiredService<IDbContextFactory<CareDbContext>>().CreateDbContextAsync();
        var people = new List<(WorklistRow, double, string)>();
        var numbers = Enumerable.Range(0, 200).Select(i => NhsNumber.WithFirstNine(999_100_000 + i)).OfType<NhsNumber>().Take(100).ToList();
        for (var i = 0; i < numbers.Count; i++)
        {
            var shown = dice.Next(10) > 0;
            db.Patients.Add(new Patient { PatientKey = i + 1, NhsNumber = numbers[i], SupplierKey = 1, BirthDay = Today.DayNumber - 30_000, DeathDay = shown ? 0 : Today.DayNumber - 3, PracticeCode = Practices[i % 3] });
            var condition = Conditions[dice.Next(4)];
            var bit = 1L << ((int)condition & 63);
            var lead = dice.Next(2) == 0 ? $"p{dice.Next(3)}" : null;
            var plan = dice.Next(2) == 0;
            var standing = new PersonStanding
            {
                PatientKey = i + 1,
                PracticeCode = Practices[i % 3],
                ModelLevel = (byte)(1 + dice.Next(4)),
                AgreedLevel = (byte)(dice.Next(4) == 0 ? 4 : 0),
                Risk = Math.Round(dice.NextDouble(), 1),
                Change = (LevelChange)dice.Next(4),
                HasLead = lead is not null,
                LeadId = lead ?? (dice.Next(2) == 0 ? "p1" : ""),
                PlanJoint = plan,
                PlanState = plan ? "agreed" : dice.Next(2) == 0 ? "draft" : "none",
                ReviewDay = plan ? Today.DayNumber + dice.Next(-20, 20) : 0,
                Frailty = (byte)dice.Next(4),
                InCareHome = dice.Next(3) == 0,
                ConditionsLow = (int)condition < 64 ? bit : 0,
                ConditionsHigh = (int)condition < 64 ? 0 : bit,
                AdmittedDay = dice.Next(2) == 0 ? Today.DayNumber - dice.Next(-2, 25) : 0,
            };
            standing.DischargedDay = standing.AdmittedDay > 0 && dice.Next(2) == 0 ? standing.AdmittedDay + dice.Next(-3, 4) : 0;
            db.Standings.Add(standing);
            if (shown)
            {
                people.Add((RowOf(standing, condition, lead), standing.Risk, numbers[i].Value));
            }
        }

        await db.SaveChangesAsync();
        return people;
    }

    private static WorklistRow RowOf(PersonStanding s, ConditionGroup condition, string? lead) => new()
    {
        Person = s.PatientKey,
        Practice = s.PracticeCode,
        Level = s.AgreedLevel > 0 ? s.AgreedLevel : s.ModelLevel,
        Change = (BetterCare.Care.Coordination.Worklists.LevelChange)(int)s.Change,
        Lead = lead,
        HasPlan = s.PlanJoint,
        PlanReviewBy = s.ReviewDay > 0 ? DateOnly.FromDayNumber(s.ReviewDay) : null,
        AdmittedOn = s.AdmittedDay > 0 ? DateOnly.FromDayNumber(s.AdmittedDay) : null,
        DischargedOn = s.DischargedDay > 0 ? DateOnly.FromDayNumber(s.DischargedDay) : null,
        Frailty = (FrailtyBand)s.Frailty,
        Conditions = [condition.ToString()],
        InCareHome = s.InCareHome,
    };
}
