using System.Text.Json;
using Spectre.Console;

namespace BetterCare.Care.Api.Cli;

/// <summary>How verbs talk: text for people, JSON for machines, a bar for what takes longer than two seconds.</summary>
internal sealed class Terminal(bool json)
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>Whether a machine reads the output.</summary>
    public bool IsJson => json;

    /// <summary>A line for people; silent when a machine reads.</summary>
    public void Say(string text)
    {
        if (!json)
        {
            Console.WriteLine(text);
        }
    }

    /// <summary>The result: as JSON, or as people are told it.</summary>
    public void Result<T>(T value, Action<T> forPeople)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(value, Options));
        }
        else
        {
            forPeople(value);
        }
    }

    /// <summary>An error: what is wrong and how to mend it, on standard error.</summary>
    public void Fail(string text) => Console.Error.WriteLine(json ? JsonSerializer.Serialize(new { error = text }, Options) : text);

    /// <summary>Shows how far work is: a bar on a terminal, a line every few seconds elsewhere.</summary>
    public async Task<T> ProgressAsync<T>(string title, Func<IProgress<double>, Task<T>> work)
    {
        if (json)
        {
            return await work(new Progress<double>());
        }

        if (Console.IsOutputRedirected)
        {
            var lines = new Lines(title);
            var result = await work(lines);
            lines.Done();
            return result;
        }

        return await AnsiConsole.Progress().AutoClear(false)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
            .StartAsync(async context =>
            {
                var task = context.AddTask(title, maxValue: 1);
                var result = await work(new Direct(f => task.Value = f));
                task.Value = 1;
                return result;
            });
    }

    private sealed class Direct(Action<double> report) : IProgress<double>
    {
        public void Report(double value) => report(value);
    }

    private sealed class Lines(string title) : IProgress<double>
    {
        private readonly System.Diagnostics.Stopwatch _clock = System.Diagnostics.Stopwatch.StartNew();
        private double _next = 2;

        public void Report(double value)
        {
            lock (_clock)
            {
                if (_clock.Elapsed.TotalSeconds > _next)
                {
                    _next = _clock.Elapsed.TotalSeconds + 5;
                    Console.WriteLine($"{title}: {value:P0}");
                }
            }
        }

        public void Done() => Console.WriteLine($"{title}: done in {_clock.Elapsed.TotalSeconds:F1} s");
    }
}
