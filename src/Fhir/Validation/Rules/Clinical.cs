using System.Buffers.Text;
using BetterCare.Care.Fhir.Structure;

namespace BetterCare.Care.Fhir.Validation;

/// <summary>Invariants of clinical and care-planning resources.</summary>
internal static partial class Invariants
{
    private const string Terminology = "http://terminology.hl7.org/CodeSystem/";

    private static Dictionary<string, Rule> ClinicalRules() => new(StringComparer.Ordinal)
    {
        ["ait-1"] = new("clinicalStatus is missing. Add it, unless verificationStatus is entered-in-error.", s =>
        {
            var (clinical, verification) = (At(s, "clinicalStatus"), At(s, "verificationStatus"));
            return (in f) => f.Has(clinical) || HasCoding(in f, verification, "allergyintolerance-verification", "entered-in-error");
        }),
        ["ait-2"] = new("clinicalStatus must not be there when verificationStatus is entered-in-error. Remove it.", s =>
        {
            var (clinical, verification) = (At(s, "clinicalStatus"), At(s, "verificationStatus"));
            return (in f) => !f.Has(clinical) || !HasCoding(in f, verification, "allergyintolerance-verification", "entered-in-error");
        }),
        ["con-1"] = new("A stage needs a summary or an assessment. Add one.", AnyOf("summary", "assessment")),
        ["con-2"] = new("Evidence needs a code or detail. Add one.", AnyOf("code", "detail")),

        // As published, con-3 compares a CodeableConcept with a string; what it means is the code problem-list-item.
        ["con-3"] = new("A problem list item should have a clinicalStatus, unless verificationStatus is entered-in-error. Add it.", s =>
        {
            var (clinical, verification, category) = (At(s, "clinicalStatus"), At(s, "verificationStatus"), At(s, "category"));
            return (in f) => f.Has(clinical)
                || !HasCoding(in f, category, "condition-category", "problem-list-item")
                || HasCoding(in f, verification, "condition-ver-status", "entered-in-error");
        }),
        ["con-4"] = new("A condition that has abated must have the clinicalStatus resolved, remission or inactive. Correct it, or remove abatement.", s =>
        {
            var (clinical, abatement) = (At(s, "clinicalStatus"), At(s, "abatement"));
            return (in f) => !f.Has(abatement) || Scan.HasCoding(f.Json(clinical), "http://terminology.hl7.org/CodeSystem/condition-clinical"u8, "resolved", "remission", "inactive");
        }),
        ["con-5"] = new("clinicalStatus must not be there when verificationStatus is entered-in-error. Remove it.", s =>
        {
            var (clinical, verification) = (At(s, "clinicalStatus"), At(s, "verificationStatus"));
            return (in f) => !f.Has(clinical) || !HasCoding(in f, verification, "condition-ver-status", "entered-in-error");
        }),
        ["obs-3"] = new("A reference range needs low, high or text. Add one.", AnyOf("low", "high", "text")),
        ["obs-6"] = new("dataAbsentReason must not be there when there is a value. Remove one of the two.", NotBoth("dataAbsentReason", "value")),
        ["obs-7"] = new("A component has the same code as the observation, which has a value itself. Remove the component, or the value.", ComponentCodesDiffer),
        ["gol-1"] = new("A target with detail needs a measure. Add it.", Needs("detail", "measure")),
        ["imm-1"] = new("Education needs documentType or reference. Add one.", AnyOf("documentType", "reference")),
        ["mad-1"] = new("A dosage needs dose or rate. Add one.", AnyOf("dose", "rate")),
        ["prr-1"] = new("orderDetail needs code. Add code.", Needs("orderDetail", "code")),
        ["ras-1"] = new("low and high of a probability range are percentages: code %, system http://unitsofmeasure.org.", PercentRange, "probability"),
        ["ras-2"] = new("probability is a percentage: 100 at most.", s =>
        {
            var probability = At(s, "probability");
            return (in f) => f.TypeOf(probability) != "decimal" || !Utf8Parser.TryParse(f.Json(probability), out double percent, out _) || percent <= 100;
        }, "probability"),
        ["cpl-3"] = new("An activity has either detail or reference, not both. Remove one.", NotBoth("detail", "reference")),
        ["ctm-1"] = new("onBehalfOf is only for a member who is a practitioner. Correct member, or remove onBehalfOf.", MemberIsPractitioner),
    };

    private static bool HasCoding(in Frame f, int concepts, string system, string code)
    {
        foreach (var concept in Scan.Items(f.Json(concepts)))
        {
            foreach (var coding in Scan.Items(Scan.Field(concept, "coding"u8)))
            {
                var url = Scan.Text(Scan.Field(coding, "system"u8));
                if (url.StartsWith("http://terminology.hl7.org/CodeSystem/"u8)
                    && System.Text.Ascii.Equals(url[Terminology.Length..], system)
                    && System.Text.Ascii.Equals(Scan.Text(Scan.Field(coding, "code"u8)), code))
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>A coding is the same when all that it says is the same, as FHIRPath's intersect has it.</summary>
    private static Holds ComponentCodesDiffer(Shape shape)
    {
        var (value, code, component) = (At(shape, "value"), At(shape, "code"), At(shape, "component"));
        return (in f) =>
        {
            if (!f.Has(value) || !f.Has(component))
            {
                return true;
            }

            foreach (var own in Scan.Items(Scan.Field(f.Json(code), "coding"u8)))
            {
                foreach (var part in Scan.Items(f.Json(component)))
                {
                    foreach (var coding in Scan.Items(Scan.Field(Scan.Field(part, "code"u8), "coding"u8)))
                    {
                        if (SameCoding(own, coding))
                        {
                            return false;
                        }
                    }
                }
            }

            return true;
        };
    }

    private static bool SameCoding(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b) =>
        Scan.Field(a, "code"u8).SequenceEqual(Scan.Field(b, "code"u8))
        && Scan.Field(a, "system"u8).SequenceEqual(Scan.Field(b, "system"u8))
        && Scan.Field(a, "version"u8).SequenceEqual(Scan.Field(b, "version"u8))
        && Scan.Field(a, "display"u8).SequenceEqual(Scan.Field(b, "display"u8))
        && Scan.Field(a, "userSelected"u8).SequenceEqual(Scan.Field(b, "userSelected"u8));

    private static Holds PercentRange(Shape shape)
    {
        var probability = At(shape, "probability");
        return (in f) => f.TypeOf(probability) != "Range"
            || (IsPercent(Scan.Field(f.Json(probability), "low"u8)) && IsPercent(Scan.Field(f.Json(probability), "high"u8)));

        static bool IsPercent(ReadOnlySpan<byte> quantity) => quantity.IsEmpty
            || (Scan.Text(Scan.Field(quantity, "code"u8)).SequenceEqual("%"u8)
                && Scan.Text(Scan.Field(quantity, "system"u8)).SequenceEqual("http://unitsofmeasure.org"u8));
    }

    /// <summary>
    /// ctm-1 resolves the reference; what can be told from the posted text is the type that it names. A reference that names none
    /// (urn:uuid, #id) passes.
    /// </summary>
    private static Holds MemberIsPractitioner(Shape shape)
    {
        var (member, onBehalfOf) = (At(shape, "member"), At(shape, "onBehalfOf"));
        return (in f) =>
        {
            if (!f.Has(onBehalfOf) || !f.Has(member))
            {
                return true;
            }

            ReferenceText.Parse(Scan.Text(Scan.Field(f.Json(member), "reference"u8)), out var type, out _);
            return type is ResourceType.None or ResourceType.Practitioner;
        };
    }
}
