using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Identity.Matching;

namespace BetterCare.Care.Tests.Identity.Matching;

public sealed class MatchingTests
{
    private static readonly NhsNumber Number = NhsNumber.Parse("9990000018");
    private static readonly NhsNumber OtherNumber = NhsNumber.Parse("9990000026");

    private static PersonText Margaret => new()
    {
        Family = "Entwistle", Given = ["Margaret", "Rose"], Birth = "1936-04-02", Gender = "female", Postcode = "WA7 2QP", Phone = "01928 555111",
    };

    [Fact]
    public void SameNumberNameAndBirth_IsCertain()
    {
        var result = Score(Margaret with { Number = Number }, Margaret with { Number = Number, Postcode = "CH1 1AA" });

        result.Grade.ShouldBe(MatchGrade.Certain);
        MatchReasons.Of(result.Comparison).ShouldContain("The NHS number is the same.");
        MatchReasons.Of(result.Comparison).ShouldContain("The postcode differs.");
    }

    [Fact]
    public void TwinsNumber_OnTheOthersRecord_IsNotCertain() =>
        Score(Margaret with { Number = Number, Given = ["Doreen"] }, Margaret with { Number = Number }).Grade.ShouldNotBe(MatchGrade.Certain);

    [Fact]
    public void TwinAtTheSameAddress_WithoutNumber_IsPossibleAtMost() =>
        Score(Margaret with { Given = ["Doreen"] }, Margaret).Grade.ShouldBeOneOf(MatchGrade.CertainlyNot, MatchGrade.Possible);

    [Fact]
    public void FatherAndSonOfOneName_AtOneAddress_AreNotOnePerson() =>
        Score(Margaret with { Given = ["John"], Birth = "1940-05-01", Gender = "male" }, Margaret with { Given = ["John"], Birth = "1966-09-13", Gender = "male" })
            .Grade.ShouldBeOneOf(MatchGrade.CertainlyNot, MatchGrade.Possible);

    [Fact]
    public void TwoDifferentNumbers_AreForAHuman_HoweverLikeThePeople() =>
        Score(Margaret with { Number = Number }, Margaret with { Number = OtherNumber }).Grade.ShouldBe(MatchGrade.Possible);

    [Theory]
    [InlineData("Peggy", "Entwistle", "1936-04-02", "WA7 2QP", Agreement.Nickname, Agreement.Same, Agreement.Same)]
    [InlineData("Margaret", "Entwisle", "1936-04-02", "WA7 2QP", Agreement.Same, Agreement.OneSlip, Agreement.Same)]
    [InlineData("Margaret", "Entwistle", "1936-02-04", "WA7 2QP", Agreement.Same, Agreement.Same, Agreement.DayMonthSwapped)]
    [InlineData("Margaret", "Entwistle", "1936-04-20", "WA7 2QP", Agreement.Same, Agreement.Same, Agreement.OneSlip)]
    [InlineData("Margaret", "Entwistle", "1939-04-02", "WA7 2QP", Agreement.Same, Agreement.Same, Agreement.OneSlip)]
    [InlineData("Rose", "Entwistle", "1936-04-02", "WA7 2QP", Agreement.MiddleName, Agreement.Same, Agreement.Same)]
    [InlineData("Margaret", "Entwistle-Jones", "1936-04-02", "WA7 2QP", Agreement.Same, Agreement.PartOfName, Agreement.Same)]
    [InlineData("Entwistle", "Margaret", "1936-04-02", "WA7 2QP", Agreement.ChangedAbout, Agreement.ChangedAbout, Agreement.Same)]
    [InlineData("Margaret", "Entwistle", "1936-04", "WA7 2QP", Agreement.Same, Agreement.Same, Agreement.Partly)]
    public void OneErrorOfEverydayRecords_IsStillFound(string given, string family, string birth, string postcode, Agreement givenIs, Agreement familyIs, Agreement birthIs)
    {
        var result = Score(Margaret with { Given = [given], Family = family, Birth = birth, Postcode = postcode, Phone = null }, Margaret);

        result.Comparison.Given.ShouldBe(givenIs);
        result.Comparison.Family.ShouldBe(familyIs);
        result.Comparison.Birth.ShouldBe(birthIs);
        result.Grade.ShouldBeOneOf(MatchGrade.Probable, MatchGrade.Certain);
    }

    [Fact]
    public void CommonName_SaysLessThanARareOne()
    {
        var names = Book();

        var smith = Score(Margaret with { Family = "Smith", Postcode = null, Phone = null }, Margaret with { Family = "Smith" }, names);
        var entwistle = Score(Margaret with { Postcode = null, Phone = null }, Margaret, names);

        entwistle.Weight.ShouldBeGreaterThan(smith.Weight);
    }

    [Fact]
    public void Placeholders_SayNothing()
    {
        var names = new NameBook();

        var person = Person.Of(Margaret with { Birth = "1900-01-01", Postcode = "ZZ99 3CZ", Phone = "00000000000" }, names);

        (person.Birth, person.Postcode, person.Phone).ShouldBe((0, 0UL, 0L));
    }

    [Theory]
    [InlineData("O'Brien", "OBRIEN")]
    [InlineData("Müller", "Muller")]
    [InlineData("van der Berg", "Van Der Berg")]
    public void CaseAccentsAndMarks_DoNotPartPeople(string one, string other)
    {
        var names = new NameBook();

        names.Of(one).ShouldBeSameAs(names.Of(other));
    }

    [Theory]
    [InlineData("smith", "smyth")]
    [InlineData("philips", "fillips")]
    [InlineData("knight", "night")]
    [InlineData("macdonald", "mcdonald")]
    [InlineData("clarke", "klark")]
    public void NamesConfusedByEar_SoundAlike(string one, string other) => Phonetics.Code(one).ShouldBe(Phonetics.Code(other));

    /// <summary>Examples of Winkler 1990, table 2.</summary>
    [Theory]
    [InlineData("martha", "marhta", 0.961)]
    [InlineData("dwayne", "duane", 0.840)]
    [InlineData("dixon", "dicksonx", 0.813)]
    [InlineData("shackleford", "shackelford", 0.982)]
    [InlineData("jones", "johnson", 0.832)]
    public void JaroWinkler_PublishedExamples_Agree(string one, string other, double expected) =>
        Spelling.JaroWinkler(one, other).ShouldBe(expected, 0.001);

    private static MatchResult Score(PersonText asked, PersonText found, NameBook? names = null)
    {
        names ??= Book();
        var a = Person.Of(asked, names);
        var b = Person.Of(found, names);
        return new MatchModel(1_000_000).Score(in a, in b);
    }

    /// <summary>A million people of whom one in eighty is a Smith.</summary>
    private static NameBook Book()
    {
        var names = new NameBook();
        names.Count(names.Of("Smith"), names.Of("John"), 12_500);
        names.Count(names.Of("Entwistle"), names.Of("Margaret"), 400);
        names.Count(names.Of("Other"), names.Of("Doreen"), 987_100);
        names.Weigh();
        return names;
    }
}
