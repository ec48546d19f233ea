using System.Buffers.Text;
using BetterCare.Care.Fhir.Structure;

namespace BetterCare.Care.Fhir.Validation;

/// <summary>Invariants of types that the service validates but does not store.</summary>
internal static partial class Invariants
{
    private static Dictionary<string, Rule> OtherRules() => new(StringComparer.Ordinal)
    {
        ["ces-1"] = new("An item has either a category or a productOrService. Keep one.", ExactlyOne("category", "productOrService")),
        ["cmd-1"] = new("A narrower or inexact mapping needs a comment. Add it.", NeededWhen("comment", "equivalence", "narrower", "inexact")),
        ["cmd-2"] = new("With mode fixed a code is needed. Add it.", NeededWhen("code", "mode", "fixed")),
        ["cmd-3"] = new("With mode other-map a url is needed. Add it.", NeededWhen("url", "mode", "other-map")),
        ["cmp-1"] = new("A section needs text, entry or section. Add one.", AnyOf("text", "entry", "section")),
        ["cmp-2"] = new("A section with entries is not empty. Remove emptyReason.", NotBoth("emptyReason", "entry")),
        ["cpb-1"] = new("A capability statement needs rest, messaging or document. Add one.", AnyOf("rest", "messaging", "document")),
        ["cpb-2"] = new("A capability statement needs description, software or implementation. Add one.", AnyOf("description", "software", "implementation")),
        ["cpb-3"] = new("messaging.endpoint is only for kind instance. Remove it, or correct kind.", MessagingEndpointOfInstance),
        ["cpb-7"] = new("Two documents have the same profile and mode. Each pair must be there once.", Distinct("document", "profile", "mode")),
        ["cpb-9"] = new("A resource type is there twice. Describe each once.", Distinct("resource", "type")),
        ["cpb-12"] = new("A search parameter is there twice. Name each once.", Distinct("searchParam", "name")),
        ["cpb-14"] = new("With kind instance implementation is needed. Add it.", NeededWhen("implementation", "kind", "instance")),
        ["cpb-15"] = new("With kind capability software is needed, and implementation must not be there.", All(NeededWhen("software", "kind", "capability"), NotWhen("implementation", "kind", "capability"))),
        ["cpb-16"] = new("With kind requirements neither implementation nor software must be there.", All(NotWhen("implementation", "kind", "requirements"), NotWhen("software", "kind", "requirements"))),
        ["csd-1"] = new("Two concepts have the same code. Each needs its own.", s => DistinctInTree(s, "concept", "code")),
        ["eld-1"] = new("Slicing needs a discriminator or a description. Add one.", AnyOf("discriminator", "description")),
        ["eld-4"] = new("aggregation is only for Reference and canonical. Remove it, or correct code.", OnlyWhen("aggregation", "code", "Reference", "canonical")),
        ["eld-8"] = new("pattern and fixed exclude each other. Remove one.", NotBoth("pattern", "fixed")),
        ["eld-15"] = new("defaultValue and meaningWhenMissing exclude each other. Remove one.", NotBoth("defaultValue", "meaningWhenMissing")),
        ["eld-17"] = new("targetProfile is only for Reference and canonical. Remove it, or correct code.", OnlyWhen("targetProfile", "code", "Reference", "canonical")),
        ["eld-21"] = new("A constraint should have an expression. Add it.", AnyOf("expression")),
        ["eld-22"] = new("sliceIsConstraining needs sliceName. Add it.", Needs("sliceIsConstraining", "sliceName")),
        ["fhs-1"] = new("age and born exclude each other. Remove one.", NotBoth("age", "born")),
        ["fhs-2"] = new("estimatedAge needs age. Add age, or remove estimatedAge.", Needs("estimatedAge", "age")),
        ["imr-1"] = new("A recommendation needs vaccineCode or targetDisease. Add one.", AnyOf("vaccineCode", "targetDisease")),
        ["ipn-1"] = new("An insurance plan needs an identifier or a name. Add one.", AnyOf("identifier", "name")),
        ["lnk-1"] = new("A linkage needs two items at least.", s =>
        {
            var item = At(s, "item");
            return (in f) => f.Count(item) > 1;
        }),
        ["md-1"] = new("max must be * or a number above 0.", s =>
        {
            var max = At(s, "max");
            return (in f) => !f.HasValue(max) || f.Is(max, "*"u8) || (Utf8Parser.TryParse(f.Text(max), out int most, out var used) && used == f.Text(max).Length && most > 0);
        }),
        ["mdd-1"] = new("whenHandedOver is before whenPrepared. Correct one of them.", s => NotAfter(s, "whenPrepared", "whenHandedOver")),
        ["msq-3"] = new("coordinateSystem must be 0 or 1.", s => Number(s, "coordinateSystem", v => v is 0 or 1)),
        ["msq-5"] = new("chromosome and genomeBuild go together. Give both, or neither.", All(Needs("chromosome", "genomeBuild"), Needs("genomeBuild", "chromosome"))),
        ["msq-6"] = new("Give exactly one of genomeBuild, referenceSeqId, referenceSeqPointer and referenceSeqString.",
            OneOf("genomeBuild", "referenceSeqId", "referenceSeqPointer", "referenceSeqString")),
        ["nor-1"] = new("A nutrition order should have oralDiet, supplement or enteralFormula. Add one.", AnyOf("oralDiet", "supplement", "enteralFormula")),
        ["nsd-1"] = new("A root naming system cannot have a uuid. Correct kind, or the uniqueId.", RootHasNoUuid),
        ["nsd-2"] = new("Two preferred ids are of the same type. Keep one preferred of each.", PreferredDiffer),
        ["opd-1"] = new("A parameter needs type or part. Add one.", AnyOf("type", "part")),
        ["opd-2"] = new("searchType is only for parameters of type string. Correct type, or remove searchType.", OnlyWhen("searchType", "type", "string")),
        ["opd-3"] = new("targetProfile is only for parameters of type Reference or canonical. Correct type, or remove it.", OnlyWhen("targetProfile", "type", "Reference", "canonical")),
        ["rqg-1"] = new("An action has either a resource or actions of its own. Keep one.", ExactlyOne("resource", "action")),
        ["sdf-2"] = new("A mapping needs a name or a uri. Add one.", AnyOf("name", "uri")),
        ["sdf-6"] = new("A structure needs a snapshot or a differential. Add one.", AnyOf("snapshot", "differential")),
        ["sdf-18"] = new("contextInvariant is only for type Extension. Remove it.", OnlyWhen("contextInvariant", "type", "Extension")),
        ["smp-1"] = new("element needs context. Add context.", Needs("element", "context")),
        ["smp-2"] = new("context needs contextType. Add contextType.", Needs("context", "contextType")),
        ["spd-1"] = new("xpath needs xpathUsage. Add it.", Needs("xpath", "xpathUsage")),
        ["spd-2"] = new("chain is only for parameters of type reference. Correct type, or remove chain.", OnlyWhen("chain", "type", "reference")),
        ["tcp-2"] = new("Terminology capabilities need description, software or implementation. Add one.", AnyOf("description", "software", "implementation")),
        ["tcp-3"] = new("With kind instance implementation is needed. Add it.", NeededWhen("implementation", "kind", "instance")),
        ["tcp-4"] = new("With kind capability software is needed, and implementation must not be there.", All(NeededWhen("software", "kind", "capability"), NotWhen("implementation", "kind", "capability"))),
        ["tcp-5"] = new("With kind requirements neither implementation nor software must be there.", All(NotWhen("implementation", "kind", "requirements"), NotWhen("software", "kind", "requirements"))),
        ["TestReport.setup.action inv-1"] = OperationOrAssert,
        ["TestReport.test.action inv-2"] = OperationOrAssert,
        ["tst-1"] = OperationOrAssert,
        ["tst-2"] = OperationOrAssert,
        ["tst-3"] = new("A variable has one of expression, headerField and path. Keep one.", s =>
        {
            var (expression, header, path) = (At(s, "expression"), At(s, "headerField"), At(s, "path"));
            return (in f) => !f.Has(expression) || !f.Has(header) || !f.Has(path);
        }),
        ["vsd-1"] = new("An include needs a system or a valueSet. Add one.", AnyOf("valueSet", "system")),
        ["vsd-2"] = new("concept and filter need a system. Add it.", All(Needs("concept", "system"), Needs("filter", "system"))),
        ["vsd-3"] = new("concept and filter exclude each other. Remove one.", NotBoth("concept", "filter")),
        ["vsd-6"] = new("A code of the expansion needs code or display. Add one.", AnyOf("code", "display")),
        ["vsd-9"] = new("An entry without code must be abstract. Add the code, or set abstract to true.", s =>
        {
            var (code, isAbstract) = (At(s, "code"), At(s, "abstract"));
            return (in f) => f.Has(code) || f.Is(isAbstract, "true"u8);
        }),
        ["vsd-10"] = new("A code of the expansion needs its system. Add it.", Needs("code", "system")),
    };

