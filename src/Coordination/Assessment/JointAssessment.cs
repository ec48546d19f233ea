using BetterCare.Care.Coordination.Leads;

namespace BetterCare.Care.Coordination.Assessment;

/// <summary>A question of the joint assessment.</summary>
/// <param name="LinkId">Link id in the Questionnaire.</param>
/// <param name="Text">The question.</param>
/// <param name="SocialFact">Id of the social fact that the answer tells, for the timeline; null: none.</param>
/// <param name="AllowsSeveral">Answers of different professionals add up (a list of problems) instead of contradicting each other.</param>
public sealed record AssessmentQuestion(string LinkId, string Text, string? SocialFact = null, bool AllowsSeveral = false);

/// <summary>An answer.</summary>
/// <param name="LinkId">The question.</param>
/// <param name="Value">Code or text; "true" and "false" for yes and no.</param>
public sealed record AssessmentAnswer(string LinkId, string Value);

/// <summary>What one professional answered on one day: a QuestionnaireResponse.</summary>
/// <param name="Professional">Key.</param>
/// <param name="Role">Title of the role.</param>
/// <param name="Sector">Sector.</param>
/// <param name="On">Day.</param>
/// <param name="Answers">The answers.</param>
public sealed record AssessmentResponse(string Professional, string Role, Sector Sector, DateOnly On, IReadOnlyList<AssessmentAnswer> Answers)
{
    /// <inheritdoc/>
    public override string ToString() => $"assessment by a {Role}";
}

/// <summary>An answer with who gave it.</summary>
/// <param name="Value">The answer.</param>
/// <param name="Professional">Key.</param>
/// <param name="Role">Role.</param>
/// <param name="On">Day.</param>
public sealed record AttributedAnswer(string Value, string Professional, string Role, DateOnly On);

/// <summary>One question of the combined assessment.</summary>
/// <param name="Question">The question.</param>
/// <param name="Answers">Each professional's latest answer, newest first; empty: nobody answered.</param>
/// <param name="IsConflict">Professionals answered differently: shown to people, never settled by the service.</param>
public sealed record CombinedAnswer(AssessmentQuestion Question, IReadOnlyList<AttributedAnswer> Answers, bool IsConflict);

/// <summary>What one professional brought to the assessment.</summary>
/// <param name="Professional">Key.</param>
/// <param name="Role">Role.</param>
/// <param name="Sector">Sector.</param>
/// <param name="Added">Questions that they were the first to answer, or to which they added an answer of their own.</param>
/// <param name="Confirmed">Questions that they answered as somebody before them.</param>
/// <param name="Differed">Questions that they answered otherwise than somebody before them.</param>
public sealed record Contribution(string Professional, string Role, Sector Sector, IReadOnlyList<string> Added, IReadOnlyList<string> Confirmed, IReadOnlyList<string> Differed);

/// <summary>A social fact told by the assessment, to go back into the timeline.</summary>
/// <param name="Fact">Id of the fact.</param>
/// <param name="Value">The newest answer.</param>
/// <param name="On">Its day.</param>
/// <param name="IsDisputed">Professionals disagree.</param>
public sealed record SocialFactTold(string Fact, string Value, DateOnly On, bool IsDisputed);

/// <summary>Several professionals' answers at one point in time, as one assessment.</summary>
public sealed record JointAssessment
{
    /// <summary>Answers lie at most so many days apart to be one point in time, unless the place says otherwise.</summary>
    public const int DefaultWindowDays = 42;

    /// <summary>Day of the newest answer.</summary>
    public required DateOnly On { get; init; }

    /// <summary>By question, in the order of the questionnaire.</summary>
    public required IReadOnlyList<CombinedAnswer> Answers { get; init; }

    /// <summary>By professional, in order of time.</summary>
    public required IReadOnlyList<Contribution> Contributions { get; init; }

    /// <summary>Social facts for the timeline.</summary>
    public required IReadOnlyList<SocialFactTold> SocialFacts { get; init; }

    /// <summary>Responses left out: too long before the newest to be one point in time, or replaced by the same professional's newer one.</summary>
    public required IReadOnlyList<AssessmentResponse> LeftOut { get; init; }

    /// <summary>Health and social care both answered.</summary>
    public required bool IsJoint { get; init; }

