using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Nhs;

namespace BetterCare.Care.Storage.Audit;

/// <summary>
/// What the request in hand has touched so far. It is ambient, as the tracing of the framework is: whatever looks a person
/// up or commits a change adds to the trail of the request that it serves, so that a new endpoint cannot forget to.
/// </summary>
public sealed class AccessTrail
{
    private static readonly AsyncLocal<AccessTrail?> Ambient = new();
    private readonly Lock _lock = new();
    private readonly List<long> _seen = [];
    private List<long>? _refused;
    private HashSet<long>? _recorded;

    /// <summary>The trail of the request in hand; null outside of any.</summary>
    public static AccessTrail? Current
    {
        get => Ambient.Value;
        set => Ambient.Value = value;
    }

    /// <summary>User or client id.</summary>
    public required string Agent { get; init; }

    /// <summary>The caller's role.</summary>
    public string Role { get; init; } = "";

    /// <summary>Purpose of use.</summary>
    public string Purpose { get; set; } = "";

    /// <summary>Says when.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>A job or a verb of the command line: many commits, and no end at which the rest would be recorded.</summary>
    public bool IsLasting { get; init; }

    /// <summary>What is done.</summary>
    public AuditAction Action { get; init; }

    /// <summary>The use case.</summary>
    public required string Interaction { get; init; }

    /// <summary>The request.</summary>
    public string RequestId { get; init; } = "";

    /// <summary>Resource type.</summary>
    public ResourceType Type { get; init; }

    /// <summary>Resource id.</summary>
    public string ResourceId { get; init; } = "";

    /// <summary>Names of the parameters.</summary>
    public string Query { get; set; } = "";

    /// <summary>The reason that the caller gave.</summary>
    public string Reason { get; set; } = "";

    /// <summary>The entry that is being committed.</summary>
    internal AuditEntry? Committing { get; set; }

    /// <summary>Whether something of this request has been recorded in the commit of a change.</summary>
    public bool IsKept
    {
        get
        {
            lock (_lock)
            {
                return _recorded is not null;
            }
        }
    }

    /// <summary>Whether somebody was seen whom no row names yet.</summary>
    public bool HasSeen
    {
        get
        {
            lock (_lock)
            {
                return _seen.Count > 0;
            }
        }
    }

    /// <summary>Whether somebody was asked for whom the caller may not see, or who is not here.</summary>
    public bool HasRefused
    {
        get
        {
            lock (_lock)
            {
                return _refused is not null;
            }
        }
    }

    /// <summary>A trail of the same work for a part of it that runs beside others and commits by itself.</summary>
    public AccessTrail Fork() => new()
    {
        Agent = Agent,
        Role = Role,
        Purpose = Purpose,
        Clock = Clock,
        IsLasting = true,
        Action = Action,
        Interaction = Interaction,
        RequestId = RequestId,
        Reason = Reason,
    };

    /// <summary>A person's data went into the answer or was changed; 0 (a shared resource) is nobody.</summary>
    public void Saw(long patientKey)
    {
        if (patientKey != 0)
        {
            Add(patientKey);
        }
    }

    /// <summary>These people's data went into the answer.</summary>
    public void Saw(IEnumerable<long> patientKeys)
    {
        foreach (var key in patientKeys)
        {
            Saw(key);
        }
    }

    /// <summary>The whole cohort was processed.</summary>
    public void SawEveryone() => Add(AuditEntry.Everyone);

    /// <summary>A person was asked for whom the caller may not see.</summary>
    public void Refused(long patientKey)
    {
        if (patientKey != 0)
        {
            lock (_lock)
            {
                (_refused ??= []).Add(patientKey);
            }
        }
    }

    /// <summary>A person was asked for who is not here.</summary>
    public void Refused(NhsNumber unknown) => Refused(-unknown.Number);

    /// <summary>The entry of a change that is about to be committed; more people may come from the change itself.</summary>
    public AuditEntry Change(IEnumerable<long> alsoTouched, AuditOutcome outcome)
    {
        lock (_lock)
        {
            return Entry(outcome, Ascending(_seen.Concat(alsoTouched)));
        }
    }

    /// <summary>The change and its entry are committed: those of the entry are recorded.</summary>
    public void Kept(AuditEntry entry)
    {
        lock (_lock)
        {
            if (IsLasting)
            {
                // Only those of the entry: another commit of the same job may be under way.
                if (_seen.Count > 0)
                {
                    var recorded = entry.People.ToHashSet();
                    _seen.RemoveAll(recorded.Contains);
                }

                return;
            }

            (_recorded ??= []).UnionWith(entry.People);
            _seen.RemoveAll(_recorded.Contains);
        }
    }

    /// <summary>What remains to be recorded at the end of a request: what was seen, and what was refused.</summary>
    /// <param name="outcome">How the request ended.</param>
    /// <param name="always">Whether to record it even if it came to nobody.</param>
    public IReadOnlyList<AuditEntry> Rest(AuditOutcome outcome, bool always)
    {
        lock (_lock)
        {
            if (outcome != AuditOutcome.Success)
            {
                return [Entry(outcome, Ascending(_refused is null ? _seen : _seen.Concat(_refused)))];
            }

            var seen = _seen.Count > 0 || (always && _recorded is null) ? Entry(outcome, Ascending(_seen)) : null;

            // A search may find some and be refused others: two rows, so that nobody is said to have been seen who was not.
            var refused = _refused is null ? null : Entry(AuditOutcome.Refused, Ascending(_refused));
            return seen is null ? refused is null ? [] : [refused] : refused is null ? [seen] : [seen, refused];
        }
    }

    private static long[] Ascending(IEnumerable<long> people)
    {
        long[] all = [.. people];
        if (all.Length > 1)
        {
            Array.Sort(all);
            all = [.. all.Distinct()];
        }

        return all;
    }

    private void Add(long key)
    {
        lock (_lock)
        {
            if (_recorded?.Contains(key) != true)
            {
                _seen.Add(key);
            }
        }
    }

    private AuditEntry Entry(AuditOutcome outcome, IReadOnlyList<long> people) => new()
    {
        At = Clock.GetUtcNow().ToUnixTimeMilliseconds(),
        Agent = Agent,
        Role = Role,
        Purpose = Purpose,
        Action = Action,
        Outcome = outcome,
        RequestId = RequestId,
        Interaction = Interaction,
        Type = Type,
        ResourceId = ResourceId,
        Query = Query,
        Reason = Reason,
        People = people,
    };
}
