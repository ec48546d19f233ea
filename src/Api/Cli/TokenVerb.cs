using System.CommandLine;
using BetterCare.Care.Api.Security;

namespace BetterCare.Care.Api.Cli;

/// <summary><c>./run token</c></summary>
internal static class TokenVerb
{
    public static Command Create()
    {
        var role = new Option<string[]>("--role") { Description = $"What the demo user is: {string.Join(", ", Roles.All)}.", Required = true, AllowMultipleArgumentsPerToken = true };
        role.AcceptOnlyFromAmong([.. Roles.All]);
        var practice = new Option<string[]>("--practice") { Description = "ODS codes of the practices that the user may see (default: all).", AllowMultipleArgumentsPerToken = true };
        var command = new Command("token", "Print an access token of a demo user, good for an hour. Demo profile only; send it as Authorization: Bearer …") { role, practice };
        command.SetAction(async (parse, _) =>
        {
            var terminal = new Terminal(parse.GetValue(Verb.Json));
            await using var provider = Verb.Provider(parse);
            try
            {
                var practices = parse.GetValue(practice) is { Length: > 0 } codes ? codes : null;
                var token = provider.GetRequiredService<TokenIssuer>().ForDemoUser(parse.GetValue(role)!, practices);
                terminal.Result(new { token, expiresIn = (int)TokenIssuer.DemoLifetime.TotalSeconds }, r => terminal.Say(r.token));
                return Verb.Ok;
            }
            catch (Exception e) when (e is InvalidOperationException or IOException or UnauthorizedAccessException)
            {
                terminal.Fail(e.Message);
                return Verb.Failed;
            }
        });
        return command;
    }
}
