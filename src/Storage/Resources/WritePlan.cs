using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Validation;
using BetterCare.Care.Storage.Model;

namespace BetterCare.Care.Storage.Resources;

/// <summary>What a commit will write, decided before anything is written.</summary>
/// <param name="size">About how many resources it will be of.</param>
internal sealed partial class WritePlan(int size = 0)
{
    private readonly Dictionary<(ResourceType, string), PreparedResource> _latest = new(size);

    public List<PreparedResource> Inserts { get; } = new(size);

    public List<PreparedResource> Updates { get; } = [];

    public List<PreparedResource> Beside { get; } = [];

    public Dictionary<long, Patient> Patients { get; } = [];

    public List<PatientAlias> Aliases { get; } = [];

    public List<Practice> Practices { get; } = [];

    public List<(long PatientKey, int From, int Until)> Registrations { get; } = [];

    /// <summary>Those of what is written, or was for a moment, that can move an opt-out.</summary>
    public List<PreparedResource> SayOfOptOuts { get; } = [];

    public IEnumerable<PreparedResource> Written => Inserts.Concat(Updates);

    public WriteFailure? Decide(WriteBatch batch, long now)
    {
        // A request fails as a whole, so it is judged as a whole before anything of it enters the plan.
        if (!batch.RejectsSingly)
        {
            var seen = new HashSet<(ResourceType, string)>();
            foreach (var item in batch.Items)
            {
                var failure = Judge(item, Earlier(item), seen.Add((item.Type, item.Id)));
                if (failure is not null)
                {
                    return failure;
                }
            }
        }

        foreach (var item in batch.Items)
        {
            var earlier = Earlier(item);
            if (batch.RejectsSingly && Judge(item, earlier, first: true) is { } failure)
            {
                batch.Checkpoint!.Rejects.Add(new ImportReject
                {
                    JobId = batch.Checkpoint.JobId,
                    Ordinal = batch.Checkpoint.Ordinal,
                    Line = item.Line,
                    Outcome = OutcomeJson.Of([failure.Issue]),
                });
                continue;
            }

            Enter(item, earlier, now);
        }

        return null;
    }

    private WriteFailure? Judge(PreparedResource item, PreparedResource? earlier, bool first)
    {
        var before = Before(item, earlier);
        if (_overtaken?.Contains(item) == true)
        {
            return new WriteFailure(item, 409, new Issue(IssueSeverity.Error, "conflict", "Patient",
                "This person's record was merged with another, or the merge undone, while the Patient was on its way. Send it again."));
        }

        // Of several people the one under whom it is stored stays the same, in whatever order they are named.
        if (before is not null && item.People.Contains(before.PatientKey))
        {
            item.PatientKey = before.PatientKey;
        }

        if (!first)
        {
            return new WriteFailure(item, 400, new Issue(IssueSeverity.Error, "invalid", item.Type.Name(),
                "The same resource is in this transaction twice: send it once."));
        }

        if (before is { Deleted: false } && before.SupplierKey != item.SupplierKey && item.Type != ResourceType.Patient)
        {
            return new WriteFailure(item, 409, new Issue(IssueSeverity.Error, "conflict", $"{item.Type.Name()}.id",
                "Another supplier has stored a resource of this type under this id, and it was left as it is. Send meta.source, so that your ids are kept apart."));
        }

        if (before is not null && before.PatientKey != item.PatientKey && item.Method == WriteMethod.Upsert && !before.Deleted)
        {
            return new WriteFailure(item, 409, new Issue(IssueSeverity.Error, "conflict", $"{item.Type.Name()}.id",
                "This id belongs to a resource about another person. Delete that resource first, or send this one under an id of its own."));
        }

        if (item.ExpectedVersion is { } expected && (before is null || before.Deleted || before.Version != expected))
        {
            return new WriteFailure(item, 412, new Issue(IssueSeverity.Error, "conflict", item.Type.Name(),
                before is null ? "There is no such resource to change." : $"The current version is {before.Version}: read it, apply your change to it, and send If-Match: W/\"{before.Version}\"."));
        }

        if (item.MustNotExist && before is { Deleted: false })
        {
            return new WriteFailure(item, 412, new Issue(IssueSeverity.Error, "conflict", item.Type.Name(), "The resource exists already."));
        }

        return null;
    }

