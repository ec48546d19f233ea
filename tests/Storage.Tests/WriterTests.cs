using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using BetterCare.Care.Fhir;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Ingest;
using BetterCare.Care.Storage.Resources;
using BetterCare.Care.Stratification.Timelines;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Tests.Storage;

public sealed class WriterTests
{
    private static readonly CancellationToken Ct = CancellationToken.None;

    public static TheoryData<DatabaseEngine> Engines => TestDatabase.Engines;

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Write_NewThenSameThenChanged_CreatesKeepsAndVersions(DatabaseEngine engine)
    {
        await using var test = await TestDatabase.OpenAsync(engine);
        await test.PutAsync(Given.Patient());

        var created = await test.PutAsync(Given.Condition("c1"));
        test.Clock.Now += TimeSpan.FromHours(1);
        var same = await test.PutAsync(Given.Condition("c1"));
        var changed = await test.PutAsync(Given.Condition("c1", code: "13645005"));

        created.Item!.Outcome.ShouldBe(WriteOutcome.Created);
        same.Item!.Outcome.ShouldBe(WriteOutcome.Unchanged);
        changed.Item!.Outcome.ShouldBe(WriteOutcome.Updated);
        var history = await test.Store.HistoryAsync(ResourceType.Condition, "c1", Ct).ToListAsync(Ct);
        history.Select(h => h.Version).ShouldBe([2, 1]);
        Encoding.UTF8.GetString(history[1].ToUtf8()).ShouldContain("84114007");
        Encoding.UTF8.GetString(history[1].ToUtf8()).ShouldContain("\"meta\":{\"versionId\":\"1\",\"lastUpdated\":\"2026-11-22T09:00:00.000Z\"}");
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Write_StaleVersion_IsRefusedAndSaysWhatIsCurrent(DatabaseEngine engine)
    {
        await using var test = await TestDatabase.OpenAsync(engine);
        await test.PutAsync(Given.Patient());
        await test.PutAsync(Given.Condition("c1"));
        await test.PutAsync(Given.Condition("c1", code: "13645005"));

        var stale = await test.PutAsync(Given.Condition("c1", code: "49436004"), target: new WriteTarget { Id = "c1", ExpectedVersion = 1 });

        stale.Failure!.Status.ShouldBe(412);
        stale.Failure.Issue.Text.ShouldContain("The current version is 2");
        (await test.Store.ReadAsync(ResourceType.Condition, "c1", Ct))!.Version.ShouldBe(2);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Write_TwoSuppliersWithTheSameIds_KeepsBothApart(DatabaseEngine engine)
    {
        await using var test = await TestDatabase.OpenAsync(engine);
        await test.PutAsync(Given.Patient());

        var hospital = await test.PutAsync(Given.Condition("1", source: "https://hospital.example/pas#77"));
        var council = await test.PutAsync(Given.Condition("1", code: "13645005", source: "https://council.example/care"));
        var again = await test.PutAsync(Given.Condition("1", source: "https://hospital.example/pas#78"));

        hospital.Item!.Id.ShouldNotBe(council.Item!.Id);
        (await test.Store.ReadAsync(ResourceType.Condition, hospital.Item.Id, Ct)).ShouldNotBeNull();
        (await test.Store.ReadAsync(ResourceType.Condition, council.Item.Id, Ct)).ShouldNotBeNull();
        again.Item!.Id.ShouldBe(hospital.Item.Id, "the part after the # names the message, not the system");
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Write_UnnamedThenNamedSupplierWithOneUuid_RefusesAndOverwritesNothing(DatabaseEngine engine)
    {
        const string Uuid = "3f1c2b7e-0000-4000-8000-000000000001";
        await using var test = await TestDatabase.OpenAsync(engine);
        await test.PutAsync(Given.Patient());
        await test.PutAsync(Given.Condition(Uuid));

        var other = await test.PutAsync(Given.Condition(Uuid, code: "13645005"), supplier: "https://council.example/care");

        other.Failure!.Status.ShouldBe(409);
        Encoding.UTF8.GetString((await test.Store.ReadAsync(ResourceType.Condition, Uuid, Ct))!.Body).ShouldContain("84114007");
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Write_SecondSuppliersPatient_IsKeptBesideTheFirst(DatabaseEngine engine)
    {
        await using var test = await TestDatabase.OpenAsync(engine);
        await test.PutAsync(Given.Patient(source: "https://gp.example/a"));

        var other = await test.PutAsync(Given.Patient(id: "pas-77", source: "https://hospital.example/pas", family: "Archer-Smith"));
        var about = await test.PutAsync(Given.Condition("c9", patient: "pas-77", source: "https://hospital.example/pas"));

        other.Item!.Outcome.ShouldBe(WriteOutcome.KeptBeside);
        Encoding.UTF8.GetString((await test.Store.ReadAsync(ResourceType.Patient, Given.Ann, Ct))!.Body).ShouldNotContain("Archer-Smith");
        await using var db = test.Contexts.CreateDbContext();
        Encoding.UTF8.GetString((await db.PatientSourceRecords.SingleAsync(Ct)).Body).ShouldContain("Archer-Smith");
        about.Item!.PatientKey.ShouldBe(other.Item.PatientKey, "the hospital's own patient id is known from now on");
        Encoding.UTF8.GetString(about.Item.Body.Span).ShouldContain($"Patient/{Given.Ann}");
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Write_UnknownPatient_IsRefusedWithoutEcho(DatabaseEngine engine)
    {
        await using var test = await TestDatabase.OpenAsync(engine);

        var (item, _, prepared) = await test.PutAsync(Given.Condition("c1", patient: Given.Bob));

        item.ShouldBeNull();
        prepared.PatientUnknown.ShouldBeTrue();
        prepared.Issues[0].Expression.ShouldBe("Condition.subject.reference");
        prepared.Issues[0].Text.ShouldNotContain(Given.Bob);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Write_ManyClientsAtOnce_StoresEachOnce(DatabaseEngine engine)
    {
        await using var test = await TestDatabase.OpenAsync(engine);
        await test.PutAsync(Given.Patient());

        var writes = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => test.PutAsync(Given.Condition($"c{i % 50}"))));

        writes.ShouldAllBe(w => w.Failure == null);
        writes.Count(w => w.Item!.Outcome == WriteOutcome.Created).ShouldBe(50);
        (await test.Store.CountAsync(Ct))[ResourceType.Condition].ShouldBe(50);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Write_TransactionWithOneConflict_StoresNothingOfIt(DatabaseEngine engine)
    {
        await using var test = await TestDatabase.OpenAsync(engine);
        await test.PutAsync(Given.Patient());
        await test.PutAsync(Given.Condition("c1"));
        var session = new IngestSession(test.Directories);
        var preparer = new ResourcePreparer();
        var batch = new WriteBatch();
        batch.Items.Add((await preparer.PrepareAsync(session, Encoding.UTF8.GetBytes(Given.Condition("new")), 1, null, Ct)).Item!);
        batch.Items.Add((await preparer.PrepareAsync(session, Encoding.UTF8.GetBytes(Given.Condition("c1", code: "13645005")), 2, new WriteTarget { ExpectedVersion = 7 }, Ct)).Item!);

        var failure = await test.Writer.WriteAsync(batch, Ct);

        failure!.Status.ShouldBe(412);
        (await test.Store.ReadAsync(ResourceType.Condition, "new", Ct)).ShouldBeNull();
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Timeline_FollowsCreateUpdateAndDelete(DatabaseEngine engine)
    {
        await using var test = await TestDatabase.OpenAsync(engine);
        await test.PutAsync(Given.Patient());

        await test.PutAsync(Given.Admission("e1"));
        var admitted = await EventsAsync(test);
        await test.PutAsync(Given.Admission("e1", method: "11"));
        var planned = await EventsAsync(test);
        await DeleteAsync(test, ResourceType.Encounter, "e1");
        var gone = await EventsAsync(test);

        var stay = admitted.Single(e => e.Kind == EventKind.Admission);
        stay.Is(EventFlags.Emergency).ShouldBeTrue();
        stay.LengthDays.ShouldBe((ushort)5);
        Icd10Code.Unpack(stay.Code).ShouldBe("I500");
        planned.Single(e => e.Kind == EventKind.Admission).Is(EventFlags.Emergency).ShouldBeFalse();
        gone.ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Identifier_FindsTheResource_UntilItChanges(DatabaseEngine engine)
    {
        await using var test = await TestDatabase.OpenAsync(engine);
        await test.PutAsync("""{"resourceType":"Organization","id":"o1","identifier":[{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"RR8"}],"name":"A trust"}""");

        var found = await test.Store.ByIdentifierAsync(ResourceType.Organization, "https://fhir.nhs.uk/Id/ods-organization-code", "RR8", Ct).ToListAsync(Ct);
        await test.PutAsync("""{"resourceType":"Organization","id":"o1","identifier":[{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"RR9"}],"name":"A trust"}""");
        var old = await test.Store.ByIdentifierAsync(ResourceType.Organization, "", "RR8", Ct).ToListAsync(Ct);

        found.Count.ShouldBe(1);
        old.ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Rebuild_GivesTheSameTimelinesAndPeople(DatabaseEngine engine)
    {
        await using var test = await TestDatabase.OpenAsync(engine);
        await test.PutAsync(Given.Patient());
        await test.PutAsync(Given.Admission("e1"));
        await test.PutAsync(Given.Condition("c1"));
        await test.PutAsync(Given.Condition("c1", code: "13645005"));
        var before = await EventsAsync(test);
        await using (var db = test.Contexts.CreateDbContext())
        {
            await db.Timelines.ExecuteDeleteAsync(Ct);
            await db.ResourceCodes.ExecuteDeleteAsync(Ct);
        }

        await new Rebuilder(test.Database, test.Store, test.Directories, TimeProvider.System).RunAsync(null, Ct);

        (await EventsAsync(test)).ShouldBe(before);
        await using var after = test.Contexts.CreateDbContext();
        (await after.ResourceCodes.CountAsync(Ct)).ShouldBe(1);
        (await after.Patients.SingleAsync(Ct)).PracticeCode.ShouldBe("N81019");
    }

    [Fact]
    public void Splice_RemovesVersionAndTimeWhereverTheyStand()
    {
        foreach (var meta in new[] { """{"versionId":"9","lastUpdated":"2020-01-01T00:00:00Z"}""", """{ "versionId" : "9" , "source":"https://a.example", "lastUpdated":"2020-01-01T00:00:00Z" }""", """{"source":"https://a.example","versionId":"9"}""" })
        {
            var json = Encoding.UTF8.GetBytes($$$"""{"resourceType":"Basic","meta":{{{meta}}},"code":{"text":"x"}}""");
            var reader = new Care.Fhir.Validation.ResourceReader();
            reader.Read(json).ShouldBeTrue();
            var splice = new Splice();
            splice.RemoveProperty(json, reader.Resource.MetaVersionId);
            if (!reader.Resource.MetaLastUpdated.IsEmpty)
            {
                splice.RemoveProperty(json, reader.Resource.MetaLastUpdated);
            }

            using var result = JsonDocument.Parse(splice.Apply(json, reader.Resource.Text, null));
            result.RootElement.GetProperty("meta").TryGetProperty("versionId", out _).ShouldBeFalse();
            result.RootElement.GetProperty("meta").TryGetProperty("lastUpdated", out _).ShouldBeFalse();
        }
    }

    private static async Task<TimelineEvent[]> EventsAsync(TestDatabase test)
    {
        await using var db = test.Contexts.CreateDbContext();
        var row = await db.Timelines.AsNoTracking().SingleOrDefaultAsync(Ct);
        return row is null ? [] : MemoryMarshal.Cast<byte, TimelineEvent>(row.Events).ToArray();
    }

    private static async Task DeleteAsync(TestDatabase test, ResourceType type, string id)
    {
        var stored = (await test.Store.ReadAsync(type, id, Ct))!;
        var batch = new WriteBatch();
        batch.Items.Add(new PreparedResource { Method = WriteMethod.Delete, Type = type, Id = id, PatientKey = stored.PatientKey, SupplierKey = Directories.UnnamedSupplier });
        (await test.Writer.WriteAsync(batch, Ct)).ShouldBeNull();
    }
}
