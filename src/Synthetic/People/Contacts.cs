using BetterCare.Care.Synthetic.Place;
using BetterCare.Care.Synthetic.Reference;

namespace BetterCare.Care.Synthetic.People;

/// <summary>
/// Everything but emergency admissions and death: planned care, A and E, outpatients, general practice, community and
/// social care, measurements and medicines. Hospital rates are the published ones; the others are our own round figures
/// (Data/README.md). Iller people than their like have more of each.
/// </summary>
internal sealed class Contacts(CohortPlan plan)
{
    private const int Quarter = 91;
    private readonly CohortPlan _plan = plan;

    public void Add(Person person, ref Dice dice)
    {
        var start = Math.Max(_plan.From, person.RegisteredDay);
        var last = person.LastDay(_plan.Until);
        var lastVisitOfStay = person.Events.Count;
        for (var day = start; day <= last; day += Quarter)
        {
            AddQuarter(person, day, Math.Min(Quarter, last + 1 - day), ref dice);
        }

        for (var i = 0; i < lastVisitOfStay; i++)
        {
            if (person.Events[i].Kind == LifeKind.EmergencyAdmission && !person.Events[i].Flags.HasFlag(LifeFlags.Open) && !person.Events[i].Flags.HasFlag(LifeFlags.Died))
            {
                FollowUp(person, person.Events[i], last, ref dice);
            }
        }

        AddServices(person, start, last, ref dice);
        Care.AddMeasurements(_plan, person, start, last, ref dice);
        Care.AddMedicines(_plan, person, start, last, ref dice);
    }

    private void AddQuarter(Person person, int day, int days, ref Dice dice)
    {
        var middle = day + (days / 2);
        var age = person.AgeOn(middle);
        var excess = _plan.Risk.Excess(person, RiskModel.Eta(person, middle), age);
        var area = person.Practice.Area;
        var share = days / 365.25;
        double Rate(Activity activity) => area.Rate(activity, person.Sex, age);

        // A and E attendances that do not end in a bed: published arrivals less the three quarters of admissions that come that way.
        var arrivals = Rate(Activity.WalkIn) + Rate(Activity.Ambulance);
        var sentHome = Math.Max(0.3 * arrivals, arrivals - (0.75 * Rate(Activity.Emergency)));
        var ambulanceHome = Math.Clamp((Rate(Activity.Ambulance) - (0.45 * Rate(Activity.Emergency))) / sentHome, 0.05, 0.6);
        for (var n = dice.Poisson(sentHome * share * Math.Exp((0.55 * excess) - 0.12)); n > 0; n--)
        {
            Add(person, LifeKind.AeAttendance, day, days, ref dice, 180, -1, dice.Chance(ambulanceHome) ? LifeFlags.Ambulance : LifeFlags.None, anyHour: true);
        }

        for (var n = dice.Poisson(Rate(Activity.Outpatient) * share * Math.Exp((0.35 * excess) - 0.06)); n > 0; n--)
        {
            var missed = dice.Chance(0.05 + (0.012 * person.Lsoa.Quintile) - (age > 60 ? 0.02 : 0));
            var doctor = _plan.Workforce.For(StaffRole.HospitalPhysician, person.PracticeOn(middle), dice.Below(1 << 16), middle);
            Add(person, missed ? LifeKind.OutpatientMissed : LifeKind.OutpatientAttended, day, days, ref dice, 20, doctor);
        }

        AddPlanned(person, day, days, Rate(Activity.DayCase) * share, dayCase: true, age, ref dice);
        AddPlanned(person, day, days, Rate(Activity.Elective) * share, dayCase: false, age, ref dice);
        if (person.Sex == 0 && age is > 16 and < 45 && days > 2 && dice.Chance(0.11 * Math.Exp(-0.5 * Math.Pow((age - 30.5) / 5.5, 2)) * share))
        {
            var stay = Add(person, LifeKind.MaternityAdmission, day, days - 2, ref dice, 1 + dice.Below(2), -1, anyHour: true, code: AdmissionMethods.AntePartum);
            Diagnose(person, stay, HospitalCodes.Delivery);
        }

        AddGeneralPractice(person, day, days, middle, age, excess, ref dice);
        AddCommunity(person, day, days, middle, age, ref dice);
    }