    /// <summary>The version of the same resource that this commit has already; null: none.</summary>
    private PreparedResource? Earlier(PreparedResource item) => _latest.GetValueOrDefault((item.Type, item.Id));

    private static Existing? Before(PreparedResource item, PreparedResource? earlier) => earlier is null
        ? item.Before
        : new Existing(earlier.PatientKey, earlier.Version, earlier.Outcome == WriteOutcome.Deleted, earlier.SupplierKey, earlier.ContentHash, earlier.LastUpdated);

    private void Enter(PreparedResource item, PreparedResource? earlier, long now)
    {
        var before = Before(item, earlier);
        if (item.IsBeside)
        {
            (item.Outcome, item.Version, item.LastUpdated) = (WriteOutcome.KeptBeside, before?.Version ?? 1, now);
            Beside.Add(item);
            if (item.SourceId is not null)
            {
                // The former record's, as those that were given before the merge: undoing it finds them there.
                Aliases.Add(new PatientAlias { SupplierKey = item.SourceSupplier, SourceId = item.SourceId, PatientKey = item.Former!.Key });
            }

            return;
        }

        if (item.Type == ResourceType.Patient && item.Patient is not null)
        {
            if (item.SourceId is not null)
            {
                Aliases.Add(new PatientAlias { SupplierKey = item.SupplierKey, SourceId = item.SourceId, PatientKey = item.PatientKey });
            }

            if (before is { Deleted: false } && before.SupplierKey != item.SupplierKey)
            {
                item.Outcome = WriteOutcome.KeptBeside;
                item.Version = before.Version;
                item.LastUpdated = before.LastUpdated;
                Beside.Add(item);
                return;
            }
        }

        if (item.Method == WriteMethod.Delete)
        {
            if (before is null || before.Deleted)
            {
                item.Outcome = WriteOutcome.Unchanged;
                item.Version = before?.Version ?? 0;
                item.LastUpdated = before?.LastUpdated ?? 0;
                return;
            }
        }
        else if (before is { Deleted: false } && before.ContentHash == item.ContentHash)
        {
            item.Outcome = WriteOutcome.Unchanged;
            item.Version = before.Version;
            item.LastUpdated = before.LastUpdated;
            return;
        }

        item.Version = (before?.Version ?? 0) + 1;
        item.LastUpdated = now;
        item.Outcome = item.Method == WriteMethod.Delete ? WriteOutcome.Deleted
            : before is null || before.Deleted ? WriteOutcome.Created
            : WriteOutcome.Updated;
        EnterFacts(item);

        // Two versions of one resource in one commit: the earlier one goes to history as it came, in order.
        if (earlier?.Outcome is WriteOutcome.Created or WriteOutcome.Updated or WriteOutcome.Deleted)
        {
            item.Supersedes = earlier;
            Inserts.Remove(earlier);
            Updates.Remove(earlier);
            item.Before = earlier.Before;
        }

        _latest[(item.Type, item.Id)] = item;
        (item.Before is null ? Inserts : Updates).Add(item);
    }

    private void EnterFacts(PreparedResource item)
    {
        if (item.Type is ResourceType.Consent or ResourceType.Flag or ResourceType.Patient)
        {
            SayOfOptOuts.Add(item);
        }

        if (item.Patient is not null)
        {
            Patients[item.PatientKey] = item.Patient;
        }

        if (item.Practice is not null)
        {
            Practices.Add(item.Practice);
        }

        if (item.Registration is { } registration)
        {
            Registrations.Add((item.PatientKey, registration.From, registration.Until));
        }
    }
}
