using BetterCare.Care.Fhir.Validation;

namespace BetterCare.Care.Api.Http;

/// <summary>An expected outcome that is not success. Rendered as an OperationOutcome under /fhir and as ProblemDetails elsewhere.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Code">FHIR issue type.</param>
/// <param name="Detail">What is wrong and how to mend it; never holds an identifier.</param>
public abstract record CareError(int Status, string Code, string Detail)
{
    /// <summary>The single issues; one made of the detail where there are none.</summary>
    public virtual IReadOnlyList<Issue> Issues => [new Issue(IssueSeverity.Error, Code, "", Detail)];
}

/// <summary>No token, or none that is valid.</summary>
public sealed record NotAuthenticated() : CareError(401, "login", "Send an access token in the Authorization header.");

/// <summary>The caller is known but may not do this.</summary>
public sealed record NotAllowed(string Grant) : CareError(403, "forbidden", $"Your access does not include {Grant}.");

/// <summary>Absent, or not for this caller to see: both answer alike.</summary>
public sealed record NotVisible(string Kind) : CareError(404, "not-found", $"No such {Kind}.");

/// <summary>It was there and is deleted.</summary>
public sealed record Gone(string Kind) : CareError(410, "deleted", $"This {Kind} was deleted.");

/// <summary>The request is wrong in one place.</summary>
public sealed record Invalid(string Where, string Problem) : CareError(400, "invalid", Problem)
{
    /// <inheritdoc/>
    public override IReadOnlyList<Issue> Issues => [new Issue(IssueSeverity.Error, Code, Where, Problem)];
}

/// <summary>The posted resources are wrong, each place named.</summary>
public sealed record InvalidResource(int HttpStatus, IReadOnlyList<Issue> Found) : CareError(HttpStatus, "invalid", "The resource was not accepted.")
{
    /// <inheritdoc/>
    public override IReadOnlyList<Issue> Issues => Found;
}

/// <summary>Someone else was faster, or the state does not allow it.</summary>
public sealed record Conflict(int HttpStatus, string Problem) : CareError(HttpStatus, "conflict", Problem);

/// <summary>A rule of care coordination is not met; says which, and how to satisfy it.</summary>
public sealed record RuleNotMet(string Rule, string Problem) : CareError(422, "business-rule", Problem)
{
    /// <inheritdoc/>
    public override IReadOnlyList<Issue> Issues => [new Issue(IssueSeverity.Error, Code, "", Problem, Rule)];
}

/// <summary>The body is larger than the service takes.</summary>
public sealed record TooLarge(long Limit) : CareError(413, "too-long", $"The body is larger than {Limit / (1 << 20)} MB. Send it in parts, or as NDJSON by $import.");

/// <summary>More of it than the service does at a time.</summary>
public sealed record TooMany(string Problem) : CareError(429, "throttled", Problem);

/// <summary>Carries an expected outcome out of a pipeline that returns something else.</summary>
public sealed class CareException(CareError error) : Exception(error.Detail)
{
    /// <summary>The outcome.</summary>
    public CareError Error { get; } = error;
}

/// <summary>What became of a request, whatever it was.</summary>
public interface IOutcome
{
    /// <summary>Why there is no value; null where there is one.</summary>
    CareError? Error { get; }

    /// <summary>The value; null where there is none.</summary>
    object? Found { get; }
}

/// <summary>A value, or why there is none.</summary>
public readonly record struct Result<T> : IOutcome
{
    private readonly T? _value;
    private readonly CareError? _error;

    private Result(T? value, CareError? error)
    {
        _value = value;
        _error = error;
    }

    /// <summary>Why there is no value; null where there is one.</summary>
    public CareError? Error => _error;

    /// <summary>The value.</summary>
    /// <exception cref="CareException">There is none.</exception>
    public T Value => _error is null ? _value! : throw new CareException(_error);

    /// <inheritdoc/>
    object? IOutcome.Found => _value;

    /// <summary>Carries on with whichever it is.</summary>
    public TOut Match<TOut>(Func<T, TOut> found, Func<CareError, TOut> failed) => _error is null ? found(_value!) : failed(_error);

    /// <summary>A value.</summary>
    public static implicit operator Result<T>(T value) => new(value, null);

    /// <summary>A failure.</summary>
    public static implicit operator Result<T>(CareError error) => new(default, error);
}