    /// <summary>Questions with different answers.</summary>
    public IEnumerable<CombinedAnswer> Conflicts => Answers.Where(a => a.IsConflict);

    /// <summary>Combines responses up to a day; null where there are none.</summary>
    /// <param name="questions">The questionnaire.</param>
    /// <param name="responses">Responses in any order.</param>
    /// <param name="asOf">The day; later responses are passed over.</param>
    /// <param name="windowDays">Longest time between the oldest and the newest answer, days.</param>
    public static JointAssessment? Combine(IReadOnlyList<AssessmentQuestion> questions, IEnumerable<AssessmentResponse> responses, DateOnly asOf, int windowDays = DefaultWindowDays)
    {
        var all = responses.Where(r => r.On <= asOf).OrderBy(r => r.On).ThenBy(r => r.Professional, StringComparer.Ordinal).ToArray();
        if (all.Length == 0)
        {
            return null;
        }

        var newest = all[^1].On;
        var used = new List<AssessmentResponse>();
        var leftOut = new List<AssessmentResponse>();
        for (var i = 0; i < all.Length; i++)
        {
            var replaced = all.AsSpan(i + 1).ContainsProfessional(all[i].Professional);
            (replaced || all[i].On < newest.AddDays(-windowDays) ? leftOut : used).Add(all[i]);
        }

        var answers = questions.Select(q => Answer(q, used)).ToArray();
        return new JointAssessment
        {
            On = newest,
            Answers = answers,
            Contributions = Contribute(questions, used),
            SocialFacts = [.. answers.Where(a => a.Question.SocialFact is not null && a.Answers.Count > 0).Select(a => new SocialFactTold(a.Question.SocialFact!, a.Answers[0].Value, a.Answers[0].On, a.IsConflict))],
            LeftOut = leftOut,
            IsJoint = used.Exists(r => r.Sector == Sector.Health && r.Answers.Count > 0) && used.Exists(r => r.Sector == Sector.SocialCare && r.Answers.Count > 0),
        };
    }

    private static CombinedAnswer Answer(AssessmentQuestion question, List<AssessmentResponse> used)
    {
        var answers = used
            .SelectMany(r => r.Answers.Where(a => Is(a, question)).Select(a => new AttributedAnswer(a.Value, r.Professional, r.Role, r.On)))
            .OrderByDescending(a => a.On).ThenBy(a => a.Professional, StringComparer.Ordinal).ToArray();
        return new CombinedAnswer(question, answers, !question.AllowsSeveral && answers.Select(a => a.Value).Distinct(StringComparer.OrdinalIgnoreCase).Count() > 1);
    }

    private static List<Contribution> Contribute(IReadOnlyList<AssessmentQuestion> questions, List<AssessmentResponse> used)
    {
        var contributions = new List<Contribution>(used.Count);
        var told = questions.ToDictionary(q => q.LinkId, _ => new HashSet<string>(StringComparer.OrdinalIgnoreCase), StringComparer.Ordinal);
        foreach (var response in used)
        {
            List<string> added = [], confirmed = [], differed = [];
            foreach (var question in questions)
            {
                var before = told[question.LinkId];
                var mine = response.Answers.Where(a => Is(a, question)).Select(a => a.Value).ToArray();
                if (mine.Length == 0)
                {
                    continue;
                }

                var isNew = !Array.TrueForAll(mine, before.Contains);
                (!isNew ? confirmed : before.Count == 0 || question.AllowsSeveral ? added : differed).Add(question.LinkId);
                before.UnionWith(mine);
            }

            contributions.Add(new Contribution(response.Professional, response.Role, response.Sector, added, confirmed, differed));
        }

        return contributions;
    }

    private static bool Is(AssessmentAnswer answer, AssessmentQuestion question) =>
        string.Equals(answer.LinkId, question.LinkId, StringComparison.Ordinal) && !string.IsNullOrWhiteSpace(answer.Value);
}

/// <summary>Looks a professional up among responses.</summary>
file static class Responses
{
    public static bool ContainsProfessional(this Span<AssessmentResponse> responses, string professional)
    {
        foreach (var response in responses)
        {
            if (string.Equals(response.Professional, professional, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }
}
