using System.Net;
using System.Text;

namespace BetterCare.Care.Coordination.Mdt;

/// <summary>How the minutes name people and professionals: the caller knows who may read names.</summary>
/// <param name="Person">Label of a person by storage key.</param>
/// <param name="Professional">Label of a professional by key.</param>
public sealed record MinutesLabels(Func<long, string> Person, Func<string, string> Professional);

/// <summary>The minutes of a meeting, as Markdown and as an HTML page that prints to PDF.</summary>
public static class MdtMinutes
{
    private const string Style =
        "body{font-family:Arial,sans-serif;font-size:11pt;line-height:1.4;max-width:48rem;margin:2rem auto;color:#212b32}"
        + "h1{font-size:18pt}h2{font-size:13pt;border-bottom:1px solid #768692;padding-bottom:.2rem}"
        + "table{border-collapse:collapse;width:100%}th,td{border:1px solid #768692;padding:.25rem .5rem;text-align:left;vertical-align:top}th{background:#f0f4f5}"
        + "@page{size:A4;margin:18mm}@media print{body{margin:0;max-width:none}section{break-inside:avoid}thead{display:table-header-group}}";

    /// <summary>Markdown.</summary>
    public static string Markdown(MdtMeeting meeting, MinutesLabels labels)
    {
        var text = new StringBuilder();
        foreach (var block in Blocks(meeting, labels))
        {
            switch (block)
            {
                case Heading(var level, var title):
                    text.Append('#', level).Append(' ').Append(EscapeMarkdown(title)).Append("\n\n");
                    break;
                case Paragraph(var line):
                    text.Append(EscapeMarkdown(line)).Append("\n\n");
                    break;
                case Bullets(var lines):
                    foreach (var line in lines)
                    {
                        text.Append("- ").Append(EscapeMarkdown(line)).Append('\n');
                    }

                    text.Append('\n');
                    break;
                case Grid(var columns, var rows):
                    text.Append("| ").AppendJoin(" | ", columns).Append(" |\n|").AppendJoin(string.Empty, columns.Select(_ => " --- |")).Append('\n');
                    foreach (var row in rows)
                    {
                        text.Append("| ").AppendJoin(" | ", row.Select(EscapeMarkdown)).Append(" |\n");
                    }

                    text.Append('\n');
                    break;
            }
        }

        return text.ToString().TrimEnd('\n') + "\n";
    }

    /// <summary>A whole HTML page, without scripts and without anything fetched from elsewhere.</summary>
    public static string Html(MdtMeeting meeting, MinutesLabels labels)
    {
        var html = new StringBuilder();
        var inSection = false;
        html.Append("<!DOCTYPE html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n<title>")
            .Append(Escape(Title(meeting))).Append("</title>\n<style>").Append(Style).Append("</style>\n</head>\n<body>\n<main>\n");
        foreach (var block in Blocks(meeting, labels))
        {
            switch (block)
            {
                case Heading(var level, var title):
                    if (level == 2)
                    {
                        html.Append(inSection ? "</section>\n<section>\n" : "<section>\n");
                        inSection = true;
                    }

                    html.Append("<h").Append(level).Append('>').Append(Escape(title)).Append("</h").Append(level).Append(">\n");
                    break;
                case Paragraph(var line):
                    html.Append("<p>").Append(Escape(line)).Append("</p>\n");
                    break;
                case Bullets(var lines):
                    html.Append("<ul>\n");
                    foreach (var line in lines)
                    {
                        html.Append("<li>").Append(Escape(line)).Append("</li>\n");
                    }

                    html.Append("</ul>\n");
                    break;
                case Grid(var columns, var rows):
                    html.Append("<table>\n<thead><tr>");
                    foreach (var column in columns)
                    {
                        html.Append("<th scope=\"col\">").Append(Escape(column)).Append("</th>");
                    }

                    html.Append("</tr></thead>\n<tbody>\n");
                    foreach (var row in rows)
                    {
                        html.Append("<tr>").AppendJoin(string.Empty, row.Select(c => "<td>" + Escape(c) + "</td>")).Append("</tr>\n");
                    }

                    html.Append("</tbody>\n</table>\n");
                    break;
            }
        }

        return html.Append(inSection ? "</section>\n" : string.Empty).Append("</main>\n</body>\n</html>\n").ToString();
    }

