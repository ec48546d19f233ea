using System.Text;
using BetterCare.Care.Fhir;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Resources;
using BetterCare.Care.Storage.Tracing;
using BetterCare.Care.Synthetic;
using FsCheck;
using FsCheck.Fluent;

namespace BetterCare.Care.Tests.Storage;

/// <summary>What is stored comes back to the byte, is small, and says so when it is damaged.</summary>
public class BodyCodecTests
{
    private const string Encounter =
        """{"resourceType":"Encounter","id":"1","meta":{},"status":"finished","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"AMB","display":"ambulatory"},"subject":{"reference":"Patient/9990000018"}}""";

    [Fact]
    public void Pack_AnyBytes_ComeBack() => Prop.ForAll<byte[]>(
        ArbMap.Default.ArbFor<byte[]>(),
        bytes => BodyCodec.Unpack(BodyCodec.Pack(Json(bytes)).Span).AsSpan().SequenceEqual(Json(bytes))).QuickCheckThrowOnFailure();

    [Fact]
    public void Pack_TextThatRepeatsItself_ComesBackAtEveryLength()
    {
        // Runs that overlap themselves, lengths around the tokens' limits of 15 and 255, texts beyond the window of 64 KB.
        foreach (var period in new[] { 1, 3, 8, 40, 1000, 70_000 })
        {
            var text = new byte[period];
            new Random(period).NextBytes(text);
            foreach (var length in Enumerable.Range(0, 300).Append(4000).Append(65_536).Append(200_001))
            {
                var json = Json([.. Enumerable.Range(0, length).Select(i => text[i % period])]);

                BodyCodec.Unpack(BodyCodec.Pack(json).Span).AsSpan().SequenceEqual(json).ShouldBeTrue($"period {period}, length {length}");
            }
        }
    }

    [Fact]
    public async Task Pack_EveryTypeOfACohort_ComesBackAtLessThanHalfTheSize()
    {
        var folder = Directory.CreateTempSubdirectory("care-codec");
        await CohortGenerator.WriteNdjsonAsync(new CohortOptions(100, 3), folder.FullName, null, TestContext.Current.CancellationToken);
        foreach (var file in folder.GetFiles("*.ndjson"))
        {
            long plain = 0, stored = 0;
            foreach (var line in File.ReadLines(file.FullName))
            {
                var json = Encoding.UTF8.GetBytes(line);
                var packed = BodyCodec.Pack(json);
                BodyCodec.Unpack(packed.Span).ShouldBe(json);
                (plain, stored) = (plain + json.Length, stored + packed.Length);
            }

            stored.ShouldBeLessThan(plain / 2, file.Name);
        }

        folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData(Encounter)]
    public void Unpack_WhatAnEarlierVersionStored_IsTheJson(string json) => Encoding.UTF8.GetString(BodyCodec.Unpack(Encoding.UTF8.GetBytes(json))).ShouldBe(json);

    [Fact]
    public void Unpack_DictionaryOfALaterVersion_SaysToStartThatVersion()
    {
        var packed = BodyCodec.Pack(Encoding.UTF8.GetBytes(Encounter)).ToArray();
        packed[0] = 2;

        Should.Throw<InvalidDataException>(() => BodyCodec.Unpack(packed)).Message.ShouldContain("later version");
    }

    [Fact]
    public void Unpack_DamagedAtAnyByte_IsRefusedOrOfTheSameLength()
    {
        var packed = BodyCodec.Pack(Encoding.UTF8.GetBytes(Encounter)).ToArray();
        var random = new Random(1);
        for (var i = 0; i < 20_000; i++)
        {
            var damaged = packed[..random.Next(2, packed.Length + 1)];
            damaged[random.Next(1, damaged.Length)] = (byte)random.Next(256);
            try
            {
                BodyCodec.Unpack(damaged).Length.ShouldBeLessThanOrEqualTo(255 * packed.Length);
            }
            catch (InvalidDataException e)
            {
                e.Message.ShouldContain("backup");
            }
        }
    }

    [Fact]
    public async Task Database_WithBodiesOfAnEarlierVersion_ReadsThemBesideItsOwn()
    {
        await using var test = await TestDatabase.OpenAsync(DatabaseEngine.Sqlite);
        await test.PutAsync(Given.Patient());
        await test.PutAsync(Given.Condition("kept"));
        await test.PutAsync(Given.Condition("new"));
        var before = (await test.Store.ReadAsync(ResourceType.Condition, "kept", TestContext.Current.CancellationToken))!;
        await using (var connection = await test.Database.OpenAsync(TestContext.Current.CancellationToken))
        {
            await using var command = connection.CreateCommand();
            command.CommandText = "UPDATE resource SET body=@body WHERE id='kept'";
            command.Add("body", before.Body);
            (await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken)).ShouldBe(1);
        }

        (await test.Store.ReadAsync(ResourceType.Condition, "kept", TestContext.Current.CancellationToken))!.ToUtf8().ToArray().ShouldBe(before.ToUtf8().ToArray());
        (await test.Store.ReadAsync(ResourceType.Condition, "new", TestContext.Current.CancellationToken)).ShouldNotBeNull();
    }

    /// <summary>What is stored begins with a brace.</summary>
    private static byte[] Json(byte[] bytes) => [(byte)'{', .. bytes];
}