    private static Rule OperationOrAssert => new("An action has either an operation or an assert. Keep one.", ExactlyOne("operation", "assert"));

    private static Bound OneOf(params string[] names) => shape =>
    {
        var elements = names.Select(n => At(shape, n)).ToArray();
        return (in f) =>
        {
            var count = 0;
            foreach (var element in elements)
            {
                count += f.Count(element);
            }

            return count == 1;
        };
    };

    /// <summary>No two items of a repeating element have the same text in all of some children; items without them do not count.</summary>
    private static Bound Distinct(string items, params string[] children) => shape =>
    {
        var at = At(shape, items);
        var names = children.Select(System.Text.Encoding.ASCII.GetBytes).ToArray();
        return (in f) =>
        {
            var seen = new HashSet<string>(StringComparer.Ordinal);
            foreach (var item in Scan.Items(f.Json(at)))
            {
                var key = string.Empty;
                foreach (var name in names)
                {
                    key += System.Text.Encoding.UTF8.GetString(Scan.Text(Scan.Field(item, name)));
                }

                if (key.Length > 0 && !seen.Add(key))
                {
                    return false;
                }
            }

            return true;
        };
    };

    private static Holds MessagingEndpointOfInstance(Shape shape)
    {
        var (messaging, kind) = (At(shape, "messaging"), At(shape, "kind"));
        return (in f) =>
        {
            foreach (var item in Scan.Items(f.Json(messaging)))
            {
                if (!Scan.Field(item, "endpoint"u8).IsEmpty)
                {
                    return f.Is(kind, "instance"u8);
                }
            }

            return true;
        };
    }

    private static Holds RootHasNoUuid(Shape shape)
    {
        var (kind, ids) = (At(shape, "kind"), At(shape, "uniqueId"));
        return (in f) =>
        {
            if (!f.Is(kind, "root"u8))
            {
                return true;
            }

            foreach (var id in Scan.Items(f.Json(ids)))
            {
                if (Scan.Text(Scan.Field(id, "type"u8)).SequenceEqual("uuid"u8))
                {
                    return false;
                }
            }

            return true;
        };
    }

    private static Holds PreferredDiffer(Shape shape)
    {
        var ids = At(shape, "uniqueId");
        return (in f) =>
        {
            var seen = new HashSet<string>(StringComparer.Ordinal);
            foreach (var id in Scan.Items(f.Json(ids)))
            {
                if (Scan.Field(id, "preferred"u8).SequenceEqual("true"u8) && !seen.Add(System.Text.Encoding.UTF8.GetString(Scan.Text(Scan.Field(id, "type"u8)))))
                {
                    return false;
                }
            }

            return true;
        };
    }
}
