using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Fhir.Search;
using BetterCare.Care.Identity.Matching;

namespace BetterCare.Care.Api.Features.Matching;

/// <summary>Reads what a Patient says of a person that helps to recognise them.</summary>
public static class PatientText
{
    /// <summary>The description.</summary>
    /// <param name="json">A Patient, complete or not.</param>
    public static PersonText Of(ReadOnlySpan<byte> json)
    {
        var patient = new JsonView(json);
        var (family, given, former) = Names(patient);
        return new PersonText
        {
            Number = NumberOf(patient),
            Family = family,
            Given = given,
            FormerFamily = former,
            Birth = patient["birthDate"u8].ToString(),
            Gender = patient["gender"u8].ToString(),
            Postcode = PostcodeOf(patient),
            Phone = PhoneOf(patient),
        };
    }

    private static NhsNumber? NumberOf(JsonView patient)
    {
        foreach (var identifier in patient["identifier"u8].Items)
        {
            if (identifier["system"u8].ToString() is NhsNumber.System or NhsNumber.OldSystem
                && identifier["use"u8].ToString() != "old"
                && NhsNumber.TryParse(identifier["value"u8].ToString(), out var number))
            {
                return number;
            }
        }

        return null;
    }

    private static (string? Family, IReadOnlyList<string> Given, string? Former) Names(JsonView patient)
    {
        string? family = null, former = null;
        List<string> given = [];
        foreach (var name in patient["name"u8].Items)
        {
            if (!name["family"u8].Exists)
            {
                continue;
            }

            if (name["use"u8].ToString() is "old" or "maiden")
            {
                former ??= name["family"u8].ToString();
            }
            else if (family is null)
            {
                // The first name that has a family name is the one that lists show.
                family = name["family"u8].ToString();
                foreach (var one in name["given"u8].Items)
                {
                    given.Add(one.ToString());
                }
            }
        }

        return (family, given, former);
    }

    private static string? PostcodeOf(JsonView patient)
    {
        string? postcode = null;
        foreach (var address in patient["address"u8].Items)
        {
            if (address["postalCode"u8].Exists && (postcode is null || address["use"u8].ToString() == "home") && address["use"u8].ToString() != "old")
            {
                postcode = address["postalCode"u8].ToString();
            }
        }

        return postcode;
    }

    private static string? PhoneOf(JsonView patient)
    {
        foreach (var telecom in patient["telecom"u8].Items)
        {
            if (telecom["system"u8].ToString() is "phone" or "sms" && telecom["value"u8].Exists)
            {
                return telecom["value"u8].ToString();
            }
        }

        return null;
    }
}
