using System.Buffers.Text;
using BetterCare.Care.Fhir.Structure;

namespace BetterCare.Care.Fhir.Validation;

/// <summary>Invariants of the data types.</summary>
internal static partial class Invariants
{
    private static Dictionary<string, Rule> DataTypeRules() => new(StringComparer.Ordinal)
    {
        ["ext-1"] = new("An extension has either a value or extensions of its own, and not both. Keep one of the two.", ExactlyOne("extension", "value")),
        ["per-1"] = new("start is after end. Correct one of them.", StartNotAfterEnd),
        ["qty-3"] = new("A unit in code needs its system. Add system, http://unitsofmeasure.org for UCUM.", Needs("code", "system")),
        ["sqty-1"] = new("comparator is not allowed in this quantity. Remove it.", s => Absent(s, "comparator"), "comparator"),
        ["age-1"] = new("An age needs a unit in code, http://unitsofmeasure.org as system, and a value above 0.", All(InUcum, s => Number(s, "value", v => v > 0))),
        ["cnt-3"] = new("A count is a whole number with code 1 and system http://unitsofmeasure.org.", All(InUcum, CodeIsOne, IsWhole)),
        ["dis-1"] = new("A distance needs a unit in code and http://unitsofmeasure.org as system.", InUcum),
        ["drt-1"] = new("A duration with a code needs a value, and http://unitsofmeasure.org as system.", DurationUnit),
        ["rng-2"] = new("low is more than high. Correct one of them.", LowNotAboveHigh),
        ["rat-1"] = new("A ratio needs both numerator and denominator, or neither and an extension.", s => RatioParts(s)),
        ["att-1"] = new("data needs a contentType, such as application/pdf. Add it.", Needs("data", "contentType")),
        ["cpt-2"] = new("A contact's value needs a system: phone, fax, email, pager, url, sms or other. Add it.", Needs("value", "system")),
        ["exp-1"] = new("An expression needs expression or reference. Add one.", AnyOf("expression", "reference")),
        ["drq-1"] = new("A code filter has either path or searchParam. Keep one.", ExactlyOne("path", "searchParam")),
        ["drq-2"] = new("A date filter has either path or searchParam. Keep one.", ExactlyOne("path", "searchParam")),
        ["trd-1"] = new("A trigger has either data or timing, not both. Remove one.", NotBoth("data", "timing")),
        ["trd-2"] = new("A trigger's condition needs data. Add data, or remove condition.", Needs("condition", "data")),
        ["trd-3"] = new("A named-event needs name, a periodic trigger timing, and a data trigger data. Add it.", All(
            NeededWhen("name", "type", "named-event"),
            NeededWhen("timing", "type", "periodic"),
            NeededWhen("data", "type", "data-changed", "data-added", "data-modified", "data-removed", "data-accessed", "data-access-ended"))),
        ["tim-1"] = new("duration needs durationUnit: s, min, h, d, wk, mo or a. Add it.", Needs("duration", "durationUnit")),
        ["tim-2"] = new("period needs periodUnit: s, min, h, d, wk, mo or a. Add it.", Needs("period", "periodUnit")),
        ["tim-4"] = new("duration must be 0 or more.", s => Number(s, "duration", v => v >= 0)),
        ["tim-5"] = new("period must be 0 or more.", s => Number(s, "period", v => v >= 0)),
        ["tim-6"] = new("periodMax needs period. Add period.", Needs("periodMax", "period")),
        ["tim-7"] = new("durationMax needs duration. Add duration.", Needs("durationMax", "duration")),
        ["tim-8"] = new("countMax needs count. Add count.", Needs("countMax", "count")),
        ["tim-9"] = new("offset needs when, and not one of C, CM, CD, CV. Correct when, or remove offset.", OffsetWhen),
        ["tim-10"] = new("timeOfDay and when exclude each other. Remove one.", NotBoth("timeOfDay", "when")),
    };

    private static Holds Absent(Shape shape, string name)
    {
        var element = At(shape, name);
        return (in f) => !f.Has(element);
    }

    private static Holds StartNotAfterEnd(Shape shape) => NotAfter(shape, "start", "end");

    /// <summary>The first date is not certainly after the second; dates that cannot be compared pass, as in FHIRPath.</summary>
    private static Holds NotAfter(Shape shape, string first, string second)
    {
        var (a, b) = (At(shape, first), At(shape, second));
        return (in f) => !f.HasValue(a) || !f.HasValue(b)
            || !FhirDate.TryParse(f.Text(a), out var start) || !FhirDate.TryParse(f.Text(b), out var end) || !start.IsAfter(end);
    }

    private static Holds Number(Shape shape, string name, Func<double, bool> holds)
    {
        var element = At(shape, name);
        return (in f) => !f.HasValue(element) || !Utf8Parser.TryParse(f.Json(element), out double value, out _) || holds(value);
    }

    /// <summary>A value has a unit code, and the unit's system, if given, is UCUM.</summary>
    private static Holds InUcum(Shape shape)
    {
        var (value, code, system) = (At(shape, "value"), At(shape, "code"), At(shape, "system"));
        return (in f) => (f.Has(code) || !f.Has(value)) && (!f.Has(system) || f.Is(system, "http://unitsofmeasure.org"u8));
    }

    private static Holds CodeIsOne(Shape shape)
    {
        var code = At(shape, "code");
        return (in f) => !f.Has(code) || f.Is(code, "1"u8);
    }

    private static Holds IsWhole(Shape shape)
    {
        var value = At(shape, "value");
        return (in f) => !f.HasValue(value) || !f.Json(value).Contains((byte)'.');
    }

    private static Holds DurationUnit(Shape shape)
    {
        var (value, code, system) = (At(shape, "value"), At(shape, "code"), At(shape, "system"));
        return (in f) => !f.Has(code) || (f.Has(value) && f.Is(system, "http://unitsofmeasure.org"u8));
    }

    /// <summary>Quantities of different units cannot be compared and pass.</summary>
    private static Holds LowNotAboveHigh(Shape shape)
    {
        var (low, high) = (At(shape, "low"), At(shape, "high"));
        return (in f) =>
        {
            if (!f.Has(low) || !f.Has(high))
            {
                return true;
            }

            var a = f.Json(low);
            var b = f.Json(high);
            return !Scan.Field(a, "code"u8).SequenceEqual(Scan.Field(b, "code"u8))
                || !Scan.Field(a, "unit"u8).SequenceEqual(Scan.Field(b, "unit"u8))
                || !Utf8Parser.TryParse(Scan.Field(a, "value"u8), out double least, out _)
                || !Utf8Parser.TryParse(Scan.Field(b, "value"u8), out double most, out _)
                || least <= most;
        };
    }

    private static Holds RatioParts(Shape shape)
    {
        var (numerator, denominator, extension) = (At(shape, "numerator"), At(shape, "denominator"), At(shape, "extension"));
        return (in f) => f.Has(numerator) == f.Has(denominator) && (f.Has(numerator) || f.Has(extension));
    }

    private static Holds OffsetWhen(Shape shape)
    {
        var (offset, when) = (At(shape, "offset"), At(shape, "when"));
        return (in f) =>
        {
            if (!f.Has(offset))
            {
                return true;
            }

            foreach (var item in Scan.Items(f.Json(when)))
            {
                var code = Scan.Text(item);
                if (code.SequenceEqual("C"u8) || code.SequenceEqual("CM"u8) || code.SequenceEqual("CD"u8) || code.SequenceEqual("CV"u8))
                {
                    return false;
                }
            }

            return f.Has(when);
        };
    }
}
