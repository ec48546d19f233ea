namespace BetterCare.Care.Stratification.Timelines;

/// <summary>Brings posted values to the unit of their <see cref="MeasurementKind"/>.</summary>
public static class MeasurementUnits
{
    /// <summary>
    /// Converts a value from a UCUM unit. An empty unit is taken for the kind's own. Answers false where the unit is not
    /// known for the kind, or the result is not possible in a living person, so that a wrong number never reaches a model.
    /// </summary>
    /// <param name="kind">What was measured.</param>
    /// <param name="value">Value as posted.</param>
    /// <param name="unit">UCUM code, or failing that the printed unit.</param>
    /// <param name="result">Value in the kind's unit.</param>
    public static bool TryConvert(MeasurementKind kind, double value, ReadOnlySpan<char> unit, out float result)
    {
        var converted = (float)Convert(kind, value, unit);
        var (low, high) = Plausible(kind);
        result = converted;
        return converted >= low && converted <= high;
    }

    /// <summary>Lowest and highest value that is believed, in the kind's unit.</summary>
    public static (float Low, float High) Plausible(MeasurementKind kind) => kind switch
    {
        MeasurementKind.BodyMassIndex => (8, 120),
        MeasurementKind.Weight => (0.3f, 500),
        MeasurementKind.Height => (20, 260),
        MeasurementKind.SystolicPressure => (40, 320),
        MeasurementKind.DiastolicPressure => (15, 220),
        MeasurementKind.Haemoglobin => (20, 260),
        MeasurementKind.Sodium => (90, 190),
        MeasurementKind.Egfr => (0, 250),
        MeasurementKind.Creatinine => (5, 3000),
        MeasurementKind.HbA1c => (5, 250),
        MeasurementKind.SmokingStatus => (0, 4),
        MeasurementKind.AlcoholUnitsPerWeek => (0, 700),
        MeasurementKind.FrailtyIndex => (0, 1),
        MeasurementKind.ClinicalFrailtyScale => (1, 9),
        MeasurementKind.BarthelIndex => (0, 100),
        MeasurementKind.SixCit => (0, 28),
        MeasurementKind.MustScore => (0, 6),
        MeasurementKind.Tsh => (0, 500),
        MeasurementKind.UrineAlbuminCreatinineRatio => (0, 5000),
        MeasurementKind.AnkleBrachialIndex => (0, 3),
        MeasurementKind.HipTScore => (-10, 10),
        MeasurementKind.Potassium => (1, 12),
        MeasurementKind.Albumin => (5, 80),
        _ => (float.NegativeInfinity, float.PositiveInfinity),
    };

    // NaN: unknown unit. The factors are those of the SI conversion of each substance; HbA1c is the IFCC master equation.
    private static double Convert(MeasurementKind kind, double value, ReadOnlySpan<char> unit)
    {
        if (unit.IsEmpty)
        {
            return value;
        }

        return kind switch
        {
            MeasurementKind.Haemoglobin or MeasurementKind.Albumin => unit switch { "g/L" or "g/l" => value, "g/dL" or "g/dl" => value * 10, _ => double.NaN },
            MeasurementKind.Creatinine => unit switch { "umol/L" or "umol/l" or "µmol/L" => value, "mg/dL" or "mg/dl" => value * 88.42, _ => double.NaN },
            MeasurementKind.HbA1c => unit switch { "mmol/mol" => value, "%" or "{HbA1c}%" => (value - 2.152) / 0.09148, _ => double.NaN },
            MeasurementKind.Weight => unit switch { "kg" => value, "g" => value / 1000, "[lb_av]" or "lb" => value * 0.45359237, _ => double.NaN },
            MeasurementKind.Height => unit switch { "cm" => value, "m" => value * 100, "[in_i]" or "in" => value * 2.54, _ => double.NaN },
            MeasurementKind.SystolicPressure or MeasurementKind.DiastolicPressure =>
                unit switch { "mm[Hg]" or "mmHg" => value, "kPa" => value * 7.50062, _ => double.NaN },
            MeasurementKind.Sodium or MeasurementKind.Potassium => unit is "mmol/L" or "mmol/l" or "meq/L" ? value : double.NaN,
            MeasurementKind.UrineAlbuminCreatinineRatio =>
                unit switch { "mg/mmol" => value, "mg/g" or "mg/g{creat}" or "ug/mg" => value * 0.113, _ => double.NaN },
            MeasurementKind.AlcoholUnitsPerWeek => unit is "/d" or "{units}/d" or "U/d" ? value * 7 : value,
            MeasurementKind.BodyMassIndex => unit is "kg/m2" ? value : double.NaN,
            MeasurementKind.Egfr or MeasurementKind.Tsh => value,
            _ => unit is "1" or "{score}" or "{Score}" ? value : double.NaN,
        };
    }
}
