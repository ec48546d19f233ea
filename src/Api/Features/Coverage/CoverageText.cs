using System.Globalization;
using System.Text;
using BetterCare.Care.Api.Features.Bcf;

namespace BetterCare.Care.Api.Features.Coverage;

/// <summary>The report as plain text, to be pasted into section 2d of the Better Care Fund template.</summary>
internal static class CoverageText
{
    public static string Render(CoverageReport report)
    {
        var a = report.First;
        var people = a.Population == "adults" ? "adults" : "people on the list";
        var text = new StringBuilder();
        Line("NATIONAL CONDITION: JOINT ASSESSMENT AND ACCOUNTABLE LEAD PROFESSIONAL");
        Line($"Figures for {a.StandsFor}. {a.Legend}");
        Line();
        Line($"(a) What proportion of the adult population is identified as at high risk of hospital admission?");
        Wrap($"{Percent(a.Total.HighRiskPercent)} of {people} ({a.Total.HighRisk} of {a.Total.People}) are at levels 3 and 4, counting the level that a team has agreed where there is one; by the model alone {Percent(a.HighRiskByModelPercent)}.");
        foreach (var tier in a.Tiers)
        {
            Line($"      {(tier.Level == "not scored" ? tier.Level : "level " + tier.Level),-12}{tier.Adults,10}  {Percent(tier.Percent)}");
        }

        Line();
        Line("(b) What approach is used to identify them?");
        Wrap(a.Approach);
        Line();
        Line("(c) What proportion of them has a joint care plan and an accountable professional?");
        Wrap($"{Percent(a.Total.WithLeadPercent)} ({a.Total.WithLead}) have an accountable lead professional: {a.Total.LeadInHealth} in health, {a.Total.LeadInSocialCare} in social care, {a.Total.LeadInVoluntary} in voluntary organisations. "
            + $"{Percent(a.Total.WithPlanPercent)} ({a.Total.WithPlan}) have a joint care plan in force, and {Percent(a.Total.WithBothPercent)} ({a.Total.WithBoth}) have both. "
            + $"The review of {a.Total.PlanOverdue} plans is overdue. {Percent(a.Total.NumberVerifiedPercent)} of {people} have a verified NHS number.");
        Line();
        foreach (var answer in report.Answers.Where(x => x.By is "locality" or "place"))
        {
            Line($"{"By " + answer.By,-38}{"People",9}{"High risk",11}{"%",7}{"Lead %",8}{"Plan %",8}{"Both %",8}");
            foreach (var r in answer.Rows.Append(answer.Total))
            {
                Line($"{Cut(r.Group, 37),-38}{r.People,9}{r.HighRisk,11}{r.HighRiskPercent,7}{r.WithLeadPercent,8}{r.WithPlanPercent,8}{r.WithBothPercent,8}");
            }

            Line();
        }

        if (report.Trend.Months.Count > 1)
        {
            Line($"{"Month by month",-38}{"People",9}{"High risk",11}{"%",7}{"Lead %",8}{"Plan %",8}{"Both %",8}");
            foreach (var m in report.Trend.Months.TakeLast(13))
            {
                Line($"{m.Month,-38}{m.Figures.People,9}{m.Figures.HighRisk,11}{m.Figures.HighRiskPercent,7}{m.Figures.WithLeadPercent,8}{m.Figures.WithPlanPercent,8}{m.Figures.WithBothPercent,8}");
            }

            Line();
        }

        Metrics(report.Bcf);
        return text.ToString();

        void Metrics(BcfAnswer? bcf)
        {
            if (bcf is null)
            {
                return;
            }

            Line($"BETTER CARE FUND METRICS, twelve months to the end of {bcf.Until}");
            foreach (var m in bcf.Metrics)
            {
                Line();
                Wrap($"{m.Title} ({m.Unit}; {m.Period})");
                Line($"  {"",-38}{"Numerator",11}{"Denominator",13}{"Value",9}{"Baseline",10}{"Target",9}");
                foreach (var l in m.Areas.Append(m.Whole))
                {
                    Line($"  {Cut(l.Area, 37),-38}{l.Numerator,11}{l.Denominator,13}{l.Value,9}{Number(l.Baseline),10}{Number(l.Target),9}{l.TargetIsMet switch { true => "  met", false => "  not met", _ => "" }}");
                }

                if (m.Note is { } note)
                {
                    Wrap($"Note: {note}");
                }
            }
        }

        void Line(string line = "") => text.Append(line.TrimEnd()).Append('\n');

        // A template's text box is narrow.
        void Wrap(string paragraph)
        {
            const int Width = 96;
            var line = new StringBuilder("   ");
            foreach (var word in paragraph.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                if (line.Length + word.Length >= Width)
                {
                    Line(line.ToString());
                    line.Clear().Append("   ");
                }

                line.Append(' ').Append(word);
            }

            Line(line.ToString());
        }
    }

    private static string Percent(string rate) => rate is "*" or "-" ? rate : rate + " %";

    private static string Number(decimal? value) => value?.ToString("0.0", CultureInfo.InvariantCulture) ?? "-";

    private static string Cut(string text, int length) => text.Length > length ? text[..length] : text;
}
