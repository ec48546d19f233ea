using BetterCare.Care.Fhir;
using BetterCare.Care.Synthetic.Place;

namespace BetterCare.Care.Synthetic.Ndjson;

/// <summary>Writes organisations, practitioners and their roles.</summary>
internal static class PlaceWriter
{
    public static void Write(ResourceText text, Chunk chunk)
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var organisation in Organisations.For(text.Plan.Practices))
        {
            names[organisation.Code] = organisation.Name;
            Write(chunk[ResourceType.Organization], organisation);
        }

        foreach (var clinician in text.Plan.Workforce.All)
        {
            WritePractitioner(text, chunk[ResourceType.Practitioner], clinician);
            WriteRole(text, chunk[ResourceType.PractitionerRole], clinician, names[clinician.Organisation]);
        }
    }

    private static void Write(Lines to, Organisation organisation)
    {
        to.Put("{\"resourceType\":\"Organization\",\"id\":\""u8).Text(organisation.Code)
            .Put("\",\"meta\":{\"source\":\"https://ods.example.nhs.uk/\",\"tag\":[{\"system\":\"urn:bettercare:synthetic-source\",\"code\":\"cohort\"}]},\"identifier\":[{\"system\":\"https://fhir.nhs.uk/Id/ods-organization-code\",\"value\":\""u8)
            .Text(organisation.Code).Put("\"}],\"active\":true,\"type\":[{"u8);
        if (organisation.Role.Length > 0)
        {
            ResourceText.Coding(to.Put("\"coding\":["u8), "https://fhir.nhs.uk/CodeSystem/organisation-role"u8, organisation.Role, organisation.RoleTerm).Put("],"u8);
        }

        to.Put("\"text\":\""u8).Text(organisation.RoleTerm).Put("\"}],\"name\":\""u8).Text(organisation.Name).Put("\""u8);
        if (organisation.District is not null)
        {
            to.Put(",\"address\":[{\"district\":\""u8).Text(organisation.District).Put("\""u8);
            if (organisation.Postcode is not null)
            {
                to.Put(",\"postalCode\":\""u8).Text(organisation.Postcode).Put("\""u8);
            }

            to.Put(",\"country\":\"GBR\"}]"u8);
        }

        if (organisation.PartOf is not null)
        {
            ResourceText.Organisation(to.Put(",\"partOf\":"u8), organisation.PartOf);
        }

        to.Put("}"u8).End();
    }

    private static void WritePractitioner(ResourceText text, Lines to, Clinician clinician)
    {
        var role = Workforce.Roles[(int)clinician.Role];
        var doctor = role.Register == "gmc-number";
        to.Put("{\"resourceType\":\"Practitioner\",\"id\":\""u8).Hex(text.PractitionerId(clinician.Index))
            .Put("\",\"meta\":{\"source\":\"https://sds.example.nhs.uk/\",\"tag\":[{\"system\":\"urn:bettercare:synthetic-source\",\"code\":\"cohort\"}]},\"identifier\":[{\"system\":\"https://fhir.nhs.uk/Id/sds-user-id\",\"value\":\""u8)
            .Text(clinician.SdsUser).Put("\"}"u8);
        if (role.Register.Length > 0)
        {
            to.Put(",{\"system\":\"https://fhir.hl7.org.uk/Id/"u8).Text(role.Register).Put("\",\"value\":\""u8).Text(clinician.Registration).Put("\"}"u8);
        }

        to.Put("],\"active\":"u8).Put(clinician.Until == 0 ? "true"u8 : "false"u8)
            .Put(",\"name\":[{\"use\":\"official\",\"family\":\""u8).Text(clinician.Family).Put("\",\"given\":[\""u8).Text(clinician.Given)
            .Put("\"],\"prefix\":[\""u8).Put(doctor ? "Dr"u8 : clinician.Sex == 0 ? "Ms"u8 : "Mr"u8)
            .Put("\"]}],\"gender\":\""u8).Put(clinician.Sex == 0 ? "female"u8 : "male"u8).Put("\"}"u8).End();
    }

    private static void WriteRole(ResourceText text, Lines to, Clinician clinician, string organisation)
    {
        var role = Workforce.Roles[(int)clinician.Role];
        to.Put("{\"resourceType\":\"PractitionerRole\",\"id\":\""u8).Hex(text.RoleId(clinician.Index))
            .Put("\",\"meta\":{\"source\":\"https://sds.example.nhs.uk/\"},\"identifier\":[{\"system\":\"https://fhir.nhs.uk/Id/sds-role-profile-id\",\"value\":\""u8)
            .Text(clinician.SdsUser).Put("\"}],\"active\":"u8).Put(clinician.Until == 0 ? "true"u8 : "false"u8)
            .Put(",\"period\":{\"start\":\""u8).Date(clinician.From);
        if (clinician.Until != 0)
        {
            to.Put("\",\"end\":\""u8).Date(clinician.Until);
        }

        text.Practitioner(to.Put("\"},\"practitioner\":"u8), clinician.Index).Put(",\"organization\":{\"reference\":\"Organization/"u8).Text(clinician.Organisation)
            .Put("\",\"identifier\":{\"system\":\"https://fhir.nhs.uk/Id/ods-organization-code\",\"value\":\""u8).Text(clinician.Organisation)
            .Put("\"},\"display\":\""u8).Text(organisation).Put("\"},\"code\":[{\"coding\":["u8);
        ResourceText.Coding(to, Codes.Snomed, role.Snomed, role.Term);
        if (role.Sds.Length > 0)
        {
            ResourceText.Coding(to.Put(","u8), "https://fhir.hl7.org.uk/CodeSystem/UKCore-SDSJobRoleName"u8, role.Sds, role.SdsTerm);
        }

        to.Put("],\"text\":\""u8).Text(role.Text).Put("\"}],\"telecom\":[{\"system\":\"phone\",\"value\":\"01632 "u8)
            .Text($"960{clinician.Index % 1000:D3}").Put("\",\"use\":\"work\"}],\"availableTime\":[{\"daysOfWeek\":[\"mon\",\"tue\",\"wed\",\"thu\",\"fri\""u8)
            .Put(clinician.SevenDays ? ",\"sat\",\"sun\"],\"availableStartTime\":\"08:00:00\",\"availableEndTime\":\"20:00:00\"}]}"u8
                : "],\"availableStartTime\":\"09:00:00\",\"availableEndTime\":\"17:30:00\"}]}"u8).End();
    }
}
