namespace BetterCare.Care.Identity.Matching;

/// <summary>Says in plain English why two records are thought to be one person's. Holds no name, number or date.</summary>
public static class MatchReasons
{
    /// <summary>A line a thing that both records say.</summary>
    public static IReadOnlyList<string> Of(in Comparison c)
    {
        var reasons = new List<string>(7);
        Add(reasons, "NHS number", c.Number);
        Add(reasons, "family name", c.Family);
        Add(reasons, "given name", c.Given);
        Add(reasons, "date of birth", c.Birth);
        Add(reasons, "sex", c.Sex);
        Add(reasons, "postcode", c.Postcode);
        Add(reasons, "telephone", c.Phone);
        return reasons;
    }

    private static void Add(List<string> reasons, string what, Agreement agreement)
    {
        var line = agreement switch
        {
            Agreement.Same => $"The {what} is the same.",
            Agreement.Nickname => "The given name is a familiar form of the other.",
            Agreement.Initial => "Of the given name there is only the initial, and it fits.",
            Agreement.MiddleName => "The given name of one record is the middle name of the other.",
            Agreement.FormerName => "The family name is one that the person had before.",
            Agreement.PartOfName => $"The {what} is one part of the other's double name.",
            Agreement.ChangedAbout => what == "family name" ? "Family name and given name are changed about." : null,
            Agreement.DayMonthSwapped => "Day and month of birth are changed about.",
            Agreement.OneSlip => $"The {what} is one slip apart.",
            Agreement.Alike => $"The {what} is spelt much alike.",
            Agreement.SoundsAlike => $"The {what} sounds alike.",
            Agreement.Partly => $"The {what} agrees in part.",
            Agreement.SameDistrict => "The postcode is in the same district.",
            Agreement.Different => $"The {what} differs.",
            _ => null,
        };
        if (line is not null)
        {
            reasons.Add(line);
        }
    }
}
