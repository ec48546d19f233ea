using System.Linq.Expressions;
using System.Reflection;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Storage.Audit;
using MediatR;

namespace BetterCare.Care.Api.Security;

/// <summary>
/// Records whose data a request touched, before its answer leaves: also when it was refused, and also when its author did
/// not think of it. Changes carry their row in their own commit; what is left is recorded here.
/// </summary>
public sealed class AuditBehaviour<TRequest, TResponse>(AuditLog log, ShownPeople shown, CurrentCaller current, TimeProvider clock, IHttpContextAccessor http) : IPipelineBehavior<TRequest, TResponse>
    where TRequest : IRequest<TResponse>
{
    private static readonly PersonData Touches = (PersonData)(typeof(TRequest).GetProperty(nameof(IGuarded.Touches))?.GetValue(null) ?? PersonData.Undeclared);
    private static readonly string Interaction = (typeof(TRequest).DeclaringType ?? typeof(TRequest)).Name;
    private static readonly AuditAction Action = Interactions.ActionOf(Interaction);
    private static readonly Func<TRequest, string?>? TypeOf = Text("Type");
    private static readonly Func<TRequest, string?>? IdOf = Text("Id");

    /// <inheritdoc/>
    public async Task<TResponse> Handle(TRequest request, CancellationToken cancellationToken, RequestHandlerDelegate<TResponse> next)
    {
        if (Touches == PersonData.None)
        {
            return await next();
        }

        var outer = AccessTrail.Current;
        var trail = Begin(request);
        AccessTrail.Current = trail;
        try
        {
            var response = await next();
            if (response is IOutcome { Error: { } error })
            {
                await FailedAsync(trail, error);
                return response;
            }

            await shown.InAsync(response is IOutcome outcome ? outcome.Found : response, trail, CancellationToken.None);
            if (Touches == PersonData.Named && !trail.HasSeen && !trail.IsKept)
            {
                throw new InvalidOperationException($"{typeof(TRequest)} answered about a person without looking them up (AccessTrail.Saw).");
            }

            await log.RecordAsync(trail.Rest(AuditOutcome.Success, Touches != PersonData.Listed || Action == AuditAction.Execute));
            return response;
        }
        catch (CareException e)
        {
            await FailedAsync(trail, e.Error);
            throw;
        }
        catch (Exception e) when (e is not OperationCanceledException and not InvalidOperationException && (trail.HasSeen || trail.HasRefused))
        {
            await log.RecordAsync(trail.Rest(AuditOutcome.Failed, always: true));
            throw;
        }
        finally
        {
            AccessTrail.Current = outer;
        }
    }

    /// <summary>A refusal is recorded whoever it concerned; a request that could not be understood, if somebody had been looked up.</summary>
    private Task FailedAsync(AccessTrail trail, CareError error) =>
        error.Status is 401 or 403 || trail.HasSeen || trail.HasRefused
            ? log.RecordAsync(trail.Rest(error.Status >= 500 ? AuditOutcome.Failed : AuditOutcome.Refused, always: true))
            : Task.CompletedTask;

    private AccessTrail Begin(TRequest request)
    {
        var type = TypeOf is null ? ResourceType.None : ResourceTypes.Parse(TypeOf(request) ?? "");
        var context = http.HttpContext;
        context?.Items.TryAdd(AuditedRequests.Seen, AuditedRequests.Seen);
        var trail = new AccessTrail
        {
            Agent = current.Caller.Name,
            Role = string.Join(' ', current.Caller.Roles),
            Purpose = current.Caller.Purpose.Code(),
            Action = Action,
            Interaction = Interaction,
            RequestId = context?.TraceIdentifier ?? "",
            Type = type,
            ResourceId = type is ResourceType.None or ResourceType.Patient ? "" : Interactions.Harmless(IdOf?.Invoke(request)),
            Query = Interactions.ShapeOf(request is IAsksByParameters asks ? asks.Names : context?.Request.Query.Keys ?? []),
            Clock = clock,
        };
        if (Touches == PersonData.Everyone)
        {
            trail.SawEveryone();
            if (current.Caller.Practices is { } practices)
            {
                trail.Query = AuditEntry.PracticesPrefix + string.Join('+', practices.Order(StringComparer.Ordinal));
            }
        }

        return trail;
    }

    private static Func<TRequest, string?>? Text(string name)
    {
        if (typeof(TRequest).GetProperty(name, BindingFlags.Instance | BindingFlags.Public) is not { } property || property.PropertyType != typeof(string))
        {
            return null;
        }

        var request = Expression.Parameter(typeof(TRequest));
        return Expression.Lambda<Func<TRequest, string?>>(Expression.Property(request, property), request).Compile();
    }
}

/// <summary>A search whose parameters do not all stand in the URL.</summary>
public interface IAsksByParameters
{
    /// <summary>Names of the parameters, without values.</summary>
    IEnumerable<string> Names { get; }
}

/// <summary>How use cases and what they were asked are written down.</summary>
internal static class Interactions
{
    private const int LongestShape = 200;

    /// <summary>The action that a use case's first word says: the house names them verb first.</summary>
    public static AuditAction ActionOf(string interaction)
    {
        bool Begins(params ReadOnlySpan<string> verbs)
        {
            foreach (var verb in verbs)
            {
                if (interaction.StartsWith(verb, StringComparison.Ordinal))
                {
                    return true;
                }
            }

            return false;
        }

        return Begins("Read", "Get") ? AuditAction.Read
            : Begins("Create") ? AuditAction.Create
            : Begins("Delete", "Remove") ? AuditAction.Delete
            : Begins("Update", "Patch", "Put", "Set", "End", "Confirm", "Record", "Add", "Decide", "Close", "Undo", "Merge") ? AuditAction.Update
            : AuditAction.Execute;
    }

    /// <summary>Parameter names; what could be a value that came in the wrong place is left out.</summary>
    public static string ShapeOf(IEnumerable<string> names)
    {
        var shape = string.Join('&', names.Where(n => n.Length is > 0 and <= 60 && n.All(c => char.IsAsciiLetter(c) || c is '_' or '-' or ':' or '.')).Distinct(StringComparer.Ordinal));
        return shape.Length <= LongestShape ? shape : shape[..LongestShape];
    }

    /// <summary>An id as it was asked for, unless it could say who somebody is.</summary>
    public static string Harmless(string? id) => id is null or { Length: > 64 } || NhsNumber.TryParse(id, out _) ? "" : id;
}
