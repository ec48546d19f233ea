using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Ingest;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Storage.Resources;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace BetterCare.Care.Tests.Storage;

/// <summary>
/// A database of its own for one test: a SQLite file, or a database on the private PostgreSQL that ./test starts and names
/// in CARE_TEST_POSTGRES. Where that is not set, PostgreSQL tests are skipped.
/// </summary>
public sealed class TestDatabase : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("care-test").FullName;
    private readonly string? _server;
    private readonly string _name = $"care_{Guid.NewGuid():N}";

    private TestDatabase(DatabaseEngine engine)
    {
        _server = Environment.GetEnvironmentVariable("CARE_TEST_POSTGRES");
        if (engine == DatabaseEngine.Postgres && string.IsNullOrEmpty(_server))
        {
            Assert.Skip("No PostgreSQL: ./test starts one and sets CARE_TEST_POSTGRES.");
        }

        Database = new CareDatabase(engine == DatabaseEngine.Sqlite ? Path.Combine(_folder, "care.db") : $"{_server};Database={_name};Pooling=true;Maximum Pool Size=20");
        Directories = new Directories(Database);
        Clock = new MovedClock();
        Writer = new ResourceWriter(Database, Directories, Clock);
        Store = new ResourceStore(Database);
        Contexts = new Factory(Database);
        Importer = new BulkImporter(Contexts, Directories, Writer);
    }

    public static TheoryData<DatabaseEngine> Engines => [DatabaseEngine.Sqlite, DatabaseEngine.Postgres];

    public CareDatabase Database { get; }

    public Directories Directories { get; }

    public ResourceWriter Writer { get; private set; }

    public ResourceStore Store { get; }

    public IDbContextFactory<CareDbContext> Contexts { get; }

    public BulkImporter Importer { get; }

    public MovedClock Clock { get; }

    public string Folder => _folder;

    public static async Task<TestDatabase> OpenAsync(DatabaseEngine engine)
    {
        var test = new TestDatabase(engine);
        if (engine == DatabaseEngine.Postgres)
        {
            await using var admin = new NpgsqlConnection($"{test._server};Database=postgres;Pooling=false");
            await admin.OpenAsync();
            await using var create = new NpgsqlCommand($"CREATE DATABASE {test._name}", admin);
            await create.ExecuteNonQueryAsync();
        }

        await Migrator.MigrateAsync(test.Contexts, CancellationToken.None);
        return test;
    }

    /// <summary>Writes a file of the test's folder.</summary>
    public string File(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        System.IO.File.WriteAllText(path, text);
        return path;
    }

    /// <summary>Imports files as one job; the job can be run again.</summary>
    public async Task<string> ImportAsync(params string[] paths)
    {
        var job = await JobAsync(paths);
        await Importer.RunAsync(job, null, null, null, CancellationToken.None);
        return job;
    }

    public async Task<string> JobAsync(params string[] paths)
    {
        await using var db = Contexts.CreateDbContext();
        var job = new Job { Id = Guid.CreateVersion7().ToString(), Kind = "import", Request = "{}", Fingerprint = "", RequestedBy = "test" };
        db.Jobs.Add(job);
        db.ImportFiles.AddRange(paths.Select((p, i) => new ImportFile { JobId = job.Id, Ordinal = i, Name = Path.GetFileName(p), Path = p }));
        await db.SaveChangesAsync();
        return job.Id;
    }

    public async Task<List<ImportFile>> FilesAsync(string job)
    {
        await using var db = Contexts.CreateDbContext();
        return await db.ImportFiles.AsNoTracking().Where(f => f.JobId == job).OrderBy(f => f.Ordinal).ToListAsync();
    }

    public async Task<List<ImportReject>> RejectsAsync(string job)
    {
        await using var db = Contexts.CreateDbContext();
        return await db.ImportRejects.AsNoTracking().Where(f => f.JobId == job).OrderBy(f => f.Ordinal).ThenBy(r => r.Line).ToListAsync();
    }

    /// <summary>Posts one resource as a client would, and answers what became of it.</summary>
    public async Task<(PreparedResource? Item, WriteFailure? Failure, Prepared Prepared)> PutAsync(string json, string? supplier = null, WriteTarget? target = null)
    {
        var session = new IngestSession(Directories) { Supplier = supplier };
        var prepared = await new ResourcePreparer().PrepareAsync(session, System.Text.Encoding.UTF8.GetBytes(json), 1, target, CancellationToken.None);
        if (prepared.Item is null)
        {
            return (null, null, prepared);
        }

        var batch = new WriteBatch();
        batch.Items.Add(prepared.Item);
        return (prepared.Item, await Writer.WriteAsync(batch, CancellationToken.None), prepared);
    }

    public async ValueTask DisposeAsync()
    {
        await Writer.DisposeAsync();
        await Directories.DisposeAsync();
        await Database.DisposeAsync();
        if (Database.Engine == DatabaseEngine.Postgres)
        {
            await using var admin = new NpgsqlConnection($"{_server};Database=postgres;Pooling=false");
            await admin.OpenAsync();
            await using var drop = new NpgsqlCommand($"DROP DATABASE {_name} WITH (FORCE)", admin);
            await drop.ExecuteNonQueryAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private sealed class Factory(CareDatabase database) : IDbContextFactory<CareDbContext>
    {
        public CareDbContext CreateDbContext()
        {
            var options = new DbContextOptionsBuilder<CareDbContext>();
            database.Configure(options);
            return new CareDbContext(options.Options);
        }
    }
}

/// <summary>A clock that a test moves.</summary>
public sealed class MovedClock : TimeProvider
{
    public DateTimeOffset Now { get; set; } = new(2026, 11, 22, 9, 0, 0, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow() => Now;
}

/// <summary>Resources that are valid until a test says otherwise.</summary>
public static class Given
{
    public const string Ann = "9990000018";
    public const string Bob = "9990000026";

    public static string Patient(string number = Ann, string? id = null, string? source = null, string family = "Archer") =>
        $$$"""{"resourceType":"Patient","id":"{{{id ?? number}}}",{{{Meta(source)}}}"identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"{{{number}}}"}],"name":[{"family":"{{{family}}}","given":["Ann"]}],"gender":"female","birthDate":"1940-05-01","generalPractitioner":[{"identifier":{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"N81019"}}]}""";

    public static string Condition(string id, string patient = Ann, string code = "84114007", string? source = null) =>
        $$$"""{"resourceType":"Condition","id":"{{{id}}}",{{{Meta(source)}}}"clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]},"code":{"coding":[{"system":"http://snomed.info/sct","code":"{{{code}}}"}]},"subject":{"reference":"Patient/{{{patient}}}"},"onsetDateTime":"2024-02-03","recordedDate":"2024-02-05"}""";

    public static string Admission(string id, string patient = Ann, string method = "21", string icd10 = "I50.0") =>
        $$$"""{"resourceType":"Encounter","id":"{{{id}}}","status":"finished","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"IMP"},"subject":{"reference":"Patient/{{{patient}}}"},"period":{"start":"2025-12-30T10:00:00+00:00","end":"2026-01-04T10:00:00+00:00"},"reasonCode":[{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10","code":"{{{icd10}}}"}]}],"hospitalization":{"extension":[{"url":"https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-AdmissionMethod","valueCodeableConcept":{"coding":[{"system":"https://fhir.hl7.org.uk/CodeSystem/UKCore-AdmissionMethodEngland","code":"{{{method}}}"}]}}]}}""";

    private static string Meta(string? source) => source is null ? "" : "\"meta\":{\"source\":\"" + source + "\"},";
}
