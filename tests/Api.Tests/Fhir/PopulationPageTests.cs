using System.Text;
using BetterCare.Care.Api.Features.Resources;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Search;
using BetterCare.Care.Storage.Resources;
using BetterCare.Care.Stratification.Timelines;
using Microsoft.Extensions.DependencyInjection;

namespace BetterCare.Care.Tests.Api.Fhir;

/// <summary>Searches across people go along an index: each match once, in one order, whoever writes meanwhile.</summary>
public abstract class PopulationPageTests(CareApp app)
{
    private const string Restricted = """ "meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"R"}]},""";

    private static int _codes = 660_000;

    [Theory]
    [InlineData("")]
    [InlineData("&date=ge2024-01-02&date=le2024-01-09")]
    [InlineData("&status=final")]
    [InlineData("&_include=Observation:subject")]
    public async Task Pages_ByCode_HoldEachMatchOnce_WhileOthersWrite(string more)
    {
        var code = NewCode();
        var expected = new List<string>();
        for (var i = 0; i < 23; i++)
        {
            // Several on each day, of several people.
            var number = await app.GivenPatientAsync();
            var json = CareApp.Observation(number, code, $"2024-01-{2 + (i % 5):D2}");
            expected.Add((await app.PostAsync("Observation", json)).Id);
        }

        var seen = new List<string>();
        var pages = 0;
        for (var page = await app.GetAsync($"Observation?code=http://snomed.info/sct|{code}{more}&_count=4"); ; pages++)
        {
            page.Status.ShouldBe(200, page.Text);
            page.Ids().Length.ShouldBeLessThanOrEqualTo(4);
            seen.AddRange(page.Ids());
            await WriteAroundAsync(code);
            if (page.Link("next") is not { } next)
            {
                break;
            }

            page = await app.GetAsync(next);
        }

        seen.ShouldBeUnique();
        expected.Except(seen).ShouldBeEmpty("something was skipped");
        pages.ShouldBeGreaterThanOrEqualTo(5);
    }

    [Theory]
    [InlineData("date")]
    [InlineData("-date")]
    public async Task Pages_SortedByDate_AreInExactOrder_EqualAndUndatedToo(string sort)
    {
        var code = NewCode();
        string[] dates =
        [
            "2024-03-01T23:30:00-05:00", "2024-03-02", "2024-03-02T01:00:00Z", "2024-03-02", "2024-03-03T00:30:00+02:00", "2024-03-02T22:00:00Z", "2024-03-05",
            "2024-03-01", "2023", "2024-03", "2024-03-02", "", "2024-03-04T12:00:00Z", "", "2024-03-10", "2024-03-02T22:30:00Z",
        ];
        foreach (var date in dates)
        {
            var json = CareApp.Observation(await app.GivenPatientAsync(), code, date);
            (await app.PostAsync("Observation", date.Length > 0 ? json : json.Replace("\"effectiveDateTime\":\"\",", "", StringComparison.Ordinal))).Status.ShouldBe(201);
        }

        // What the slow way says: everything read, sorted and cut.
        var whole = await app.GetAsync($"Observation?code={code}&_sort={sort}&_total=accurate");
        var (seen, pages) = (new List<string>(), 0);
        for (var page = await app.GetAsync($"Observation?code={code}&_sort={sort}&_count=3"); ; pages++)
        {
            page.Status.ShouldBe(200, page.Text);
            seen.AddRange(page.Ids());
            if (page.Link("next") is not { } next)
            {
                break;
            }

            page = await app.GetAsync(next);
        }

        whole.Ids().Length.ShouldBe(dates.Length);
        seen.ShouldBe(whole.Ids());
        pages.ShouldBe(5);
        (await app.GetAsync($"Observation?code={code}&_sort={sort}&date=2024-03-02&_count=50")).Ids()
            .ShouldBe((await app.GetAsync($"Observation?code={code}&_sort={sort}&date=2024-03-02&_count=50&_total=accurate")).Ids());
    }

