namespace BetterCare.Care.Identity.Matching;

/// <summary>How sure it is that two records are of one person. The names of FHIR's match-grade.</summary>
public enum MatchGrade : byte
{
    /// <summary>Not the same person.</summary>
    CertainlyNot,

    /// <summary>May be: a human looks.</summary>
    Possible,

    /// <summary>Likely: a human confirms.</summary>
    Probable,

    /// <summary>The same person; only this grade is ever linked without a human.</summary>
    Certain,
}

/// <summary>A comparison and what it comes to.</summary>
/// <param name="Comparison">Thing by thing.</param>
/// <param name="Weight">Evidence in bits: log2 of how much likelier this agreement is for one person than for two.</param>
/// <param name="Probability">That they are one person, 0 to 1.</param>
/// <param name="Grade">What may be done with it.</param>
public readonly record struct MatchResult(Comparison Comparison, float Weight, double Probability, MatchGrade Grade);

/// <summary>
/// Scores a comparison: first rules that need no arithmetic, then Fellegi and Sunter (JASA 1969): for each thing the log of
/// m (how often records of one person agree so) over u (how often records of two do). u of a name is how common that name is,
/// so Smith says less than Entwistle. The m are ours, from what is known of errors in English health and social care records
/// (typing, marriage, moving house); <c>./run bench match</c> measures what they lead to.
///
/// Independence, which the method assumes, fails within a household: people at one address share a family name, and twins a
/// birthday as well. There u is that of a household, so that twins and a father and son of one name are kept apart.
/// </summary>
public sealed class MatchModel
{
    private const double Certain = 0.9999;
    private const double Probable = 0.9;
    private const double Possible = 0.02;

    // Household u: sharing a family name at one postcode, and on one telephone; a birthday among those who share family name and address.
    private const double FamilyAtPostcode = 0.08;
    private const double FamilyOnPhone = 0.6;
    private const double BirthInFamilyAtHome = 0.01;

    // A number is copied from a relative's letter, or typed over the last record: it is strong, not proof.
    private static readonly float NumberSame = Bits(0.99, 1e-5);
    private static readonly float NumberDifferent = Bits(0.002, 1);

    private readonly double _priorOdds;
    private readonly float _postcodeSame;

    /// <summary>Makes a model for a population.</summary>
    /// <param name="people">How many people there are to be matched with; more people, more chance likeness.</param>
    /// <param name="known">Share of incoming records whose person is among them, 0 to 1.</param>
    public MatchModel(long people, double known = 0.7)
    {
        People = Math.Max(1, people);
        _priorOdds = known / People;

        // About forty people live in a postcode.
        _postcodeSame = Bits(0.78, Math.Max(40.0 / People, 2e-5));
    }

    /// <summary>Size of the population.</summary>
    public long People { get; }

    /// <summary>Compares two people and scores it. Nothing is allocated.</summary>
    /// <param name="asked">The record that came in: its names decide how common a name is.</param>
    /// <param name="found">The person who may be meant.</param>
    public MatchResult Score(in Person asked, in Person found)
    {
        var c = Comparison.Of(in asked, in found);
        var weight = Weight(in asked, in found, in c);
        var odds = _priorOdds * Math.Pow(2, weight);
        var probability = odds / (1 + odds);
        return new MatchResult(c, weight, probability, Grade(in c, probability));
    }

    /// <summary>
    /// What is left of a grade when another person fits as well: two cannot both be certain, and what is nearly as good as
    /// the best is for a human to tell apart.
    /// </summary>
    /// <param name="best">The best candidate.</param>
    /// <param name="rival">The next best.</param>
    public static MatchGrade Against(in MatchResult best, in MatchResult rival) =>
        best.Grade == MatchGrade.Certain && rival.Grade >= MatchGrade.Probable ? MatchGrade.Probable
        : best.Grade == MatchGrade.Certain && rival.Grade == MatchGrade.Possible && best.Weight - rival.Weight < 7 ? MatchGrade.Probable
        : best.Grade == MatchGrade.Probable && rival.Grade >= MatchGrade.Possible && best.Weight - rival.Weight < 3 ? MatchGrade.Possible
        : best.Grade;

    private static MatchGrade Grade(in Comparison c, double probability)
    {
        if (IsCertainByRule(in c) && c.Sex != Agreement.Different)
        {
            return MatchGrade.Certain;
        }

        var grade = probability >= Probable ? MatchGrade.Probable : probability >= Possible ? MatchGrade.Possible : MatchGrade.CertainlyNot;

        // Two different numbers are two people until a human says otherwise; the same number with nothing else is an error to look at.
        return c.Number switch
        {
            Agreement.Different when grade > MatchGrade.Possible => MatchGrade.Possible,
            Agreement.Same when grade == MatchGrade.CertainlyNot => MatchGrade.Possible,

            // Another given name is a twin or a sister until a human says otherwise.
            not Agreement.Same when c.Given == Agreement.Different && grade > MatchGrade.Possible => MatchGrade.Possible,
            _ => probability >= Certain && IsCertainByEvidence(in c) ? MatchGrade.Certain : grade,
        };
    }

