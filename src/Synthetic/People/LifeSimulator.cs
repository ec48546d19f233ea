using BetterCare.Care.Synthetic.Place;
using BetterCare.Care.Synthetic.Reference;

namespace BetterCare.Care.Synthetic.People;

/// <summary>
/// Lives one person's years: who they are, when they are admitted and die (this file), and their contacts, measurements
/// and medicines (<see cref="Contacts"/>). One instance per worker; nothing is shared but the plan.
/// </summary>
internal sealed class LifeSimulator
{
    private const ulong Constitution = 1;
    private const ulong Hospital = 2;
    private const ulong Community = 3;

    private readonly CohortPlan _plan;
    private readonly Contacts _contacts;
    private readonly double[] _diagnosisWeights = new double[Catalogue.Diagnoses.Length];

    public LifeSimulator(CohortPlan plan)
    {
        _plan = plan;
        _contacts = new Contacts(plan);
    }

    /// <summary>Fills <paramref name="person"/> with the life of person number <paramref name="index"/>.</summary>
    public void Live(int index, Person person)
    {
        LiveHospital(index, person);
        var dice = Dice.For(_plan.Options.Seed, (ulong)index, Community);
        _contacts.Add(person, ref dice);
        SocialTies.AddDelays(_plan, person);
    }

    /// <summary>Only who the person is, their emergency admissions and their death.</summary>
    public void LiveHospital(int index, Person person)
    {
        var dice = Dice.For(_plan.Options.Seed, (ulong)index, Constitution);
        BeBorn(index, person, ref dice);
        dice = Dice.For(_plan.Options.Seed, (ulong)index, Hospital);
        person.Events.Clear();
        GoThroughHospital(person, ref dice);
    }

    private void BeBorn(int index, Person person, ref Dice dice)
    {
        var until = _plan.Until;
        person.Index = index;
        person.Number = _plan.NumberOf(index);
        person.IdBase = (ulong)index << 13;
        person.Practice = _plan.PickPractice(ref dice);
        person.Lsoa = person.Practice.Catchment[dice.Below(person.Practice.Catchment.Length)];
        (person.Sex, var age) = _plan.PickSexAndAge(person.Practice.Area, ref dice);
        var years = age == AreaData.Ages - 1 ? age + Math.Min(8, 2 * dice.Exponential()) : age + dice.Uniform();
        person.BirthDay = until - (int)(years * 365.25);
        person.DeathDay = 0;
        person.Ethnicity = Ethnicity(ref dice);
        _plan.Risk.DrawConstitution(person, ref dice);
        person.UsualGp = dice.Below(1 << 20);
        person.TeamSlot = dice.Below(1 << 20);

        var span = until - _plan.From;
        person.FormerPractice = null;
        person.MoveDay = 0;
        person.DeregisteredDay = 0;
        person.RegisteredDay = Math.Max(person.BirthDay, _plan.From - 1 - (int)(dice.Exponential() * 12 * 365));
        var change = dice.Uniform();
        if (change < 0.06 && _plan.Practices.Count > 1)
        {
            // A move to the next practice of the same area, if there is one.
            var other = _plan.Practices[(person.Practice.Index + 1) % _plan.Practices.Count];
            if (other.Area == person.Practice.Area && person.BirthDay < _plan.From)
            {
                person.FormerPractice = other;
                person.MoveDay = _plan.From + 30 + dice.Below(span - 60);
            }
        }
        else if (change < 0.09)
        {
            person.RegisteredDay = Math.Max(person.BirthDay, _plan.From + dice.Below(span / 2));
        }
        else if (change < 0.115 && person.BirthDay < _plan.From)
        {
            person.DeregisteredDay = _plan.From + (span / 3) + dice.Below(span * 2 / 3);
        }

        person.TypeOneOptOut = dice.Chance(0.055);
        person.NationalOptOut = dice.Chance(0.054);
        person.Restricted = dice.Chance(0.002);
        person.NumberUnverified = dice.Chance(0.01);
    }

