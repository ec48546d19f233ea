using System.Globalization;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Storage.Audit;
using BetterCare.Care.Storage.Resources;
using BetterCare.Care.Stratification.Timelines;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Storage.OptOuts;

/// <summary>What a list of numbers is.</summary>
public enum OptOutList
{
    /// <summary>These people have opted out; others stay as they are.</summary>
    Addition,

    /// <summary>These people have opted out, and nobody else who was on an earlier list.</summary>
    Whole,

    /// <summary>These people are no longer on the list.</summary>
    Removal,
}

/// <summary>What a list came to: counts, and nobody.</summary>
/// <param name="Numbers">Different valid NHS numbers in it.</param>
/// <param name="Known">Those of them whom the service has a record of; the others are kept, for when they come.</param>
/// <param name="Hidden">People who are opted out now and were not before.</param>
/// <param name="Shown">People whose opt-out has ended by it.</param>
/// <param name="Removed">Numbers that are off the list now.</param>
public sealed record OptOutListResult(int Numbers, int Known, int Hidden, int Shown, int Removed);

/// <summary>Keeps lists of people who opted out, as the national check for data opt-outs gives them, and applies them.</summary>
public sealed class OptOutLists(IDbContextFactory<CareDbContext> contexts, Directories directories, TimeProvider clock)
{
    private const int NumbersPerCommit = 2000;

    /// <summary>Takes a list. The same list again changes nothing; one that broke off goes on where it is sent again.</summary>
    /// <param name="kind">Which opt-out.</param>
    /// <param name="list">What the list is.</param>
    /// <param name="numbers">The numbers.</param>
    /// <param name="ct">Stops between commits.</param>
    public async Task<OptOutListResult> TakeAsync(PersonFlags kind, OptOutList list, IReadOnlyCollection<NhsNumber> numbers, CancellationToken ct)
    {
        var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
        int known = 0, hidden = 0, shown = 0, removed = 0;
        foreach (var part in numbers.Select(n => n.Number).Order().Chunk(NumbersPerCommit))
        {
            var (here, on, off, gone) = await PartAsync(kind, list == OptOutList.Removal, part, now, ct);
            (known, hidden, shown, removed) = (known + here, hidden + on, shown + off, removed + gone);
        }

        if (list == OptOutList.Whole)
        {
            // Whoever this list did not touch is no longer on it.
            while (await StaleAsync(kind, now, ct) is { Length: > 0 } stale)
            {
                var (_, on, off, gone) = await PartAsync(kind, true, stale, now, ct);
                (hidden, shown, removed) = (hidden + on, shown + off, removed + gone);
            }
        }

        return new OptOutListResult(numbers.Count, known, hidden, shown, removed);
    }

    private async Task<(int Known, int Hidden, int Shown, int Removed)> PartAsync(PersonFlags kind, bool remove, long[] numbers, long now, CancellationToken ct)
    {
        var values = string.Join(',', numbers.Select(n => n.ToString(CultureInfo.InvariantCulture)));
        await using var db = await contexts.CreateDbContextAsync(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var rows = 0;
        await using (var command = db.Database.GetDbConnection().CreateCommand())
        {
            var (of, at) = (((int)kind).ToString(CultureInfo.InvariantCulture), now.ToString(CultureInfo.InvariantCulture));
            command.CommandText = remove
                ? $"DELETE FROM listed_opt_out WHERE kind={of} AND nhs_number IN ({values})"
                : $"INSERT INTO listed_opt_out (nhs_number, kind, listed_at) VALUES {string.Join(',', numbers.Select(n => string.Create(CultureInfo.InvariantCulture, $"({n},{of},{at})")))} "
                    + "ON CONFLICT (nhs_number, kind) DO UPDATE SET listed_at=excluded.listed_at";
            rows = await command.ExecuteNonQueryAsync(ct);
        }

        // A list may go on to name a person by a former number.
        var merged = await directories.MergedAsync(ct);
        var wanted = numbers.Select(NhsNumber.FromStored).Select(n => merged.Of(n)?.IntoNumber ?? n).ToList();
        var people = await db.Patients.Where(p => wanted.Contains(p.NhsNumber)).Select(p => p.PatientKey).ToListAsync(ct);
        var changed = await OptOutWriter.RecountAsync(db.Database.GetDbConnection(), people, now);
        AccessTrail.Current?.Saw(changed);
        var optedOut = await db.Patients.CountAsync(p => changed.Contains(p.PatientKey) && (p.Flags & kind) != PersonFlags.None, ct);
        await transaction.CommitAsync(ct);
        return (people.Count, optedOut, changed.Count - optedOut, remove ? rows : 0);
    }

    private async Task<long[]> StaleAsync(PersonFlags kind, long now, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        return [.. (await db.ListedOptOuts.Where(o => o.Kind == kind && o.ListedAt < now).OrderBy(o => o.NhsNumber).Take(NumbersPerCommit).Select(o => o.NhsNumber).ToListAsync(ct)).Select(n => n.Number)];
    }
}
