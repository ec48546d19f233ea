namespace BetterCare.Care.Fhir.Search;

/// <summary>A system and a code or identifier value.</summary>
/// <param name="System">The system; null if any will do, empty if it must have none.</param>
/// <param name="Value">The code or value.</param>
public readonly record struct IndexedToken(string? System, string Value)
{
    /// <summary>Prints the system only: the value may identify a person.</summary>
    public override string ToString() => $"{System}|…";
}

/// <summary>
/// What must be true of an indexed date (<see cref="DateInterval"/>, UTC ticks) for a resource to be a candidate. Never
/// excludes a match; may admit what does not match.
/// </summary>
/// <param name="StartFrom">Its start is at or after this.</param>
/// <param name="StartBefore">Its start is before this.</param>
/// <param name="EndAfter">Its end is after this.</param>
/// <param name="EndTo">Its end is at or before this.</param>
public sealed record DateBounds(long StartFrom, long StartBefore, long EndAfter, long EndTo)
{
    /// <summary>Bounds that admit every date.</summary>
    public static readonly DateBounds None = new(0, long.MaxValue, 0, long.MaxValue);

    /// <summary>Whether a date is a candidate.</summary>
    public bool Admits(DateInterval date) => date.Start >= StartFrom && date.Start < StartBefore && date.End > EndAfter && date.End <= EndTo;

    internal static DateBounds Of(DateValue value)
    {
        var (start, end) = value.Interval;
        return value.Comparison switch
        {
            Comparison.Equal => new DateBounds(start, end, start, end),
            Comparison.Greater => None with { EndAfter = end },
            Comparison.GreaterOrEqual => None with { EndAfter = start },
            Comparison.Less => None with { StartBefore = start },
            Comparison.LessOrEqual => None with { StartBefore = end },
            Comparison.StartsAfter => None with { StartFrom = end },
            Comparison.EndsBefore => None with { EndTo = start },
            _ => None,
        };
    }

    internal DateBounds Or(DateBounds other) => new(
        Math.Min(StartFrom, other.StartFrom), Math.Max(StartBefore, other.StartBefore), Math.Min(EndAfter, other.EndAfter), Math.Max(EndTo, other.EndTo));

    internal DateBounds And(DateBounds other) => new(
        Math.Max(StartFrom, other.StartFrom), Math.Min(StartBefore, other.StartBefore), Math.Max(EndAfter, other.EndAfter), Math.Min(EndTo, other.EndTo));
}

/// <summary>References, one of which every match has by a parameter: for the stores that index some of them.</summary>
/// <param name="Parameter">The reference parameter.</param>
/// <param name="Keys">The local resources, as <c>Type/id</c>; empty if it was asked by identifier.</param>
/// <param name="Identifiers">The identifiers of a logical reference (<c>:identifier</c>); empty if it was asked by key.</param>
public sealed record PlannedReference(SearchParameter Parameter, IReadOnlyList<string> Keys, IReadOnlyList<IndexedToken> Identifiers)
{
    /// <summary>Prints the parameter only.</summary>
    public override string ToString() => Parameter.ToString();
}

/// <summary>
/// What an index could use of a search's conditions. Null means no restriction of that kind. Every resource that matches
/// satisfies all of it, so a store may take whichever is narrowest and filter the rest with the request itself.
/// </summary>
public sealed class CriteriaPlan
{
    private readonly List<PlannedReference> _references = [];

    private CriteriaPlan()
    {
    }

    /// <summary>Ids of the searched type (<c>_id</c>).</summary>
    public IReadOnlyList<string>? Ids { get; private set; }

    /// <summary>
    /// Ids of the patients one of whom every match is about (its <see cref="PatientCompartment.Owner"/>): by a
    /// <c>patient</c> or <c>subject</c> of which a resource has only one; for Patient itself, by <c>_id</c>.
    /// </summary>
    public IReadOnlyList<string>? Patients { get; private set; }

    /// <summary>
    /// Ids of the patients to one of whom every match belongs in some way (<see cref="PatientCompartment.Patients"/>),
    /// be it as one of several participants. Never wider than <see cref="Patients"/>.
    /// </summary>
    public IReadOnlyList<string>? Compartments { get; private set; }

    /// <summary>
    /// Sub-searches each of which, once run, says to which patients every match belongs (in the sense of
    /// <see cref="Compartments"/>): keys <c>Patient/id</c> in <see cref="SubSearchResults"/>.
    /// </summary>
    public IReadOnlyList<SubSearch> PatientSearches { get; private set; } = [];

    /// <summary>Identifiers, one of which every match has.</summary>
    public IReadOnlyList<IndexedToken>? Identifiers { get; private set; }

    /// <summary>Codes of the type's <see cref="IndexValues.CodeParameter"/>, one of which every match has.</summary>
    public IReadOnlyList<IndexedToken>? Codes { get; private set; }

    /// <summary>Bounds on the type's <see cref="IndexValues.DateParameter"/>.</summary>
    public DateBounds? Date { get; private set; }

    /// <summary>Bounds on <c>meta.lastUpdated</c>.</summary>
    public DateBounds? LastUpdated { get; private set; }

    /// <summary>
    /// References by any parameter, such as a Patient's practice by <c>general-practitioner</c>. Not counted in
    /// <see cref="WouldScan"/>, because only the store knows which of them it indexes.
    /// </summary>
    public IReadOnlyList<PlannedReference> References => _references;

