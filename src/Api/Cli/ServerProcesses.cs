using System.ComponentModel;
using System.Data.Common;
using System.Diagnostics;
using BetterCare.Care.Storage;

namespace BetterCare.Care.Api.Cli;

/// <summary>Processor time of the processes of a PostgreSQL server on this machine, for measurements.</summary>
internal static class ServerProcesses
{
    /// <summary>Processor time that the server's processes which run now have taken; zero where the database is not a server on this machine.</summary>
    public static async Task<TimeSpan> ProcessorTimeAsync(CareDatabase database, CancellationToken ct)
    {
        if (database.Engine != DatabaseEngine.Postgres)
        {
            return TimeSpan.Zero;
        }

        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT pid FROM pg_stat_activity WHERE (SELECT COALESCE(inet_server_addr() <<= '127.0.0.0/8', true))";
        var sum = TimeSpan.Zero;
        await using DbDataReader reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            try
            {
                using var process = Process.GetProcessById(reader.GetInt32(0));
                sum += process.TotalProcessorTime;
            }
            catch (Exception e) when (e is ArgumentException or InvalidOperationException or Win32Exception)
            {
                // It has just ended.
            }
        }

        return sum;
    }
}