    private void GoThroughHospital(Person person, ref Dice dice)
    {
        var risk = _plan.Risk;
        var start = Math.Max(_plan.From, person.RegisteredDay);
        var last = person.LastDay(_plan.Until);
        var lastDischarge = -10_000;
        var indexDays = _plan.IndexDays;
        if (person.TrueRisk.Length != indexDays.Length)
        {
            person.TrueRisk = new double[indexDays.Length];
        }

        Array.Fill(person.TrueRisk, double.NaN);
        var nextIndex = 0;
        void PassIndexDays(int upTo, int discharge)
        {
            for (; nextIndex < indexDays.Length && indexDays[nextIndex] <= upTo; nextIndex++)
            {
                if (indexDays[nextIndex] >= start)
                {
                    person.TrueRisk[nextIndex] = risk.Probability(person, indexDays[nextIndex], Math.Min(discharge, indexDays[nextIndex]));
                }
            }
        }

        var target = dice.Exponential();
        double passed = 0;
        var day = start;
        while (day <= last)
        {
            var (recovery, changes) = RiskModel.Recovery(day, lastDischarge);
            var next = Math.Min(Math.Min(day + 30, changes), last + 1);
            var age = person.AgeOn(day);
            var eta = RiskModel.Eta(person, day);
            var admission = risk.Rate(person, eta, age) * RiskModel.Season(day) * recovery / 365;
            var both = admission + (risk.DeathRate(person, eta, age) / 365);
            if (passed + (both * (next - day)) < target)
            {
                passed += both * (next - day);
                PassIndexDays(next, lastDischarge);
                day = next;
                continue;
            }

            day = Math.Min(next - 1, day + (int)((target - passed) / both));
            PassIndexDays(day, lastDischarge);
            target = dice.Exponential();
            passed = 0;
            if (!dice.Chance(admission / both))
            {
                person.DeathDay = day;
                return;
            }

            var discharge = Admit(person, day, last, ref dice);
            if (person.DeathDay != 0)
            {
                // On an index day within the last stay they are still alive, and nobody knows yet.
                PassIndexDays(person.DeathDay, person.DeathDay);
                return;
            }

            lastDischarge = discharge;
            PassIndexDays(Math.Min(Math.Max(day + 1, discharge), last + 1), discharge);
            day = Math.Max(day + 1, discharge);
        }

        PassIndexDays(last + 1, lastDischarge);
        if (person.DeregisteredDay != 0)
        {
            for (var i = 0; i < indexDays.Length; i++)
            {
                person.TrueRisk[i] = indexDays[i] > person.DeregisteredDay ? double.NaN : person.TrueRisk[i];
            }
        }
    }

    /// <summary>An emergency admission with its A and E attendance and diagnoses; answers the day of discharge.</summary>
    private int Admit(Person person, int day, int last, ref Dice dice)
    {
        var age = person.AgeOn(day);
        var frailty = RiskModel.Frailty(person, day);
        var palliative = person.Has(Trait.PalliativeCare, day);
        var diagnosis = PickDiagnosis(person, day, age, ref dice);
        var nights = StayNights(person, age, Catalogue.StayFactor(Catalogue.Diagnoses[diagnosis], person.Sex, age), ref dice);
        var died = dice.Chance(RiskModel.HospitalDeath(age, frailty, palliative));
        var discharge = day + nights;
        var flags = LifeFlags.None;
        if (discharge > last)
        {
            // Still in hospital when the data ends (or when they leave the area).
            flags |= LifeFlags.Open;
            discharge = last + 1;
        }
        else if (died)
        {
            flags |= LifeFlags.Died;
            person.DeathDay = discharge;
        }

        // Coding follows discharge by weeks: the latest stays are often uncoded when the data is drawn.
        if (dice.Chance(discharge > _plan.Until - 45 ? 0.3 : 0.01) || flags.HasFlag(LifeFlags.Open))
        {
            flags |= LifeFlags.Uncoded;
        }

        var minute = (short)dice.Below(1440);
        var byDepartment = dice.Chance(0.75);
        if (byDepartment)
        {
            var ambulance = dice.Chance(Math.Clamp(0.25 + (0.006 * (age - 20)) + (0.4 * frailty), 0.15, 0.92));
            person.Events.Add(new LifeEvent
            {
                Kind = LifeKind.AeAttendance,
                Day = day,
                Minute = (short)Math.Max(0, minute - 240),
                Length = 240,
                Flags = LifeFlags.Admitted | (ambulance ? LifeFlags.Ambulance : LifeFlags.None),
                Practitioner = -1,
                Parent = -1,
            });
        }

        var practice = person.PracticeOn(day);
        var admission = person.Events.Count;
        person.Events.Add(new LifeEvent
        {
            Kind = LifeKind.EmergencyAdmission,
            Day = day,
            Minute = minute,
            Length = (short)nights,
            Code = (short)AdmissionMethod(byDepartment, ref dice),
            Flags = flags,
            Practitioner = _plan.Workforce.For(age >= 75 ? StaffRole.Geriatrician : StaffRole.HospitalPhysician, practice, dice.Below(1 << 16), day),
            Parent = -1,
        });
        if (!flags.HasFlag(LifeFlags.Uncoded))
        {
            AddDiagnoses(person, admission, day, diagnosis, ref dice);
        }

        return discharge;
    }