    private void AddPlanned(Person person, int day, int days, double expected, bool dayCase, double age, ref Dice dice)
    {
        for (var n = dice.Poisson(expected); n > 0; n--)
        {
            var pick = -1;
            double total = 0;
            for (var i = 0; i < Catalogue.PlannedCare.Length; i++)
            {
                var candidate = Catalogue.PlannedCare[i];
                if (candidate.DayCase == dayCase && age >= candidate.AgeFrom)
                {
                    total += candidate.Weight;
                    pick = dice.Chance(candidate.Weight / total) ? i : pick;
                }
            }

            if (pick < 0)
            {
                continue;
            }

            var nights = dayCase ? 0 : Math.Min(1 + dice.Below(4), days - 1);
            var doctor = _plan.Workforce.For(StaffRole.HospitalPhysician, person.PracticeOn(day), dice.Below(1 << 16), day);
            var method = dice.Chance(0.7) ? AdmissionMethods.WaitingList : AdmissionMethods.Booked;
            var stay = Add(person, LifeKind.PlannedAdmission, day, days - nights, ref dice, nights, doctor, code: method);
            Diagnose(person, stay, HospitalCodes.OfPlanned(pick));
            person.Events.Add(new LifeEvent { Kind = LifeKind.Procedure, Day = person.Events[stay].Day, Code = (short)pick, Parent = stay, Practitioner = doctor });
        }
    }

    private void AddGeneralPractice(Person person, int day, int days, int middle, double age, double excess, ref Dice dice)
    {
        // About 5 a year in adults, 3 in the young, 10 in the very old; women of working age more.
        var yearly = 2.2 + (0.055 * Math.Max(0, age - 20)) + (age < 5 ? 2.5 : 0) + (person.Sex == 0 && age is > 16 and < 50 ? 1.2 : 0)
            + (Math.Max(0, age - 70) * 0.1);
        var housebound = person.Has(Trait.Housebound, middle) || person.Has(Trait.CareHome, middle);
        var practice = person.PracticeOn(middle);
        for (var n = dice.Poisson(Math.Min(9, yearly * days / 365.25 * Math.Exp((0.45 * excess) - 0.1))); n > 0; n--)
        {
            if (dice.Chance(0.04 + (0.006 * person.Lsoa.Quintile) - (age > 65 ? 0.03 : 0)))
            {
                Add(person, LifeKind.GpMissed, day, days, ref dice, 10, _plan.Workforce.For(StaffRole.GeneralPractitioner, practice, person.UsualGp, middle));
                continue;
            }

            var home = dice.Chance(housebound ? 0.55 : age > 80 ? 0.04 : 0.002);
            var (role, slot) = dice.Uniform() switch
            {
                < 0.52 => (StaffRole.GeneralPractitioner, person.UsualGp),
                < 0.70 => (StaffRole.GeneralPractitioner, dice.Below(1 << 16)),
                < 0.92 when !home => (StaffRole.PracticeNurse, person.UsualGp),
                < 0.96 when !home => (StaffRole.Pharmacist, person.UsualGp),
                _ when age > 70 => (StaffRole.CareCoordinator, person.UsualGp),
                _ => (StaffRole.GeneralPractitioner, person.UsualGp),
            };
            var flags = home ? LifeFlags.HomeVisit : dice.Chance(0.3) ? LifeFlags.Telephone : LifeFlags.None;
            var contact = Add(person, LifeKind.GpContact, day, days, ref dice, 10, _plan.Workforce.For(role, practice, slot, middle), flags);
            if (role == StaffRole.GeneralPractitioner && dice.Chance(0.22))
            {
                person.Events.Add(new LifeEvent
                {
                    Kind = LifeKind.AcuteMedicine,
                    Day = person.Events[contact].Day,
                    Code = (short)dice.Below(Catalogue.Acute.Length),
                    Parent = contact,
                    Practitioner = person.Events[contact].Practitioner,
                });
            }
        }
    }

