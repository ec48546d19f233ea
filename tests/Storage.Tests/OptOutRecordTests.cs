using System.Text;
using BetterCare.Care.Fhir;
using BetterCare.Care.Storage.OptOuts;
using BetterCare.Care.Stratification.Timelines;
using FsCheck;
using FsCheck.Fluent;

namespace BetterCare.Care.Tests.Storage;

/// <summary>Which opt-outs hold by what was said of them.</summary>
public sealed class OptOutRecordTests
{
    private const int Today = 739_000;

    [Theory]
    [InlineData(new int[] { }, new int[] { }, false)]
    [InlineData(new[] { 10 }, new int[] { }, true)]
    [InlineData(new[] { 10 }, new[] { 11 }, false)]
    [InlineData(new[] { 12 }, new[] { 11 }, true)]
    [InlineData(new[] { 11 }, new[] { 11 }, true)]
    [InlineData(new int[] { }, new[] { 11 }, false)]
    public void InForce_LatestWordCounts_AndOfTwoOnOneDayTheOneThatProtects(int[] stated, int[] withdrawn, bool holds)
    {
        var records = stated.Select(d => new OptOutRecord(PersonFlags.TypeOneOptOut, false, d)).Concat(withdrawn.Select(d => new OptOutRecord(PersonFlags.TypeOneOptOut, true, d)));

        OptOutRecord.InForce(records).ShouldBe(holds ? PersonFlags.TypeOneOptOut : PersonFlags.None);
    }

    [Fact]
    public void InForce_InAnyOrder_IsTheSame_AndKindsDoNotMix() => Prop.ForAll(
        ArbMap.Default.ArbFor<(bool National, bool Withdraws, byte Day)[]>(),
        said =>
        {
            var records = said.Select(s => new OptOutRecord(s.National ? PersonFlags.NationalOptOut : PersonFlags.TypeOneOptOut, s.Withdraws, s.Day)).ToList();
            var flags = OptOutRecord.InForce(records);
            return flags == OptOutRecord.InForce(records.AsEnumerable().Reverse())
                && (flags & PersonFlags.NationalOptOut) == OptOutRecord.InForce(records.Where(r => r.Kind == PersonFlags.NationalOptOut));
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("""{"status":"active","category":[{"coding":[{"code":"827241000000103"}]}],"dateTime":"2024-03-01T10:00:00Z"}""", "TypeOneOptOut False 738945")]
    [InlineData("""{"status":"active","category":[{"coding":[{"code":"x"}]},{"coding":[{"code":"national-data-opt-out"}]}]}""", "NationalOptOut False 738000")]
    [InlineData("""{"status":"active","category":[{"coding":[{"code":"type-1-opt-out"}]}],"provision":{"type":"permit","period":{"start":"2024-03-02"}}}""", "TypeOneOptOut True 738946")]
    [InlineData("""{"status":"inactive","category":[{"coding":[{"code":"type-1-opt-out"}]}]}""", "")]
    [InlineData("""{"status":"active","category":[{"text":"type-1-opt-out"}]}""", "")]
    public void Read_Consent_TellsKindWhetherItWithdrawsAndWhen(string json, string expected)
    {
        var records = new List<OptOutRecord>();

        OptOutRecord.Read(ResourceType.Consent, Encoding.UTF8.GetBytes(json), 738_000, Today, records);

        string.Join(';', records.Select(r => $"{r.Kind} {r.Withdraws} {r.Day}")).ShouldBe(expected);
    }
}
