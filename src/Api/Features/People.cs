using BetterCare.Care.Api.Features.Reminders;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Audit;
using BetterCare.Care.Storage.Coverage;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Storage.Resources;
using BetterCare.Care.Storage.Runs;
using BetterCare.Care.Storage.Worklists;
using BetterCare.Care.Stratification.Features;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features;

/// <summary>Finds people whom the caller may see, and how they stand.</summary>
public sealed class People(CareDbContext db, CurrentCaller current, TimeProvider clock, Directories directories)
{
    /// <summary>Today, where the service runs.</summary>
    public DateOnly Today => DateOnly.FromDateTime(clock.GetLocalNow().DateTime);

    /// <summary>The person of a number, now or formerly; absent and not-yours answer alike.</summary>
    public async Task<Result<Patient>> FindAsync(string nhsNumber, CancellationToken ct)
    {
        if (!NhsNumber.TryParse(nhsNumber, out var number))
        {
            return new Invalid("nhsNumber", "This is not a valid NHS number: ten digits, the last a check digit.");
        }

        number = await directories.SurvivorAsync(number, ct) ?? number;
        var patient = await db.Patients.AsNoTracking().SingleOrDefaultAsync(p => p.NhsNumber == number, ct);
        if (patient is null || !current.Caller.MaySee(patient.PracticeCode, patient.Flags))
        {
            AccessTrail.Current?.Refused(patient?.PatientKey ?? -number.Number);
            return new NotVisible("person");
        }

        AccessTrail.Current?.Saw(patient.PatientKey);
        return patient;
    }

    /// <summary>How the person stands, tracked; made on the spot for a person of a low level.</summary>
    public async Task<PersonStanding> StandingAsync(Patient patient, CancellationToken ct)
    {
        var standing = await db.Standings.SingleOrDefaultAsync(s => s.PatientKey == patient.PatientKey, ct);
        if (standing is null)
        {
            var run = await db.Runs.Where(r => r.Status == JobStatus.Completed).OrderByDescending(r => r.RunId).Select(r => new { r.RunId, r.IndexDay }).FirstOrDefaultAsync(ct);
            var score = run is null ? null : await db.RiskScores.AsNoTracking().SingleOrDefaultAsync(s => s.RunId == run.RunId && s.PatientKey == patient.PatientKey, ct);
            var reasons = WorklistFacts.MainReasons(score?.Reasons ?? []);
            standing = new PersonStanding
            {
                PatientKey = patient.PatientKey,
                PracticeCode = patient.PracticeCode,
                ModelLevel = score?.Level ?? 0,
                AgeBand = AgeBand.Of(patient.Facts.AgeOn(run?.IndexDay ?? Today.DayNumber)),
                Sex = (byte)patient.Sex,
                Deprivation = patient.Deprivation,
                Risk = score?.Probability ?? 0,
                PreviousLevel = score?.PreviousLevel ?? 0,
                Change = score?.Change ?? LevelChange.None,
                Reason1 = (byte)reasons.First,
                Reason2 = (byte)reasons.Second,
                Reason3 = (byte)reasons.Third,
                FamilyFolded = patient.FamilyFolded,
                BirthDay = patient.BirthDay,
                LastAdmissionDay = score?.LastAdmissionDay ?? 0,
            };
            var events = await db.Timelines.Where(t => t.PatientKey == patient.PatientKey).Select(t => t.Events).SingleOrDefaultAsync(ct) ?? [];
            StandingFacts.Of(new PersonHistory(), patient.Facts, events, Today).Fill(standing);
            db.Standings.Add(standing);
        }

        return standing;
    }

    /// <summary>The person of a key, if the caller may see them.</summary>
    public async Task<Result<Patient>> FindAsync(long patientKey, CancellationToken ct)
    {
        var patient = await db.Patients.AsNoTracking().SingleOrDefaultAsync(p => p.PatientKey == patientKey, ct);
        if (patient is null || !current.Caller.MaySee(patient.PracticeCode, patient.Flags))
        {
            AccessTrail.Current?.Refused(patientKey);
            return new NotVisible("person");
        }

        AccessTrail.Current?.Saw(patientKey);
        return patient;
    }

    /// <summary>Level in force: agreed where agreed, else the model's, else 1.</summary>
    public static int LevelOf(PersonStanding standing) => standing.AgreedLevel > 0 ? standing.AgreedLevel : Math.Max((byte)1, standing.ModelLevel);

    /// <summary>Saves what was decided together with the coverage that it moves, and commits: the report is true at once.</summary>
    /// <exception cref="CareException">Someone else changed the same person in the meantime (412).</exception>
    public async Task SaveAsync(PersonStanding standing, CancellationToken ct)
    {
        await KeepAsync(standing, ct);
        await db.Database.CurrentTransaction!.CommitAsync(ct);
    }

    /// <summary>Saves what was decided together with the coverage and the reminders that it moves; the caller commits, perhaps with more decisions.</summary>
    /// <exception cref="CareException">Someone else changed the same person in the meantime (412).</exception>
    public async Task KeepAsync(PersonStanding standing, CancellationToken ct)
    {
        standing.Revision++;
        var transaction = db.Database.CurrentTransaction ?? throw new InvalidOperationException("A decision is saved within the handler's transaction.");
        var coverage = new CoverageWriter(db.Database.GetDbConnection(), Microsoft.EntityFrameworkCore.Storage.DbContextTransactionExtensions.GetDbTransaction(transaction));
        await coverage.LockAsync(Today, ct);
        try
        {
            await db.SaveChangesAsync(ct);
        }
        catch (DbUpdateException e)
        {
            throw e is DbUpdateConcurrencyException || e.InnerException is System.Data.Common.DbException
                ? new CareException(new Conflict(412, "Somebody else changed this person's lead or plan at the same time. Read it again and repeat your change."))
                : e;
        }

        await coverage.RecountAsync(standing.PatientKey, Today, ct);

        // A merge waits for this transaction, or this one has waited for it and must not decide about a record that is gone.
        var key = standing.PatientKey;
        var here = db.Database.IsNpgsql()
            ? await db.Patients.FromSql($"SELECT * FROM patient WHERE patient_key={key} FOR KEY SHARE").AsNoTracking().AnyAsync(ct)
            : await db.Patients.AnyAsync(p => p.PatientKey == key, ct);
        if (!here)
        {
            throw new CareException(new Conflict(409, "This record has just been merged with another of the same person. Read the person again by the same number, and repeat your change."));
        }

        await PeoplesReminders.UpdateAsync(db, [standing.PatientKey], clock.GetUtcNow(), Today, ct);
    }
}
