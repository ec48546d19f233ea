using System.Reflection;
using BetterCare.Care.Api.Security;
using MediatR;

namespace BetterCare.Care.Api.Hosting;

/// <summary>Registers MediatR 5.1.0 without its container package (docs/decisions/0004-mediatr.md).</summary>
public static class Mediation
{
    /// <summary>Adds the mediator, every handler and validator of this assembly, the guard and the validation.</summary>
    public static IServiceCollection AddMediation(this IServiceCollection services)
    {
        services.AddScoped<ServiceFactory>(provider => provider.GetService!);
        services.AddScoped<IMediator, Mediator>();
        services.AddScoped<CurrentCaller>();
        // First, so that it sees refusals too.
        services.AddScoped(typeof(IPipelineBehavior<,>), typeof(AuditBehaviour<,>));
        services.AddScoped(typeof(IPipelineBehavior<,>), typeof(GuardBehaviour<,>));
        services.AddScoped(typeof(IPipelineBehavior<,>), typeof(ValidationBehaviour<,>));
        foreach (var type in Assembly.GetExecutingAssembly().GetTypes().Where(t => t is { IsAbstract: false, IsInterface: false, IsGenericTypeDefinition: false }))
        {
            foreach (var handler in type.GetInterfaces().Where(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IRequestHandler<,>)))
            {
                services.AddTransient(handler, type);
            }

            foreach (var validator in type.GetInterfaces().Where(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(FluentValidation.IValidator<>)))
            {
                services.AddSingleton(validator, type);
            }
        }

        return services;
    }

    /// <summary>Every request type of this assembly, for the test that each is guarded.</summary>
    public static IEnumerable<Type> Requests() => Assembly.GetExecutingAssembly().GetTypes()
        .Where(t => !t.IsAbstract && t.GetInterfaces().Any(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IRequest<>)));
}
