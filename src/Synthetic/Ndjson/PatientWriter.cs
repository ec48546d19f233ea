using BetterCare.Care.Fhir;
using BetterCare.Care.Synthetic.People;
using BetterCare.Care.Synthetic.Place;
using BetterCare.Care.Synthetic.Reference;

namespace BetterCare.Care.Synthetic.Ndjson;

/// <summary>Writes the person: Patient, carer, registrations, opt-outs and allergies.</summary>
internal sealed class PatientWriter(ResourceText text)
{
    private readonly ResourceText _text = text;

    /// <summary>What the person is called.</summary>
    public static (string Family, string Given) NameOf(ResourceText text, Person person)
    {
        var dice = DiceOf(text, person);
        return Name(person, ref dice);
    }

    public void Write(Person person, Chunk chunk)
    {
        var dice = DiceOf(_text, person);
        WritePatient(person, chunk[ResourceType.Patient], ref dice);
        WriteRegistrations(person, chunk[ResourceType.EpisodeOfCare]);
        if (person.TypeOneOptOut)
        {
            WriteOptOut(person, chunk[ResourceType.Consent], ResourceText.AdminBase, typeOne: true, ref dice);
        }

        if (person.NationalOptOut)
        {
            WriteOptOut(person, chunk[ResourceType.Consent], ResourceText.AdminBase + 1, typeOne: false, ref dice);
        }

        if (SocialTies.CarerSince(_text.Plan, person) is { } since)
        {
            WriteCarer(person, since, chunk[ResourceType.RelatedPerson], ref dice);
        }

        if (dice.Chance(0.11))
        {
            WriteAllergy(person, chunk[ResourceType.AllergyIntolerance], ref dice);
        }
    }

    private static Dice DiceOf(ResourceText text, Person person) => Dice.For(text.Plan.Options.Seed, (ulong)person.Index, 9);

    private static (string Family, string Given) Name(Person person, ref Dice dice)
    {
        var family = Names.FamilyName(ref dice, person.Ethnicity);
        return (family, Names.GivenName(ref dice, person.Sex, DateOnly.FromDayNumber(person.BirthDay).Year, person.Ethnicity));
    }

    private void WritePatient(Person person, Lines to, ref Dice dice)
    {
        var until = _text.Plan.Until;
        var birthYear = DateOnly.FromDayNumber(person.BirthDay).Year;
        var (family, given) = Name(person, ref dice);
        var phone = dice.Below(1000);
        to.Put("{\"resourceType\":\"Patient\",\"id\":\""u8).TenDigits(person.Number.Number)
            .Put("\",\"meta\":{\"source\":\""u8).Put(Codes.GpSystem).Text(person.Practice.OdsCode).Put("\""u8);
        if (person.Restricted)
        {
            to.Put(",\"security\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/v3-Confidentiality\",\"code\":\"R\",\"display\":\"restricted\"}]"u8);
        }

        to.Put(",\"tag\":[{\"system\":\"urn:bettercare:synthetic-source\",\"code\":\"cohort\"}]},\"extension\":[{\"url\":\"https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-EthnicCategory\",\"valueCodeableConcept\":{\"coding\":["u8);
        ResourceText.Coding(to, "https://fhir.hl7.org.uk/CodeSystem/UKCore-EthnicCategoryEngland"u8, EthnicCode(person.Ethnicity), EthnicTerm(person.Ethnicity))
            .Put("]}}],\"identifier\":[{\"extension\":[{\"url\":\"https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus\",\"valueCodeableConcept\":{\"coding\":["u8);
        ResourceText.Coding(
            to,
            "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland"u8,
            person.NumberUnverified ? "02" : "01",
            person.NumberUnverified ? "Number present but not traced" : "Number present and verified")
            .Put("]}}],\"system\":\"https://fhir.nhs.uk/Id/nhs-number\",\"value\":\""u8).TenDigits(person.Number.Number)
            .Put("\"}],\"active\":"u8).Put(person.DeregisteredDay != 0 && person.DeathDay == 0 ? "false"u8 : "true"u8)
            .Put(",\"name\":[{\"use\":\"official\",\"family\":\""u8).Text(family).Put("\",\"given\":[\""u8).Text(given)
            .Put("\"],\"prefix\":[\""u8).Put(person.Sex == 1 ? "Mr"u8 : birthYear < 1950 ? "Mrs"u8 : "Ms"u8).Put("\"]}]"u8);
        if (!person.Restricted)
        {
            to.Put(",\"telecom\":[{\"system\":\"phone\",\"value\":\"07700 "u8).Number(900_000 + phone).Put("\",\"use\":\"mobile\"}]"u8);
        }

        to.Put(",\"gender\":\""u8).Put(person.Sex == 0 ? "female"u8 : "male"u8).Put("\",\"birthDate\":\""u8).Date(person.BirthDay).Put("\""u8);
        if (person.DeathDay != 0)
        {
            to.Put(",\"deceasedDateTime\":\""u8).Date(person.DeathDay).Put("\""u8);
        }

        if (!person.Restricted)
        {
            WriteAddress(person, to, Math.Min(until, person.LastDay(until)), ref dice);
            if (person.DeregisteredDay == 0)
            {
                to.Put(",\"generalPractitioner\":[{\"reference\":\"Organization/"u8).Text(person.Practice.OdsCode)
                    .Put("\",\"type\":\"Organization\",\"identifier\":{\"system\":\"https://fhir.nhs.uk/Id/ods-organization-code\",\"value\":\""u8).Text(person.Practice.OdsCode)
                    .Put("\"},\"display\":\""u8).Text(person.Practice.Name).Put("\"}]"u8);
            }
        }

        to.Put("}"u8).End(twice: dice.Chance(0.002));
    }