    [Fact]
    public async Task Pages_OfSeveralCodes_HoldWhatHasBothOnce()
    {
        var (one, two) = (NewCode(), NewCode());
        var expected = new List<string>();
        for (var i = 0; i < 9; i++)
        {
            var json = CareApp.Observation(await app.GivenPatientAsync(), i % 3 == 1 ? two : one, $"2024-02-{1 + (i / 4):D2}");
            json = i % 3 == 2 ? json.Replace("\"coding\":[", $"\"coding\":[{{\"system\":\"http://snomed.info/sct\",\"code\":\"{two}\"}},", StringComparison.Ordinal) : json;
            expected.Add((await app.PostAsync("Observation", json)).Id);
        }

        (await AllAsync($"Observation?code={one},{two}&_count=2")).ShouldBe(expected, ignoreOrder: true);
        (await AllAsync($"Observation?code={one},{two}&_count=2&_sort=-date")).ShouldBe(expected, ignoreOrder: true);
    }

    [Theory]
    [InlineData("_lastUpdated")]
    [InlineData("-_lastUpdated")]
    public async Task Pages_ByTimeOfUpdate_AreInItsOrder(string sort)
    {
        var since = DateTimeOffset.UtcNow.AddMilliseconds(-1).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'");
        var number = await app.GivenPatientAsync();
        var expected = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            expected.Add((await app.PostAsync("Flag", $$"""{"resourceType":"Flag","status":"active","code":{"text":"x"},"subject":{"reference":"Patient/{{number}}"} }""")).Id);
            await Task.Delay(2);
        }

