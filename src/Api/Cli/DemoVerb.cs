using System.CommandLine;
using BetterCare.Care.Api.Features.CarePlans;
using BetterCare.Care.Api.Features.Leads;
using BetterCare.Care.Api.Features.Runs;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Coordination.Leads;
using BetterCare.Care.Coordination.Plans;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Synthetic;
using MediatR;
using Microsoft.EntityFrameworkCore;
using LeadState = BetterCare.Care.Storage.Model.LeadState;

namespace BetterCare.Care.Api.Cli;

/// <summary><c>./run</c>: the whole product on a synthetic cohort, and then the service.</summary>
internal static class DemoVerb
{
    private const int People = 10_000;
    private const string Folder = ".data/demo-cohort";

    public static Command Create()
    {
        var once = new Option<bool>("--once") { Description = "Stop after the report." };
        var patients = new Option<int>("--patients") { Description = "How many synthetic people.", DefaultValueFactory = _ => People };
        var command = new Command("demo", "Make a synthetic cohort, import it, stratify, propose leads, report, and serve.") { once, patients, ServeVerb.Urls };
        command.SetAction(async (parse, ct) =>
        {
            var code = await Verb.RunAsync(parse, (services, terminal, token) => PrepareAsync(services, terminal, parse.GetValue(patients), token), ct);
            return code != Verb.Ok || parse.GetValue(once) ? code : await ServeAsync(parse, ct);
        });
        return command;
    }

    private static async Task<int> PrepareAsync(IServiceProvider services, Terminal terminal, int patients, CancellationToken ct)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var db = services.GetRequiredService<CareDbContext>();
        if (await db.Runs.AnyAsync(r => r.Status == JobStatus.Completed, ct))
        {
            terminal.Say($"The database {services.GetRequiredService<CareDatabase>().DisplayName} holds a cohort and a stratification already; nothing is made again.");
        }
        else
        {
            var options = new CohortOptions(patients, seed: 1);
            terminal.Say($"A synthetic cohort of {patients:N0} people (invented people, real practices), seed 1:");
            var summary = await GenerateVerb.RunAsync(terminal, options, Folder, ct);
            terminal.Say($"  {summary.TotalResources:N0} FHIR resources, {summary.Bytes / 1e6:N0} MB in {Folder}");
            if (await ImportVerb.RunAsync(services, terminal, [Folder], null, ct) == Verb.Failed)
            {
                return Verb.Failed;
            }

            if (await StratifyVerb.RunAsync(services, terminal, new RunRequest("2026-11-01", "prism", null), ct) is null)
            {
                return Verb.Failed;
            }

            Protection.LoadKeys(services);
            var mediator = services.GetRequiredService<IMediator>();
            var proposals = (await mediator.Send(new ProposeLeads.Command(), ct)).Value;
            terminal.Say($"Accountable leads proposed for {proposals.Proposed:N0} of the {proposals.People:N0} people at levels 3 and 4; nobody can lead {proposals.NobodyCanLead.Values.Sum():N0}, who are listed as such.");
            await MeetAsync(services, terminal, mediator, ct);
        }

