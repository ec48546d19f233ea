using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using BetterCare.Care.Api.Hosting;

namespace BetterCare.Care.Tests.Api;

/// <summary>The built service as a process of its own, as an operator starts it.</summary>
internal sealed class ServerProcess : IDisposable
{
    private readonly Process _process;

    private ServerProcess(Process process, Uri address) => (_process, Client) = (process, new HttpClient { BaseAddress = new Uri(address, "/fhir/") });

    public HttpClient Client { get; }

    public static ServerProcess Start(string database, string workFolder)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var address = new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");
        listener.Stop();
        var start = new ProcessStartInfo("dotnet") { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in new[] { typeof(CareHost).Assembly.Location, "serve", "--urls", address.ToString(), "--database", database })
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["Care__WorkFolder"] = workFolder;
        start.Environment["Logging__LogLevel__Default"] = "Error";
        var process = Process.Start(start)!;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return new ServerProcess(process, address);
    }

    public async Task ReadyAsync()
    {
        for (var attempt = 0; attempt < 1200; attempt++)
        {
            try
            {
                using var ready = await Client.GetAsync("/health/ready", TestContext.Current.CancellationToken);
                if (ready.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        throw new TimeoutException("The process did not start.");
    }

    /// <summary>kill -9: nothing is told, nothing is put in order.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            Kill();
        }

        Client.Dispose();
        _process.Dispose();
    }
}
