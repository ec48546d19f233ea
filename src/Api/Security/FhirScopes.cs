using BetterCare.Care.Fhir;

namespace BetterCare.Care.Api.Security;

/// <summary>Interactions as SMART App Launch 2 counts them.</summary>
[Flags]
public enum FhirAccess : byte
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>c: create.</summary>
    Create = 1,

    /// <summary>r: read, vread and the history of an instance.</summary>
    Read = 2,

    /// <summary>u: update and patch.</summary>
    Update = 4,

    /// <summary>d: delete.</summary>
    Delete = 8,

    /// <summary>s: search and the history of a type.</summary>
    Search = 16,

    /// <summary>All five.</summary>
    All = 31,
}

/// <summary>
/// Which interactions a token allows on which resource types: <c>system/Observation.rs</c> of SMART 2 and
/// <c>system/Observation.read</c> of SMART 1, and the same for <c>user/</c>. Scopes of one patient (<c>patient/</c>) and scopes
/// with a query are none of ours: they grant nothing.
/// </summary>
public sealed class FhirScopes
{
    private const string Letters = "cruds";

    private readonly FhirAccess[] _byType = new FhirAccess[256];

    private FhirScopes()
    {
    }

    /// <summary>No access to any type.</summary>
    public static FhirScopes Nothing { get; } = new();

    /// <summary>Whether anything is allowed at all.</summary>
    public bool IsEmpty => Array.TrueForAll(_byType, a => a == FhirAccess.None);

    /// <summary>What the scopes of a client without a role amount to.</summary>
    public IEnumerable<Grant> Grants
    {
        get
        {
            var any = _byType.Aggregate(FhirAccess.None, (sum, a) => sum | a);
            if ((any & (FhirAccess.Read | FhirAccess.Search)) != FhirAccess.None)
            {
                yield return Grant.ReadRecords;
            }

            if ((any & (FhirAccess.Create | FhirAccess.Update | FhirAccess.Delete)) != FhirAccess.None)
            {
                yield return Grant.SupplyData;
            }
        }
    }

    /// <summary>Whether all of these interactions are allowed on a type.</summary>
    public bool Allows(ResourceType type, FhirAccess access) => (_byType[(byte)type] & access) == access;

    /// <summary>Whether all of these interactions are allowed on every type.</summary>
    public bool AllowsEverywhere(FhirAccess access) => Array.TrueForAll(Enum.GetValues<ResourceType>(), t => t == ResourceType.None || Allows(t, access));

    /// <summary>Whether a scope is one of FHIR access, ours or not.</summary>
    public static bool IsFhir(string scope) =>
        scope.StartsWith("system/", StringComparison.Ordinal) || scope.StartsWith("user/", StringComparison.Ordinal) || scope.StartsWith("patient/", StringComparison.Ordinal);

    /// <summary>Reads scopes; those that are none of FHIR are passed over.</summary>
    public static FhirScopes Parse(IEnumerable<string> scopes)
    {
        var parsed = new FhirScopes();
        foreach (var scope in scopes)
        {
            if (TryParse(scope, out var type, out var access))
            {
                parsed.Add(type, access);
            }
        }

        return parsed;
    }

    /// <summary>Reads one scope; <see cref="ResourceType.None"/> stands for all types.</summary>
    public static bool TryParse(string scope, out ResourceType type, out FhirAccess access)
    {
        (type, access) = (ResourceType.None, FhirAccess.None);
        var slash = scope.IndexOf('/', StringComparison.Ordinal);
        var dot = scope.LastIndexOf('.');
        if (slash < 0 || dot < slash || scope[..slash] is not ("system" or "user"))
        {
            return false;
        }

        var name = scope[(slash + 1)..dot];
        type = name == "*" ? ResourceType.None : ResourceTypes.Parse(name);
        access = AccessOf(scope[(dot + 1)..]);
        return access != FhirAccess.None && (name == "*" || type != ResourceType.None);
    }

    /// <summary>What both allow.</summary>
    public FhirScopes And(FhirScopes other)
    {
        var both = new FhirScopes();
        for (var i = 0; i < _byType.Length; i++)
        {
            both._byType[i] = _byType[i] & other._byType[i];
        }

        return both;
    }

    /// <summary>As SMART 2 writes it, one scope for all types that have them alike.</summary>
    public override string ToString()
    {
        var types = Enum.GetValues<ResourceType>().Where(t => t != ResourceType.None).ToList();
        if (types.TrueForAll(t => _byType[(byte)t] == _byType[(byte)types[0]]))
        {
            return _byType[(byte)types[0]] is var all and not FhirAccess.None ? $"system/*.{Text(all)}" : "";
        }

        return string.Join(' ', types.Where(t => _byType[(byte)t] != FhirAccess.None).Select(t => $"system/{t.Name()}.{Text(_byType[(byte)t])}"));
    }

    private static string Text(FhirAccess access) => string.Concat(Letters.Where((_, i) => ((int)access & (1 << i)) != 0));

    // SMART 2 demands the order c-r-u-d-s; SMART 1's words are mapped as its migration table says.
    private static FhirAccess AccessOf(string text)
    {
        switch (text)
        {
            case "read":
                return FhirAccess.Read | FhirAccess.Search;
            case "write":
                return FhirAccess.Create | FhirAccess.Update | FhirAccess.Delete;
            case "*":
                return FhirAccess.All;
        }

        var (access, last) = (FhirAccess.None, -1);
        foreach (var letter in text)
        {
            var at = Letters.IndexOf(letter, StringComparison.Ordinal);
            if (at <= last)
            {
                return FhirAccess.None;
            }

            access |= (FhirAccess)(1 << at);
            last = at;
        }

        return access;
    }

    private void Add(ResourceType type, FhirAccess access)
    {
        if (type != ResourceType.None)
        {
            _byType[(byte)type] |= access;
            return;
        }

        foreach (var each in Enum.GetValues<ResourceType>().Where(t => t != ResourceType.None))
        {
            _byType[(byte)each] |= access;
        }
    }
}
