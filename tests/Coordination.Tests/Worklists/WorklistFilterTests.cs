using BetterCare.Care.Coordination.Worklists;
using FsCheck;
using FsCheck.Fluent;
using static BetterCare.Care.Tests.Coordination.Given;

namespace BetterCare.Care.Tests.Coordination.Worklists;

public class WorklistFilterTests
{
    private static readonly WorklistRow Row = new()
    {
        Person = 1,
        Practice = "P81001",
        Neighbourhood = "NORTH",
        Level = 4,
        Change = LevelChange.Risen,
        Reasons = ["emergency-admissions-1y"],
        Lead = "nurse-1",
        HasPlan = true,
        PlanReviewBy = DaysAgo(1),
        AdmittedOn = DaysAgo(10),
        DischargedOn = DaysAgo(3),
        Frailty = FrailtyBand.Severe,
        Conditions = ["copd", "heart-failure"],
    };

    [Theory]
    [InlineData("practice", "P81001", true)]
    [InlineData("practice", "p81001,P81002", true)]
    [InlineData("practice", "P81002", false)]
    [InlineData("neighbourhood", "NORTH", true)]
    [InlineData("level", "3,4", true)]
    [InlineData("level", "3", false)]
    [InlineData("change", "new,risen", true)]
    [InlineData("change", "fallen", false)]
    [InlineData("reason", "emergency-admissions-1y", true)]
    [InlineData("noLead", "true", false)]
    [InlineData("noLead", "false", true)]
    [InlineData("planMissing", "true", false)]
    [InlineData("planOverdue", "true", true)]
    [InlineData("admittedWithin", "30", false)] // is home again
    [InlineData("dischargedWithin", "3", false)]
    [InlineData("dischargedWithin", "4", true)]
    [InlineData("frailty", "moderate,severe", true)]
    [InlineData("condition", "copd", true)]
    [InlineData("condition", "dementia", false)]
    [InlineData("careHome", "true", false)]
    [InlineData("caseload", "me", true)]
    public void Filter_OneParameter_FindsThePersonOrNot(string name, string value, bool found) =>
        Parse((name, value)).Value.Matches(Row, Today).ShouldBe(found);

    [Fact]
    public void Filter_StillInHospital_IsJustAdmitted() =>
        Parse(("admittedWithin", "30")).Value.Matches(Row with { DischargedOn = DaysAgo(40) }, Today).ShouldBeTrue();

    [Fact]
    public void Filter_TwoParameters_BothMustHold()
    {
        Parse(("level", "4"), ("condition", "copd")).Value.Matches(Row, Today).ShouldBeTrue();
        Parse(("level", "4"), ("condition", "dementia")).Value.Matches(Row, Today).ShouldBeFalse();
    }

    [Fact]
    public void Parse_NothingOrEmptyValues_TheWholeList() => Parse(("practice", " ")).Value.Matches(Row, Today).ShouldBeTrue();

    [Theory]
    [InlineData("level", "5")]
    [InlineData("level", "high")]
    [InlineData("change", "0")]
    [InlineData("frailty", "very")]
    [InlineData("noLead", "yes")]
    [InlineData("admittedWithin", "-1")]
    [InlineData("dischargedWithin", "9999")]
    [InlineData("practice", "P81001' OR 1=1")]
    [InlineData("caseload", "somebody-else")]
    public void Parse_InvalidValue_RefusedWithoutRepeatingIt(string name, string value)
    {
        var unmet = Parse((name, value)).Unmet.ShouldHaveSingleItem();

        unmet.Rule.ShouldBe(WorklistFilter.ValidValue);
        (unmet.Detail + unmet.HowToSatisfy).ShouldNotContain(value.Length > 2 ? value : "\"" + value);
    }

    [Fact]
    public void Parse_UnknownParameterAndTwoWrongValues_EveryFaultIsListed() =>
        Parse(("colour", "red"), ("level", "9"), ("noLead", "maybe")).Unmet.Rules()
            .ShouldBe([WorklistFilter.KnownParameter, WorklistFilter.ValidValue, WorklistFilter.ValidValue]);

    [Fact]
    public void Parse_CaseloadOfSomebodyWhoIsNoProfessional_Refused() =>
        WorklistFilter.Parse([new("caseload", "me")]).Unmet.Rules().ShouldBe([WorklistFilter.ValidValue]);

    /// <summary>A saved filter is the filter again.</summary>
    [Fact]
    public void ToQuery_AnyFilter_ParsesToTheSame()
    {
        var filter = from levels in Gen.SubListOf(1, 2, 3, 4)
                     from changes in Gen.SubListOf(Enum.GetValues<LevelChange>())
                     from practices in Gen.SubListOf("A1", "B2", "C3")
                     from noLead in Gen.Elements<bool?>(null, true, false)
                     from days in Gen.Elements<int?>(null, 7, 365)
                     select new WorklistFilter { Levels = [.. levels], Changes = [.. changes], Practices = [.. practices], NoLead = noLead, AdmittedWithinDays = days, Lead = "nurse-1" };
        Check.QuickThrowOnFailure(Prop.ForAll(filter.ToArbitrary(), f =>
            WorklistFilter.Parse(f.ToQuery(), "nurse-1").Value.ToQuery().ShouldBe(f.ToQuery())));
    }

    private static BetterCare.Care.Coordination.Decision<WorklistFilter> Parse(params (string Name, string Value)[] query) =>
        WorklistFilter.Parse(query.Select(q => new KeyValuePair<string, string?>(q.Name, q.Value)), "nurse-1");
}
