using BetterCare.Care.Api.Features.Coordination;
using BetterCare.Care.Api.Features.Leads;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Api.Security;
using BetterCare.Care.Coordination.Assessment;
using MediatR;

namespace BetterCare.Care.Api.Features.Assessments;

/// <summary>Several professionals' answers as one assessment.</summary>
/// <param name="On">Day of the newest answer.</param>
/// <param name="Joint">Health and social care both answered.</param>
/// <param name="Answers">By question; only those that somebody answered.</param>
/// <param name="Contributions">What each professional brought.</param>
/// <param name="SocialFacts">Social circumstances told, by link id; a disputed one is not in the timeline.</param>
/// <param name="LeftOut">Responses too old to be of one point in time with the newest, or replaced by their author.</param>
public sealed record AssessmentView(
    string On, bool Joint, IReadOnlyList<AnswerView> Answers, IReadOnlyList<ContributionView> Contributions, IReadOnlyList<SocialFactTold> SocialFacts, int LeftOut)
{
    /// <summary>Masked: a record would print the answers.</summary>
    public override string ToString() => "joint assessment";

    internal static AssessmentView Of(JointAssessment joint, IReadOnlyDictionary<string, Registered> register) => new(
        FhirText.Day(joint.On),
        joint.IsJoint,
        [.. joint.Answers.Where(a => a.Answers.Count > 0).Select(a => new AnswerView(a.Question.LinkId, a.Question.Text, a.Answers, a.IsConflict))],
        [.. joint.Contributions.Select(c => new ContributionView(
            c.Professional, register.GetValueOrDefault(c.Professional)?.Name ?? "", c.Role, SetLeadProfessional.SectorName(c.Sector), c.Added, c.Confirmed, c.Differed))],
        joint.SocialFacts,
        joint.LeftOut.Count);
}

/// <summary>One question with everybody's answers, newest first.</summary>
/// <param name="LinkId">Link id in the Questionnaire.</param>
/// <param name="Question">The question.</param>
/// <param name="Answers">Who answered what, when.</param>
/// <param name="Conflict">Professionals answered differently: for people to settle.</param>
public sealed record AnswerView(string LinkId, string Question, IReadOnlyList<AttributedAnswer> Answers, bool Conflict);

/// <summary>What one professional brought: link ids that they added, confirmed, or saw otherwise.</summary>
public sealed record ContributionView(
    string Practitioner, string Name, string Role, string Sector, IReadOnlyList<string> Added, IReadOnlyList<string> Confirmed, IReadOnlyList<string> Differed);

/// <summary>A person's joint assessment.</summary>
public static class GetAssessment
{
    /// <summary>Whose, and as of which day.</summary>
    public sealed record Query(string NhsNumber, DateOnly? AsOf) : IRequest<Result<AssessmentView>>, IGuarded
    {
        /// <inheritdoc/>
        public static Grant Needs => Grant.ReadRecords;

        /// <inheritdoc/>
        public static PersonData Touches => PersonData.Named;

        /// <inheritdoc/>
        public override string ToString() => "get joint assessment";
    }

    /// <summary>Combines the responses.</summary>
    public sealed class Handler(People people, ProfessionalRegister registers, AssessmentResponses responses) : IRequestHandler<Query, Result<AssessmentView>>
    {
        /// <inheritdoc/>
        public async Task<Result<AssessmentView>> Handle(Query request, CancellationToken cancellationToken)
        {
            var found = await people.FindAsync(request.NhsNumber, cancellationToken);
            if (found.Error is { } error)
            {
                return error;
            }

            var given = await responses.ReadAsync(found.Value.PatientKey, cancellationToken);
            var joint = JointAssessment.Combine([.. JointQuestionnaire.Questions.Select(q => q.Question)], given.Select(r => r.Response), request.AsOf ?? people.Today);
            return joint is null ? new NotVisible("joint assessment: nobody has answered yet") : AssessmentView.Of(joint, await registers.ReadAsync(cancellationToken));
        }
    }

    /// <summary>Serves it.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/v1/patients/{nhsNumber}/joint-assessment",
        async (string nhsNumber, DateOnly? asOf, IMediator mediator, CancellationToken ct) => (await mediator.Send(new Query(nhsNumber, asOf), ct)).Match(view => Results.Ok(view), Problems.From))
        .WithName("GetAssessment").WithTags("Assessments").WithSummary("The joint assessment: every answer with who gave it, what each added, and where they differ")
        .Produces<AssessmentView>().Produces<Problem>(404);
}
