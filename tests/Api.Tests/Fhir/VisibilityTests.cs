using BetterCare.Care.Api.Features.Resources;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Fhir.Search;
using MediatR;
using Microsoft.Extensions.DependencyInjection;

namespace BetterCare.Care.Tests.Api.Fhir;

/// <summary>What is not the caller's shows nowhere: not by read, search, chain, include, history or count.</summary>
public abstract class VisibilityTests(CareApp app)
{
    private const string Restricted = "\"meta\":{\"security\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/v3-Confidentiality\",\"code\":\"R\"}]},";

    [Fact]
    public async Task OtherPractice_IsAsIfItWereNotThere()
    {
        await app.PutAsync("Organization/Y00111", Practice("Y00111"));
        await app.PutAsync("Organization/Y00222", Practice("Y00222"));
        var mine = await app.GivenPatientAsync("Visibleton", extra: Gp("Y00111"));
        var theirs = await app.GivenPatientAsync("Visibleton", extra: Gp("Y00222"));
        var myObservation = (await app.PostAsync("Observation", CareApp.Observation(mine, "660001"))).Id;
        var theirObservation = (await app.PostAsync("Observation", CareApp.Observation(theirs, "660001"))).Id;

        (await SearchAsync("Patient", "family=visibleton")).ShouldBe([mine]);
        (await SearchAsync("Patient", $"_id={theirs}")).ShouldBeEmpty();
        (await SearchAsync("Patient", $"identifier={theirs}")).ShouldBeEmpty();
        (await SearchAsync("Patient", "birthdate=1941-03-02")).ShouldNotContain(theirs);
        (await SearchAsync("Patient", "general-practitioner=Organization/Y00222")).ShouldBeEmpty();
        (await SearchAsync("Patient", "")).ShouldNotContain(theirs);
        (await SearchAsync("Patient", "_has:Observation:patient:code=660001")).ShouldBe([mine]);
        (await SearchAsync("Observation", "code=660001")).ShouldBe([myObservation]);
        (await SearchAsync("Observation", $"patient={theirs}")).ShouldBeEmpty();
        (await SearchAsync("Observation", $"_id={theirObservation}")).ShouldBeEmpty();
        (await SearchAsync("Observation", $"patient.identifier={theirs}")).ShouldBeEmpty();
        (await SearchAsync("Observation", "_lastUpdated=gt2001-01-01")).ShouldNotContain(theirObservation);

        (await SendAsync(new ReadResource.Query("Observation", myObservation, null))).Error.ShouldBeNull();
        (await SendAsync(new ReadResource.Query("Observation", theirObservation, null))).Error!.Status.ShouldBe(404);
        (await SendAsync(new ReadResource.Query("Patient", theirs, 1))).Error!.Status.ShouldBe(404);
        (await SendAsync(new GetHistory.Query("Patient", theirs, 10, default, null))).Error!.Status.ShouldBe(404);
        (await SendAsync(new GetHistory.Query("Observation", null, 1000, default, null))).Value.Versions.ShouldNotContain(v => v.Id == theirObservation);
    }

    [Fact]
    public async Task RestrictedPerson_IsFoundByExactNumberOnly()
    {
        var number = await app.GivenPatientAsync("Hiddenby", born: "1962-07-08", extra: Restricted);
        var id = (await app.PostAsync("Observation", CareApp.Observation(number, "660002"))).Id;

        (await app.GetAsync("Patient?family=hiddenby")).Ids().ShouldBeEmpty();
        (await app.GetAsync("Patient?birthdate=1962-07-08")).Ids().ShouldBeEmpty();
        (await app.GetAsync("Observation?code=660002")).Ids().ShouldBeEmpty();
        (await app.GetAsync("Observation?subject:Patient.family=hiddenby")).Ids().ShouldBeEmpty();
        (await app.GetAsync("Patient?_has:Observation:patient:code=660002")).Ids().ShouldBeEmpty();
        (await app.GetAsync($"Patient?identifier={number}")).Ids().ShouldBe([number]);
        (await app.GetAsync($"Observation?patient={number}")).Ids().ShouldBe([id]);
        (await app.GetAsync($"Patient/{number}")).Status.ShouldBe(200);
    }

    private static string Gp(string code) => $$"""
        "generalPractitioner":[{"reference":"Organization/{{code}}"}],
        """;

    private static string Practice(string code) =>
        $$"""{"resourceType":"Organization","id":"{{code}}","identifier":[{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"{{code}}"}],"name":"Practice"}""";

    private async Task<string[]> SearchAsync(string type, string query)
    {
        var found = await SendAsync(new SearchResources.Query(type, QueryText.Parse(query), false, "http://localhost/fhir"));
        found.Error.ShouldBeNull();
        return [.. found.Value.Entries.Select(e => e.Resource.Id)];
    }

    /// <summary>As somebody of the practice Y00111.</summary>
    private async Task<Result<T>> SendAsync<T>(IRequest<Result<T>> request)
    {
        await using var scope = app.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<CurrentCaller>().Caller =
            new Caller("mdt", new HashSet<Grant> { Grant.ReadRecords }, new HashSet<string>(StringComparer.Ordinal) { "Y00111" });
        return await scope.ServiceProvider.GetRequiredService<IMediator>().Send(request, TestContext.Current.CancellationToken);
    }
}
