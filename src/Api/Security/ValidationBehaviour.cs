using BetterCare.Care.Api.Http;
using FluentValidation;
using MediatR;

namespace BetterCare.Care.Api.Security;

/// <summary>Refuses a request that its validator finds wrong, naming the field and how to mend it.</summary>
public sealed class ValidationBehaviour<TRequest, TResponse>(IEnumerable<IValidator<TRequest>> validators) : IPipelineBehavior<TRequest, TResponse>
    where TRequest : IRequest<TResponse>
{
    /// <inheritdoc/>
    public async Task<TResponse> Handle(TRequest request, CancellationToken cancellationToken, RequestHandlerDelegate<TResponse> next)
    {
        foreach (var validator in validators)
        {
            var result = await validator.ValidateAsync(request, cancellationToken);
            if (result.Errors.Count > 0)
            {
                var first = result.Errors[0];
                throw new CareException(new Invalid(char.ToLowerInvariant(first.PropertyName[0]) + first.PropertyName[1..], first.ErrorMessage));
            }
        }

        return await next();
    }
}