    private void AddCommunity(Person person, int day, int days, int middle, double age, ref Dice dice)
    {
        var share = days / 365.25;
        var practice = person.PracticeOn(middle);
        void Visits(StaffRole role, LifeKind kind, double yearly, bool home, ref Dice dice)
        {
            for (var n = dice.Poisson(yearly * share); n > 0; n--)
            {
                var who = _plan.Workforce.For(role, practice, person.TeamSlot, middle);
                Add(person, kind, day, days, ref dice, 30, who, home ? LifeFlags.HomeVisit : LifeFlags.None);
            }
        }

        var nursing = (person.Has(Trait.Housebound, middle) ? 7 : 0) + (person.Has(Trait.PressureUlcer, middle) ? 12 : 0)
            + (person.Has(Trait.PalliativeCare, middle) ? 8 : 0) + (age > 80 ? 0.5 : 0);
        Visits(StaffRole.DistrictNurse, LifeKind.CommunityContact, Math.Min(24, nursing), true, ref dice);
        if (age > 65 && RiskModel.Frailty(person, middle) > 0.3)
        {
            Visits(StaffRole.CommunityMatron, LifeKind.CommunityContact, 4, true, ref dice);
        }

        if (person.Has(Trait.HeartFailure, middle))
        {
            Visits(StaffRole.HeartFailureNurse, LifeKind.CommunityContact, 1.2, false, ref dice);
        }

        if (person.Has(Trait.Copd, middle))
        {
            Visits(StaffRole.RespiratoryNurse, LifeKind.CommunityContact, 0.6, false, ref dice);
        }

        if (person.Has(Trait.SeriousMentalIllness, middle) || person.Has(Trait.Dementia, middle))
        {
            Visits(StaffRole.MentalHealthNurse, LifeKind.MentalHealthContact, 3, true, ref dice);
        }

        if (person.Has(Trait.ReducedMobility, middle))
        {
            Visits(StaffRole.Physiotherapist, LifeKind.CommunityContact, 0.6, false, ref dice);
            Visits(StaffRole.OccupationalTherapist, LifeKind.CommunityContact, 0.4, true, ref dice);
        }

        if (person.Has(Trait.CarePackage, middle) || person.Has(Trait.CareHome, middle))
        {
            Visits(StaffRole.SocialWorker, LifeKind.SocialCareContact, 2, true, ref dice);
        }

        var falls = 0.02 + (age > 65 ? 0.08 + (0.35 * RiskModel.Frailty(person, middle)) : 0);
        for (var n = dice.Poisson(falls * share * 0.6); n > 0; n--)
        {
            Add(person, LifeKind.Fall, day, days, ref dice, 0, -1);
        }
    }

    // After a stay: a GP telephone call, and for the old nursing, reablement and a social worker's assessment.
    private void FollowUp(Person person, LifeEvent stay, int last, ref Dice dice)
    {
        var home = stay.Day + stay.Length;
        var age = person.AgeOn(home);
        var practice = person.PracticeOn(home);
        if (dice.Chance(0.35) && home + 2 < last)
        {
            Add(person, LifeKind.GpContact, home + 2, Math.Min(12, last - home - 1), ref dice, 10, _plan.Workforce.For(StaffRole.GeneralPractitioner, practice, person.UsualGp, home), LifeFlags.Telephone);
        }

        if (age < 75 || home + 45 > last)
        {
            return;
        }

        for (var n = dice.Poisson(1.2); n > 0; n--)
        {
            Add(person, LifeKind.CommunityContact, home, 30, ref dice, 30, _plan.Workforce.For(StaffRole.DistrictNurse, practice, person.TeamSlot, home), LifeFlags.HomeVisit);
        }

        if (stay.Length >= 3 && dice.Chance(0.3))
        {
            person.Events.Add(new LifeEvent { Kind = LifeKind.SocialService, Day = home, Length = 42, Second = SocialServices.Reablement, Practitioner = -1, Parent = -1 });
            Add(person, LifeKind.SocialCareContact, home, 14, ref dice, 60, _plan.Workforce.For(StaffRole.SocialWorker, practice, person.TeamSlot, home), LifeFlags.HomeVisit);
            Add(person, LifeKind.CommunityContact, home, 21, ref dice, 45, _plan.Workforce.For(StaffRole.OccupationalTherapist, practice, person.TeamSlot, home), LifeFlags.HomeVisit);
        }
    }

