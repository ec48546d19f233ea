using System.CommandLine;
using System.Security.Cryptography;
using BetterCare.Care.Api.Features.Matching;
using BetterCare.Care.Api.Features.Tracing;
using BetterCare.Care.Api.Features.Tracing.StandIn;
using BetterCare.Care.Fhir.Search;
using BetterCare.Care.Storage.Ingest;

namespace BetterCare.Care.Api.Cli;

/// <summary><c>./run trace</c></summary>
internal static class TraceVerb
{
    private const int PeoplePerPass = 1000;

    public static Command Create()
    {
        var command = new Command("trace", "Trace the people who came without an NHS number: those here first, then PDS (Care:Pds).");
        command.SetAction((parse, ct) => Verb.RunAsync(
            parse,
            async (services, terminal, token) =>
            {
                var total = new TracingPass(0, 0, 0, 0);
                while (true)
                {
                    var pass = await services.GetRequiredService<Tracer>().PassAsync(PeoplePerPass, token);
                    total = new TracingPass(total.Linked + pass.Linked, total.ForReview + pass.ForReview, total.StillWaiting + pass.StillWaiting, total.AdmittedLate + pass.AdmittedLate);
                    if (pass.Linked + pass.ForReview + pass.StillWaiting == 0)
                    {
                        break;
                    }
                }

                terminal.Result(total, t => terminal.Say($"{t.Linked:N0} linked, {t.ForReview:N0} for review, {t.StillWaiting:N0} still waiting."));
                return Verb.Ok;
            },
            ct));
        return command;
    }
}

/// <summary><c>./run pds-standin</c></summary>
internal static class PdsStandInVerb
{
    public static Command Create()
    {
        var port = new Option<int>("--port") { Description = "Loopback port.", DefaultValueFactory = _ => 5099 };
        var folder = new Option<string>("--keys") { Description = "Folder for the key pair of the client; made where there is none.", DefaultValueFactory = _ => ".data/pds" };
        var people = new Option<string?>("--people") { Description = "NDJSON of Patients whom it is to know, beside those of the public sandbox." };
        var command = new Command("pds-standin", "A stand-in of the Personal Demographics Service on this machine, for trying tracing out. Invented people only.") { port, folder, people };
        command.SetAction(async (parse, ct) =>
        {
            var terminal = new Terminal(parse.GetValue(Verb.Json));
            var url = $"http://127.0.0.1:{parse.GetValue(port)}";
            var keyFile = Path.GetFullPath(Path.Combine(parse.GetValue(folder)!, "client.pem"));
            using var key = RSA.Create(4096);
            if (File.Exists(keyFile))
            {
                key.ImportFromPem(await File.ReadAllTextAsync(keyFile, ct));
            }
            else
            {
                Directory.CreateDirectory(Path.GetDirectoryName(keyFile)!);
                await File.WriteAllTextAsync(keyFile, key.ExportPkcs8PrivateKeyPem(), ct);
            }

            var known = new StandInPeople();
            var count = parse.GetValue(people) is { } file ? Load(known, file) : 0;
            await using var standIn = new PdsStandIn(known, key, TimeProvider.System, url);
            await standIn.StartAsync(ct);
            terminal.Say($"""
                A stand-in of PDS listens on {url} and knows {count + 4:N0} people. Point the service at it:
                export Care__Pds__BaseUrl={url}/personal-demographics/FHIR/R4 Care__Pds__TokenUrl={url}/oauth2/token \
                       Care__Pds__ApiKey=demo Care__Pds__KeyId=demo-1 Care__Pds__PrivateKeyFile={keyFile} Care__Pds__OrganisationOds=X26
                Stop with Ctrl+C.
                """);
            await standIn.WaitAsync(ct);
            return Verb.Ok;
        });
        return command;
    }

    private static int Load(StandInPeople people, string file)
    {
        var count = 0;
        foreach (var (_, json) in FileLines.Read(file))
        {
            var text = PatientText.Of(json.Span);
            if (text is { Number: { } number, Family: { } family })
            {
                people.Add(number.Value, family, [.. text.Given], text.Birth ?? "", text.Gender ?? "unknown", text.Postcode ?? "", PracticeOf(json.Span), text.Phone);
                count++;
            }
        }

        return count;
    }

    private static string PracticeOf(ReadOnlySpan<byte> patient)
    {
        foreach (var practitioner in new JsonView(patient)["generalPractitioner"u8].Items)
        {
            return practitioner["identifier"u8]["value"u8].ToString();
        }

        return "";
    }
}