    // The lower-layer super output area goes where R4 puts a census tract, so that a site can look deprivation up.
    private static void WriteAddress(Person person, Lines to, int last, ref Dice dice)
    {
        var home = person.Has(Trait.CareHome, last);
        to.Put(",\"address\":[{\"extension\":[{\"url\":\"http://hl7.org/fhir/StructureDefinition/iso21090-ADXP-censusTract\",\"valueString\":\""u8).Text(person.Lsoa.Code)
            .Put("\"}],\"use\":\"home\",\"line\":[\""u8);
        if (home)
        {
            to.Text(Names.CareHome(person.TeamSlot)).Put(" Care Home\",\""u8);
        }

        to.Number(1 + dice.Below(180)).Put(" "u8).Text(Names.Street(ref dice)).Put("\"],\"district\":\""u8).Text(person.Practice.Area.Name).Put("\",\"postalCode\":\""u8);
        var postcode = person.Practice.Postcode;
        var space = postcode.IndexOf(' ', StringComparison.Ordinal);
        const string Letters = "ABDEFGHJLNPQRSTUWXYZ";
        to.Text(postcode[..(space + 1)]).Number(1 + dice.Below(9)).Put([(byte)Letters[dice.Below(20)], (byte)Letters[dice.Below(20)]]).Put("\",\"country\":\"GBR\"}]"u8);
    }

    // Registration with a practice is an EpisodeOfCare, so that joining, moving and leaving have dates.
    private void WriteRegistrations(Person person, Lines to)
    {
        var end = person.DeregisteredDay != 0 ? Math.Min(person.DeregisteredDay, person.DeathDay == 0 ? int.MaxValue : person.DeathDay) : person.DeathDay;
        if (person.FormerPractice is { } former && (person.DeathDay == 0 || person.MoveDay < person.DeathDay))
        {
            WriteRegistration(person, to, ResourceText.AdminBase + 2, former, person.RegisteredDay, person.MoveDay);
            WriteRegistration(person, to, ResourceText.AdminBase + 3, person.Practice, person.MoveDay, end);
            return;
        }

        WriteRegistration(person, to, ResourceText.AdminBase + 3, person.Practice, person.RegisteredDay, end);
    }

    private void WriteRegistration(Person person, Lines to, int number, PracticeInfo practice, int start, int end)
    {
        var id = _text.IdOf(person, number);
        ResourceText.Begin(to, "EpisodeOfCare"u8, id, Codes.GpSystem, practice.OdsCode)
            .Put(",\"status\":\""u8).Put(end == 0 ? "active"u8 : "finished"u8).Put("\",\"type\":["u8);
        ResourceText.Concept(to, Codes.EpisodeType, "gp-registration", "GP registration").Put("]"u8);
        ResourceText.Organisation(ResourceText.Patient(to, "patient"u8, person).Put(",\"managingOrganization\":"u8), practice.OdsCode)
            .Put(",\"period\":{\"start\":\""u8).Date(start);
        if (end != 0)
        {
            to.Put("\",\"end\":\""u8).Date(end);
        }

        _text.End(to.Put("\"}"u8), id);
    }

    private void WriteOptOut(Person person, Lines to, int number, bool typeOne, ref Dice dice)
    {
        var id = _text.IdOf(person, number);
        var since = Math.Max(person.BirthDay, person.RegisteredDay) + dice.Below(200);
        ResourceText.Begin(to, "Consent"u8, id, Codes.GpSystem, person.Practice.OdsCode)
            .Put(",\"status\":\"active\",\"scope\":{\"coding\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/consentscope\",\"code\":\"patient-privacy\",\"display\":\"Privacy Consent\"}]},\"category\":[{\"coding\":["u8);
        if (typeOne)
        {
            ResourceText.Coding(to, Codes.Snomed, "827241000000103", "Dissent from secondary use of general practitioner patient identifiable data").Put(","u8);
            ResourceText.Coding(to, Codes.OptOut, "type-1-opt-out", "Type 1 opt-out").Put("],\"text\":\"Type 1 opt-out\"}]"u8);
        }
        else
        {
            ResourceText.Coding(to, Codes.OptOut, "national-data-opt-out", "National data opt-out").Put("],\"text\":\"National data opt-out\"}]"u8);
        }

        ResourceText.Patient(to, "patient"u8, person).Put(",\"dateTime\":\""u8).Date(since)
            .Put("\",\"policyRule\":{\"coding\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/v3-ActCode\",\"code\":\"OPTOUT\"}]},\"provision\":{\"type\":\"deny\"}"u8);
        _text.End(to, id);
    }

