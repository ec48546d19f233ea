using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Fhir.Search;

namespace BetterCare.Care.Storage.Ingest;

/// <summary>The people whom a resource's references name, as far as it matters whether they are more than one.</summary>
internal struct NamedPeople
{
    private string? _first;
    private bool _more;

    /// <summary>Takes note of a reference to a person; null: of one who is not here.</summary>
    public void Add(string? reference)
    {
        _more |= reference is null || (_first is not null && _first != reference);
        _first ??= reference;
    }

    /// <summary>Whether the resource may belong to others than the one under whom it is stored. False for nearly all, at no cost.</summary>
    public readonly bool MayBelongToMore(long owner) => _more || (owner == 0 && _first is not null);
}

/// <summary>Finds everybody whom a resource belongs to by the definition of the Patient compartment.</summary>
internal static class SharedResources
{
    /// <summary>Their keys; none where it is one person's alone, the one under whom it is stored.</summary>
    /// <returns>The keys, and whether everybody is known here.</returns>
    public static async ValueTask<(long[] People, bool Everybody)> PeopleAsync(IngestSession session, ResourceType type, ReadOnlyMemory<byte> body, long owner, CancellationToken ct)
    {
        var people = new List<long>();
        if (owner != 0)
        {
            people.Add(owner);
        }

        var everybody = true;
        foreach (var id in PatientCompartment.Patients(type, body.Span))
        {
            var key = NhsNumber.TryParse(id, out var number) ? await session.FindAsync(number, ct) : null;
            if (key is { } known && !people.Contains(known))
            {
                people.Add(known);
            }

            everybody &= key is not null;
        }

        return (people is [var only] && only == owner ? [] : [.. people], everybody);
    }
}