        var reported = await ReportVerb.RunAsync(services, terminal, "place", exact: true, ct);
        terminal.Say($"\nDone in {clock.Elapsed.TotalSeconds:F0} s.");
        return reported;
    }

    /// <summary>
    /// The machine only proposes. So that the report has something to count, the demo user decides for the first 40 people of
    /// the list, as an MDT would in its first meeting, through the same requests as any client.
    /// </summary>
    private static async Task MeetAsync(IServiceProvider services, Terminal terminal, IMediator mediator, CancellationToken ct)
    {
        services.GetRequiredService<CurrentCaller>().Caller = Caller.Demo;
        var page = (await mediator.Send(new RiskList.Query(null, null, null, null, null, 40), ct)).Value;
        var db = services.GetRequiredService<CareDbContext>();
        var today = DateOnly.FromDateTime(services.GetRequiredService<TimeProvider>().GetLocalNow().DateTime);
        var register = await services.GetRequiredService<ProfessionalRegister>().ReadAsync(ct);
        int leads = 0, plans = 0;
        foreach (var row in page.People)
        {
            var number = Fhir.Nhs.NhsNumber.Parse(row.NhsNumber);
            var proposal = await db.Leads.AsNoTracking().Where(l => l.State == LeadState.Proposed)
                .Join(db.Patients.Where(p => p.NhsNumber == number), l => l.PatientKey, p => p.PatientKey, (l, _) => l).FirstOrDefaultAsync(ct);
            if (proposal is null)
            {
                continue;
            }

            var decided = await mediator.Send(new SetLeadProfessional.Command(row.NhsNumber, proposal.PractitionerId, "Demo: the proposed professional knows the person best."), ct);
            leads += decided.Error is null ? 1 : 0;
            if (decided.Error is null && plans * 2 < leads && Contributors(register, decided.Value.Practitioner, today) is { } contributors)
            {
                plans += (await mediator.Send(new PutCarePlan.Command(row.NhsNumber, PlanFor(decided.Value, contributors, row.Level, today), null), ct)).Error is null ? 1 : 0;
            }
        }

        services.GetRequiredService<CurrentCaller>().Caller = Caller.Operator;
        terminal.Say($"A machine only proposes. The demo's own user then confirmed {leads} leads and wrote {plans} joint plans, so that the report has something to count.");
    }

    /// <summary>The lead and somebody of the same place from the other side of health and social care; null: there is nobody.</summary>
    private static PlanContributor[]? Contributors(IReadOnlyDictionary<string, Registered> register, string lead, DateOnly today)
    {
        var first = register[lead].Professional;
        var other = first.Sector == Sector.Health ? Sector.SocialCare : Sector.Health;
        var second = register.Values.Select(r => r.Professional)
            .Where(p => p.Sector == other && p.Place == first.Place && p.IsRegistered && p.IsInRoleOn(today)).MinBy(p => p.Key, StringComparer.Ordinal);
        return second is null ? null : [Of(first), Of(second)];

        PlanContributor Of(BetterCare.Care.Coordination.Leads.Professional professional) => new(professional.Key, professional.Role, professional.Sector, today);
    }

    private static JointCarePlan PlanFor(SetLeadProfessional.Lead lead, PlanContributor[] contributors, int level, DateOnly today)
    {
        return new JointCarePlan
        {
            Status = PlanStatus.Agreed,
            AboutMe = "Wants to stay at home and to see the family at weekends.",
            AssessmentSummary = "Frail, with several admissions; manages at home with help morning and evening.",
            Goals = [new PlanGoal("g1", "To stay well at home this winter")],
            Actions = [new PlanAction("a1", "Review of medicines", lead.Practitioner, today.AddDays(28), Goal: "g1"), new PlanAction("a2", "Check of the morning call", "carer", today.AddDays(14), Goal: "g1")],
            Preferences = "Calls in the afternoon.",
            Lead = lead.Practitioner,
            LeadPhone = lead.Phone ?? "01632 960000",
            Contributors = contributors,
            Agreement = new PlanAgreement("the person", today, AgreementBasis.Person),
            Contingency = level < 4 ? null : new ContingencyPlan([new ContingencyStep("More breathless than usual at rest", "Start the rescue pack and ring the lead", lead.Phone ?? "01632 960000")]),
            AllergiesNoted = true,
            MedicinesNoted = true,
            ReviewDue = today.AddDays(level == 4 ? 60 : 120),
        };
    }

    private static async Task<int> ServeAsync(ParseResult parse, CancellationToken ct)
    {
        var url = parse.GetValue(ServeVerb.Urls)!;
        new Terminal(false).Say($"""

            Serving on {url}: Swagger UI at {url}/swagger, {url}/openapi.yaml, {url}/fhir/metadata,
            {url}/v1/risk-list, {url}/v1/coverage. Stop with Ctrl+C.
            """);
        return await ServeVerb.RunAsync(parse, url, ct);
    }
}
