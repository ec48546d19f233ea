using BetterCare.Care.Api.Security;

namespace BetterCare.Care.Api.Features.Access;

/// <summary>Everything about getting in: services and endpoints.</summary>
public static class AccessEndpoints
{
    /// <summary>Registers what checks and issues tokens.</summary>
    public static IServiceCollection AddAccess(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<AccessOptions>().Bind(configuration.GetSection("Care:Access"))
            .Validate(o => o.PublicUrl.Length == 0 || Uri.TryCreate(o.PublicUrl, UriKind.Absolute, out _), "Care:Access:PublicUrl is not an address such as https://care.example.nhs.uk.")
            .Validate(o => o.Issuers.All(i => PublishedKeys.IsSafe(i.Issuer) && i.Audience.Length > 0), "Each of Care:Access:Issuers needs an https Issuer and an Audience.")
            .Validate(o => o.Issuers.All(i => i.MetadataAddress.Length == 0 || PublishedKeys.IsSafe(i.MetadataAddress)), "A MetadataAddress of Care:Access:Issuers is an https address.")
            .Validate(o => o.Issuers.All(i => i.RoleNames.Values.All(Roles.IsKnown)), "RoleNames of Care:Access:Issuers maps the provider's names to roles of this service.")
            .Validate(o => o.ClientsFile.Length == 0 || File.Exists(o.ClientsFile), "Care:Access:ClientsFile is not there.")
            .ValidateOnStart();
        services.AddSingleton<SigningKey>();
        services.AddSingleton<TokenIssuer>();
        services.AddSingleton<PublishedKeys>();
        services.AddSingleton<PracticeGroups>();
        services.AddSingleton<ClientRegister>();
        services.AddSingleton<BearerTokens>();
        services.AddSingleton<Pseudonyms>();
        services.AddSingleton<Storage.OptOuts.OptOutLists>();
        return services;
    }

    /// <summary>Serves tokens, their description and the register of clients.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        IssueToken.Map(routes);
        SmartConfiguration.Map(routes);
        PutClient.Map(routes);
        GetClients.Map(routes);
        EndClient.Map(routes);
        OptOuts.TakeOptOutList.Map(routes);
    }
}