    /// <summary>
    /// Whether no index helps: no ids, no patients, no identifier, no code and no time of update. (A bound on the date
    /// alone, without a code, does not help.)
    /// </summary>
    public bool WouldScan =>
        Ids is null && Compartments is null && PatientSearches.Count == 0 && Identifiers is null && Codes is null && LastUpdated is null;

    internal static CriteriaPlan For(ResourceType type, IReadOnlyList<Criterion> criteria)
    {
        var plan = new CriteriaPlan();
        var patientSearches = new List<SubSearch>();
        foreach (var criterion in criteria)
        {
            switch (criterion)
            {
                case ParameterCriterion { Missing: null, Modifier: not "not" } parameter:
                    plan.Add(type, parameter);
                    break;
                case ChainCriterion { Targets: [{ Type: ResourceType.Patient } patients] } chain when PatientCompartment.OwnerParameters(type).Contains(chain.Parameter):
                    patientSearches.Add(patients);
                    break;
                case HasCriterion has when type == ResourceType.Patient:
                    patientSearches.Add(has.Referring);
                    break;
            }
        }

        plan.PatientSearches = patientSearches;
        return plan;
    }

    private void Add(ResourceType type, ParameterCriterion criterion)
    {
        var code = criterion.Parameter.Code;
        if (ReferenceOf(criterion) is { } reference)
        {
            _references.Add(reference);
        }

        if (code == "_id")
        {
            Ids = Narrow(Ids, TokensOf(criterion)?.Select(t => t.Value));
            (Patients, Compartments) = type == ResourceType.Patient ? (Ids, Ids) : (Patients, Compartments);
        }
        else if (code == "_lastUpdated")
        {
            LastUpdated = Narrow(LastUpdated, BoundsOf(criterion));
        }
        else if (code == "identifier" && criterion.Modifier.Length == 0)
        {
            Identifiers = Narrow(Identifiers, TokensOf(criterion));
        }
        else if (criterion.Parameter == IndexValues.CodeParameter(type))
        {
            Codes = Narrow(Codes, TokensOf(criterion));
        }
        else if (criterion.Parameter == IndexValues.DateParameter(type))
        {
            Date = Narrow(Date, BoundsOf(criterion));
        }
        else if (criterion.Modifier != "identifier" && PatientCompartment.OwnerParameters(type).Contains(criterion.Parameter))
        {
            var found = PatientsOf(criterion);
            Compartments = Narrow(Compartments, found);
            Patients = IsOwner(criterion.Parameter) ? Narrow(Patients, found) : Patients;
        }
    }

    private static bool IsOwner(SearchParameter parameter) =>
        parameter.Code is "patient" or "subject" && parameter.Paths.All(p => !p.IsMany);

    // Several conditions of one kind: any of them is enough for an index, so the shortest is kept; ids can be intersected.
    private static IReadOnlyList<T>? Narrow<T>(IReadOnlyList<T>? known, IEnumerable<T>? found)
    {
        if (found is null)
        {
            return known;
        }

        T[] distinct = [.. found.Distinct()];
        if (known is null)
        {
            return distinct;
        }

        return typeof(T) == typeof(string) ? [.. known.Intersect(distinct)] : known.Count <= distinct.Length ? known : distinct;
    }

    private static DateBounds? Narrow(DateBounds? known, DateBounds found) =>
        found == DateBounds.None ? known : found.And(known ?? DateBounds.None);

    private static IEnumerable<IndexedToken>? TokensOf(ParameterCriterion criterion) =>
        criterion.Values.All(v => v is TokenValue { Code.Length: > 0 })
            ? criterion.Values.Cast<TokenValue>().Select(t => new IndexedToken(HasSystems(criterion.Parameter) ? t.System : null, t.Code))
            : null;

    // A code's system is implied by its definition and is not indexed.
    private static bool HasSystems(SearchParameter parameter) =>
        Array.TrueForAll(parameter.Paths, p => p.Type is FhirType.Coding or FhirType.CodeableConcept or FhirType.Identifier);

    private static IEnumerable<string>? PatientsOf(ParameterCriterion criterion) =>
        criterion.Values.All(v => v is ReferenceValue { IsLocal: true, Type: ResourceType.Patient })
            ? criterion.Values.Cast<ReferenceValue>().Select(r => r.Id)
            : null;

    // A bare id that may be of several types says too little.
    private static PlannedReference? ReferenceOf(ParameterCriterion criterion)
    {
        var values = criterion.Values;
        if (values.All(v => v is ReferenceValue { IsLocal: true, Type: not ResourceType.None }))
        {
            return new PlannedReference(criterion.Parameter, [.. values.Cast<ReferenceValue>().Select(r => $"{r.Type.Name()}/{r.Id}")], []);
        }

        return values.All(v => v is ReferenceIdentifierValue { Identifier.Code.Length: > 0 })
            ? new PlannedReference(criterion.Parameter, [], [.. values.Cast<ReferenceIdentifierValue>().Select(r => new IndexedToken(r.Identifier.System, r.Identifier.Code))])
            : null;
    }

    private static DateBounds BoundsOf(ParameterCriterion criterion) =>
        criterion.Values.OfType<DateValue>().Select(DateBounds.Of).Aggregate((a, b) => a.Or(b));
}