    private static int AdmissionMethod(bool byDepartment, ref Dice dice)
    {
        if (byDepartment)
        {
            return dice.Chance(0.92) ? AdmissionMethods.EmergencyDepartment : AdmissionMethods.OtherDepartment;
        }

        return dice.Uniform() switch
        {
            < 0.5 => AdmissionMethods.Gp,
            < 0.6 => AdmissionMethods.BedBureau,
            < 0.85 => AdmissionMethods.Clinic,
            _ => AdmissionMethods.OtherEmergency,
        };
    }

    private int PickDiagnosis(Person person, int day, double age, ref Dice dice)
    {
        double total = 0;
        for (var i = 0; i < _diagnosisWeights.Length; i++)
        {
            var candidate = Catalogue.Diagnoses[i];
            if (age >= candidate.AgeFrom && age <= candidate.AgeTo && (candidate.Sex < 0 || candidate.Sex == person.Sex))
            {
                total += candidate.Weight * (candidate.Trait is { } trait && person.Has(trait, day) ? candidate.TraitFactor : 1);
            }

            _diagnosisWeights[i] = total;
        }

        return dice.Pick(_diagnosisWeights);
    }

    private static int StayNights(Person person, double age, double factor, ref Dice dice)
    {
        var area = person.Practice.Area;
        var mean = area.Rate(Activity.EmergencyBedDays, person.Sex, age) / area.Rate(Activity.Emergency, person.Sex, age);
        var sameDay = Math.Clamp(0.46 - (0.0045 * (age - 20)), 0.12, 0.5);
        if (dice.Chance(sameDay))
        {
            return 0;
        }

        // Log-normal with sigma 1; its mean is exp(mu + 0.5).
        var nights = factor * mean / (1 - sameDay) * Math.Exp(dice.Normal() - 0.5);
        return (int)Math.Clamp(Math.Round(nights, MidpointRounding.AwayFromZero), 1, 180);
    }

    private static void AddDiagnoses(Person person, int admission, int day, int primary, ref Dice dice)
    {
        short rank = 1;
        void Add(int code)
        {
            person.Events.Add(new LifeEvent { Kind = LifeKind.HospitalDiagnosis, Day = day, Code = (short)code, Second = rank++, Parent = admission, Practitioner = -1 });
        }

        Add(HospitalCodes.OfDiagnosis(primary));
        if (HospitalCodes.IsInjury(primary) && dice.Chance(0.7))
        {
            Add(HospitalCodes.Fall);
        }

        foreach (var trait in Traits.All)
        {
            if (trait.Kind == TraitKind.Problem && trait.Icd10.Length > 0 && rank <= 12 && person.Has(trait.Trait, day) && dice.Chance(0.6))
            {
                Add(HospitalCodes.OfTrait(trait.Trait));
            }
        }

        for (var i = 0; i < Catalogue.FrailtyDiagnoses.Length; i++)
        {
            if (rank <= 14 && person.Has(Catalogue.FrailtyDiagnoses[i].Trait, day) && dice.Chance(0.45))
            {
                Add(HospitalCodes.OfFrailty(i));
            }
        }
    }

    // Roughly the North West outside its cities; our round figures. Letters of the NHS ethnic category.
    private static byte Ethnicity(ref Dice dice) => dice.Uniform() switch
    {
        < 0.895 => (byte)'A',
        < 0.905 => (byte)'B',
        < 0.935 => (byte)'C',
        < 0.940 => (byte)'F',
        < 0.950 => (byte)'H',
        < 0.962 => (byte)'J',
        < 0.966 => (byte)'L',
        < 0.970 => (byte)'M',
        < 0.976 => (byte)'N',
        < 0.981 => (byte)'R',
        < 0.987 => (byte)'S',
        _ => (byte)'Z',
    };
}
