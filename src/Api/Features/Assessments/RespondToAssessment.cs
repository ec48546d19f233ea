using BetterCare.Care.Api.Features.Coordination;
using BetterCare.Care.Api.Features.Leads;
using BetterCare.Care.Api.Features.Resources;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Coordination.Assessment;
using BetterCare.Care.Coordination.Leads;
using BetterCare.Care.Fhir;
using BetterCare.Care.Storage.Ingest;
using MediatR;

namespace BetterCare.Care.Api.Features.Assessments;

/// <summary>
/// A professional gives their part of a joint assessment. It is kept as a QuestionnaireResponse, like one that another system
/// posts; what it tells of social circumstances goes to the timeline in the same commit (see <see cref="AssessmentFacts"/>).
/// </summary>
public static class RespondToAssessment
{
    /// <summary>The answers.</summary>
    public sealed record Command(string NhsNumber, string? Practitioner, DateOnly? On, IReadOnlyList<AssessmentAnswer> Answers) : IRequest<Result<AssessmentView>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.CoordinateCare;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Named;

        /// <inheritdoc/>
        public override string ToString() => "respond to assessment";
    }

    /// <summary>Checks the answers, stores them, and combines.</summary>
    public sealed class Handler(People people, ProfessionalRegister registers, AssessmentResponses responses, ResourceWrites writes)
        : IRequestHandler<Command, Result<AssessmentView>>
    {
        private const int MaxAnswerLength = 4000;

        /// <inheritdoc/>
        public async Task<Result<AssessmentView>> Handle(Command request, CancellationToken cancellationToken)
        {
            var ct = cancellationToken;
            var found = await people.FindAsync(request.NhsNumber, ct);
            if (found.Error is { } error)
            {
                return error;
            }

            var on = request.On ?? people.Today;
            if (on > people.Today || on < people.Today.AddYears(-1))
            {
                return new Invalid("on", "Say on which day the answers were given: today, or a day of the last year.");
            }

            if (Unfit(request.Answers) is { } unfit)
            {
                return unfit;
            }

            var register = await registers.ReadAsync(ct);
            if (request.Practitioner is null || !register.TryGetValue(request.Practitioner, out var who))
            {
                return new RuleNotMet(LeadRules.Registered, "Whoever answers is not in the register. Post the Practitioner and PractitionerRole first, or name a registered professional.");
            }

            var patient = found.Value;
            var id = DecisionResources.IdOf("QuestionnaireResponse", patient.PatientKey, $"{who.Professional.Key}|{FhirText.Day(on)}");
            var mine = new AssessmentResponse(who.Professional.Key, who.Professional.Role, who.Professional.Sector, on, request.Answers);

            // Two answers at once are combined one after the other, so that each sees the other's.
            await using var held = await writes.HoldAsync([$"joint-assessment|{patient.PatientKey}"], ct);
            var stored = await writes.StoreAsync(
                null, ResourceType.QuestionnaireResponse, AssessmentFhir.Response(id, patient.NhsNumber.Value, mine), new WriteTarget { Id = id, IsOurs = true }, ct);
            if (stored.Error is { } failure)
            {
                return failure;
            }

            var all = await responses.ReadAsync(patient.PatientKey, ct);
            return AssessmentView.Of(JointAssessment.Combine([.. JointQuestionnaire.Questions.Select(q => q.Question)], all.Select(r => r.Response), people.Today)!, register);
        }

        private static Invalid? Unfit(IReadOnlyList<AssessmentAnswer> answers)
        {
            var questions = JointQuestionnaire.Questions.ToDictionary(q => q.Question.LinkId, StringComparer.Ordinal);
            if (answers.Count is 0 or > 200)
            {
                return new Invalid("answers", "Give at least one answer and at most 200.");
            }

            foreach (var answer in answers)
            {
                if (answer?.LinkId is null || !questions.TryGetValue(answer.LinkId, out var question))
                {
                    return new Invalid("answers", $"There is a question that the questionnaire does not have. Its questions are in /fhir/Questionnaire/{JointQuestionnaire.Id}.");
                }

                if (question.IsText ? string.IsNullOrWhiteSpace(answer.Value) || answer.Value.Length > MaxAnswerLength : answer.Value is not ("true" or "false"))
                {
                    return new Invalid("answers", $"The answer to {question.Question.LinkId} must be {(question.IsText ? $"words, up to {MaxAnswerLength} characters" : "true or false")}.");
                }
            }

            var twice = answers.GroupBy(a => a.LinkId, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1 && !questions[g.Key].Question.AllowsSeveral);
            return twice is null ? null : new Invalid("answers", $"There are two answers to {twice.Key}: give one.");
        }
    }

    /// <summary>What a client sends.</summary>
    /// <param name="Practitioner">Id of the Practitioner who answers.</param>
    /// <param name="On">Day; left out: today.</param>
    /// <param name="Answers">By link id of the Questionnaire; "true" and "false" for yes and no.</param>
    public sealed record Body(string? Practitioner, DateOnly? On, IReadOnlyList<AssessmentAnswer>? Answers);

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/patients/{nhsNumber}/joint-assessment/responses",
        async (string nhsNumber, Body body, IMediator mediator, CancellationToken ct) =>
            (await mediator.Send(new Command(nhsNumber, body.Practitioner, body.On, body.Answers ?? []), ct)).Match(view => Results.Ok(view), Problems.From))
        .WithName("RespondToAssessment").WithTags("Assessments").WithSummary("Give a professional's part of the joint assessment; the answer is the combined assessment")
        .Produces<AssessmentView>().Produces<Problem>(400).Produces<Problem>(404).Produces<Problem>(422);
}
