using System.Text;
using BetterCare.Care.Fhir.Validation;

namespace BetterCare.Care.Tests.Fhir.Validation;

/// <summary>Real resources: the official examples, UK Core's, and the synthetic cohort.</summary>
public sealed class ExamplesTests
{
    /// <summary>Examples that break R4 themselves, looked up in the published definitions (src/Fhir/Validation/README.md says more).</summary>
    private static readonly Dictionary<string, string> Faulty = new(StringComparer.Ordinal)
    {
        ["medrx0301"] = "dispenseRequest.performer is Practitioner/f001; StructureDefinition MedicationRequest.dispenseRequest.performer is Reference(Organization)",
        ["UKCore-MedicationDispense-CiprofloxacinOral-Example"] = "authorizingPrescription.reference is an id alone; R4 references.html 2.3.0.1: a relative reference is [type]/[id]",
    };

    private readonly ResourceReader _reader = new();

    [Theory]
    [InlineData("fhir/examples/fhir-examples.ndjson", 240)]
    [InlineData("fhir/examples/uk-core-examples.ndjson", 111)]
    public void Read_PublishedExamples_AreValid(string file, int count)
    {
        var lines = Shared.Lines(file).ToList();

        lines.Count.ShouldBe(count);
        foreach (var (where, json) in lines)
        {
            var valid = _reader.Read(json);
            var id = Encoding.UTF8.GetString(_reader.Id.Of(json));

            valid.ShouldBe(!Faulty.ContainsKey(id), $"{where} {string.Join("; ", _reader.Issues)}");
        }
    }

    [Theory]
    [InlineData("cohorts/synthea-100/*.ndjson.gz")]
    [InlineData("cohorts/synthea-100/bundles/*")]
    public void Read_SyntheticCohort_IsValid(string files)
    {
        foreach (var (where, json) in Shared.Lines(files))
        {
            _reader.Read(json).ShouldBeTrue($"{where} {string.Join("; ", _reader.Issues)}");
        }
    }

    [Theory]
    [InlineData("cohorts/synthea-100/Condition.ndjson.gz")]
    [InlineData("cohorts/synthea-100/Encounter.ndjson.gz")]
    [InlineData("cohorts/synthea-100/bundles/*")]
    public void Read_ValidResourcesAgain_AllocatesNothing(string files)
    {
        var lines = Shared.Lines(files).ToList();
        lines.ForEach(l => _reader.Read(l.Json));

        var before = GC.GetAllocatedBytesForCurrentThread();
        foreach (var (_, json) in lines)
        {
            _reader.Read(json);
        }

        // An enumerator of the list, and no byte per resource.
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(100);
    }
}
