using System.Text;
using System.Text.Json;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Search;
using FsCheck;
using FsCheck.Fluent;

namespace BetterCare.Care.Tests.Fhir.Search;

public sealed class PagingTests
{
    private static readonly string[] Families = ["Ang", "ang", "Ån", "Zed", "", "O'Neil", "Onei", "Smith", "Smithson"];
    private static readonly string?[] Births = [null, "1931", "1931-05", "1931-05-02", "2001-12-31"];

    private static ReadOnlyMemory<byte> Patient(int id, string family, string? born) => JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, object?>
    {
        ["resourceType"] = "Patient",
        ["id"] = $"p{id}",
        ["name"] = new[] { new { family } },
        ["birthDate"] = born ?? "",
    });

    private static string Id(ReadOnlyMemory<byte> json) => new JsonView(json.Span)["id"u8].ToString();

    private static List<string> ReadAll(string query, IReadOnlyList<ReadOnlyMemory<byte>> all, Action<int>? betweenPages = null)
    {
        var seen = new List<string>();
        var next = query;
        for (var page = 0; page <= all.Count + 10; page++)
        {
            var request = Given.Search(ResourceType.Patient, next);
            request.Issues.ShouldBeEmpty();
            var result = SearchPage.Of(request, all);
            result.Rows.Count.ShouldBeLessThanOrEqualTo(request.Count);
            seen.AddRange(result.Rows.Select(Id));
            if (result.Next is null)
            {
                return seen;
            }

            next = request.SelfQuery(result.Next);
            betweenPages?.Invoke(page);
        }

        throw new InvalidOperationException("The pages never end.");
    }

    [Fact]
    public void Pages_AnyOrderAndSize_GiveEachResourceOnceInOrder()
    {
        var people = Gen.Choose(0, 30).SelectMany(n => Gen.Zip(Gen.Elements(Families), Gen.Elements(Births)).ArrayOf(n));
        var orders = Gen.Elements("family", "-family", "birthdate", "-birthdate,family", "-family,-birthdate", "_id");
        Check.One(Config.QuickThrowOnFailure, Prop.ForAll(people.ToArbitrary(), orders.ToArbitrary(), Gen.Choose(1, 7).ToArbitrary(), (persons, order, size) =>
        {
            var all = persons.Select((p, i) => Patient(i, p.Item1, p.Item2)).ToList();
            var sort = SortOrder.Parse(ResourceType.Patient, order, out _)!;
            var expected = all.OrderBy(p => sort.KeyOf(p.Span), KeyComparer.Instance).Select(Id).ToList();

            var seen = ReadAll($"_sort={order}&_count={size}", all);

            seen.ShouldBe(expected);
            seen.Distinct().Count().ShouldBe(all.Count);
        }));
    }

    [Fact]
    public void Pages_OthersWriteMeanwhile_NeitherRepeatNorSkipWhatStays()
    {
        var all = Enumerable.Range(0, 20).Select(i => Patient(i * 10, Families[i % Families.Length], Births[i % Births.Length])).ToList();
        var stayed = all.Select(Id).ToHashSet();

        var seen = ReadAll("_sort=-birthdate&_count=3", all, page =>
        {
            all.Add(Patient((page * 10) + 5, "New", "1931-05-02"));
            stayed.Remove(Id(all[page]));
            all.RemoveAt(page);
        });

        seen.Distinct().Count().ShouldBe(seen.Count);
        stayed.ShouldBeSubsetOf(seen);
    }

    [Fact]
    public void Sort_Families_IgnoresCaseAndAccentsAndPutsNoneLast()
    {
        var all = new[] { Patient(1, "Zed", null), Patient(2, "Ångström", null), Patient(3, "angst", null), Patient(4, "", null), Patient(5, "Anger", null) };

        ReadAll("_sort=family", all).ShouldBe(["p5", "p3", "p2", "p1", "p4"]);
        ReadAll("_sort=-family", all).ShouldBe(["p1", "p2", "p3", "p5", "p4"]);
    }

    [Fact]
    public void Sort_Probability_IsNumeric()
    {
        var values = new[] { "0.9", "12.5", "-3", "100", "0.09", "1e1", "0" };
        var all = values.Select((v, i) => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes($$"""{"resourceType":"RiskAssessment","id":"{{i}}","prediction":[{"probabilityDecimal":{{v}}}]}""")).ToList();

        var page = SearchPage.Of(Given.Search(ResourceType.RiskAssessment, "_sort=-probability"), all);

        page.Rows.Select(r => values[int.Parse(Id(r))]).ShouldBe(["100", "12.5", "1e1", "0.9", "0.09", "0", "-3"]);
    }

    [Fact]
    public void Sort_SeveralValues_UsesLeastAscendingAndGreatestDescending()
    {
        var both = Given.Json("""{"resourceType":"Patient","id":"both","name":[{"family":"Mid"},{"family":"Aaa"},{"family":"Zzz"}]}""");
        var one = Given.Json("""{"resourceType":"Patient","id":"one","name":[{"family":"Bbb"}]}""");

        ReadAll("_sort=family", [one, both]).ShouldBe(["both", "one"]);
        ReadAll("_sort=-family", [one, both]).ShouldBe(["both", "one"]);
    }

    [Fact]
    public void Total_OfPage_CountsAllMatches()
    {
        var all = Enumerable.Range(0, 9).Select(i => Patient(i, "A", null)).ToList();

        SearchPage.Of(Given.Search(ResourceType.Patient, "_count=2"), all).Total.ShouldBe(9);
        var counted = SearchPage.Of(Given.Search(ResourceType.Patient, "_summary=count"), all);
        (counted.Total, counted.Rows.Count, counted.Next).ShouldBe((9, 0, null));
    }

    [Fact]
    public void Cursor_OfAnotherOrderOrType_IsRefused()
    {
        var order = SortOrder.Parse(ResourceType.Patient, "family", out _)!;
        var cursor = PageCursor.After(ResourceType.Patient, order, order.KeyOf("""{"id":"1","name":[{"family":"?&=+/ ÿ"}]}"""u8));

        cursor.Text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_').ShouldBeTrue();
        PageCursor.TryParse(cursor.Text, ResourceType.Patient, order, out var again).ShouldBeTrue();
        again!.Key.ToArray().ShouldBe(cursor.Key.ToArray());
        PageCursor.TryParse(cursor.Text, ResourceType.Patient, SortOrder.ById, out _).ShouldBeFalse();
        PageCursor.TryParse(cursor.Text, ResourceType.Practitioner, order, out _).ShouldBeFalse();
        PageCursor.TryParse("%%%", ResourceType.Patient, order, out _).ShouldBeFalse();
        Given.Search(ResourceType.Patient, $"_cursor={cursor.Text}&_sort=family").IsValid.ShouldBeTrue();
    }

    [Fact]
    public void Of_RowsOfAStore_KeepsTheRows()
    {
        var rows = Enumerable.Range(0, 3).Select(i => (Version: i, Body: Patient(i, "A", null))).ToList();

        SearchPage.Of(Given.Search(ResourceType.Patient, "_id=p1,p2"), rows, r => r.Body).Rows.Select(r => r.Version).ShouldBe([1, 2]);
    }

    [Theory]
    [InlineData("_lastUpdated")]
    [InlineData("-_lastUpdated")]
    public void Position_ByDate_GivesTicksAndId(string sort)
    {
        var order = SortOrder.Parse(ResourceType.Patient, sort, out _)!;
        var key = order.KeyOf("""{"id":"p1","meta":{"lastUpdated":"2024-05-01T10:00:00.123Z"}}"""u8);

        var position = order.Position(PageCursor.After(ResourceType.Patient, order, key))!.Value;

        (position.IsMissing, position.Ticks, position.Id).ShouldBe((false, new DateTime(2024, 5, 1, 10, 0, 0, 123).Ticks, "p1"));
    }

    [Theory]
    [InlineData("probability", 62.5)]
    [InlineData("-probability", 62.5)]
    [InlineData("-probability", -1.5)]
    [InlineData("probability", 0)]
    public void Position_ByNumber_GivesValueAndId(string sort, double probability)
    {
        var order = SortOrder.Parse(ResourceType.RiskAssessment, sort, out _)!;
        var key = order.KeyOf(Given.Json($$$"""{"id":"r1","prediction":[{"probabilityDecimal":{{{probability}}}}]}"""));

        var position = order.Position(PageCursor.After(ResourceType.RiskAssessment, order, key))!.Value;

        (position.Number, position.Id).ShouldBe((probability, "r1"));
    }

    [Theory]
    [InlineData("family", "smith", "p1")]
    [InlineData("-family", "smith", "p1")]
    [InlineData("-birthdate", "", "p1")]
    [InlineData("_id", "p1", "p1")]
    public void Position_ByText_GivesTextAndId(string sort, string text, string id)
    {
        var order = SortOrder.Parse(ResourceType.Patient, sort, out _)!;
        var key = order.KeyOf("""{"id":"p1","name":[{"family":"Smith"}]}"""u8);

        var position = order.Position(PageCursor.After(ResourceType.Patient, order, key))!.Value;

        (position.Text.Trim(), position.Id).ShouldBe((text, id));
        SortOrder.ById.Position(PageCursor.After(ResourceType.Patient, SortOrder.ById, SortOrder.ById.KeyOf("""{"id":"p1"}"""u8)))!.Value.Id.ShouldBe("p1");
        var two = SortOrder.Parse(ResourceType.Patient, "family,birthdate", out _)!;
        two.Position(PageCursor.After(ResourceType.Patient, two, two.KeyOf("{}"u8))).ShouldBeNull();
    }

    private sealed class KeyComparer : IComparer<byte[]>
    {
        public static readonly KeyComparer Instance = new();

        public int Compare(byte[]? x, byte[]? y) => x.AsSpan().SequenceCompareTo(y);
    }
}
