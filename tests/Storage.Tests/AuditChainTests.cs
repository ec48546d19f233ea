using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Audit;
using FsCheck;
using FsCheck.Fluent;

namespace BetterCare.Care.Tests.Storage;

public sealed class AuditChainTests
{
    private static readonly CancellationToken Ct = CancellationToken.None;

    public static TheoryData<DatabaseEngine> Engines => TestDatabase.Engines;

    /// <summary>What somebody with access to the database might do, and the word by which it is found.</summary>
    public static TheoryData<DatabaseEngine, string, long, string> Tamperings
    {
        get
        {
            var all = new TheoryData<DatabaseEngine, string, long, string>();
            foreach (var engine in new[] { DatabaseEngine.Sqlite, DatabaseEngine.Postgres })
            {
                all.Add(engine, "UPDATE audit_event SET agent='somebody-else' WHERE seq=4", 4, "changed");
                all.Add(engine, "UPDATE audit_event SET people=hash WHERE seq=4", 4, "changed");
                all.Add(engine, "UPDATE audit_event SET outcome=0 WHERE seq=7", 7, "changed");
                all.Add(engine, "DELETE FROM audit_event WHERE seq=4", 4, "missing");
                all.Add(engine, "DELETE FROM audit_event WHERE seq IN (4,5,6)", 4, "Rows 4 to 6 are missing");
                all.Add(engine, "DELETE FROM audit_event WHERE seq=1", 1, "missing");
                all.Add(engine, "UPDATE audit_event SET seq=100 WHERE seq=4; UPDATE audit_event SET seq=4 WHERE seq=5; UPDATE audit_event SET seq=5 WHERE seq=100", 4, "put in place of another");
                all.Add(engine, "DELETE FROM audit_event WHERE seq>7", 8, "cut off");
                all.Add(engine, "DELETE FROM audit_event", 1, "cut off");
            }

            return all;
        }
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Verify_ChangesAndAccesses_FindsBothChainsSound(DatabaseEngine engine)
    {
        await using var test = await TestDatabase.OpenAsync(engine);
        await test.PutAsync(Given.Patient());
        await test.PutAsync(Given.Condition("c1"));
        await RecordAsync(test, 10);

        var verdict = await Verifier(test).VerifyAsync([], null, Ct);

        verdict.Faults.ShouldBeEmpty();
        verdict.Heads.Select(h => (h.Chain, h.Seq)).ShouldBe([(AuditChain.Changes, 2), (AuditChain.Accesses, 10)]);
        verdict.Rows.ShouldBe(12);
    }

    [Theory]
    [MemberData(nameof(Tamperings))]
    public async Task Verify_TamperedRow_SaysWhere(DatabaseEngine engine, string sql, long seq, string word)
    {
        await using var test = await TestDatabase.OpenAsync(engine);
        await RecordAsync(test, 10);
        var heads = (await Verifier(test).VerifyAsync([], null, Ct)).Heads;

        await ExecuteAsync(test, AuditChain.Accesses, sql);

        var fault = (await Verifier(test).VerifyAsync(heads, null, Ct)).Faults[0];
        (fault.Chain, fault.Seq).ShouldBe((AuditChain.Accesses, seq));
        fault.Problem.ShouldContain(word);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Verify_ChainWrittenAnewWithItsHashes_IsFoundByTheHeadThatWasKept(DatabaseEngine engine)
    {
        await using var test = await TestDatabase.OpenAsync(engine);
        await RecordAsync(test, 10);
        var heads = (await Verifier(test).VerifyAsync([], null, Ct)).Heads;
        await ExecuteAsync(test, AuditChain.Accesses, "DELETE FROM audit_event");
        await RecordAsync(test, 10, agent: "forger");

        var alone = await Verifier(test).VerifyAsync([], null, Ct);
        var withHead = await Verifier(test).VerifyAsync(heads, null, Ct);

        alone.Faults.ShouldBeEmpty();
        withHead.Faults.Single().Problem.ShouldContain("written anew");
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Cut_OldRows_LeavesAChainThatVerifies(DatabaseEngine engine)
    {
        await using var test = await TestDatabase.OpenAsync(engine);
        await RecordAsync(test, 5);
        test.Clock.Now += TimeSpan.FromDays(400);
        await RecordAsync(test, 3);

        var cut = await Retention(test).CutAsync(test.Clock.Now - TimeSpan.FromDays(365), Ct);

        cut.ShouldBe(5);
        var verdict = await Verifier(test).VerifyAsync([], null, Ct);
        verdict.Faults.ShouldBeEmpty();
        verdict.Rows.ShouldBe(4, "three that are young, and the one that states the cut");
        await RecordAsync(test, 1);
        (await Verifier(test).VerifyAsync([], null, Ct)).Faults.ShouldBeEmpty();
        (await Retention(test).CutAsync(test.Clock.Now - TimeSpan.FromDays(365), Ct)).ShouldBe(0);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Verify_RowsCutByHandWithTheAnchorSet_AreMissed(DatabaseEngine engine)
    {
        await using var test = await TestDatabase.OpenAsync(engine);
        await RecordAsync(test, 5);
        await Retention(test).IndexAsync(1, Ct);

        await ExecuteAsync(test, AuditChain.Accesses,
            "UPDATE audit_chain_state SET cut_seq=3, cut_hash=(SELECT hash FROM audit_event WHERE seq=3); DELETE FROM audit_event WHERE seq<=3; DELETE FROM audit_person WHERE seq<=3");

        (await Verifier(test).VerifyAsync([], null, Ct)).Faults.Single().Problem.ShouldContain("no row of this chain says that retention did it");
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Verify_PersonTakenOutOfTheIndex_IsFound(DatabaseEngine engine)
    {
        await using var test = await TestDatabase.OpenAsync(engine);
        await RecordAsync(test, 5);
        await Retention(test).IndexAsync(1, Ct);

        await ExecuteAsync(test, AuditChain.Accesses, "DELETE FROM audit_person WHERE patient_key=3");

        (await Verifier(test).VerifyAsync([], null, Ct)).Faults.Single().Problem.ShouldContain("index by person");
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Find_ByPersonAgentAndTime_IsTheSameWithAndWithoutIndex(DatabaseEngine engine)
    {
        await using var test = await TestDatabase.OpenAsync(engine);
        await test.PutAsync(Given.Patient());
        await RecordAsync(test, 30);
        test.Clock.Now += TimeSpan.FromHours(1);
        await RecordAsync(test, 30, agent: "b");
        var filters = new AuditFilter[]
        {
            new() { People = [3L] },
            new() { People = [1L, 2L], Agent = "b" },
            new() { Agent = "a" },
            new() { From = test.Clock.Now.ToUnixTimeMilliseconds() },
            new() { To = test.Clock.Now.ToUnixTimeMilliseconds() },
            new() { People = [999L] },
        };

        async Task<List<string>> AllAsync()
        {
            var found = new List<string>();
            foreach (var filter in filters)
            {
                found.Add(string.Join(' ', await new AuditStore(test.Database).FindAsync(filter, null, Ct).Select(r => r.Id).ToListAsync(Ct)));
            }

            return found;
        }

        var before = await AllAsync();
        await Retention(test).IndexAsync(1, Ct);
        var after = await AllAsync();

        after.ShouldBe(before);
        before[0].ShouldBe("2-53 2-43 2-33 2-23 2-13 2-3");
        before[5].ShouldBeEmpty();
        before[2].Split(' ').Length.ShouldBe(30);
        before[3].Split(' ').Length.ShouldBe(30);
        before[4].Split(' ').Length.ShouldBe(31, "thirty of the first hour, and the change");
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Find_PageByPage_ShowsEveryRecordOnce(DatabaseEngine engine)
    {
        await using var test = await TestDatabase.OpenAsync(engine);
        for (var i = 0; i < 4; i++)
        {
            await test.PutAsync(Given.Patient(family: $"Archer{i}"));
            await RecordAsync(test, 3);
            test.Clock.Now += TimeSpan.FromSeconds(i % 2);
        }

        var store = new AuditStore(test.Database);
        var pages = new List<string>();
        (long, byte, long)? last = null;
        while (await store.FindAsync(new AuditFilter(), last, Ct).Take(3).ToListAsync(Ct) is { Count: > 0 } page)
        {
            pages.AddRange(page.Select(r => r.Id));
            last = (page[^1].Entry.At, page[^1].Chain, page[^1].Seq);
        }

        pages.ShouldBe(await store.FindAsync(new AuditFilter(), null, Ct).Select(r => r.Id).ToListAsync(Ct));
        pages.Count.ShouldBe(16);
        pages.Distinct().Count().ShouldBe(16);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Record_ByManyAtOnce_GivesOneChainWithoutGaps(DatabaseEngine engine)
    {
        await using var test = await TestDatabase.OpenAsync(engine);
        await using var one = new AuditLog(test.Database, AuditLog.DefaultSync);
        await using var two = new AuditLog(test.Database, TimeSpan.Zero);

        await Task.WhenAll(Enumerable.Range(0, 400).Select(i => (i % 2 == 0 ? one : two).RecordAsync(Entry(test, i, "a"))));

        var verdict = await Verifier(test).VerifyAsync([], null, Ct);
        verdict.Faults.ShouldBeEmpty();
        verdict.Heads.Single().Seq.ShouldBe(400);
    }

    [Fact]
    public async Task Record_ThenTheServiceIsKilled_IsThere()
    {
        await using var test = await TestDatabase.OpenAsync(DatabaseEngine.Sqlite);
        await using var log = new AuditLog(test.Database, TimeSpan.FromHours(1));
        await log.RecordAsync([.. Enumerable.Range(0, 10).Select(i => Entry(test, i, "a"))]);

        // What the operating system has at the moment of the answer is what is left when the process ends without a word.
        var left = Path.Combine(Path.GetDirectoryName(test.Database.AuditFile)!, "left");
        File.Copy(test.Database.AuditFile!, left + ".audit.db");
        File.Copy(test.Database.AuditFile + "-wal", left + ".audit.db-wal");
        await using var after = new CareDatabase(left + ".db");
        await using var connection = await after.OpenAuditAsync(durable: true, Ct);
        await using var count = connection.CreateCommand();
        count.CommandText = "SELECT COUNT(*) FROM audit_event";
        Convert.ToInt64(await count.ExecuteScalarAsync(Ct), System.Globalization.CultureInfo.InvariantCulture).ShouldBe(10);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task Write_InARequest_CarriesItsRowInTheSameCommit(DatabaseEngine engine)
    {
        await using var test = await TestDatabase.OpenAsync(engine);
        AccessTrail.Current = new AccessTrail { Agent = "dr-patel", Interaction = "UpdateResource", Action = AuditAction.Update, RequestId = "r1" };
        await test.PutAsync(Given.Patient());
        var kept = AccessTrail.Current.IsKept;
        AccessTrail.Current = null;

        kept.ShouldBeTrue();
        var record = await new AuditStore(test.Database).ReadAsync(AuditChain.Changes, 1, Ct);
        record!.Entry.Agent.ShouldBe("dr-patel");
        record.Entry.People.ShouldHaveSingleItem();
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public async Task SaveChanges_InARequest_CarriesItsRowAndARollbackTakesItAway(DatabaseEngine engine)
    {
        await using var test = await TestDatabase.OpenAsync(engine);
        await using var db = test.Contexts.CreateDbContext();
        AccessTrail.Current = new AccessTrail { Agent = "dr-patel", Interaction = "PutCarePlan", Action = AuditAction.Update };
        AccessTrail.Current.Saw(7);
        db.UrgentCareAccesses.Add(new() { PatientKey = 7, Id = "a", AccessedBy = "x", AccessedAt = 1, Reason = "r" });
        await db.SaveChangesAsync(Ct);
        AccessTrail.Current.IsKept.ShouldBeTrue();

        AccessTrail.Current = new AccessTrail { Agent = "dr-jones", Interaction = "PutCarePlan", Action = AuditAction.Update };
        AccessTrail.Current.Saw(8);
        await using (await db.Database.BeginTransactionAsync(Ct))
        {
            db.UrgentCareAccesses.Add(new() { PatientKey = 8, Id = "b", AccessedBy = "x", AccessedAt = 1, Reason = "r" });
            await db.SaveChangesAsync(Ct);
        }

        var keptNothing = !AccessTrail.Current.IsKept;
        AccessTrail.Current = null;
        keptNothing.ShouldBeTrue();
        (await new AuditStore(test.Database).FindAsync(new AuditFilter(), null, Ct).Select(r => r.Entry.Agent).ToListAsync(Ct)).ShouldBe(["dr-patel"]);
    }

    [Fact]
    public void Pack_AnyPeople_ReadsBackTheSame() => Prop.ForAll<long[]>(keys =>
    {
        var people = keys.Select(k => k % 10_000_000_000).Distinct().Order().ToArray();

        return AuditChain.Unpack(AuditChain.Pack(people)).SequenceEqual(people);
    }).QuickCheckThrowOnFailure();

    private static AuditVerifier Verifier(TestDatabase test) => new(new AuditStore(test.Database));

    private static AuditRetention Retention(TestDatabase test) => new(new AuditStore(test.Database), test.Clock);

    private static AuditEntry Entry(TestDatabase test, int i, string agent) => new()
    {
        At = test.Clock.Now.ToUnixTimeMilliseconds(),
        Agent = agent,
        Interaction = "ReadResource",
        Action = AuditAction.Read,
        Outcome = i % 7 == 6 ? AuditOutcome.Refused : AuditOutcome.Success,
        People = i % 10 == 9 ? [] : [(i % 10) + 1],
    };

    private static async Task RecordAsync(TestDatabase test, int count, string agent = "a")
    {
        await using var log = new AuditLog(test.Database, AuditLog.DefaultSync);
        await log.RecordAsync([.. Enumerable.Range(0, count).Select(i => Entry(test, i, agent))]);
    }

    private static async Task ExecuteAsync(TestDatabase test, byte chain, string sql)
    {
        await using var connection = await new AuditStore(test.Database).OpenAsync(chain, Ct);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }
}
