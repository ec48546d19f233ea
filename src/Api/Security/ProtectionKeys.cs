using System.Xml.Linq;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Model;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace BetterCare.Care.Api.Security;

/// <summary>
/// Keeps the keys of data protection in the database: every instance reads what another has sealed, and so does the next
/// start. The keys guard links and cookies, not the data beside which they lie.
/// </summary>
internal sealed class ProtectionKeys(IDbContextFactory<CareDbContext> contexts) : IXmlRepository
{
    public IReadOnlyCollection<XElement> GetAllElements()
    {
        using var db = contexts.CreateDbContext();
        return [.. db.ProtectionKeys.AsNoTracking().Select(k => k.Xml).AsEnumerable().Select(XElement.Parse)];
    }

    public void StoreElement(XElement element, string friendlyName)
    {
        using var db = contexts.CreateDbContext();
        db.ProtectionKeys.Add(new ProtectionKey { Name = friendlyName, Xml = element.ToString(SaveOptions.DisableFormatting) });
        db.SaveChanges();
    }
}

/// <summary>Registers data protection.</summary>
internal static class Protection
{
    public static IServiceCollection AddProtection(this IServiceCollection services)
    {
        services.AddDataProtection().SetApplicationName("BetterCare.Care");
        return services.AddSingleton<IConfigureOptions<KeyManagementOptions>>(provider => new ConfigureOptions<KeyManagementOptions>(
            options => options.XmlRepository = new ProtectionKeys(provider.GetRequiredService<IDbContextFactory<CareDbContext>>())));
    }

    /// <summary>
    /// Loads the keys, and makes the first where there is none. The web host does so at its start; a verb of the command line
    /// that sends requests does it before the first, or that request would write a key while it reads.
    /// </summary>
    public static void LoadKeys(IServiceProvider services) => services.GetRequiredService<IDataProtectionProvider>().CreateProtector("start").Protect([]);
}
