using BetterCare.Care.Api.Features.Resources;
using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Fhir.Search;
using BetterCare.Care.Storage.Audit;
using BetterCare.Care.Storage.Resources;

namespace BetterCare.Care.Api.Security;

/// <summary>
/// Whom an answer of stored resources shows: the person under whom each is kept, and everybody else whom that version names
/// as one of its people (an appointment of two, a Group). Nearly every resource names one person only, which a look for
/// references tells without reading it.
/// </summary>
public sealed class ShownPeople(Directories directories)
{
    private const int NumberLength = 10;

    /// <summary>Adds them to the trail.</summary>
    public ValueTask InAsync(object? answer, AccessTrail trail, CancellationToken ct) => answer switch
    {
        StoredResource one => SawAsync(one, trail, ct),
        Written written => SawAsync(written.Resource, trail, ct),
        BundleContent bundle => AllAsync(bundle.Entries.Select(e => e.Resource), trail, ct),
        GetHistory.Page history => AllAsync(history.Versions, trail, ct),
        GetEverything.Page everything => AllAsync(everything.Matches.Concat(everything.Included), trail, ct),
        IReadOnlyList<PatientMatch> matches => AllAsync(matches.Select(m => m.Resource), trail, ct),
        _ => ValueTask.CompletedTask,
    };

    /// <summary>Adds the people of one resource.</summary>
    public ValueTask SawAsync(StoredResource resource, AccessTrail trail, CancellationToken ct)
    {
        trail.Saw(resource.PatientKey);
        return NamesOthers(resource) ? OthersAsync(resource, trail, ct) : ValueTask.CompletedTask;
    }

    private async ValueTask AllAsync(IEnumerable<StoredResource> resources, AccessTrail trail, CancellationToken ct)
    {
        foreach (var resource in resources)
        {
            await SawAsync(resource, trail, ct);
        }
    }

    private async ValueTask OthersAsync(StoredResource resource, AccessTrail trail, CancellationToken ct)
    {
        foreach (var id in PatientCompartment.Patients(resource.Type, resource.Body))
        {
            if (NhsNumber.TryParse(id, out var number) && await directories.FindAsync(number, ct) is { } key)
            {
                trail.Saw(key);
            }
        }
    }

    /// <summary>Whether it refers to two people, or to somebody although it is kept under nobody.</summary>
    internal static bool NamesOthers(StoredResource resource)
    {
        if (resource.Type == Fhir.ResourceType.Patient)
        {
            return false;
        }

        ReadOnlySpan<byte> rest = resource.Body;
        ReadOnlySpan<byte> first = default;
        for (int at; (at = rest.IndexOf("Patient/"u8)) >= 0;)
        {
            rest = rest[(at + "Patient/"u8.Length)..];
            var id = rest[..Math.Min(NumberLength, rest.Length)];
            if (resource.PatientKey == 0 || (!first.IsEmpty && !id.SequenceEqual(first)))
            {
                return true;
            }

            first = id;
        }

        return false;
    }
}
