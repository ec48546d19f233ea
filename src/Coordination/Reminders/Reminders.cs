using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace BetterCare.Care.Coordination.Reminders;

/// <summary>What a reminder or alert is about.</summary>
public enum ReminderKind
{
    /// <summary>Newly at level 4.</summary>
    NewLevel4,

    /// <summary>Someone with a lead was admitted to hospital.</summary>
    Admitted,

    /// <summary>Someone with a lead came home from hospital.</summary>
    Discharged,

    /// <summary>The plan's review is due soon.</summary>
    ReviewDue,

    /// <summary>The plan's review is overdue.</summary>
    ReviewOverdue,

    /// <summary>A task is overdue.</summary>
    TaskOverdue,

    /// <summary>The urgent-care view was opened.</summary>
    UrgentCareOpened,
}

/// <summary>An open task, or action of a plan.</summary>
/// <param name="Id">Stable.</param>
/// <param name="Owner">Key of the professional; null: nobody.</param>
/// <param name="Due">Last day.</param>
public sealed record OpenTask(string Id, string? Owner, DateOnly Due);

/// <summary>What must be known of a person to remind.</summary>
public sealed record ReminderFacts
{
    /// <summary>Storage key.</summary>
    public required long Person { get; init; }

    /// <summary>Key of the accountable lead; null: none.</summary>
    public string? Lead { get; init; }

    /// <summary>First day at level 4 without a break; null: not at level 4.</summary>
    public DateOnly? Level4Since { get; init; }

    /// <summary>Last day for the plan's review; null: no plan in force.</summary>
    public DateOnly? ReviewBy { get; init; }

    /// <summary>Open tasks.</summary>
    public IReadOnlyList<OpenTask> Tasks { get; init; } = [];

    /// <summary>Days of admission to hospital.</summary>
    public IReadOnlyList<DateOnly> Admissions { get; init; } = [];

    /// <summary>Days of discharge.</summary>
    public IReadOnlyList<DateOnly> Discharges { get; init; } = [];
}

/// <summary>A reminder. The same occasion has the same id, on whatever day and however often it is worked out.</summary>
/// <param name="Id">Derived from kind, person, subject and day of the occasion.</param>
/// <param name="Kind">What it is about.</param>
/// <param name="Person">Storage key.</param>
/// <param name="To">Key of the professional to remind; null: the team, because nobody leads or owns.</param>
/// <param name="Occasion">The day it is about: the due date, the admission.</param>
/// <param name="Text">Plain English, without anything that identifies the person.</param>
public sealed record Reminder(Guid Id, ReminderKind Kind, long Person, string? To, DateOnly Occasion, string Text);

/// <summary>Settings of reminders.</summary>
public sealed record ReminderOptions
{
    /// <summary>The defaults.</summary>
    public static ReminderOptions Default { get; } = new();

    /// <summary>A review is reminded of so many days before.</summary>
    public int ReviewNoticeDays { get; init; } = 14;

    /// <summary>Events are reported for so many days, so that a day on which nothing ran loses none.</summary>
    public int LookBackDays { get; init; } = 7;
}

/// <summary>What is due today. Whoever sends keeps the ids it has sent and passes over those it knows.</summary>
public static class RemindersDue
{
    /// <summary>The reminders due for a list, by person and kind.</summary>
    public static IEnumerable<Reminder> On(DateOnly today, IEnumerable<ReminderFacts> list, ReminderOptions? options = null) =>
        list.SelectMany(facts => For(facts, today, options ?? ReminderOptions.Default));

    private static IEnumerable<Reminder> For(ReminderFacts facts, DateOnly today, ReminderOptions options)
    {
        var since = today.AddDays(-options.LookBackDays);
        if (facts.Level4Since is { } level4 && IsRecent(level4))
        {
            yield return Make(ReminderKind.NewLevel4, facts.Lead, level4, string.Empty, $"Someone {(facts.Lead is null ? "without a lead" : "you lead")} has been at level 4 since {Words.Date(level4)}.");
        }

        // Without a lead nobody is alerted: the person is on the agenda with "no lead".
        foreach (var on in facts.Admissions.Where(d => facts.Lead is not null && IsRecent(d)).Order())
        {
            yield return Make(ReminderKind.Admitted, facts.Lead, on, string.Empty, $"Someone you lead was admitted to hospital on {Words.Date(on)}.");
        }

        foreach (var on in facts.Discharges.Where(d => facts.Lead is not null && IsRecent(d)).Order())
        {
            yield return Make(ReminderKind.Discharged, facts.Lead, on, string.Empty, $"Someone you lead came home from hospital on {Words.Date(on)}.");
        }

        if (facts.ReviewBy is { } review)
        {
            if (review < today)
            {
                yield return Make(ReminderKind.ReviewOverdue, facts.Lead, review, string.Empty, $"A joint plan was due for review by {Words.Date(review)}.");
            }
            else if (review <= today.AddDays(options.ReviewNoticeDays))
            {
                yield return Make(ReminderKind.ReviewDue, facts.Lead, review, string.Empty, $"A joint plan is due for review by {Words.Date(review)}.");
            }
        }

        foreach (var task in facts.Tasks.Where(t => t.Due < today).OrderBy(t => t.Due).ThenBy(t => t.Id, StringComparer.Ordinal))
        {
            yield return Make(ReminderKind.TaskOverdue, task.Owner ?? facts.Lead, task.Due, task.Id, $"A task was due on {Words.Date(task.Due)}.");
        }

        bool IsRecent(DateOnly day) => day > since && day <= today;

        Reminder Make(ReminderKind kind, string? to, DateOnly occasion, string subject, string text) =>
            new(IdOf(kind, facts.Person, to, occasion, subject), kind, facts.Person, to, occasion, text);
    }

    // The recipient is part of it: a new lead or owner is reminded afresh, the same one never twice.
    private static Guid IdOf(ReminderKind kind, long person, string? to, DateOnly occasion, string subject)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{(int)kind}|{person}|{occasion.DayNumber}|{to?.Length ?? -1}|{to}|{subject}");
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(Encoding.UTF8.GetBytes(text), hash);

        // UUID version 8 (RFC 9562, section 5.8): custom, here by hash.
        hash[6] = (byte)((hash[6] & 0x0F) | 0x80);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }
}