    private static IEnumerable<Block> Blocks(MdtMeeting meeting, MinutesLabels labels)
    {
        yield return new Heading(1, Title(meeting));
        yield return new Paragraph(meeting.Status == MeetingStatus.Closed ? $"Closed on {Words.Date(meeting.Snapshot!.ClosedOn)}." : "Draft: the meeting is not closed.");
        yield return new Heading(2, "Attendance");
        yield return new Grid(
            ["Name", "Role", "Sector", "Present"],
            [.. meeting.Attendance.Select(a => new[] { labels.Professional(a.Professional), a.Role, Words.Of(a.Sector.ToString()), a.Attended ? a.IsChair ? "yes, chair" : "yes" : "apologies" })]);
        yield return new Paragraph(MdtRules.Quorum(meeting) is { Count: > 0 } lacks ? "Not quorate. " + string.Join(" ", lacks.Select(l => l.Detail)) : "Quorate: health and social care attended.");
        foreach (var item in meeting.Agenda)
        {
            yield return new Heading(2, $"{labels.Person(item.Person)} (level {item.Level})");
            yield return new Bullets([.. item.Reasons.Select(r => r.Text)]);
            var decisions = meeting.Decisions.Where(d => d.Person == item.Person).ToArray();
            yield return decisions.Length == 0
                ? new Paragraph("No decision yet.")
                : new Grid(["Decision", "Reason", "Decided by"], [.. decisions.Select(d => new[] { InWords(d, labels), d.Reason ?? string.Empty, labels.Professional(d.DecidedBy) })]);
            var tasks = meeting.Tasks.Where(t => t.Person == item.Person).ToArray();
            if (tasks.Length > 0)
            {
                yield return new Grid(["Task", "Owner", "Due"], [.. tasks.Select(t => new[] { t.Text, t.Owner is { } owner ? labels.Professional(owner) : string.Empty, t.Due is { } due ? Words.Date(due) : string.Empty })]);
            }
        }

        if (meeting.Snapshot is { } snapshot)
        {
            yield return new Heading(2, "Record");
            yield return new Paragraph($"Fingerprint of the list as it was: {snapshot.Fingerprint}");
        }
    }

    private static string Title(MdtMeeting meeting) => $"{meeting.Team}: multidisciplinary team meeting, {Words.Date(meeting.HeldOn)}";

    private static string InWords(MdtDecision decision, MinutesLabels labels) => decision.Kind switch
    {
        DecisionKind.KeepLevel => "Level stays",
        DecisionKind.AgreeLevel => $"Level {decision.Level} until {Words.Date(decision.Until!.Value)}",
        DecisionKind.AgreeLead => $"Accountable lead: {labels.Professional(decision.Lead!)}",
        DecisionKind.StartPlan => "Joint plan to be written",
        DecisionKind.ReviewPlan => "Plan to be reviewed",
        DecisionKind.DischargeFromList => "Leaves the list",
        _ => "Deferred to the next meeting",
    };

    private static string Escape(string text) => WebUtility.HtmlEncode(text);

    // Text from people must not become markup: neither Markdown's own nor HTML inside it, nor break a table row.
    private static string EscapeMarkdown(string text)
    {
        var escaped = new StringBuilder(text.Length + 8);
        foreach (var c in text)
        {
            switch (c)
            {
                case '\r':
                    break;
                case '\n':
                    escaped.Append(' ');
                    break;
                case '<':
                    escaped.Append("&lt;");
                    break;
                case '&':
                    escaped.Append("&amp;");
                    break;
                case '\\' or '`' or '*' or '_' or '[' or ']' or '|' or '#':
                    escaped.Append('\\').Append(c);
                    break;
                default:
                    escaped.Append(c);
                    break;
            }
        }

        return escaped.ToString();
    }

    private abstract record Block;

    private sealed record Heading(int Level, string Title) : Block;

    private sealed record Paragraph(string Text) : Block;

    private sealed record Bullets(string[] Lines) : Block;

    private sealed record Grid(string[] Columns, string[][] Rows) : Block;
}