    private static void AddServices(Person person, int start, int last, ref Dice dice)
    {
        void Service(Trait trait, short service)
        {
            var from = Math.Max(start, person.Onset[(int)trait]);
            if (person.Onset[(int)trait] <= last)
            {
                person.Events.Add(new LifeEvent { Kind = LifeKind.SocialService, Day = from, Length = -1, Second = service, Practitioner = -1, Parent = -1 });
            }
        }

        // Circumstances are recorded in seven of ten people, and again about every sixteen months.
        foreach (var trait in Traits.All)
        {
            if (trait.Kind != TraitKind.Social || person.Onset[(int)trait.Trait] > last || !dice.Chance(0.7))
            {
                continue;
            }

            for (var day = Math.Max(start + dice.Below(365), person.Onset[(int)trait.Trait]); day <= last; day += 420 + dice.Below(140))
            {
                person.Events.Add(new LifeEvent { Kind = LifeKind.SocialCircumstance, Day = day, Code = (short)trait.Trait, Practitioner = -1, Parent = -1 });
            }
        }

        Service(Trait.CarePackage, SocialServices.HomeCare);
        Service(Trait.CareHome, SocialServices.Residential);
        if (dice.Chance(0.04 + (person.AgeOn(last) > 65 ? 0.05 : 0)))
        {
            person.Events.Add(new LifeEvent { Kind = LifeKind.FutureAppointment, Day = last + 7 + dice.Below(60), Minute = (short)(540 + (10 * dice.Below(48))), Length = 20, Practitioner = -1, Parent = -1 });
        }
    }

    private static void Diagnose(Person person, int stay, int code) =>
        person.Events.Add(new LifeEvent { Kind = LifeKind.HospitalDiagnosis, Day = person.Events[stay].Day, Code = (short)code, Second = 1, Parent = stay, Practitioner = -1 });

    private static int Add(
        Person person, LifeKind kind, int day, int days, ref Dice dice, int length, int practitioner, LifeFlags flags = LifeFlags.None, bool anyHour = false, int code = 0)
    {
        var on = day + dice.Below(days);
        if (!anyHour && days > 7)
        {
            // Planned contacts keep to Monday to Friday, within their quarter.
            on = Math.Max(day, on - DateOnly.FromDayNumber(on).DayOfWeek switch { DayOfWeek.Saturday => 1, DayOfWeek.Sunday => 2, _ => 0 });
        }

        person.Events.Add(new LifeEvent
        {
            Kind = kind,
            Day = on,
            Minute = (short)(anyHour ? dice.Below(1440) : 510 + (5 * dice.Below(108))),
            Length = (short)length,
            Code = (short)code,
            Flags = flags,
            Practitioner = practitioner,
            Parent = -1,
        });
        return person.Events.Count - 1;
    }
}

/// <summary>Social care services that last, by number; the codes are ours (Data/README.md).</summary>
internal static class SocialServices
{
    public const short Reablement = 0;
    public const short HomeCare = 1;
    public const short Residential = 2;
    public const short DelayedTransfer = 3;

    public static readonly Coded[] All =
        [new("reablement", "Reablement"), new("home-care", "Home care package"), new("residential-care", "Residential or nursing care"), new("delayed-transfer", "Delayed transfer of care")];
}