    private void WriteCarer(Person person, int since, Lines to, ref Dice dice)
    {
        var id = _text.IdOf(person, ResourceText.AdminBase + 4);
        var spouse = dice.Chance(0.5);
        var sex = spouse ? 1 - person.Sex : dice.Chance(0.65) ? 0 : 1;
        var born = DateOnly.FromDayNumber(person.BirthDay).Year + (spouse ? 0 : 27);
        ResourceText.Begin(to, "RelatedPerson"u8, id, Codes.GpSystem, person.Practice.OdsCode).Put(",\"active\":true"u8);
        ResourceText.Patient(to, "patient"u8, person).Put(",\"relationship\":["u8);
        ResourceText.Coding(to.Put("{\"coding\":["u8), "http://terminology.hl7.org/CodeSystem/v3-RoleCode"u8, spouse ? "SPS" : "CHILD", spouse ? "spouse" : "child")
            .Put("]},{\"coding\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/v3-RoleClass\",\"code\":\"CAREGIVER\",\"display\":\"caregiver\"}],\"text\":\"Carer\"}],\"name\":[{\"family\":\""u8).Text(Names.FamilyName(ref dice, person.Ethnicity)).Put("\",\"given\":[\""u8)
            .Text(Names.GivenName(ref dice, sex, born, person.Ethnicity)).Put("\"]}],\"telecom\":[{\"system\":\"phone\",\"value\":\"07700 "u8)
            .Number(900_000 + dice.Below(1000)).Put("\",\"use\":\"mobile\"}],\"gender\":\""u8).Put(sex == 0 ? "female\""u8 : "male\""u8);
        if (since != 0)
        {
            to.Put(",\"period\":{\"start\":\""u8).Date(since).Put("\"}"u8);
        }

        _text.End(to, id);
    }

    private void WriteAllergy(Person person, Lines to, ref Dice dice)
    {
        var id = _text.IdOf(person, ResourceText.AdminBase + 5);
        var (code, term, category) = dice.Uniform() switch
        {
            < 0.8 => ("91936005", "Allergy to penicillin", "medication"),
            < 0.9 => ("300916003", "Latex allergy", "environment"),
            _ => ("91935009", "Allergy to peanut", "food"),
        };
        ResourceText.Begin(to, "AllergyIntolerance"u8, id, Codes.GpSystem, person.Practice.OdsCode)
            .Put(",\"clinicalStatus\":{\"coding\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical\",\"code\":\"active\"}]},\"verificationStatus\":{\"coding\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/allergyintolerance-verification\",\"code\":\"confirmed\"}]},\"type\":\"allergy\",\"category\":[\""u8)
            .Text(category).Put("\"],\"code\":"u8);
        ResourceText.Concept(to, Codes.Snomed, code, term);
        ResourceText.Patient(to, "patient"u8, person).Put(",\"recordedDate\":\""u8).Date(Math.Max(person.BirthDay, person.RegisteredDay - dice.Below(3000))).Put("\""u8);
        _text.End(to, id);
    }

    private static string EthnicCode(byte letter) => letter switch
    {
        (byte)'A' => "A",
        (byte)'B' => "B",
        (byte)'C' => "C",
        (byte)'F' => "F",
        (byte)'H' => "H",
        (byte)'J' => "J",
        (byte)'L' => "L",
        (byte)'M' => "M",
        (byte)'N' => "N",
        (byte)'R' => "R",
        (byte)'S' => "S",
        _ => "Z",
    };

    private static string EthnicTerm(byte letter) => letter switch
    {
        (byte)'A' => "White - British",
        (byte)'B' => "White - Irish",
        (byte)'C' => "White - Any other White background",
        (byte)'F' => "Mixed - White and Asian",
        (byte)'H' => "Asian or Asian British - Indian",
        (byte)'J' => "Asian or Asian British - Pakistani",
        (byte)'L' => "Asian or Asian British - Any other Asian background",
        (byte)'M' => "Black or Black British - Caribbean",
        (byte)'N' => "Black or Black British - African",
        (byte)'R' => "Other Ethnic Groups - Chinese",
        (byte)'S' => "Other Ethnic Groups - Any other ethnic group",
        _ => "Not stated",
    };
}
