using System.CommandLine;
using BetterCare.Care.Api.Features.Bcf;
using BetterCare.Care.Api.Features.Coverage;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Storage.Bcf;

namespace BetterCare.Care.Api.Cli;

/// <summary><c>./run report</c></summary>
internal static class ReportVerb
{
    public static Command Create()
    {
        var by = new Option<string>("--by") { Description = string.Join(", ", CoverageGroups.Dimensions), DefaultValueFactory = _ => "place" };
        var suppressed = new Option<bool>("--suppressed") { Description = "As commissioners see it: small numbers suppressed." };
        var text = new Option<bool>("--text") { Description = "The whole report as text, with the Better Care Fund metrics, to paste into the template." };
        var command = new Command("report", "The three answers of the national condition.") { by, suppressed, text };
        command.SetAction((parse, ct) => Verb.RunAsync(
            parse,
            (services, terminal, token) => parse.GetValue(text)
                ? TextAsync(services, terminal, parse.GetValue(suppressed), token)
                : RunAsync(services, terminal, parse.GetValue(by)!, !parse.GetValue(suppressed), token),
            ct));
        return command;
    }

    private static async Task<int> TextAsync(IServiceProvider services, Terminal terminal, bool suppressed, CancellationToken ct)
    {
        if (await services.GetRequiredService<BcfQuestions>().DueAsync(ct) is { } month)
        {
            await services.GetRequiredService<BcfCounter>().CountAsync(month, ct);
        }

        var report = await services.GetRequiredService<CoverageReports>().AskAsync(Caller.Operator, false, suppressed, ct);
        if (report.Error is { } error)
        {
            terminal.Fail($"{error.Detail} (./run stratify --index-date yyyy-MM-dd)");
            return Verb.Failed;
        }

        terminal.Result(report.Value, r => terminal.Say(CoverageText.Render(r)));
        return Verb.Ok;
    }

    public static async Task<int> RunAsync(IServiceProvider services, Terminal terminal, string by, bool exact, CancellationToken ct)
    {
        if (CoverageGroups.Find(by) is not { } dimension)
        {
            terminal.Fail($"Coverage is counted by {string.Join(", ", CoverageGroups.Dimensions)}.");
            return Verb.Failed;
        }

        var asked = await services.GetRequiredService<CoverageQuestions>().AnswerAsync(new CoverageAsk(dimension), Caller.Operator, !exact, ct);
        if (asked.Error is { } error)
        {
            terminal.Fail($"{error.Detail} (./run stratify --index-date yyyy-MM-dd)");
            return Verb.Failed;
        }

        var answer = asked.Value;
        terminal.Result(answer, a => Print(terminal, a));
        return Verb.Ok;
    }

    private static void Print(Terminal terminal, CoverageAnswer a)
    {
        terminal.Say($"""

            National condition: joint assessment and accountable lead professional, {a.Month}
            1  Adults at high risk (levels 3 and 4): {a.HighRiskPercent} % ({a.Total.HighRisk} of {a.Total.People})
            2  By what approach: {a.Approach}
            3  Of those, with an accountable lead professional: {a.WithLeadPercent} % ({a.Total.WithLead})
               Of those, with a joint care plan: {a.WithPlanPercent} % ({a.Total.WithPlan})
               Of those, with both: {a.WithBothPercent} % ({a.Total.WithBoth})

            """);
        terminal.Say($"{"Level",-12}{"Adults",10}{"%",8}");
        foreach (var tier in a.Tiers)
        {
            terminal.Say($"{tier.Level,-12}{tier.Adults,10}{tier.Percent,8}");
        }

        terminal.Say("");
        terminal.Say($"{$"By {a.By}",-44}{"Adults",9}{"High risk",11}{"%",7}{"Lead %",8}{"Plan %",8}{"Both %",8}");
        foreach (var r in a.Rows)
        {
            terminal.Say($"{(r.Group.Length > 43 ? r.Group[..43] : r.Group),-44}{r.People,9}{r.HighRisk,11}{r.HighRiskPercent,7}{r.WithLeadPercent,8}{r.WithPlanPercent,8}{r.WithBothPercent,8}");
        }

        terminal.Say(a.Legend);
    }
}
