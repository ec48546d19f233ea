using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;
using BetterCare.Care.Api.Features.Tracing.Pds;
using BetterCare.Care.Api.Features.Tracing.StandIn;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Identity.Matching;
using Microsoft.Extensions.DependencyInjection;

namespace BetterCare.Care.Tests.Api.Identity;

/// <summary>The stand-in answers as the table of PDS's sandbox in the facts says, and the client understands each answer.</summary>
public sealed class PdsStandInTests
{
    [Theory]
    [InlineData("Patient/9000000009", 200, "Patient")]
    [InlineData("Patient/9000000025", 200, "\"R\"")]
    [InlineData("Patient/9000000033", 200, "Patient")]
    [InlineData("Patient/9111231130", 404, "RESOURCE_NOT_FOUND")]
    [InlineData("Patient/9000000000", 400, "INVALID_RESOURCE_ID")]
    [InlineData("Patient?family=Smith&gender=female&birthdate=eq2010-10-22", 200, "\"total\":1")]
    [InlineData("Patient?family=Sm*&gender=female&birthdate=eq2010-10-22", 200, "0.8343")]
    [InlineData("Patient?family=Sm*&gender=female&birthdate=eq2010-10-22&_max-results=1", 200, "TOO_MANY_MATCHES")]
    [InlineData("Patient?family=Smythe&given=Janet&birthdate=eq2005-06-16", 200, "9000000025")]
    [InlineData("Patient?family=Smith", 400, "MISSING_VALUE")]
    [InlineData("Patient?family=Smith&birthdate=2010-10", 400, "INVALID_VALUE")]
    [InlineData("Patient?family=Smythe&birthdate=eq2005-06-16&address-postalcode=LS*", 200, "\"total\":0")]
    public async Task StandIn_RowOfTheTable_AnswersSo(string request, int status, string holds)
    {
        await using var pds = await StartAsync(new MovedClock());

        var (answered, text) = await GetAsync(pds, request);

        answered.ShouldBe(status);
        text.ShouldContain(holds);
        text.ShouldNotContain(request.Contains("9000000025", StringComparison.Ordinal) ? "postalCode" : "never");
    }

    [Fact]
    public async Task StandIn_WithoutRequestId_RefusesMissingValue()
    {
        await using var pds = await StartAsync(new MovedClock());

        var (status, text) = await GetAsync(pds, "Patient/9000000009", requestId: null);

        status.ShouldBe(400);
        text.ShouldContain("MISSING_VALUE");
    }

    [Fact]
    public async Task Client_UnderstandsEachAnswer()
    {
        await using var tracing = await TracingApp.StartAsync();
        var client = tracing.App.Services.GetRequiredService<IPdsClient>();
        tracing.Pds.People.Add("9990000018", "New", ["Nora"], "1950-01-02", "female", "WA7 1AA", "N81019");
        tracing.Pds.People.Supersede("9990000026", by: "9990000018");
        tracing.Pds.People.Invalidate("9111231130");
        tracing.Pds.People.Add("9000000017", "Smith", ["Jane"], "2010-10-22", "female", "LS1 6AE", "Y12345");

        var superseded = await client.ReadAsync(NhsNumber.Parse("9990000026"), default);
        var invalidated = await client.ReadAsync(NhsNumber.Parse("9111231130"), default);
        var several = await client.SearchAsync(new PdsSearch(Person("Smith", "2010-10-22"), false), default);
        var nobody = await client.SearchAsync(new PdsSearch(Person("Zzz", "2010-10-22"), false), default);
        var tooLittle = await client.SearchAsync(new PdsSearch(Person("Smith", "2010"), false), default);

        superseded.ShouldBeOfType<PdsReply.Found>().People[0].Number.Value.ShouldBe("9990000018");
        invalidated.ShouldBeOfType<PdsReply.Invalidated>();
        several.ShouldBeOfType<PdsReply.TooMany>();
        nobody.ShouldBeOfType<PdsReply.Nobody>();
        tooLittle.ShouldBeOfType<PdsReply.Refused>().Code.ShouldBe("MISSING_VALUE");
        tracing.Pds.TokensGiven.ShouldBe(1);
    }

    [Fact]
    public async Task Token_Ended_IsAskedForAgain()
    {
        await using var tracing = await TracingApp.StartAsync();
        var client = tracing.App.Services.GetRequiredService<IPdsClient>();
        await client.ReadAsync(NhsNumber.Parse("9000000009"), default);

        tracing.Pds.FailNext(PdsFault.TokenEnded);
        var reply = await client.ReadAsync(NhsNumber.Parse("9000000009"), default);

        reply.ShouldBeOfType<PdsReply.Found>();
        tracing.Pds.TokensGiven.ShouldBeGreaterThanOrEqualTo(2);
    }

    private static PersonText Person(string family, string born) => new() { Family = family, Birth = born, Gender = "female" };

    private static async Task<PdsStandIn> StartAsync(MovedClock clock)
    {
        var pds = new PdsStandIn(new StandInPeople(), null, clock);
        await pds.StartAsync(CancellationToken.None);
        return pds;
    }

    private static async Task<(int Status, string Text)> GetAsync(PdsStandIn pds, string request, string? requestId = "60E0B220-8136-4CA5-AE46-1D97EF59D068")
    {
        using var client = new HttpClient { BaseAddress = new Uri($"{pds.Url}/personal-demographics/FHIR/R4/") };
        using var key = RSA.Create(2048);
        var options = new PdsOptions { ApiKey = "k", KeyId = "1", TokenUrl = $"{pds.Url}/oauth2/token" };
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["grant_type"] = "client_credentials",
            ["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ["client_assertion"] = PdsToken.Assertion(options, key, new MovedClock().GetUtcNow()),
        });
        using var token = await client.PostAsync(options.TokenUrl, form);
        var json = JsonDocument.Parse(await token.Content.ReadAsStringAsync()).RootElement;
        json.GetProperty("expires_in").ValueKind.ShouldBe(JsonValueKind.String);
        using var message = new HttpRequestMessage(HttpMethod.Get, request);
        message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", json.GetProperty("access_token").GetString());
        if (requestId is not null)
        {
            message.Headers.Add("X-Request-ID", requestId);
        }

        using var response = await client.SendAsync(message);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }
}
