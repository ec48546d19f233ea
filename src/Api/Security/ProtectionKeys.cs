using System.Data.Common;
using System.Xml.Linq;
using BetterCare.Care.Storage;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.Extensions.Options;

namespace BetterCare.Care.Api.Security;

/// <summary>
/// Keeps the keys of data protection in the database: every instance reads what another has sealed, and so does the next
/// start. The keys guard links and cookies, not the data beside which they lie.
/// </summary>
internal sealed class ProtectionKeys(CareDatabase database) : IXmlRepository
{
    // Not by the model: the keys are read before the service listens, and to build the model takes longer than all else of a start.
    public IReadOnlyCollection<XElement> GetAllElements()
    {
        using var connection = Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT xml FROM protection_key";
        using var reader = command.ExecuteReader();
        var keys = new List<XElement>();
        while (reader.Read())
        {
            keys.Add(XElement.Parse(reader.GetString(0)));
        }

        return keys;
    }

    public void StoreElement(XElement element, string friendlyName)
    {
        using var connection = Open();
        using var command = connection.CreateCommand();
        command.CommandText = "INSERT INTO protection_key (name, xml) VALUES (@name, @xml)";
        foreach (var (name, value) in new[] { ("@name", friendlyName), ("@xml", element.ToString(SaveOptions.DisableFormatting)) })
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = (name, value);
            command.Parameters.Add(parameter);
        }

        command.ExecuteNonQuery();
    }

    // The interface is synchronous; a connection comes out of the pool or is made without waiting for others.
    private DbConnection Open() => database.OpenAsync(CancellationToken.None).GetAwaiter().GetResult();
}

/// <summary>Registers data protection.</summary>
internal static class Protection
{
    public static IServiceCollection AddProtection(this IServiceCollection services)
    {
        services.AddDataProtection().SetApplicationName("BetterCare.Care");
        return services.AddSingleton<IConfigureOptions<KeyManagementOptions>>(provider => new ConfigureOptions<KeyManagementOptions>(
            options => options.XmlRepository = new ProtectionKeys(provider.GetRequiredService<CareDatabase>())));
    }

    /// <summary>
    /// Loads the keys, and makes the first where there is none. The web host does so at its start; a verb of the command line
    /// that sends requests does it before the first, or that request would write a key while it reads.
    /// </summary>
    public static void LoadKeys(IServiceProvider services) => services.GetRequiredService<IDataProtectionProvider>().CreateProtector("start").Protect([]);
}
