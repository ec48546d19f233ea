using BetterCare.Care.Fhir.Structure;

namespace BetterCare.Care.Fhir.Validation;

/// <summary>Invariants of questionnaires, measures and other definitions.</summary>
internal static partial class Invariants
{
    private static string[] AnswerTypes => ["choice", "open-choice", "decimal", "integer", "date", "dateTime", "time", "string", "quantity"];
    private static string[] LengthTypes => ["boolean", "decimal", "integer", "string", "text", "url", "open-choice"];

    private static Dictionary<string, Rule> DefinitionRules() => new(StringComparer.Ordinal)
    {
        ["mea-1"] = new("A stratifier has either code, description and criteria, or components. Keep one kind.", StratifiersHaveOne),
        ["que-1"] = new("A group needs items, and a display has none. Correct type, or the items.", All(NeededWhen("item", "type", "group"), NotWhen("item", "type", "display"))),
        ["que-2"] = new("Two items have the same linkId. Each needs its own.", s => DistinctInTree(s, "item", "linkId")),
        ["que-3"] = new("A display item has no code. Remove it.", NotWhen("code", "type", "display")),
        ["que-4"] = new("answerOption and answerValueSet exclude each other. Remove one.", NotBoth("answerOption", "answerValueSet")),
        ["que-5"] = new("Only items of type choice, open-choice, decimal, integer, date, dateTime, time, string or quantity list answers. Correct type, or remove answerOption and answerValueSet.",
            All(OnlyWhen("answerOption", "type", AnswerTypes), OnlyWhen("answerValueSet", "type", AnswerTypes))),
        ["que-6"] = new("A display item is neither required nor repeated. Remove required and repeats.", All(NotWhen("required", "type", "display"), NotWhen("repeats", "type", "display"))),
        ["que-7"] = new("With the operator exists the answer must be answerBoolean. Correct it.", s =>
        {
            var (operatorAt, answer) = (At(s, "operator"), At(s, "answer"));
            return (in f) => !f.Is(operatorAt, "exists"u8) || f.TypeOf(answer) == "boolean";
        }),
        ["que-8"] = new("A group or display has no initial value. Remove initial.", NotWhen("initial", "type", "group", "display")),
        ["que-9"] = new("A display item is always read-only. Remove readOnly.", NotWhen("readOnly", "type", "display")),
        ["que-10"] = new("maxLength is only for simple questions: boolean, decimal, integer, string, text, url, open-choice. Remove it.", OnlyWhen("maxLength", "type", LengthTypes)),
        ["que-11"] = new("An item with answerOption says there what is initial. Remove initial.", NotBoth("answerOption", "initial")),
        ["que-12"] = new("With more than two enableWhen, enableBehavior must say all or any. Add it.", s =>
        {
            var (when, behaviour) = (At(s, "enableWhen"), At(s, "enableBehavior"));
            return (in f) => f.Count(when) <= 2 || f.Has(behaviour);
        }),
        ["que-13"] = new("Only an item that repeats has several initial values. Set repeats to true, or keep one.", s =>
        {
            var (repeats, initial) = (At(s, "repeats"), At(s, "initial"));
            return (in f) => f.Count(initial) <= 1 || f.Is(repeats, "true"u8);
        }),
        ["qrs-1"] = new("Nested items go inside answer when there are answers. Move item, or remove answer.", NotBoth("answer", "item")),
    };

    private static Rule NameRule => new(
        "name should begin with a capital letter and go on with letters, digits and _ (255 at most), so that software can use it.", MachineName, "name");

    private static Holds MachineName(Shape shape)
    {
        // cid-0 is about ChargeItemDefinition.name, which R4 forgot to define.
        var name = shape.IndexOf("name");
        return (in f) =>
        {
            if (name < 0 || !f.HasValue(name))
            {
                return true;
            }

            var text = f.Text(name);
            var sound = text.Length is >= 1 and <= 255 && char.IsAsciiLetterUpper((char)text[0]);
            foreach (var c in text)
            {
                sound &= char.IsAsciiLetterOrDigit((char)c) || c == (byte)'_';
            }

            return sound;
        };
    }

    /// <summary>(code | description | criteria).exists() xor component.exists(), for every stratifier.</summary>
    private static Holds StratifiersHaveOne(Shape shape)
    {
        var group = At(shape, "group");
        return (in f) =>
        {
            foreach (var item in Scan.Items(f.Json(group)))
            {
                foreach (var stratifier in Scan.Items(Scan.Field(item, "stratifier"u8)))
                {
                    var own = !Scan.Field(stratifier, "code"u8).IsEmpty || !Scan.Field(stratifier, "description"u8).IsEmpty || !Scan.Field(stratifier, "criteria"u8).IsEmpty;
                    if (own == !Scan.Field(stratifier, "component"u8).IsEmpty)
                    {
                        return false;
                    }
                }
            }

            return true;
        };
    }

    /// <summary>No two items of a tree, at whatever level, have the same text in a child.</summary>
    private static Holds DistinctInTree(Shape shape, string items, string child)
    {
        var at = At(shape, items);
        var (branch, leaf) = (System.Text.Encoding.ASCII.GetBytes(items), System.Text.Encoding.ASCII.GetBytes(child));
        return (in f) => Scan.AreDistinct(f.Json(at), branch, leaf);
    }
}