        (await AllAsync($"Flag?_lastUpdated=ge{since}&_sort={sort}&_count=2")).ShouldBe(sort[0] == '-' ? expected.AsEnumerable().Reverse() : expected);
        (await AllAsync($"Flag?_lastUpdated=ge{since}&_count=2")).ShouldBe(expected);
    }

    [Fact]
    public async Task Pages_OfPeople_ByPracticeAndByBirth_HoldEachOnce()
    {
        await app.PutAsync("Organization/Y00888", """{"resourceType":"Organization","id":"Y00888","identifier":[{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"Y00888"}],"name":"A practice"}""");
        var expected = new List<string>();
        for (var i = 0; i < 7; i++)
        {
            expected.Add(await app.GivenPatientAsync(born: i < 4 ? "1933-07-08" : "1933-07-09", extra: "\"generalPractitioner\":[{\"reference\":\"Organization/Y00888\"}],"));
        }

        (await AllAsync("Patient?general-practitioner=Organization/Y00888&_count=2")).ShouldBe(expected, ignoreOrder: true);
        (await AllAsync("Patient?birthdate=1933-07-08&_count=2")).ShouldBe(expected[..4], ignoreOrder: true);
        (await AllAsync("Patient?birthdate=1933&general-practitioner=Organization/Y00888&_count=3")).ShouldBe(expected, ignoreOrder: true);
    }

    [Fact]
    public async Task Pages_LeaveOutPeopleBetween_AndEndWhereTheIndexEnds()
    {
        var code = NewCode();
        var (shown, hidden) = (new List<string>(), new List<string>());
        for (var i = 0; i < 12; i++)
        {
            // Every other person's record is restricted: nobody finds them by a code.
            var number = await app.GivenPatientAsync(extra: i % 2 == 0 ? "" : Restricted);
            (i % 2 == 0 ? shown : hidden).Add((await app.PostAsync("Observation", CareApp.Observation(number, code, "2024-05-01"))).Id);
        }

        (await AllAsync($"Observation?code={code}&_count=2")).ShouldBe(shown, ignoreOrder: true);
        (await AllAsync($"Observation?code={code}&_count=2&_sort=-date")).ShouldBe(shown, ignoreOrder: true);
        var one = await app.GetAsync($"Observation?code={code}&_count=6");
        one.Link("next").ShouldBeNull();
        ((int)one.Json["total"]!).ShouldBe(6);
        (await app.GetAsync($"Observation?code={code}&_count=2")).Json["total"].ShouldBeNull();
        ((int)(await app.GetAsync($"Observation?code={code}&_count=2&_total=accurate")).Json["total"]!).ShouldBe(6);
    }

    [Fact]
    public async Task Pages_WhoseWorkIsOver_SayWhereTheNextGoesOn()
    {
        var code = NewCode();
        var expected = new List<string>();
        for (var i = 0; i < 13; i++)
        {
            var number = await app.GivenPatientAsync(extra: i % 5 == 4 ? "" : Restricted);
            var id = (await app.PostAsync("Observation", CareApp.Observation(number, code, "2024-05-01"))).Id;
            expected.AddRange(i % 5 == 4 ? [id] : []);
        }

        // Three entries a page, most of them of people who are not to be found: some pages are empty, and none is the wrong end.
        var services = app.Services;
        var pages = new PopulationPages(services.GetRequiredService<SearchCandidates>(), services.GetRequiredService<ResourceStore>()) { MaxLooked = 3 };
        var (seen, sizes, cursor) = (new List<string>(), new List<int>(), "");
        do
        {
            var request = SearchRequest.Parse(ResourceType.Observation, $"code={code}&_count=2{cursor}", new SearchOptions { Now = DateTimeOffset.UtcNow });
            request.IsValid.ShouldBeTrue();
            var page = (await pages.TryAsync(request, null, new PeopleFilter(null, PersonFlags.Restricted), TestContext.Current.CancellationToken))!.Value;
            seen.AddRange(page.Value.Matches.Select(m => m.Id));
            sizes.Add(page.Value.Matches.Count);
            cursor = page.Value.Next is { } next ? $"&_cursor={next.Text}" : "";
        }
        while (cursor.Length > 0);

        seen.ShouldBe(expected, ignoreOrder: true);
        sizes.Count.ShouldBe(5);
        sizes.ShouldContain(0);
    }

    [Fact]
    public async Task Walk_OverStretches_TellsEveryPlaceOnce_FromAnyPlaceOn()
    {
        var store = app.Services.GetRequiredService<ResourceStore>();
        var codes = new[] { NewCode(), NewCode() };
        for (var i = 0; i < 10; i++)
        {
            await app.PostAsync("Observation", CareApp.Observation(await app.GivenPatientAsync(), codes[i % 2], $"2024-06-{1 + (i / 3):D2}"));
        }

        var stretches = codes.Select(c => IndexStretch.OfCode(ResourceType.Observation, Hashing.Code(default, Encoding.UTF8.GetBytes(c)), 0, int.MaxValue)).ToList();
        foreach (var descending in new[] { false, true })
        {
            var all = await WalkAsync(null);
            all.Count.ShouldBe(10);
            all.ShouldBe(descending ? all.OrderDescending() : all.Order());
            for (var i = 0; i < all.Count; i++)
            {
                (await WalkAsync(all[i])).ShouldBe(all[(i + 1)..]);
                IndexPlace.Read(all[i].ToBytes()).ShouldBe(all[i]);
            }

            async Task<List<IndexPlace>> WalkAsync(IndexPlace? after)
            {
                var walk = new IndexWalk(store, stretches, after, descending, new PeopleFilter(null, PersonFlags.Restricted), 1);
                var places = new List<IndexPlace>();
                while (await walk.NextAsync(TestContext.Current.CancellationToken) is { } entry)
                {
                    places.Add(entry.Place);
                }

                return places;
            }
        }
    }

    private static string NewCode() => $"{Interlocked.Increment(ref _codes)}";

    private async Task<List<string>> AllAsync(string address)
    {
        var seen = new List<string>();
        for (var page = await app.GetAsync(address); ; page = await app.GetAsync(page.Link("next")!))
        {
            page.Status.ShouldBe(200, page.Text);
            seen.AddRange(page.Ids());
            if (page.Link("next") is null)
            {
                return seen;
            }
        }
    }

    /// <summary>Others write before, between and after what has been read.</summary>
    private async Task WriteAroundAsync(string code)
    {
        var number = await app.GivenPatientAsync();
        foreach (var date in new[] { "2023-01-01", "2024-01-03", "2024-01-09" })
        {
            var id = (await app.PostAsync("Observation", CareApp.Observation(number, code, date))).Id;
            if (date[3] == '3')
            {
                await app.SendAsync(HttpMethod.Delete, $"Observation/{id}", null);
            }
        }
    }
}
