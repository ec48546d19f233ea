using System.Runtime.InteropServices;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Storage.Resources;
using BetterCare.Care.Stratification.Timelines;

namespace BetterCare.Care.Storage.Runs;

/// <summary>Fills a database with people and timelines straight, without FHIR: for benchmarks at a scale that NDJSON would take hours to make.</summary>
public static class TimelineLoader
{
    private const int PeoplePerCommit = 20_000;

    /// <summary>Adds people; their keys are given here, in order.</summary>
    /// <returns>How many.</returns>
    public static async Task<int> LoadAsync(CareDatabase database, IEnumerable<(NhsNumber Number, string Practice, string Family, string Given, PersonTimeline Person)> people, CancellationToken ct)
    {
        await using IBulkSession session = database.Engine == DatabaseEngine.Sqlite
            ? new SqliteBulkSession(await database.OpenAsync(ct))
            : new PostgresBulkSession(await database.OpenAsync(ct));
        var key = 0;
        foreach (var chunk in people.Chunk(PeoplePerCommit))
        {
            var first = key;
            await session.BeginAsync(bulk: true);
            await session.WritePatientsAsync([.. chunk.Select(p => RowOf(p.Number, p.Practice, p.Family, p.Given, p.Person.Facts, ++key))], [], []);
            await session.RegisterAsync([.. chunk.Select((p, i) => ((long)(first + 1 + i), p.Person.Facts.RegisteredDay, p.Person.Facts.DeregisteredDay))]);
            await session.WriteTimelinesAsync([.. chunk.Select((p, i) => ((long)(first + 1 + i), MemoryMarshal.AsBytes(p.Person.Events.Span).ToArray()))]);
            await session.CommitAsync();
            ct.ThrowIfCancellationRequested();
        }

        return key;
    }

    private static Patient RowOf(NhsNumber number, string practice, string family, string given, PersonFacts facts, long key) => new()
    {
        PatientKey = key,
        NhsNumber = number,
        SupplierKey = Directories.UnnamedSupplier,
        BirthDay = facts.BirthDay,
        DeathDay = facts.DeathDay,
        Sex = facts.Sex,
        Deprivation = facts.DeprivationQuintile,
        Ethnicity = facts.Ethnicity,
        Flags = facts.Flags,
        PracticeCode = practice,
        Family = family,
        FamilyFolded = FoldedText.Of(family),
        Given = given,
    };
}
