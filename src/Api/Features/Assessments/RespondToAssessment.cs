using BetterCare.Care.Api.Features.Coordination;
using BetterCare.Care.Api.Features.Leads;
using BetterCare.Care.Api.Features.Resources;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Coordination.Assessment;
using BetterCare.Care.Coordination.Leads;
using BetterCare.Care.Fhir;
using BetterCare.Care.Storage.Ingest;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Storage.Resources;
using MediatR;

namespace BetterCare.Care.Api.Features.Assessments;

/// <summary>
/// A professional gives their part of a joint assessment. It is kept as a QuestionnaireResponse; the social circumstances
/// that it tells become Observations, and so events of the timeline, in the same commit. Where professionals disagree, the
/// circumstance is taken back from the timeline until people have settled it.
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

    /// <summary>Checks the answers, combines, and stores all in one batch.</summary>
    public sealed class Handler(People people, ProfessionalRegister registers, AssessmentResponses responses, ResourceWrites writes, ResourceWriter writer, ResourceStore store)
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

            // Two answers at once are combined one after the other, so that each sees the other's.
            await using var held = await writes.HoldAsync([$"joint-assessment|{patient.PatientKey}"], ct);
            var mine = new StoredResponse(
                DecisionResources.IdOf("QuestionnaireResponse", patient.PatientKey, $"{who.Professional.Key}|{FhirText.Day(on)}"),
                new AssessmentResponse(who.Professional.Key, who.Professional.Role, who.Professional.Sector, on, request.Answers));
            var all = await responses.ReadAsync(patient.PatientKey, ct);
            all.RemoveAll(r => r.Id == mine.Id);
            all.Add(mine);
            var joint = JointAssessment.Combine([.. JointQuestionnaire.Questions.Select(q => q.Question)], all.Select(r => r.Response), people.Today)!;

            var batch = new WriteBatch();
            await AddAsync(batch, ResourceType.QuestionnaireResponse, mine.Id, AssessmentFhir.Response(mine.Id, patient.NhsNumber.Value, mine.Response), ct);
            foreach (var (id, json) in await SocialFactsAsync(patient, joint, all, ct))
            {
                await AddAsync(batch, ResourceType.Observation, id, json, ct);
            }

            return await writer.WriteAsync(batch, ct) is { } failure
                ? new InvalidResource(failure.Status, [failure.Issue])
                : AssessmentView.Of(joint, register);
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
                if (answer.LinkId is null || !questions.TryGetValue(answer.LinkId, out var question))
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

        /// <summary>The circumstances that the assessment tells now, and those to be taken back.</summary>
        private async Task<List<(string Id, byte[] Json)>> SocialFactsAsync(Patient patient, JointAssessment joint, List<StoredResponse> all, CancellationToken ct)
        {
            var rendered = new List<(string, byte[])>();
            var questions = JointQuestionnaire.Questions.ToDictionary(q => q.Question.LinkId, StringComparer.Ordinal);
            foreach (var combined in joint.Answers.Where(a => a.Question.SocialFact is not null))
            {
                var question = questions[combined.Question.LinkId];
                foreach (var answer in combined.Answers.DistinctBy(a => a.On))
                {
                    var id = DecisionResources.IdOf("SocialFact", patient.PatientKey, $"{question.Question.LinkId}|{FhirText.Day(answer.On)}");
                    var stands = answer.Value == question.ToldBy && !combined.IsConflict;
                    if (stands || await store.ReadAsync(ResourceType.Observation, id, ct) is not null)
                    {
                        var source = all.First(r => r.Response.Professional == answer.Professional && r.Response.On == answer.On).Id;
                        rendered.Add((id, AssessmentFhir.SocialFact(id, patient.NhsNumber.Value, question, answer, source, stands)));
                    }
                }
            }

            return rendered;
        }

        private async Task AddAsync(WriteBatch batch, ResourceType type, string id, byte[] json, CancellationToken ct) =>
            batch.Items.Add((await writes.PrepareAsync(null, type, json, new WriteTarget { Id = id, IsOurs = true }, ct)).Value.Item!);
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
