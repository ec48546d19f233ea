using System.Text;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Ingest;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Storage.Resources;
using BetterCare.Care.Storage.Tracing;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Tests.Storage;

/// <summary>Ann has two records; merging, undoing, and what meets either on its way, on both engines.</summary>
public sealed class MergeTests
{
    private const string Ann = Given.Ann;
    private const string Twin = Given.Bob;
    private static readonly CancellationToken Ct = CancellationToken.None;

    public static TheoryData<DatabaseEngine> Engines => TestDatabase.Engines;

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task MergeAndUndo_PutBackEveryRow(DatabaseEngine engine)
    {
        await using var test = await StartAsync(engine);
        var before = await RowsAsync(test);

        var merge = await MergeAsync(test);

        var moved = (await test.Store.ReadAsync(ResourceType.Condition, "c1", Ct))!;
        moved.Version.ShouldBe(2);
        Encoding.UTF8.GetString(moved.Body).ShouldContain($"Patient/{Twin}");
        Encoding.UTF8.GetString((await test.Store.ReadVersionAsync(ResourceType.Condition, "c1", 1, Ct))!.Body).ShouldContain($"Patient/{Ann}");
        (await test.Store.ByIdentifierAsync(ResourceType.Patient, NhsNumber.System, Ann, Ct).ToListAsync(Ct)).Single().Id.ShouldBe(Twin);
        await using (var db = test.Contexts.CreateDbContext())
        {
            (await db.Leads.SingleAsync(l => l.State == LeadState.Confirmed, Ct)).PractitionerId.ShouldBe("gp-twin");
            (await db.AgreedLevels.SingleAsync(l => l.EndDay == 0, Ct)).Level.ShouldBe((byte)4);
            (await db.CarePlans.OrderBy(p => p.Version).Select(p => p.Plan).ToListAsync(Ct)).Count.ShouldBe(4, "each had one and two versions, and the one that gave way was closed");
            (await db.RiskScores.SingleAsync(Ct)).Probability.ShouldBe(0.4);
            (await db.MdtRequests.SingleAsync(Ct)).Reason.ShouldContain("each had a lead professional, each had an agreed level, each had a care plan");
            (await db.Standings.SingleAsync(Ct)).AgreedLevel.ShouldBe((byte)4);
        }

        await UndoAsync(test, merge);

        (await RowsAsync(test)).ShouldBe(before);
        Encoding.UTF8.GetString((await test.Store.ReadAsync(ResourceType.Provenance, merge.Id, Ct))!.Body).ShouldContain($"Patient/{Ann}\"");
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task PostThatMeetsTheMerge_OrItsUndoing_OnTheWay_IsFiledWhereItBelongs(DatabaseEngine engine)
    {
        await using var test = await StartAsync(engine);
        var early = await PreparedAsync(test, Given.Condition("early"));
        var patient = await PreparedAsync(test, Given.Patient(family: "Other"));
        var merge = await MergeAsync(test);

        (await WriteAsync(test, early)).ShouldBeNull();
        (await WriteAsync(test, patient))!.Issue.Text.ShouldContain("Send it again");

        Encoding.UTF8.GetString((await test.Store.ReadAsync(ResourceType.Condition, "early", Ct))!.Body).ShouldContain($"Patient/{Twin}");
        var under = await PreparedAsync(test, Given.Condition("under"));
        var late = await PreparedAsync(test, Given.Condition("late"));
        (await WriteAsync(test, under)).ShouldBeNull();
        Encoding.UTF8.GetString(under.Body.Span).ShouldContain($"Patient/{Twin}");

        await UndoAsync(test, merge);
        (await WriteAsync(test, late)).ShouldBeNull();

        foreach (var id in new[] { "under", "late" })
        {
            var back = (await test.Store.ReadAsync(ResourceType.Condition, id, Ct))!;
            back.PatientKey.ShouldBe(merge.FromKey, id);
            Encoding.UTF8.GetString(back.Body).ShouldContain($"Patient/{Ann}");
        }
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task AnotherProcess_WritesToTheSurvivorFromTheCommitOn(DatabaseEngine engine)
    {
        await using var test = await StartAsync(engine);
        await using var directories = new Directories(test.Database);
        await using var writer = new ResourceWriter(test.Database, directories, test.Clock);
        async Task<PreparedResource> ThereAsync(string id)
        {
            var item = (await new ResourcePreparer().PrepareAsync(new IngestSession(directories), Encoding.UTF8.GetBytes(Given.Condition(id)), 1, null, Ct)).Item!;
            var batch = new WriteBatch();
            batch.Items.Add(item);
            (await writer.WriteAsync(batch, Ct)).ShouldBeNull();
            return item;
        }

        var first = await ThereAsync("there1");
        var merge = await MergeAsync(test);

        first.PatientKey.ShouldBe(merge.FromKey);
        (await ThereAsync("there2")).PatientKey.ShouldBe(merge.IntoKey);
        (await directories.FindAsync(NhsNumber.Parse(Ann), Ct)).ShouldBe(merge.IntoKey);
        (await directories.NumberOfAsync(merge.FromKey, Ct)).Value.ShouldBe(Twin);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task TracingQueue_AdmitsAndUndoes_AndNotWhileTheRecordIsMerged(DatabaseEngine engine)
    {
        const string Council = "https://council.example/adults";
        await using var test = await StartAsync(engine);
        var admission = new Admission(test.Contexts, test.Directories, test.Writer, test.Clock);
        var session = new IngestSession(test.Directories) { Supplier = Council };
        foreach (var json in new[] { """{"resourceType":"Patient","id":"SC-1","name":[{"family":"Archer"}],"birthDate":"1940-05-01"}""", Given.Condition("sc", patient: "SC-1") })
        {
            var batch = new WriteBatch();
            batch.Waiting.Add((await new ResourcePreparer().PrepareAsync(session, Encoding.UTF8.GetBytes(json), 1, null, Ct)).Waiting!);
            (await test.Writer.WriteAsync(batch, Ct)).ShouldBeNull();
        }

        string person;
        await using (var db = test.Contexts.CreateDbContext())
        {
            person = (await db.TracingPeople.SingleAsync(Ct)).Id;
        }

        (await admission.LinkAsync(person, new TracedDetails(Ann, false, "", false), "reviewer", "Phoned", Ct)).ShouldBe(new AdmissionReport(true, 1, 0));
        var merge = await MergeAsync(test);
        (await admission.UnlinkAsync(person, "reviewer", "Mistake", Ct)).MergedSince.ShouldBeTrue();
        await UndoAsync(test, merge);
        var undone = await admission.UnlinkAsync(person, "reviewer", "Mistake", Ct);

        undone.Done.ShouldBeTrue();
        undone.Moved.ShouldBe(1);
    }

    [Theory]
    [InlineData("patient=9990000018&_count=5", "patient=9990000026&_count=5")]
    [InlineData("subject=Patient/9990000018,Patient/9990000034", "subject=Patient/9990000026,Patient/9990000034")]
    [InlineData("identifier=https%3A%2F%2Ffhir.nhs.uk%2FId%2Fnhs-number%7C9990000018", "identifier=https%3A%2F%2Ffhir.nhs.uk%2FId%2Fnhs-number%7C9990000026")]
    [InlineData("_id=x-9990000018", "_id=x-9990000018")]
    [InlineData("identifier=urn:x|99900000180", "identifier=urn:x|99900000180")]
    [InlineData("identifier=urn:x|19990000018", "identifier=urn:x|19990000018")]
    [InlineData("9990000018", "9990000026")]
    public void InForce_TakesNumbersThatStandAlone(string text, string inForce) =>
        new MergedPeople(1, [new MergeInForce("m", 9990000018, 9990000026, 1, 2, false, false)]).InForce(text).ShouldBe(inForce);

    [Fact]
    public void Chain_EndsAtTheLast_AndWhatWasTakenUpIsKnownThere()
    {
        var merged = new MergedPeople(2, [new MergeInForce("m1", 9990000018, 9990000026, 1, 2, true, false), new MergeInForce("m2", 9990000026, 9990000034, 2, 3, false, false)]);

        merged.Of(NhsNumber.Parse("9990000018"))!.IntoKey.ShouldBe(3);
        merged.Of(1)!.Merges.ShouldBe(["m1", "m2"]);
        merged.TakenUpBy(NhsNumber.Parse("9990000034"))!.Numbers.Select(n => n.Value).ShouldBe(["9990000018", "9990000026"]);
        merged.TakenUpBy(NhsNumber.Parse("9990000034"))!.Restricted.ShouldBeTrue();
        merged.TakenUpBy(NhsNumber.Parse("9990000026")).ShouldBeNull();
        merged.KeysTakenUpBy(3).Order().ShouldBe([1, 2]);
    }

    private static async Task<TestDatabase> StartAsync(DatabaseEngine engine)
    {
        var test = await TestDatabase.OpenAsync(engine);
        await test.PutAsync(Given.Patient());
        await test.PutAsync(Given.Patient(Twin, family: "Archer-Smith"));
        await test.PutAsync(Given.Condition("c1"));
        await test.PutAsync(Given.Admission("a1"));
        await test.PutAsync(Given.Condition("c2", patient: Twin, code: "13645005"));
        var (ann, twin) = ((await test.Directories.FindAsync(NhsNumber.Parse(Ann), Ct))!.Value, (await test.Directories.FindAsync(NhsNumber.Parse(Twin), Ct))!.Value);
        await using var db = test.Contexts.CreateDbContext();
        foreach (var (key, name, level, risk) in new[] { (ann, "ann", (byte)4, 0.4), (twin, "twin", (byte)3, 0.2) })
        {
            db.Leads.Add(new LeadRecord { Id = $"l-{name}", PatientKey = key, State = LeadState.Confirmed, PractitionerId = $"gp-{name}", PractitionerName = name, Role = "GP", Sector = "health", Reasons = "x", DecidedBy = "x", StartDay = 700_000 });
            db.AgreedLevels.Add(new AgreedLevelRecord { Id = $"a-{name}", PatientKey = key, Level = level, Reason = "x", DecidedBy = "x", ExpiresDay = 800_000, StartDay = 700_000 });
            db.RiskScores.Add(new RiskScore { RunId = 1, PatientKey = key, PracticeCode = "N81019", Probability = risk, Level = level, Reasons = [1, 2, 3] });
            db.Standings.Add(new PersonStanding { PatientKey = key, PracticeCode = "N81019", ModelLevel = level, AgreedLevel = level, LeadState = LeadState.Confirmed, HasLead = true, LeadId = $"gp-{name}", LeadName = name, LeadRole = "GP", PlanVersion = name == "ann" ? 1 : 2, PlanState = "draft", Risk = risk, Revision = 1 });
            for (var version = 1; version <= (name == "ann" ? 1 : 2); version++)
            {
                db.CarePlans.Add(new CarePlanVersion { PatientKey = key, Version = version, Plan = $$"""{"status":"draft","aboutMe":"{{name}} {{version}}"}""", WrittenBy = "x", WrittenAt = version + (name == "ann" ? 10 : 0) });
            }
        }

        await db.SaveChangesAsync(Ct);
        return test;
    }

    private static async Task<PersonMerge> MergeAsync(TestDatabase test)
    {
        var merger = new Merger(test.Directories);
        await merger.PrepareAsync(Ct);
        await using var db = test.Contexts.CreateDbContext();
        var (from, into) = (NhsNumber.Parse(Ann), NhsNumber.Parse(Twin));
        var first = await db.Patients.AsNoTracking().SingleAsync(p => p.NhsNumber == from, Ct);
        var second = await db.Patients.AsNoTracking().SingleAsync(p => p.NhsNumber == into, Ct);
        var decision = Decision(test, "Same birth certificate");
        await using var transaction = await db.Database.BeginTransactionAsync(Ct);
        await Merger.LockAsync(db, [first.PatientKey, second.PatientKey], decision.Today, Ct);
        var merge = await merger.MergeAsync(db, first, second, false, decision, Ct);
        await transaction.CommitAsync(Ct);
        test.Directories.ForgetPeople();
        return merge;
    }

    private static async Task UndoAsync(TestDatabase test, PersonMerge made)
    {
        test.Clock.Now += TimeSpan.FromMinutes(1);
        await using var db = test.Contexts.CreateDbContext();
        var merge = await db.Merges.SingleAsync(m => m.Id == made.Id, Ct);
        var decision = Decision(test, "It was her cousin");
        await using var transaction = await db.Database.BeginTransactionAsync(Ct);
        await Merger.LockAsync(db, [merge.IntoKey], decision.Today, Ct);
        await new Merger(test.Directories).UndoAsync(db, merge, decision, Ct);
        await transaction.CommitAsync(Ct);
        test.Directories.ForgetPeople();
    }

    private static MergeDecision Decision(TestDatabase test, string reason) => new("reviewer", reason, test.Clock.Now, DateOnly.FromDateTime(test.Clock.Now.Date), 999);

    private static async Task<PreparedResource> PreparedAsync(TestDatabase test, string json) =>
        (await new ResourcePreparer().PrepareAsync(new IngestSession(test.Directories), Encoding.UTF8.GetBytes(json), 1, null, Ct)).Item!;

    private static async Task<WriteFailure?> WriteAsync(TestDatabase test, PreparedResource item)
    {
        var batch = new WriteBatch();
        batch.Items.Add(item);
        return await test.Writer.WriteAsync(batch, Ct);
    }

    /// <summary>Every row of a person, but for versions and their times, Provenance, and what is left as deleted.</summary>
    private static async Task<string> RowsAsync(TestDatabase test)
    {
        await using var db = test.Contexts.CreateDbContext();
        await db.Database.OpenConnectionAsync(Ct);
        var rows = new List<string>();
        foreach (var table in db.Model.GetEntityTypes().Where(t => t.FindProperty("PatientKey") is not null).Select(t => t.GetTableName()!).Where(t => t is not ("resource_history" or "audit_person")))
        {
            await using var command = db.Database.GetDbConnection().CreateCommand();
            var noProvenance = $"type<>{(int)ResourceType.Provenance}";
            command.CommandText = $"SELECT * FROM {table}" + table switch
            {
                "resource" => $" WHERE NOT deleted AND {noProvenance}",
                "resource_person" => $" WHERE NOT former AND {noProvenance}",
                "resource_identifier" or "resource_code" => $" WHERE {noProvenance}",
                "timeline" => " WHERE length(events)>0",
                _ => "",
            };
            await using var reader = await command.ExecuteReaderAsync(Ct);
            while (await reader.ReadAsync(Ct))
            {
                rows.Add($"{table}: " + string.Join('|', Enumerable.Range(0, reader.FieldCount).Where(i => reader.GetName(i) is not ("version" or "last_updated") || table == "care_plan_version")
                    .Select(i => reader.GetValue(i) is byte[] bytes ? Convert.ToHexString(bytes) : $"{reader.GetValue(i)}")));
            }
        }

        return string.Join('\n', rows.Order(StringComparer.Ordinal));
    }
}
