namespace BetterCare.Care.Synthetic.Place;

/// <summary>Who works with people; codes in <see cref="Workforce.Roles"/>.</summary>
internal enum StaffRole
{
    GeneralPractitioner,
    PracticeNurse,
    Pharmacist,
    CareCoordinator,
    DistrictNurse,
    CommunityMatron,
    OccupationalTherapist,
    Physiotherapist,
    MentalHealthNurse,
    SocialWorker,
    HeartFailureNurse,
    RespiratoryNurse,
    Geriatrician,
    HospitalPhysician,
}

/// <summary>How a role is coded and registered.</summary>
/// <param name="Snomed">SNOMED CT occupation (lead_professional_roles.csv).</param>
/// <param name="Term">Its term.</param>
/// <param name="Sds">SDS job role code, or empty.</param>
/// <param name="SdsTerm">Its term.</param>
/// <param name="Text">What people call it.</param>
/// <param name="Register">gmc-number, nmc-number, hcpc-number, gphc-number, social-work-england, or empty.</param>
internal sealed record RoleInfo(string Snomed, string Term, string Sds, string SdsTerm, string Text, string Register);

/// <summary>One professional in one role.</summary>
internal sealed record Clinician(
    int Index, StaffRole Role, string Given, string Family, int Sex, string Registration, string SdsUser, string Organisation, int From, int Until, bool SevenDays)
{
    public bool WorksOn(int day) => day >= From && (Until == 0 || day <= Until);
}

/// <summary>
/// The professionals of a place. Practices have GPs, nurses, pharmacists and coordinators; primary care networks share
/// community teams; an area shares social workers, specialist nurses and hospital doctors. Some have left.
/// </summary>
internal sealed class Workforce
{
    public static readonly RoleInfo[] Roles =
    [
        new("62247001", "General practitioner", "R0260", "General Medical Practitioner", "GP", "gmc-number"),
        new("159002008", "Practice nurse", "", "", "Practice nurse", "nmc-number"),
        new("734293001", "Clinical pharmacist", "R1290", "Pharmacist", "Clinical pharmacist", "gphc-number"),
        new("768832004", "Case manager", "", "", "Care coordinator", ""),
        new("158997000", "District nurse", "R0700", "Community Nurse", "District nurse", "nmc-number"),
        new("224581009", "Community nurse manager", "R0590", "Modern Matron", "Community matron", "nmc-number"),
        new("80546007", "Occupational therapist", "R0950", "Occupational Therapist", "Occupational therapist", "hcpc-number"),
        new("224589006", "Community-based physiotherapist", "R1110", "Physiotherapist", "Physiotherapist", "hcpc-number"),
        new("224564000", "Community mental health nurse", "R1975", "Community Mental Health Nurse", "Community mental health nurse", "nmc-number"),
        new("106328005", "Social worker", "R1330", "Social Worker", "Social worker", "social-work-england"),
        new("224570006", "Clinical nurse specialist", "R0600", "Specialist Nurse Practitioner", "Heart failure nurse", "nmc-number"),
        new("224570006", "Clinical nurse specialist", "R0600", "Specialist Nurse Practitioner", "Respiratory nurse", "nmc-number"),
        new("90655003", "Geriatrics specialist", "R0050", "Consultant", "Consultant geriatrician", "gmc-number"),
        new("59058001", "General physician", "R0050", "Consultant", "Consultant physician", "gmc-number"),
    ];

    private readonly List<Clinician> _all = [];
    private readonly Dictionary<(StaffRole Role, string Team), Clinician[]> _teams = [];
    private readonly ulong _seed;
    private readonly int _from;
    private readonly int _until;

