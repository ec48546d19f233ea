using BetterCare.Care.Storage;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace BetterCare.Care.Api.Hosting;

/// <summary>Ready when the database answers and its schema is the one this version knows.</summary>
internal sealed class DatabaseReady(CareDatabase database, Readiness readiness) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await using var connection = await database.OpenAsync(cancellationToken);
            await using var command = connection.CreateCommand();
            command.CommandText = "SELECT 1 FROM supplier LIMIT 1";
            await command.ExecuteScalarAsync(cancellationToken);
            readiness.Told();
            return HealthCheckResult.Healthy();
        }
        catch (System.Data.Common.DbException e)
        {
            return HealthCheckResult.Unhealthy($"The database does not answer ({e.GetType().Name}).");
        }
    }
}
