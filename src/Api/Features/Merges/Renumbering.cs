using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Ingest;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Storage.Resources;
using BetterCare.Care.Storage.Tracing;
using BetterCare.Care.Stratification.Timelines;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Merges;

/// <summary>A person whose number the national service has replaced by one that nobody here has: they get it.</summary>
public sealed class Renumbering(CareDbContext db, Directories directories)
{
    /// <summary>Makes the record of the new number out of that of the former one, within the open transaction.</summary>
    public async Task<Patient> GiveAsync(Patient from, NhsNumber number, DateTimeOffset at, CancellationToken ct)
    {
        var row = await db.Resources.AsNoTracking().SingleAsync(r => r.PatientKey == from.PatientKey && r.Type == (byte)ResourceType.Patient && !r.Deleted, ct);
        var supplier = await db.Suppliers.AsNoTracking().SingleAsync(s => s.SupplierKey == row.SupplierKey, ct);
        var session = new IngestSession(directories) { Supplier = supplier.SupplierKey == Directories.UnnamedSupplier ? null : supplier.Uri };
        var details = new TracedDetails(number.Value, true, "", from.Flags.HasFlag(PersonFlags.Restricted));
        var prepared = await new ResourcePreparer().PrepareAsync(session, details.AddTo(References.WithoutEmptyMeta(row.Body), number.Value), 1, null, ct);
        var item = prepared.Item ?? throw new InvalidOperationException($"A Patient under its new number is not valid: {prepared.Issues[0].Text}");
        if (await JoinedWrite.WriteAsync(db.Database, [item], at.ToUnixTimeMilliseconds()) is { } failure)
        {
            throw new InvalidOperationException($"A Patient under its new number was refused by the store ({failure.Issue.Code}).");
        }

        return item.Patient!;
    }
}
