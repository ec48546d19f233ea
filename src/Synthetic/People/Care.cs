using BetterCare.Care.Synthetic.Place;
using BetterCare.Care.Synthetic.Reference;

namespace BetterCare.Care.Synthetic.People;

/// <summary>Measurements at reviews, and repeat medicines.</summary>
internal static class Care
{
    /// <summary>Days between two authorisations of a repeat medicine.</summary>
    private const int Reauthorised = 168;

    public static void AddMeasurements(CohortPlan plan, Person person, int start, int last, ref Dice dice)
    {
        var day = start + dice.Below(365);
        while (day <= last)
        {
            var age = person.AgeOn(day);
            var ill = false;
            foreach (var trait in Traits.All)
            {
                ill |= trait.Kind == TraitKind.Problem && trait.Register.Length > 0 && person.Has(trait.Trait, day);
            }

            if (age >= 16 && dice.Chance(ill ? 0.92 : age >= 65 ? 0.7 : 0.3))
            {
                Review(plan, person, day, age, ill, ref dice);
            }

            var close = person.Has(Trait.Diabetes, day) || person.Has(Trait.HeartFailure, day) || person.Has(Trait.ChronicKidneyDisease, day);
            day += (close ? 182 : 365) + dice.Below(21) - 10;
        }
    }

    public static void AddMedicines(CohortPlan plan, Person person, int start, int last, ref Dice dice)
    {
        for (var i = 0; i < Catalogue.Repeats.Length; i++)
        {
            var medicine = Catalogue.Repeats[i];
            var onset = person.Onset[(int)medicine.Trait];
            if (onset > last || !dice.Chance(medicine.Share))
            {
                continue;
            }

            var day = onset >= start ? onset + dice.Below(14) : start + dice.Below(Reauthorised);
            for (; day <= last; day += Reauthorised + dice.Below(15) - 7)
            {
                person.Events.Add(new LifeEvent
                {
                    Kind = LifeKind.RepeatMedicine,
                    Day = day,
                    Code = (short)i,
                    Length = (short)(day + Reauthorised > last ? 1 : 0),
                    Practitioner = plan.Workforce.For(StaffRole.GeneralPractitioner, person.PracticeOn(day), person.UsualGp, day),
                    Parent = -1,
                });
            }
        }
    }

    private static void Review(CohortPlan plan, Person person, int day, double age, bool ill, ref Dice dice)
    {
        var nurse = plan.Workforce.For(StaffRole.PracticeNurse, person.PracticeOn(day), person.UsualGp, day);
        var frailty = RiskModel.Frailty(person, day);
        void Add(Measure measure, double value, short second = 0)
        {
            person.Events.Add(new LifeEvent { Kind = LifeKind.Measurement, Day = day, Code = (short)measure, Value = (float)value, Second = second, Practitioner = nurse, Parent = -1 });
        }

        var systolic = Math.Clamp(118 + (0.25 * Math.Max(0, age - 35)) + (person.Has(Trait.Hypertension, day) ? 9 : 0) - (20 * frailty) + (13 * dice.Normal()), 85, 215);
        Add(Measure.BloodPressure, Math.Round(systolic), (short)Math.Clamp(systolic - 48 - (0.15 * Math.Max(0, age - 50)) + (7 * dice.Normal()), 40, 120));
        Add(Measure.BodyMassIndex, Math.Round(Math.Clamp(person.BodyMassIndex - (6 * frailty * Math.Max(0, (age - 65) / 20)) + (0.6 * dice.Normal()), 14, 60), 1));
        Add(Measure.Smoking, 0, (short)(person.Smoker ? 2 : person.ExSmoker ? 1 : 0));
        if (dice.Chance(0.6))
        {
            var units = person.Has(Trait.AlcoholDependence, day) ? 35 + (25 * dice.Exponential()) : dice.Chance(0.22) ? 0 : (person.Sex == 0 ? 6 : 10) * dice.Exponential();
            Add(Measure.AlcoholUnits, Math.Round(Math.Min(units, 250)));
        }

        if (!ill && age < 60)
        {
            return;
        }

        var anaemia = (person.Has(Trait.ChronicKidneyDisease, day) ? 10 : 0) + (person.Has(Trait.Cancer, day) ? 6 : 0) + (22 * frailty) + (0.15 * Math.Max(0, age - 70));
        Add(Measure.Haemoglobin, Math.Round(Math.Clamp((person.Sex == 0 ? 134 : 147) - anaemia + (9 * dice.Normal()), 65, 185)));
        Add(Measure.Sodium, Math.Round(Math.Clamp(140.2 - (person.Has(Trait.HeartFailure, day) ? 2 : 0) - (4 * frailty) + (2.2 * dice.Normal()), 118, 152)));
        var filtration = person.Has(Trait.ChronicKidneyDisease, day)
            ? 46 - (0.2 * Math.Max(0, age - 75)) + (9 * dice.Normal())
            : Math.Max(61, 110 - (0.62 * Math.Max(0, age - 20)) + (9 * dice.Normal()));
        Add(Measure.Egfr, Math.Round(Math.Clamp(filtration, 8, 120)));
        if (person.Has(Trait.Diabetes, day) || dice.Chance(0.4))
        {
            var sugar = person.Has(Trait.Diabetes, day) ? 55 + (13 * Math.Abs(dice.Normal())) : person.Has(Trait.NonDiabeticHyperglycaemia, day) ? 44 + (1.5 * dice.Normal()) : 37 + (2.5 * dice.Normal());
            Add(Measure.HbA1c, Math.Round(Math.Clamp(sugar, 26, 140)));
        }

        if (dice.Chance(0.5))
        {
            Add(Measure.Cholesterol, Math.Round(Math.Clamp(5.1 + dice.Normal(), 2.2, 9), 1));
        }

        if (age >= 65 && dice.Chance(0.45))
        {
            Add(Measure.ClinicalFrailtyScale, 0, ClinicalFrailty(frailty, person.Has(Trait.PalliativeCare, day)));
        }
    }

    // Rockwood's nine grades against the share of deficits; the cuts of the eFI for 5, 6 and 7.
    private static short ClinicalFrailty(double frailty, bool palliative) => (short)(palliative
        ? 9
        : frailty switch { < 0.05 => 1, < 0.08 => 2, < 0.12 => 3, < 0.18 => 4, < 0.24 => 5, < 0.36 => 6, < 0.48 => 7, _ => 8 });
}
