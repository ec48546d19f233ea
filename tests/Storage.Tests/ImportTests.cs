using System.IO.Compression;
using System.Text;
using System.Text.Json;
using BetterCare.Care.Fhir;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Ingest;
using BetterCare.Care.Storage.Model;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Tests.Storage;

public sealed class ImportTests
{
    private static readonly CancellationToken Ct = CancellationToken.None;

    public static TheoryData<DatabaseEngine> Engines => TestDatabase.Engines;

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Import_UntidyFile_TakesEveryLine(DatabaseEngine engine)
    {
        await using var test = await TestDatabase.OpenAsync(engine);
        var file = test.File("Mixed.ndjson", $"\uFEFF{Given.Patient()}\r\n\r\n   \n{Given.Condition("c1")}\n{Given.Condition("c2")}");

        var job = await test.ImportAsync(file);

        (await test.RejectsAsync(job)).ShouldBeEmpty();
        (await test.FilesAsync(job))[0].Created.ShouldBe(3);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Import_Twice_ChangesNothing(DatabaseEngine engine)
    {
        await using var test = await TestDatabase.OpenAsync(engine);
        var file = test.File("Mixed.ndjson", $"{Given.Patient()}\n{Given.Condition("c1")}\n");
        await test.ImportAsync(file);

        var again = await test.ImportAsync(file);

        var counts = (await test.FilesAsync(again))[0];
        (counts.Created, counts.Updated, counts.Unchanged).ShouldBe((0, 0, 2));
        (await test.Store.ReadAsync(ResourceType.Condition, "c1", Ct))!.Version.ShouldBe(1);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Import_ResourceBeforeItsPatient_IsStoredAtTheEnd(DatabaseEngine engine)
    {
        await using var test = await TestDatabase.OpenAsync(engine);
        var file = test.File("Mixed.ndjson", $"{Given.Condition("c1")}\n{Given.Patient()}\n{Given.Condition("c2", patient: Given.Bob)}\n");

        var job = await test.ImportAsync(file);

        (await test.Store.ReadAsync(ResourceType.Condition, "c1", Ct)).ShouldNotBeNull();
        var reject = (await test.RejectsAsync(job)).ShouldHaveSingleItem();
        reject.Line.ShouldBe(3);
        reject.Outcome.ShouldContain("Mixed.ndjson, line 3");
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Import_BadLines_AreListedWithLineAndPlace_AndTheRestGoesOn(DatabaseEngine engine)
    {
        await using var test = await TestDatabase.OpenAsync(engine);
        var lines = new[]
        {
            Given.Patient(),
            """{"resourceType":"Patient","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9990000019"}]}""",
            """{"resourceType":"Patient","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"999000001"}]}""",
            """{"resourceType":"Patient","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"0000000000"}]}""",
            """{"resourceType":"Patient","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9999999999"}]}""",
            """{"resourceType":"Pacient","id":"x"}""",
            """{"resourceType":"Condition","subject":""",
            """{"resourceType":"Patient","name":[{"family":"Nemo"}]}""",
            Given.Condition("after"),
        };
        var file = test.File("Mixed.ndjson", string.Join('\n', lines));

        var job = await test.ImportAsync(file);

        var rejects = await test.RejectsAsync(job);
        rejects.Select(r => r.Line).ShouldBe([2, 3, 4, 5, 6, 7], "The person on line 8 has no NHS number: they wait to be traced.");
        foreach (var reject in rejects.Where(r => r.Line < 6))
        {
            reject.Outcome.ShouldContain("Patient.identifier[0].value");
            reject.Outcome.ShouldNotMatch("[0-9]{9}");
        }

        (await test.Store.ReadAsync(ResourceType.Condition, "after", Ct)).ShouldNotBeNull();
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Import_TruncatedGzip_KeepsWhatWasWhole_AndSaysSo(DatabaseEngine engine)
    {
        await using var test = await TestDatabase.OpenAsync(engine);
        var text = new StringBuilder(Given.Patient()).Append('\n');
        for (var i = 0; i < 20_000; i++)
        {
            text.Append(Given.Condition($"c{i}-{Guid.NewGuid():N}")).Append('\n');
        }

        var whole = Gzip(text.ToString());
        var path = Path.Combine(test.Folder, "Mixed.ndjson.gz");
        await File.WriteAllBytesAsync(path, whole[..(whole.Length * 2 / 3)], Ct);

        var job = await test.ImportAsync(path);

        var reject = (await test.RejectsAsync(job)).ShouldHaveSingleItem();
        reject.Outcome.ShouldContain("ends early");
        (await test.Store.CountAsync(Ct))[ResourceType.Condition].ShouldBeInRange(1000, 19_999);

        await File.WriteAllBytesAsync(path, whole, Ct);
        await test.ImportAsync(path);
        (await test.Store.CountAsync(Ct))[ResourceType.Condition].ShouldBe(20_000);
    }

    [Fact]
    public void VerifiedGzip_ReadsWholeFilesOfSeveralMembers_AndRefusesEveryTruncation()
    {
        var one = Gzip("first line\nsecond line\n");
        var both = one.Concat(Gzip("third line\n")).ToArray();

        Read(both).ShouldBe("first line\nsecond line\nthird line\n");
        for (var length = 1; length < one.Length; length++)
        {
            Should.Throw<InvalidDataException>(() => Read(one[..length]), $"cut to {length} of {one.Length}");
        }

        static string Read(byte[] bytes)
        {
            using var stream = new StreamReader(new VerifiedGzipStream(new MemoryStream(bytes)));
            return stream.ReadToEnd();
        }
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Import_StoppedHalfWay_ResumesAndLosesAndDoublesNothing(DatabaseEngine engine)
    {
        await using var test = await TestDatabase.OpenAsync(engine);
        var text = new StringBuilder(Given.Patient()).Append('\n');
        for (var i = 0; i < 12_000; i++)
        {
            text.Append(Given.Condition($"c{i}")).Append('\n');
        }

        var job = await test.JobAsync(test.File("Mixed.ndjson", text.ToString()));
        using var stop = new CancellationTokenSource();
        var stopped = false;
        try
        {
            await test.Importer.RunAsync(job, null, null, new Once(() => stop.Cancel()), stop.Token);
        }
        catch (OperationCanceledException)
        {
            stopped = true;
        }

        stopped.ShouldBeTrue();
        await test.Writer.DisposeAsync();
        var half = (await test.FilesAsync(job))[0];
        half.Finished.ShouldBeFalse();

        await using var fresh = new Care.Storage.Resources.ResourceWriter(test.Database, test.Directories, test.Clock);
        await new BulkImporter(test.Contexts, test.Directories, fresh).RunAsync(job, null, null, null, Ct);

        var file = (await test.FilesAsync(job))[0];
        file.Finished.ShouldBeTrue();
        (file.Created, file.Updated, file.Unchanged, file.Rejected, file.Lines).ShouldBe((12_001, 0, 0, 0, 12_001));
        (await test.Store.CountAsync(Ct))[ResourceType.Condition].ShouldBe(12_000);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Import_WhereverIdAndMetaStand_VersionAndTimeAreWrittenInsideMeta(DatabaseEngine engine)
    {
        await using var test = await TestDatabase.OpenAsync(engine);
        const string About = """ "code":{"text":"x"},"subject":{"reference":"Patient/9990000018"} """;
        var lines = new[]
        {
            Given.Patient(),
            $$$"""{"resourceType":"Condition",{{{About}}}}""",
            $$$"""{"resourceType":"Condition","id":"a",{{{About}}}}""",
            $$$"""{"resourceType":"Condition","meta":{ "versionId":"7", "source":"https://gp.example#1"},{{{About}}}}""",
            $$$"""{"resourceType":"Condition","id":"b","meta" : {"source":"https://gp.example#1","lastUpdated":"2020-01-01T00:00:00Z"},{{{About}}}}""",
            $$$"""{ {{{About}}},"meta":{"source":"https://gp.example"},"id":"c","resourceType":"Condition"}""",
            $$$"""{ "id":"d","resourceType":"Condition", {{{About}}}, "extension":[{"url":"https://e.example","valueString":"\"meta\":{"}]}""",
        };

        var job = await test.ImportAsync(test.File("Condition.ndjson", string.Join('\n', lines)));

        (await test.RejectsAsync(job)).ShouldBeEmpty();
        var stored = 0;
        await foreach (var resource in test.Store.AsOfAsync(ResourceType.Condition, long.MaxValue, Ct))
        {
            var before = Encoding.UTF8.GetString(resource.Body.AsSpan(0, resource.MetaAt)).Replace(" ", "", StringComparison.Ordinal);
            before.ShouldEndWith("\"meta\":{");
            stored++;
        }

        stored.ShouldBe(6);
    }

    [Fact]
    public void Lanes_ReadTypesInStep_AndTheFilesOfATypeInTurn()
    {
        var folder = Directory.CreateTempSubdirectory("care-lanes");
        try
        {
            ImportFile File(int ordinal, string name, int lines)
            {
                var path = Path.Combine(folder.FullName, name);
                System.IO.File.WriteAllLines(path, Enumerable.Range(0, lines).Select(i => $"{{\"line\":{i},\"pad\":\"{new string('x', 1000)}\"}}"));
                return new ImportFile { JobId = "j", Ordinal = ordinal, Name = name, Path = path };
            }

            var files = new[] { File(0, "Encounter.1.ndjson", 4000), File(1, "Encounter.2.ndjson", 4000), File(2, "Observation.ndjson", 800) };
            var read = new long[files.Length];
            using var lanes = new Lanes(files, 1 << 20);
            while (lanes.Next() is { } next)
            {
                next.Block.StartOffset.ShouldBe(read[next.File.Ordinal]);
                read[next.File.Ordinal] = next.Block.EndOffset;
                if (read[1] > 0)
                {
                    read[0].ShouldBe(new FileInfo(files[0].Path).Length);
                }

                var encounters = (read[0] + read[1]) / 8000.0;
                Math.Abs(encounters - (read[2] / 800.0)).ShouldBeLessThan(400);
            }

            read.ShouldBe(files.Select(f => new FileInfo(f.Path).Length));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Import_TransactionBundleWithAFault_TakesNothingOfIt(DatabaseEngine engine)
    {
        await using var test = await TestDatabase.OpenAsync(engine);
        var bundle = $$$"""
            {"resourceType":"Bundle","type":"transaction","entry":[
              {"fullUrl":"urn:uuid:1b671a64-40d5-491e-99b0-da01ff1f3341","resource":{{{Given.Condition("c1", patient: "x").Replace("Patient/x", "urn:uuid:9b671a64-40d5-491e-99b0-da01ff1f3341", StringComparison.Ordinal)}}},"request":{"method":"POST","url":"Condition"}},
              {"fullUrl":"urn:uuid:9b671a64-40d5-491e-99b0-da01ff1f3341","resource":{{{Given.Patient()}}},"request":{"method":"POST","url":"Patient"}}FAULT]}
            """;

        var bad = await test.ImportAsync(test.File("bad.json", bundle.Replace("FAULT", """,{"resource":{"resourceType":"Condition"},"request":{"method":"POST","url":"Condition"}}""", StringComparison.Ordinal)));
        (await test.Store.CountAsync(Ct)).ShouldBeEmpty();
        (await test.RejectsAsync(bad))[0].Outcome.ShouldContain("Bundle.entry[2].resource");

        await test.ImportAsync(test.File("good.json", bundle.Replace("FAULT", "", StringComparison.Ordinal)));
        Encoding.UTF8.GetString((await test.Store.ReadAsync(ResourceType.Condition, "c1", Ct))!.Body).ShouldContain($"Patient/{Given.Ann}");
    }

    [Fact]
    public async Task Import_SyntheaCohort_StoresEveryResourceReadably()
    {
        var shared = SharedFolder();
        Assert.SkipWhen(shared is null, "../shared is not beside this clone.");
        await using var test = await TestDatabase.OpenAsync(DatabaseEngine.Sqlite);
        var files = Directory.GetFiles(Path.Combine(shared!, "cohorts", "synthea-100"), "*.ndjson.gz");

        var job = await test.ImportAsync(files);

        (await test.RejectsAsync(job)).ShouldBeEmpty();
        long lines = 0;
        foreach (var file in files)
        {
            foreach (var (_, json) in FileLines.Read(file))
            {
                lines++;
                using var posted = JsonDocument.Parse(json);
                var root = posted.RootElement;
                var type = ResourceTypes.Parse(root.GetProperty("resourceType").GetString());
                var id = type == ResourceType.Patient ? root.GetProperty("identifier")[0].GetProperty("value").GetString()! : root.GetProperty("id").GetString()!;
                var stored = await test.Store.ReadAsync(type, id, Ct);
                stored.ShouldNotBeNull();
                using var read = JsonDocument.Parse(stored.ToUtf8());
                Same(root, read.RootElement, "").ShouldBeNull();
            }
        }

        lines.ShouldBe(64_210);
    }

    /// <summary>Where two resources differ beyond what the store makes its own: id, meta and references to the Patient.</summary>
    private static string? Same(JsonElement posted, JsonElement read, string path)
    {
        switch (posted.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var property in posted.EnumerateObject())
                {
                    if (path.Length == 0 && property.Name is "id" or "meta")
                    {
                        continue;
                    }

                    if (!read.TryGetProperty(property.Name, out var other))
                    {
                        return path + "." + property.Name;
                    }

                    if (property.Name == "reference" && property.Value.GetString()!.StartsWith("Patient/", StringComparison.Ordinal))
                    {
                        continue;
                    }

                    if (Same(property.Value, other, path + "." + property.Name) is { } difference)
                    {
                        return difference;
                    }
                }

                return null;
            case JsonValueKind.Array:
                return posted.GetArrayLength() != read.GetArrayLength()
                    ? path
                    : posted.EnumerateArray().Zip(read.EnumerateArray()).Select(p => Same(p.First, p.Second, path + "[]")).FirstOrDefault(d => d is not null);
            default:
                return posted.GetRawText() == read.GetRawText() ? null : path;
        }
    }

    private static string? SharedFolder()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "BetterCare.Care.sln")))
            {
                var shared = Path.Combine(folder.Parent!.FullName, "shared");
                return Directory.Exists(shared) ? shared : null;
            }
        }

        return null;
    }

    private static byte[] Gzip(string text)
    {
        using var output = new MemoryStream();
        using (var gzip = new GZipStream(output, CompressionLevel.Fastest))
        {
            gzip.Write(Encoding.UTF8.GetBytes(text));
        }

        return output.ToArray();
    }

    private sealed class Once(Action action) : IProgress<ImportProgress>
    {
        private int _reports;

        public void Report(ImportProgress value)
        {
            if (++_reports == 2)
            {
                action();
            }
        }
    }
}
