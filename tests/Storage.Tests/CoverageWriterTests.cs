using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Coverage;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Stratification.Timelines;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using LeadState = BetterCare.Care.Storage.Model.LeadState;

namespace BetterCare.Care.Tests.Storage;

public sealed class CoverageWriterTests
{
    private static readonly DateOnly November = new(2026, 11, 22);

    [Theory]
    [MemberData(nameof(TestDatabase.Engines), MemberType = typeof(TestDatabase))]
    public async Task Recount_FollowsAPersonThroughAYear_CellsAlwaysAddUpToThePeople(DatabaseEngine engine)
    {
        await using var test = await TestDatabase.OpenAsync(engine);
        await GivenAsync(test);
        await using var reads = new CoverageReads(test.Database);

        await RecountAsync(test, November);
        (await TotalAsync(reads, 202611)).ShouldBe((1, 1, 0, 0), "somebody who was in no cell is added");
        await RecountAsync(test, November);
        (await TotalAsync(reads, 202611)).ShouldBe((1, 1, 0, 0), "twice is once");

        await ChangeAsync(test, db =>
        {
            db.Leads.Add(new LeadRecord { Id = "l", PatientKey = 1, State = LeadState.Confirmed, PractitionerId = "p", Sector = "social-care", Reasons = "", DecidedBy = "x", StartDay = 1 });
            var standing = db.Standings.Single();
            (standing.PlanState, standing.PlanJoint, standing.ReviewDay) = ("agreed", true, November.AddDays(20).DayNumber);
        });
        await RecountAsync(test, November);
        (await TotalAsync(reads, 202611)).ShouldBe((1, 1, 1, 1));
        (await reads.OverdueAsync(November, default)).ShouldBeEmpty();

        var december = November.AddDays(30);
        (await reads.OverdueAsync(december, default)).ShouldBe([1L]);
        await RecountAsync(test, december);
        (await TotalAsync(reads, 202612)).ShouldBe((1, 1, 1, 0), "the review is overdue");
        (await TotalAsync(reads, 202611)).ShouldBe((1, 1, 1, 1), "November stays as it stood");
        (await reads.OverdueAsync(december, default)).ShouldBeEmpty();

        await ChangeAsync(test, db => db.Patients.Single().PracticeCode = "N81054");
        await RecountAsync(test, december);
        var cells = await reads.CellsAsync(202612, CoverageSplit.None, null, default);
        cells.ShouldHaveSingleItem().PracticeCode.ShouldBe("N81054");
        (await reads.CellsAsync(202612, CoverageSplit.Age, new HashSet<string> { "N81054" }, default)).Sum(c => c.People).ShouldBe(1);
        (await reads.CellsAsync(202612, CoverageSplit.Sex, null, default)).ShouldHaveSingleItem().Part.ShouldBe((byte)Sex.Female);

        await ChangeAsync(test, db => db.Patients.Single().DeathDay = december.DayNumber);
        await RecountAsync(test, december);
        (await TotalAsync(reads, 202612)).ShouldBe((0, 0, 0, 0));
        (await reads.MonthsAsync(202612, default)).ShouldBe([202612, 202611]);
        (await reads.TotalsAsync([202611, 202612], default)).ShouldAllBe(c => c.Month == 202611);
    }

    [Fact]
    public void Share_PackedAndUnpacked_IsTheSame()
    {
        for (var packed = 0; packed < 1 << 19; packed += 7)
        {
            CoverageShare.Unpack("N81019", packed).Pack().ShouldBe(packed);
        }
    }

    private static async Task GivenAsync(TestDatabase test) => await ChangeAsync(test, db =>
    {
        db.Patients.Add(new Patient
        {
            PatientKey = 1, NhsNumber = BetterCare.Care.Fhir.Nhs.NhsNumber.Parse(Given.Ann), SupplierKey = 1, BirthDay = new DateOnly(1940, 1, 1).DayNumber, Sex = Sex.Female, Deprivation = 5,
            Flags = PersonFlags.NumberVerified, PracticeCode = "N81019",
        });
        db.Standings.Add(new PersonStanding { PatientKey = 1, PracticeCode = "N81019", ModelLevel = 2, AgreedLevel = 4, Revision = 1 });
        db.CoverageMonths.Add(new CoverageMonth { Month = 202611, Revision = 1 });
    });

    private static async Task ChangeAsync(TestDatabase test, Action<CareDbContext> change)
    {
        await using var db = test.Contexts.CreateDbContext();
        change(db);
        await db.SaveChangesAsync();
    }

    private static async Task RecountAsync(TestDatabase test, DateOnly today)
    {
        await using var db = test.Contexts.CreateDbContext();
        await using var transaction = await db.Database.BeginTransactionAsync();
        var coverage = new CoverageWriter(db.Database.GetDbConnection(), transaction.GetDbTransaction());
        await coverage.LockAsync(today, default);
        await coverage.RecountAsync(1, today, default);
        await transaction.CommitAsync();
    }

    private static async Task<(int People, int Verified, int Leads, int Plans)> TotalAsync(CoverageReads reads, int month)
    {
        var all = await reads.TotalsAsync([month], default);
        var practices = await reads.CellsAsync(month, CoverageSplit.None, null, default);
        practices.Sum(c => c.People).ShouldBe(all.Sum(c => c.People));
        return (all.Sum(c => c.People), all.Sum(c => c.Verified), all.Sum(c => c.LeadHealth + c.LeadSocialCare + c.LeadVoluntary), all.Sum(c => c.WithPlan));
    }
}