    /// <summary>
    /// The rule by which NHS systems verify a number (GP Connect): the birthday is exact, or two of its parts with the names;
    /// and, more strictly than there, no name speaks against it, for twins' records carry each other's numbers.
    /// </summary>
    private static bool IsCertainByRule(in Comparison c)
    {
        var given = IsGiven(c.Given);
        if (c.Number == Agreement.Same)
        {
            return c.Birth == Agreement.Same ? given || (c.Given == Agreement.Absent && c.Family == Agreement.Same)
                : c.Birth is Agreement.DayMonthSwapped or Agreement.OneSlip && c.Family == Agreement.Same && c.Given is Agreement.Same or Agreement.Nickname;
        }

        return c is { Number: Agreement.Absent, Birth: Agreement.Same, Family: Agreement.Same, Given: Agreement.Same, Postcode: Agreement.Same };
    }

    /// <summary>Without a number: everything that is said must fit, and at least a place or a telephone must be among it.</summary>
    private static bool IsCertainByEvidence(in Comparison c)
    {
        if (c.Number == Agreement.Same)
        {
            return c.Birth != Agreement.Different && IsGiven(c.Given) && c.Sex != Agreement.Different;
        }

        var anchored = c.Postcode == Agreement.Same || c.Phone == Agreement.Same;
        return anchored && c.Sex != Agreement.Different && c.Postcode != Agreement.Different
            && c.Birth == Agreement.Same
            && c.Family is Agreement.Same or Agreement.OneSlip or Agreement.PartOfName or Agreement.FormerName
            && c.Given is Agreement.Same or Agreement.Nickname;
    }

    private static bool IsGiven(Agreement given) =>
        given is Agreement.Same or Agreement.Nickname or Agreement.Initial or Agreement.OneSlip or Agreement.Alike or Agreement.MiddleName or Agreement.PartOfName;

    private float Weight(in Person asked, in Person found, in Comparison c)
    {
        var home = c.Postcode == Agreement.Same;
        var phone = c.Phone == Agreement.Same;
        var kin = c.Family is not (Agreement.Absent or Agreement.Different);
        return Number(c.Number) + Family(in asked, in found, c.Family, home, phone) + Given(in asked, in found, c.Given)
            + Birth(c.Birth, kin && (home || phone)) + Sex(c.Sex) + Postcode(c.Postcode) + Phone(c.Phone, home);
    }

    private static float Number(Agreement number) => number switch
    {
        Agreement.Same => NumberSame,
        Agreement.Different => NumberDifferent,
        _ => 0,
    };

    private static float Family(in Person asked, in Person found, Agreement family, bool home, bool phone)
    {
        var household = phone ? FamilyOnPhone : home ? FamilyAtPostcode : 0;
        return family switch
        {
            // The commoner of the two, should one of them not be in the book of this population.
            Agreement.Same => Bits(0.9, Math.Max(Math.Max(asked.Family!.FamilyShare, found.Family!.FamilyShare), household)),
            Agreement.FormerName => Bits(0.02, Math.Max(0.001, household)),
            Agreement.PartOfName => Bits(0.01, Math.Max(0.0008, household)),
            Agreement.ChangedAbout => Bits(0.01, 1e-5),
            Agreement.OneSlip => Bits(0.03, Math.Max(0.003, household)),
            Agreement.Alike => Bits(0.01, Math.Max(0.004, household)),
            Agreement.SoundsAlike => Bits(0.006, Math.Max(0.01, household)),
            Agreement.Different => Bits(0.035, 0.98),
            _ => 0,
        };
    }

    private static float Given(in Person asked, in Person found, Agreement given) => given switch
    {
        Agreement.Same => Bits(0.87, Math.Max(asked.Given!.GivenShare, found.Given!.GivenShare)),
        Agreement.Nickname => Bits(0.05, 0.006),
        Agreement.Initial => Bits(0.015, 0.07),
        Agreement.MiddleName => Bits(0.01, 0.012),
        Agreement.PartOfName => Bits(0.005, 0.005),
        Agreement.ChangedAbout => 0,
        Agreement.OneSlip => Bits(0.03, 0.006),
        Agreement.Alike => Bits(0.01, 0.006),
        Agreement.SoundsAlike => Bits(0.006, 0.015),
        Agreement.Different => Bits(0.015, 0.93),
        _ => 0,
    };

    private static float Birth(Agreement birth, bool kinAtHome) => birth switch
    {
        Agreement.Same => Bits(0.955, kinAtHome ? BirthInFamilyAtHome : 1.0 / 30_000),
        Agreement.DayMonthSwapped => Bits(0.012, kinAtHome ? 0.001 : 1.0 / 40_000),
        Agreement.OneSlip => Bits(0.022, kinAtHome ? 0.005 : 0.0009),
        Agreement.Partly => Bits(0.008, 0.02),
        Agreement.Different => Bits(0.004, 0.98),
        _ => 0,
    };

    private static float Sex(Agreement sex) => sex switch
    {
        Agreement.Same => Bits(0.99, 0.5),
        Agreement.Different => Bits(0.01, 0.5),
        _ => 0,
    };

    private float Postcode(Agreement postcode) => postcode switch
    {
        Agreement.Same => _postcodeSame,
        Agreement.OneSlip => Bits(0.03, 0.0008),
        Agreement.SameDistrict => Bits(0.08, 0.03),
        Agreement.Different => Bits(0.11, 0.97),
        _ => 0,
    };

    // At one address a shared telephone is the household's and says nothing more.
    private static float Phone(Agreement phone, bool home) => phone switch
    {
        Agreement.Same => home ? Bits(0.6, 0.25) : Bits(0.6, 1e-5),
        Agreement.Different => Bits(0.4, 1),
        _ => 0,
    };

    private static float Bits(double m, double u) => (float)Math.Log2(m / u);
}
