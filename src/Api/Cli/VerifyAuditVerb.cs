using System.CommandLine;
using BetterCare.Care.Storage.Audit;

namespace BetterCare.Care.Api.Cli;

/// <summary><c>./run verify-audit</c></summary>
internal static class VerifyAuditVerb
{
    public static Command Create()
    {
        var head = new Option<string[]>("--head")
        {
            Description = "An end of a chain that was printed earlier and kept elsewhere (chain:row:hash), or a file of them, one a line: what came up to it must still be there, unchanged.",
        };
        var command = new Command("verify-audit", "Check that no row of the audit was changed, left out, moved or cut off. Exit code 1: one was.") { head };
        command.SetAction((parse, ct) => Verb.RunAsync(
            parse,
            async (services, terminal, token) =>
            {
                var known = new List<AuditHead>();
                foreach (var text in (parse.GetValue(head) ?? []).SelectMany(h => File.Exists(h) ? Ends(h) : [h]).Where(h => h.Trim().Length > 0))
                {
                    if (!AuditHead.TryParse(text, out var one))
                    {
                        terminal.Fail("--head is chain:row:hash as verify-audit prints it, or a file of such lines.");
                        return Verb.Failed;
                    }

                    known.Add(one);
                }

                var verdict = await services.GetRequiredService<AuditVerifier>().VerifyAsync(known, null, token);
                terminal.Result(
                    new { verdict.Rows, heads = verdict.Heads.Select(h => h.ToString()), verdict.Faults },
                    _ =>
                    {
                        foreach (var fault in verdict.Faults)
                        {
                            terminal.Say($"{fault.Chain}:{fault.Seq}  {fault.Problem}");
                        }

                        terminal.Say(verdict.Faults.Count == 0
                            ? $"{verdict.Rows:N0} rows, sound. Keep these ends elsewhere, and give them to --head next time:"
                            : $"{verdict.Rows:N0} rows, {verdict.Faults.Count} faults. The audit is not as it was written.");
                        foreach (var end in verdict.Heads)
                        {
                            terminal.Say(end.ToString());
                        }
                    });
                return verdict.Faults.Count == 0 ? Verb.Ok : Verb.Found;
            },
            ct));
        return command;
    }

    /// <summary>The ends in a file: what the verb printed was kept whole, and its other lines are sentences.</summary>
    private static IEnumerable<string> Ends(string path) => File.ReadAllLines(path).Where(line => !line.Trim().Contains(' ', StringComparison.Ordinal));
}
