using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using BetterCare.Care.Api.Features.CarePlans;
using BetterCare.Care.Api.Features.Resources;
using BetterCare.Care.Coordination.Plans;
using BetterCare.Care.Fhir;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Ingest;
using BetterCare.Care.Storage.Resources;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Coordination;

/// <summary>
/// Tells decisions in FHIR: a CareTeam with every lead and its period, and the joint plan as CarePlan, Goals and Tasks. They
/// are rendered from the records and stored in the same commit (docs/decisions/0009-coordination.md), so that /fhir never
/// says otherwise than the decisions do. The records remain the truth; no resource is read back.
/// </summary>
public sealed class DecisionResources(CareDbContext db, Directories directories, ResourceWrites writes, TimeProvider clock)
{
    /// <summary>The supplier of what the service itself tells: no client's resource can take its place.</summary>
    public const string Supplier = "https://bettercare.care/fhir/coordination";

    /// <summary>
    /// Begins the transaction of a decision. Whatever needs a write of its own (the supplier's key, the first time) is done
    /// before it: SQLite has one writer.
    /// </summary>
    public async Task<Microsoft.EntityFrameworkCore.Storage.IDbContextTransaction> BeginAsync(CancellationToken ct)
    {
        await directories.SupplierAsync(Supplier, ct);
        return await db.Database.BeginTransactionAsync(ct);
    }

    /// <summary>Writes the resources of a person as the records stand now, within the open transaction.</summary>
    public async Task KeepAsync(long patientKey, CancellationToken ct)
    {
        var number = (await db.Patients.Where(p => p.PatientKey == patientKey).Select(p => p.NhsNumber).SingleAsync(ct)).Value;
        var leads = await db.Leads.AsNoTracking()
            .Where(l => l.PatientKey == patientKey && l.StartDay > 0).OrderBy(l => l.Id).ToListAsync(ct);
        var gps = await db.NamedGps.AsNoTracking().Where(g => g.PatientKey == patientKey).OrderBy(g => g.Id).ToListAsync(ct);
        var versions = await db.CarePlans.AsNoTracking().Where(p => p.PatientKey == patientKey)
            .OrderByDescending(p => p.Version).Take(2).ToListAsync(ct);
        var rendered = new List<(ResourceType Type, string Id, byte[] Json)>();
        if (leads.Count + gps.Count > 0)
        {
            var id = IdOf("CareTeam", patientKey, "");
            rendered.Add((ResourceType.CareTeam, id, PlanFhir.CareTeam(id, number, leads, gps)));
        }

        if (versions.Count > 0)
        {
            var plans = versions.ConvertAll(v => JsonSerializer.Deserialize<JointCarePlan>(v.Plan, PutCarePlan.Json)!);
            PlanFhir.Plan(rendered, patientKey, number, plans[0], plans.Count > 1 ? plans[1] : null, leads.Count + gps.Count > 0);
        }

        await WriteAsync(rendered, ct);
    }

    /// <summary>Validates resources that the service renders, and writes them within the open transaction.</summary>
    public async Task WriteAsync(IEnumerable<(ResourceType Type, string Id, byte[] Json)> rendered, CancellationToken ct)
    {
        var items = new List<PreparedResource>();
        foreach (var (type, id, json) in rendered)
        {
            // What we render is validated like anybody's: a fault in it is ours, and nothing is kept.
            items.Add((await writes.PrepareAsync(null, type, json, new WriteTarget { Id = id, IsOurs = true }, ct)).Value.Item!);
        }

        if (items.Count > 0 && await JoinedWrite.WriteAsync(db.Database, items, clock.GetUtcNow().ToUnixTimeMilliseconds()) is { } failure)
        {
            throw new InvalidOperationException($"The {failure.Item} of a decision was refused by the store ({failure.Issue.Code}).");
        }
    }

    /// <summary>The same thing of the same person always has the same opaque id.</summary>
    internal static string IdOf(string type, long patientKey, string part) =>
        new Guid(SHA256.HashData(Encoding.UTF8.GetBytes($"{type}|{patientKey}|{part}")).AsSpan(0, 16)).ToString();

    /// <summary>Renders one resource: type, id, source and whatever <paramref name="body"/> writes.</summary>
    internal static byte[] Render(ResourceType type, string id, Action<Utf8JsonWriter> body)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("resourceType", type.Name());
            json.WriteString("id", id);
            json.WriteStartObject("meta");
            json.WriteString("source", Supplier);
            json.WriteEndObject();
            body(json);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
