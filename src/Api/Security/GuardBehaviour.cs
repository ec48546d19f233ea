using BetterCare.Care.Api.Http;
using MediatR;

namespace BetterCare.Care.Api.Security;

/// <summary>Refuses a request whose caller lacks the grant that the request names.</summary>
public sealed class GuardBehaviour<TRequest, TResponse>(CurrentCaller current) : IPipelineBehavior<TRequest, TResponse>
    where TRequest : IRequest<TResponse>
{
    private static readonly Grant Needs = (Grant)(typeof(TRequest).GetProperty(nameof(IGuarded.Needs))?.GetValue(null)
        ?? throw new InvalidOperationException($"{typeof(TRequest)} does not say who may send it (IGuarded)."));

    /// <inheritdoc/>
    public Task<TResponse> Handle(TRequest request, CancellationToken cancellationToken, RequestHandlerDelegate<TResponse> next)
    {
        if (current.Caller.Grants.Contains(Needs))
        {
            return next();
        }

        CareError error = ReferenceEquals(current.Caller, Caller.Nobody) ? new NotAuthenticated() : new NotAllowed(Needs.ToString());
        AccessMetrics.Refused(error.Status, error.GetType().Name);
        throw new CareException(error);
    }
}