    public Workforce(IReadOnlyList<PracticeInfo> practices, CohortOptions options)
    {
        _seed = options.Seed;
        _from = options.From.DayNumber;
        _until = options.Until.DayNumber;
        double lists = practices.Sum(p => (long)p.ListSize);
        double People(IEnumerable<PracticeInfo> of) => options.Patients * of.Sum(p => (long)p.ListSize) / lists;

        foreach (var practice in practices)
        {
            var people = People([practice]);
            var team = practice.OdsCode;
            Hire(StaffRole.GeneralPractitioner, team, team, Math.Max(2, people / 1800) + 1);
            Hire(StaffRole.PracticeNurse, team, team, Math.Max(1, people / 3000));
            Hire(StaffRole.Pharmacist, team, team, Math.Max(1, people / 6000));
            Hire(StaffRole.CareCoordinator, team, team, Math.Max(1, people / 5000));
        }

        foreach (var network in practices.GroupBy(p => p.PcnCode, StringComparer.Ordinal))
        {
            var people = People(network);
            var organisation = Organisations.Community(network.First().Area);
            Hire(StaffRole.DistrictNurse, network.Key, organisation, Math.Max(3, people / 900));
            Hire(StaffRole.CommunityMatron, network.Key, organisation, Math.Max(1, people / 4000));
            Hire(StaffRole.OccupationalTherapist, network.Key, organisation, Math.Max(1, people / 5000));
            Hire(StaffRole.Physiotherapist, network.Key, organisation, Math.Max(1, people / 6000));
            Hire(StaffRole.MentalHealthNurse, network.Key, Organisations.MentalHealth(network.First().Area), Math.Max(1, people / 4000));
        }

        foreach (var area in practices.GroupBy(p => p.Area))
        {
            var people = People(area);
            var hospital = Organisations.Hospital(area.Key);
            Hire(StaffRole.SocialWorker, area.Key.Name, Organisations.Council(area.Key), Math.Max(3, people / 1800));
            Hire(StaffRole.HeartFailureNurse, area.Key.Name, Organisations.Community(area.Key), Math.Max(1, people / 15000));
            Hire(StaffRole.RespiratoryNurse, area.Key.Name, Organisations.Community(area.Key), Math.Max(1, people / 15000));
            Hire(StaffRole.Geriatrician, area.Key.Name, hospital, Math.Max(2, people / 15000));
            Hire(StaffRole.HospitalPhysician, area.Key.Name, hospital, Math.Max(4, people / 8000));
        }
    }

    public IReadOnlyList<Clinician> All => _all;

    /// <summary>Whoever of the role looks after a person on a day: the same one throughout, until they leave; -1 nobody.</summary>
    /// <param name="role">The role.</param>
    /// <param name="practice">The person's practice, which decides the team.</param>
    /// <param name="slot">A number that stays with the person.</param>
    /// <param name="day">The day.</param>
    public int For(StaffRole role, PracticeInfo practice, int slot, int day)
    {
        var team = role switch
        {
            <= StaffRole.CareCoordinator => practice.OdsCode,
            <= StaffRole.MentalHealthNurse => practice.PcnCode,
            _ => practice.Area.Name,
        };
        var members = _teams[(role, team)];
        for (var i = 0; i < members.Length; i++)
        {
            var member = members[(int)((uint)(slot + i) % (uint)members.Length)];
            if (member.WorksOn(day))
            {
                return member.Index;
            }
        }

        return -1;
    }

    private void Hire(StaffRole role, string team, string organisation, double count)
    {
        var members = new Clinician[(int)count];
        for (var i = 0; i < members.Length; i++)
        {
            var index = _all.Count;
            var dice = Dice.For(_seed, (ulong)index, 0x57AF);
            var ethnicity = dice.Chance(0.25) ? (byte)'J' : (byte)'A';
            var sex = dice.Chance(role is StaffRole.GeneralPractitioner or StaffRole.Geriatrician or StaffRole.HospitalPhysician ? 0.5 : 0.85) ? 0 : 1;
            var given = Names.GivenName(ref dice, sex, 1965 + dice.Below(30), ethnicity);
            var family = Names.FamilyName(ref dice, ethnicity);

            // The last of a team of three or more has left in about half of teams; the second joined late in a fifth.
            var left = members.Length >= 3 && i == members.Length - 1 && dice.Chance(0.5);
            var joined = members.Length >= 3 && i == 1 && dice.Chance(0.2);
            var period = _until - _from;
            members[i] = new Clinician(
                index,
                role,
                given,
                family,
                sex,
                Registration(ref dice, Roles[(int)role].Register),
                $"5555{index:D8}",
                organisation,
                joined ? _from + (period / 4) + dice.Below(period / 4) : _from - 365 - dice.Below(3650),
                left ? _from + (period / 2) + dice.Below(period / 3) : 0,
                role is StaffRole.DistrictNurse or StaffRole.HospitalPhysician || (role is StaffRole.CommunityMatron or StaffRole.SocialWorker && dice.Chance(0.4)));
            _all.Add(members[i]);
        }

        _teams.Add((role, team), members);
    }

    // Well-formed (UK Core's identifier page) and of nobody: the leading digits are not in use.
    private static string Registration(ref Dice dice, string register) => register switch
    {
        "gmc-number" => $"99{dice.Below(100_000):D5}",
        "nmc-number" => $"99Z{dice.Below(10_000):D4}E",
        "hcpc-number" => $"OT{900_000 + dice.Below(100_000)}",
        "gphc-number" => $"29{dice.Below(100_000):D5}",
        "social-work-england" => $"SW{900_000 + dice.Below(100_000)}",
        _ => "",
    };
}
