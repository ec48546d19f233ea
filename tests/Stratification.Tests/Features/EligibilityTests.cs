using BetterCare.Care.Stratification.Features;
using BetterCare.Care.Stratification.Timelines;
using BetterCare.Care.Tests.Stratification.Given;

namespace BetterCare.Care.Tests.Stratification.Features;

public sealed class EligibilityTests
{
    private static readonly int Today = PersonBuilder.Index.Day;

    private static PersonFacts Someone => new PersonBuilder().Build().Facts;

    public static TheoryData<PersonFacts, ExclusionReason> Cases => new()
    {
        { Someone, ExclusionReason.None },
        { Someone with { DeathDay = Today - 1 }, ExclusionReason.Deceased },
        { Someone with { DeathDay = 1 }, ExclusionReason.Deceased },
        { Someone with { DeathDay = Today }, ExclusionReason.None },
        { Someone with { DeregisteredDay = Today }, ExclusionReason.Deregistered },
        { Someone with { DeregisteredDay = Today + 1 }, ExclusionReason.None },
        { Someone with { RegisteredDay = Today }, ExclusionReason.NotYetRegistered },
        { Someone with { Flags = PersonFlags.Inactive }, ExclusionReason.Inactive },
        { Someone with { Flags = PersonFlags.TypeOneOptOut }, ExclusionReason.TypeOneOptOut },
        { Someone with { Flags = PersonFlags.NationalOptOut }, ExclusionReason.None },
        { Someone with { BirthDay = 0 }, ExclusionReason.NoBirthDate },
        { Someone with { BirthDay = Today }, ExclusionReason.NotYetBorn },
        { Someone with { BirthDay = Today - 3000 }, ExclusionReason.UnderAge },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Check_Person_GivesOneReason(PersonFacts facts, ExclusionReason reason) =>
        Eligibility.Default.Check(facts, PersonBuilder.Index).ShouldBe(reason);

    [Theory]
    [InlineData(0, EventFlags.Emergency, Outcome.Yes)]
    [InlineData(364, EventFlags.Emergency, Outcome.Yes)]
    [InlineData(365, EventFlags.Emergency, Outcome.No)]
    [InlineData(-1, EventFlags.Emergency, Outcome.No)]
    [InlineData(10, EventFlags.None, Outcome.No)]
    [InlineData(10, EventFlags.Emergency | EventFlags.Maternity, Outcome.No)]
    public void OutcomeOf_Admission_CountsEmergenciesOfTheNextYear(int daysAfter, EventFlags flags, Outcome expected)
    {
        var person = new PersonBuilder().Admitted(-daysAfter, flags: flags).Build();

        Eligibility.OutcomeOf(person.Facts, person.Events.Span, PersonBuilder.Index).ShouldBe(expected);
    }

    [Fact]
    public void OutcomeOf_LeftWithoutAdmission_IsNotKnown() =>
        Eligibility.OutcomeOf(Someone with { DeregisteredDay = Today + 100 }, [], PersonBuilder.Index).ShouldBe(Outcome.Unknown);

    [Fact]
    public void OutcomeOf_DiedWithoutAdmission_IsNo() =>
        Eligibility.OutcomeOf(Someone with { DeathDay = Today + 100, DeregisteredDay = Today + 101 }, [], PersonBuilder.Index).ShouldBe(Outcome.No);
}
