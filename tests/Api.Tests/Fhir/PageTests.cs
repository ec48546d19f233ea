using BetterCare.Care.Api.Hosting;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection;

namespace BetterCare.Care.Tests.Api.Fhir;

/// <summary>Links to later pages hold everything and show nothing.</summary>
public abstract class PageTests(CareApp app)
{
    [Fact]
    public async Task Next_OfAnySearch_NamesNobody()
    {
        var number = await app.GivenPatientAsync("Sealington");
        await app.GivenPatientAsync("Another");
        for (var i = 1; i <= 4; i++)
        {
            await app.PostAsync("Observation", CareApp.Observation(number, date: $"2025-01-0{i}"));
        }

        foreach (var address in new[]
        {
            $"Observation?patient={number}&_sort=date&_count=2", $"Observation?subject=Patient/{number}&_count=1", $"Patient/{number}/Observation?_count=1",
            $"Patient/{number}/$everything?_count=2", $"Patient/{number}/*?_count=2", $"Patient/{number}/_history?_count=1", "Patient/_history?_count=1", "Patient?_count=1",
        })
        {
            await app.PutAsync($"Patient/{number}", CareApp.Patient(number, "Sealington", born: $"19{Random.Shared.Next(10, 99)}-01-01"));
            var seen = new List<string>();
            var page = await app.GetAsync(address);
            page.Status.ShouldBe(200, address);
            page.Link("next").ShouldNotBeNull(address);
            for (var more = 0; more < 6; more++)
            {
                seen.AddRange(page.Json["entry"]!.AsArray().Select(e => $"{e!["fullUrl"]} {e["response"]?["etag"]}"));
                if (page.Link("next") is not { } next)
                {
                    break;
                }

                next.ShouldNotContain(number);
                next.ShouldNotContain(Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(number))[..8]);
                page = await app.GetAsync(next);
                page.Status.ShouldBe(200, page.Text);
                page.Link("self").ShouldBe(next);
            }

            seen.ShouldBeUnique(address);
        }
    }

    [Fact]
    public async Task Cursor_ChangedOrMovedElsewhere_IsRefused()
    {
        var number = await app.GivenPatientAsync();
        await app.PostAsync("Observation", CareApp.Observation(number));
        await app.PostAsync("Observation", CareApp.Observation(number));
        var next = new Uri((await app.GetAsync($"Observation?patient={number}&_count=1")).Link("next")!).PathAndQuery;
        var token = next[(next.IndexOf('=', StringComparison.Ordinal) + 1)..];
        var broken = token[..40] + (token[40] == 'A' ? 'B' : 'A') + token[41..];

        foreach (var address in new[]
        {
            $"Observation?_cursor={broken}", $"Observation?_cursor={token[..^4]}", "Observation?_cursor=", "Observation?_cursor=AAAA", $"Condition?_cursor={token}",
            $"Patient/$everything?_cursor={token}", "Patient/$everything", $"_history?_cursor={token}", $"Observation?patient={number}&_cursor={token}",
        })
        {
            var refused = await app.GetAsync(address);
            refused.Status.ShouldBe(400, address);
            refused.Text.ShouldNotContain(number);
        }

        (await app.GetAsync(next[1..].Replace("fhir/", "", StringComparison.Ordinal) + "&_format=json")).Ids().Length.ShouldBe(1);
    }

    [Fact]
    public async Task Cursor_OfOneInstance_IsReadByAnother()
    {
        var number = await app.GivenPatientAsync();
        await app.PostAsync("Observation", CareApp.Observation(number));
        await app.PostAsync("Observation", CareApp.Observation(number));
        var next = new Uri((await app.GetAsync($"Observation?patient={number}&_count=1")).Link("next")!);
        var token = next.Query["?_cursor=".Length..];

        // A second instance on the same database has the same keys, as has the first after a restart.
        await using var other = CareHost.Build([], [new("Care:Database", app.Database), new("Care:WorkFolder", app.Folder)]);
        var protector = other.Services.GetRequiredService<IDataProtectionProvider>().CreateProtector("PageLinks.v1", "search Observation");

        protector.Unprotect(token).ShouldContain(number);
    }
}
