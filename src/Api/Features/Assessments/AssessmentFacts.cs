using System.Globalization;
using System.Text;
using BetterCare.Care.Api.Features.Coordination;
using BetterCare.Care.Api.Features.Leads;
using BetterCare.Care.Coordination.Assessment;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Fhir.Search;
using BetterCare.Care.Storage.Ingest;
using BetterCare.Care.Storage.Resources;

namespace BetterCare.Care.Api.Features.Assessments;

/// <summary>
/// The social circumstances that a person's joint assessment tells, as Observations and so as events of the timeline, in the
/// commit of the answer that told them: whether it came by /v1, by /fhir, in a Bundle or in an import. Where professionals
/// disagree, the circumstance is taken back until people have settled it; so is one whose answer is gone.
/// </summary>
public sealed class AssessmentFacts(ResourceStore store, ProfessionalRegister registers, Directories directories, TimeProvider clock) : IConsequences
{
    private static readonly byte[] Joint = Encoding.UTF8.GetBytes(JointQuestionnaire.Url);

    private static readonly Dictionary<string, JointQuestion> Told =
        JointQuestionnaire.Questions.Where(q => q.Question.SocialFact is not null).ToDictionary(q => q.Question.LinkId, StringComparer.Ordinal);

    private readonly ResourcePreparer _preparer = new();

    /// <inheritdoc/>
    public bool Concern(ResourceType type) => type == ResourceType.QuestionnaireResponse;

    /// <inheritdoc/>
    public async Task ReadyAsync(CancellationToken ct) => await directories.SupplierAsync(DecisionResources.Supplier, ct);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<PreparedResource>> OfAsync(IReadOnlyList<PreparedResource> written, CancellationToken ct)
    {
        // Whether a former version was an answer to the joint questionnaire is seen with the person's others.
        var causes = written.Where(r => r.PatientKey != 0 && (r.Version > 1 || r.Body.Span.IndexOf(Joint) >= 0)).ToLookup(r => r.PatientKey);
        if (causes.Count == 0)
        {
            return [];
        }

        var register = await registers.ReadAsync(ct);
        var facts = new List<PreparedResource>();
        foreach (var person in causes)
        {
            await AddAsync(facts, person.Key, [.. person], register, ct);
        }

        return facts;
    }

    private async Task AddAsync(List<PreparedResource> facts, long patientKey, PreparedResource[] written, IReadOnlyDictionary<string, Registered> register, CancellationToken ct)
    {
        var responses = new List<StoredResponse>();
        var changed = written.Select(r => r.Id).ToHashSet(StringComparer.Ordinal);
        foreach (var stored in await store.ListOfPatientAsync(patientKey, ResourceType.QuestionnaireResponse, int.MaxValue, ct))
        {
            if (!changed.Contains(stored.Id))
            {
                Take(stored.Id, stored.Body);
            }
        }

        foreach (var item in written.Where(r => r.Method == WriteMethod.Upsert))
        {
            Take(item.Id, item.Body);
        }

        var before = await BeforeAsync(patientKey, ct);
        var today = DateOnly.FromDateTime(clock.GetLocalNow().DateTime);
        var joint = JointAssessment.Combine([.. JointQuestionnaire.Questions.Select(q => q.Question)], responses.Select(r => r.Response), today);
        var number = await NumberAsync(patientKey, written, ct);
        var session = new IngestSession(directories);
        session.Know(number, patientKey);
        foreach (var combined in joint?.Answers.Where(a => a.Question.SocialFact is not null) ?? [])
        {
            foreach (var answer in combined.Answers.DistinctBy(a => a.On))
            {
                var question = Told[combined.Question.LinkId];
                var id = IdOf(patientKey, question, answer.On);
                var stands = answer.Value == question.ToldBy && !combined.IsConflict;
                if (stands || before.Contains(id))
                {
                    var source = responses.First(r => r.Response.Professional == answer.Professional && r.Response.On == answer.On).Id;
                    var json = AssessmentFhir.SocialFact(id, number.Value, question, answer, source, stands);
                    facts.Add((await _preparer.PrepareAsync(session, json, 1, new WriteTarget { Id = id, IsOurs = true }, ct)).Item!);
                }
            }
        }

        // A circumstance of long ago stays in the history, unless nobody says so any more.
        var told = responses.SelectMany(r => r.Response.Answers.Where(a => Told.ContainsKey(a.LinkId)).Select(a => IdOf(patientKey, Told[a.LinkId], r.Response.On))).ToHashSet(StringComparer.Ordinal);
        var supplier = before.Count == 0 ? 0 : await directories.SupplierAsync(DecisionResources.Supplier, ct);
        facts.AddRange(before.Where(id => !told.Contains(id)).Select(id => new PreparedResource
        {
            Method = WriteMethod.Delete,
            Type = ResourceType.Observation,
            Id = id,
            PatientKey = patientKey,
            SupplierKey = supplier,
        }));

        void Take(string id, ReadOnlyMemory<byte> body)
        {
            if (body.Span.IndexOf(Joint) >= 0 && AssessmentResponses.Read(body, register) is { } response)
            {
                responses.Add(new StoredResponse(id, response));
            }
        }
    }

    /// <summary>The circumstances that were told before: Observations whose id is the one that their question and day give.</summary>
    private async Task<HashSet<string>> BeforeAsync(long patientKey, CancellationToken ct)
    {
        var ours = new HashSet<string>(StringComparer.Ordinal);
        foreach (var observation in await store.ListOfPatientAsync(patientKey, ResourceType.Observation, int.MaxValue, ct))
        {
            if (observation.Body.AsSpan().IndexOf("\"derivedFrom\""u8) >= 0
                && DateOnly.TryParseExact(new JsonView(observation.Body)["effectiveDateTime"u8].ToString(), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
                && Told.Values.Any(q => IdOf(patientKey, q, day) == observation.Id))
            {
                ours.Add(observation.Id);
            }
        }

        return ours;
    }

    private async Task<NhsNumber> NumberAsync(long patientKey, PreparedResource[] written, CancellationToken ct)
    {
        foreach (var item in written.Where(r => r.Method == WriteMethod.Upsert))
        {
            if (NhsNumber.TryParse(new JsonView(item.Body.Span)["subject"u8]["reference"u8].ToString().Replace("Patient/", "", StringComparison.Ordinal), out var number))
            {
                return number;
            }
        }

        return await directories.NumberOfAsync(patientKey, ct);
    }

    private static string IdOf(long patientKey, JointQuestion question, DateOnly on) =>
        DecisionResources.IdOf("SocialFact", patientKey, $"{question.Question.LinkId}|{FhirText.Day(on)}");
}
