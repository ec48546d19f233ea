using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Audit;
using BetterCare.Care.Storage.Resources;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Audit;

/// <summary>Between people as the audit writes them (keys) and as others know them (NHS numbers).</summary>
public sealed class AuditPeople(CareDbContext db, Directories directories)
{
    private const int AtOnce = 500;

    /// <summary>
    /// Everything under which accesses to a person may stand: their key, those of records that theirs has taken up, attempts
    /// from before they were here, everybody.
    /// </summary>
    public async Task<(long? Key, long[] People)> KeysAsync(NhsNumber number, CancellationToken ct)
    {
        var merged = await directories.MergedAsync(ct);
        number = merged.Of(number)?.IntoNumber ?? number;
        var key = await db.Patients.AsNoTracking().Where(p => p.NhsNumber == number).Select(p => (long?)p.PatientKey).SingleOrDefaultAsync(ct);
        return (key, key is { } found ? [found, .. merged.KeysTakenUpBy(found), -number.Number, AuditEntry.Everyone] : [-number.Number]);
    }

    /// <summary>NHS numbers of the people of some records; those who are no longer here have none.</summary>
    public async Task<Dictionary<long, NhsNumber>> NumbersAsync(IEnumerable<AuditRecord> records, CancellationToken ct)
    {
        var numbers = new Dictionary<long, NhsNumber>();
        foreach (var keys in records.SelectMany(r => r.Entry.People).Where(k => k > 0).Distinct().Chunk(AtOnce))
        {
            await foreach (var person in db.Patients.AsNoTracking().Where(p => keys.Contains(p.PatientKey)).Select(p => new { p.PatientKey, p.NhsNumber }).AsAsyncEnumerable().WithCancellation(ct))
            {
                numbers[person.PatientKey] = person.NhsNumber;
            }
        }

        return numbers;
    }
}
