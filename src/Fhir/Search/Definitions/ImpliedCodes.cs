using System.Collections.Concurrent;

namespace BetterCare.Care.Fhir.Search;

/// <summary>
/// The code systems that a <c>code</c> element implies through its required binding, so that
/// <c>gender=http://hl7.org/fhir/administrative-gender|female</c> finds what <c>gender=female</c> finds.
/// </summary>
internal sealed class ImpliedCodes
{
    private static readonly Lazy<byte[]> ValueSets = new(() => Embedded.Read("r4-required-codes.json"));
    private static readonly ConcurrentDictionary<string, ImpliedCodes?> ByValueSet = new(StringComparer.Ordinal);

    private readonly (byte[] System, HashSet<string> Codes)[] _systems;

    private ImpliedCodes((byte[] System, HashSet<string> Codes)[] systems) => _systems = systems;

    /// <summary>The codes of a value set, or null if it cannot be enumerated.</summary>
    public static ImpliedCodes? Of(string? valueSet) => valueSet is null ? null : ByValueSet.GetOrAdd(valueSet, Read);

    /// <summary>Whether the code belongs to the system.</summary>
    public bool Contains(ReadOnlySpan<byte> system, ReadOnlySpan<byte> code)
    {
        foreach (var (known, codes) in _systems)
        {
            if (system.SequenceEqual(known))
            {
                return codes.Contains(System.Text.Encoding.UTF8.GetString(code));
            }
        }

        return false;
    }

    private static ImpliedCodes? Read(string valueSet)
    {
        var systems = new List<(byte[], HashSet<string>)>();
        var found = new JsonView(ValueSets.Value)["valueSets"u8][System.Text.Encoding.UTF8.GetBytes(valueSet)];
        foreach (var system in found["systems"u8].Properties)
        {
            var codes = new HashSet<string>(StringComparer.Ordinal);
            foreach (var code in system.Value.Properties)
            {
                codes.Add(System.Text.Encoding.UTF8.GetString(code.Name));
            }

            systems.Add((system.Name.ToArray(), codes));
        }

        return systems.Count == 0 ? null : new ImpliedCodes([.. systems]);
    }
}
