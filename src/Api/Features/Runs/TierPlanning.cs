using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Storage;
using BetterCare.Care.Stratification.Runs;
using MediatR;

namespace BetterCare.Care.Api.Features.Runs;

/// <summary>What if the cut were elsewhere: answered from the current run, without a new one.</summary>
public static class TierPlanning
{
    /// <summary>One cut, said in one of four ways.</summary>
    public sealed record Query(int? People, double? Share, double? Probability, double? Hours, double? HoursPerPerson) : IRequest<Result<Answer>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.RunStratification;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.None;
    }

    /// <summary>What the cut would mean. Expectations, as good as the calibration of the run's model.</summary>
    /// <param name="RunId">The run.</param>
    /// <param name="IndexDate">Its index date.</param>
    /// <param name="Model">Its model and version.</param>
    /// <param name="Note">What kind of model it is: said with every answer.</param>
    /// <param name="Population">People scored.</param>
    /// <param name="People">People at or above the cut.</param>
    /// <param name="ShareOfPopulation">Their share of the population, 0 to 1.</param>
    /// <param name="Threshold">Lowest probability among them; 1 where there is nobody.</param>
    /// <param name="ExpectedAdmissions">Of them, how many are expected to be admitted as an emergency within 12 months.</param>
    /// <param name="PositivePredictiveValue">Expected share of them who will be, 0 to 1.</param>
    /// <param name="Sensitivity">Expected share of all who will be admitted that is among them, 0 to 1.</param>
    /// <param name="StaffHours">Staff hours a year; null where no hours per person were given.</param>
    public sealed record Answer(
        int RunId,
        string IndexDate,
        string Model,
        string Note,
        int Population,
        int People,
        double ShareOfPopulation,
        double Threshold,
        double ExpectedAdmissions,
        double PositivePredictiveValue,
        double Sensitivity,
        double? StaffHours);

    /// <summary>Checks the cut and asks the planner of the current run.</summary>
    public sealed class Handler(RunModels models, TierPlanners planners, CurrentCaller current) : IRequestHandler<Query, Result<Answer>>
    {
        /// <inheritdoc/>
        public async Task<Result<Answer>> Handle(Query request, CancellationToken cancellationToken)
        {
            var ct = cancellationToken;
            if (current.Caller.Practices is not null)
            {
                // A cut is made over everybody: its answer would tell of people beyond the caller's practices.
                return new NotAllowed("tier planning: it is for those who may see all practices");
            }

            if (Unfit(request) is { } unfit)
            {
                return unfit;
            }

            var run = await models.CurrentAsync(ct);
            if (run is null)
            {
                return new Conflict(409, "There is no stratification yet: start one with POST /v1/stratification-runs.");
            }

            var planner = await planners.OfAsync(run.RunId, ct);
            var each = request.HoursPerPerson ?? 0;
            var plan = request switch
            {
                { People: { } people } => planner.ForPeople(people, each),
                { Share: { } share } => planner.ForShare(share, each),
                { Probability: { } probability } => planner.ForProbability(probability, each),
                _ => planner.ForHours(request.Hours!.Value, each),
            };
            return new Answer(
                run.RunId,
                run.IndexDate,
                run.Name,
                run.Note,
                planner.Population,
                plan.People,
                plan.ShareOfPopulation,
                plan.Threshold,
                plan.ExpectedAdmissions,
                plan.PositivePredictiveValue,
                plan.Sensitivity,
                request.HoursPerPerson is null ? null : plan.StaffHours);
        }

        // Written so that "not a number" is refused as well.
        private static Invalid? Unfit(Query q) => q switch
        {
            _ when (q.People is null ? 0 : 1) + (q.Share is null ? 0 : 1) + (q.Probability is null ? 0 : 1) + (q.Hours is null ? 0 : 1) != 1 =>
                new Invalid("", "Say where to cut in one way: people=500, share=0.005, probability=0.3, or hours=8000 with hoursPerPerson=20."),
            { People: < 0 } => new Invalid("people", "The number of people is 0 or more."),
            { Share: { } share } when !(share is >= 0 and <= 1) => new Invalid("share", "A share is 0 to 1: 0.005 is the top 0.5 %."),
            { Probability: { } probability } when !(probability is >= 0 and <= 1) => new Invalid("probability", "A probability is 0 to 1, not percent: 0.3 is 30 %."),
            { Hours: { } hours } when !(hours >= 0 && double.IsFinite(hours)) => new Invalid("hours", "Hours are staff hours a year, 0 or more."),
            { HoursPerPerson: { } each } when !(each > 0 && double.IsFinite(each)) => new Invalid("hoursPerPerson", "Hours per person a year are above 0, for example 20."),
            { Hours: not null, HoursPerPerson: null } => new Invalid("hoursPerPerson", "With hours, say hours per person a year too, for example hoursPerPerson=20."),
            _ => null,
        };
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/tier-planner",
        async (int? people, double? share, double? probability, double? hours, double? hoursPerPerson, IMediator mediator, CancellationToken ct) =>
            (await mediator.Send(new Query(people, share, probability, hours, hoursPerPerson), ct)).Match(answer => Results.Ok(answer), Problems.From))
        .WithName("TierPlanner").WithTags("Risk").WithSummary("What a cut would mean: people, expected admissions, PPV, sensitivity and staff hours, without a new run")
        .Produces<Answer>().Produces<Problem>(400).Produces<Problem>(409);
}

/// <summary>The planner of the current run: its probabilities are read once, for runs never change.</summary>
public sealed class TierPlanners(CareDatabase database) : IDisposable
{
    private readonly SemaphoreSlim _reading = new(1);
    private volatile Entry? _last;

    private sealed record Entry(int RunId, TierPlanner Planner);

    /// <summary>The planner of a completed run.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="ct">Cancels.</param>
    public async ValueTask<TierPlanner> OfAsync(int runId, CancellationToken ct)
    {
        if (_last is { } last && last.RunId == runId)
        {
            return last.Planner;
        }

        await _reading.WaitAsync(ct);
        try
        {
            // Who waited finds it read.
            if (_last is { } read && read.RunId == runId)
            {
                return read.Planner;
            }

            var planner = new TierPlanner(await RankedAsync(runId, ct));
            _last = new Entry(runId, planner);
            return planner;
        }
        finally
        {
            _reading.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _reading.Dispose();

    /// <summary>Highest first. The index of the risk list is in this order: nothing is sorted.</summary>
    private async Task<float[]> RankedAsync(int runId, CancellationToken ct)
    {
        var ranked = new List<float>();
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT probability FROM risk_score WHERE run_id=@run ORDER BY probability DESC, patient_key";
        var run = command.CreateParameter();
        (run.ParameterName, run.Value) = ("run", runId);
        command.Parameters.Add(run);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            ranked.Add((float)reader.GetDouble(0));
        }

        return [.. ranked];
    }
}
