using BetterCare.Care.Coordination.Leads;
using static BetterCare.Care.Tests.Coordination.Given;

namespace BetterCare.Care.Tests.Coordination.Leads;

public class LeadProposalsTests
{
    [Fact]
    public void Propose_NurseSeenLastWeekAndWardSeenOnceLastYear_NurseComesFirst()
    {
        var person = Person(1, Saw("ward", 380), Saw("nurse", 7), Saw("nurse", 21), Saw("nurse", 40));

        var proposal = LeadProposals.For(person, [Professional("ward", RoleKind.HospitalConsultant), Professional("nurse")], Today);

        proposal.Ranked.Select(c => c.Professional.Key).ShouldBe(["nurse", "ward"]);
        proposal.Nobody.ShouldBeNull();
    }

    [Fact]
    public void Propose_AnyCandidate_PartsAddUpToTheScore()
    {
        var person = Person(1, Saw("nurse", 7), Saw("gp", 30)) with { Needs = Needs.Frailty | Needs.Diabetes, NamedGp = "gp" };

        var proposal = LeadProposals.For(person, [Professional("nurse") with { SevenDayCover = true }, Professional("gp", RoleKind.Gp)], Today);

        proposal.Ranked.Count.ShouldBe(2);
        foreach (var candidate in proposal.Ranked)
        {
            candidate.Parts().Sum(p => p.Points).ShouldBe(candidate.Score.Total);
            candidate.Parts().ShouldAllBe(p => p.Reason.EndsWith('.'));
        }
    }

    [Fact]
    public void Propose_NobodyHasMetThePersonAndNoNamedGp_ProposesNobodyAndSaysWhy()
    {
        var proposal = LeadProposals.For(Person(), [Professional("nurse"), Professional("gp", RoleKind.Gp)], Today);

        proposal.Ranked.ShouldBeEmpty();
        proposal.Nobody.ShouldNotBeNull().Rule.ShouldBe(LeadProposals.NobodyKnows);
    }

    [Fact]
    public void Propose_OnlyTheNamedGpIsResponsible_FallsBackToTheNamedGp()
    {
        var proposal = LeadProposals.For(Person() with { NamedGp = "gp" }, [Professional("nurse"), Professional("gp", RoleKind.Gp)], Today);

        proposal.Ranked.ShouldHaveSingleItem().Professional.Key.ShouldBe("gp");
        proposal.Ranked[0].Parts().ShouldContain(p => p.Name == "responsibility" && p.Reason == "Is the person's named GP.");
    }

    [Fact]
    public void Propose_LastContactLongerAgoThanTheLookBack_DoesNotCountAsKnowing() =>
        LeadProposals.For(Person(1, Saw("nurse", 731)), [Professional("nurse")], Today).Ranked.ShouldBeEmpty();

    [Fact]
    public void Propose_ContactIsAnAppointmentNextWeek_DoesNotCountAsKnowing() =>
        LeadProposals.For(Person(1, Saw("nurse", -7)), [Professional("nurse")], Today).Ranked.ShouldBeEmpty();

    [Fact]
    public void Propose_PersonWishesTheSocialWorkerTheyKnowLeast_TheWishWins()
    {
        var person = Person(1, Saw("nurse", 1), Saw("nurse", 2), Saw("nurse", 3)) with
        {
            Needs = Needs.Frailty,
            CurrentLead = "nurse",
            Wish = new LeadWish { Professional = "social" },
        };

        var proposal = LeadProposals.For(person, [Professional("nurse") with { SevenDayCover = true }, Professional("social", RoleKind.SocialWorker)], Today);

        proposal.Ranked[0].Professional.Key.ShouldBe("social");
        proposal.Ranked[0].Parts()[0].Reason.ShouldBe("The person wants this professional to lead.");
        proposal.UnmetWish.ShouldBeNull();
    }

    [Fact]
    public void Propose_WishedProfessionalHasLeft_SaysWhyTheWishCannotBeMet()
    {
        var person = Person(1, Saw("nurse", 10), Saw("matron", 20)) with { Wish = new LeadWish { Professional = "matron" } };

        var proposal = LeadProposals.For(person, [Professional("nurse"), Professional("matron", RoleKind.CommunityMatron) with { LastDay = DaysAgo(5) }], Today);

        proposal.Ranked.ShouldHaveSingleItem().Professional.Key.ShouldBe("nurse");
        var reason = proposal.UnmetWish.ShouldNotBeNull().Reasons.ShouldHaveSingleItem();
        reason.Rule.ShouldBe(LeadRules.NotLeft);
        reason.Detail.ShouldBe("This community matron left on 27 February 2026.");
    }

    [Fact]
    public void Propose_WishedProfessionalHasAFullCaseload_SaysWhyAndWhatWouldHelp()
    {
        var person = Person(1, Saw("nurse", 10)) with { Wish = new LeadWish { Professional = "nurse" } };

        var proposal = LeadProposals.For(person, [Professional("nurse") with { Caseload = 20 }], Today);

        proposal.UnmetWish!.Reasons.Rules().ShouldBe([LeadProposals.HasHeadroom]);
        proposal.Nobody!.Detail.ShouldBe("1 professional who knows the person cannot lead: The caseload of this district nurse is full.");
    }

    [Fact]
    public void Propose_PersonWishesAKindNobodyIs_SaysWhoCouldMeetThem()
    {
        var person = Person(1, Saw("nurse", 10)) with { Wish = new LeadWish { Kind = RoleKind.SocialWorker } };

        LeadProposals.For(person, [Professional("nurse"), Professional("social", RoleKind.SocialWorker)], Today)
            .UnmetWish!.Reasons.Rules().ShouldBe([LeadProposals.WishedKind]);
    }

    [Fact]
    public void Propose_PersonDoesNotWantTheNurse_NurseIsNeverProposed()
    {
        var person = Person(1, Saw("nurse", 1), Saw("gp", 300)) with { Wish = new LeadWish { NotThese = Set("nurse") } };

        var proposal = LeadProposals.For(person, [Professional("nurse"), Professional("gp", RoleKind.Gp)], Today);

        proposal.Ranked.ShouldHaveSingleItem().Professional.Key.ShouldBe("gp");
        proposal.Excluded.ShouldHaveSingleItem().Reasons.Rules().ShouldBe([LeadProposals.NotWanted]);
    }

    [Fact]
    public void Propose_CurrentLeadWithAFullCaseload_MayStay() =>
        LeadProposals.For(Person(1, Saw("nurse", 10)) with { CurrentLead = "nurse" }, [Professional("nurse") with { Caseload = 20 }], Today)
            .Ranked.ShouldHaveSingleItem().IsCurrentLead.ShouldBeTrue();

    [Fact]
    public void Propose_DementiaAndMentalIllness_TheMentalHealthNurseIsSkilledForBoth()
    {
        var person = Person(1, Saw("nurse", 10), Saw("cpn", 10)) with { Needs = Needs.Dementia | Needs.MentalHealth };

        var proposal = LeadProposals.For(person, [Professional("nurse"), Professional("cpn", RoleKind.MentalHealthNurse)], Today);

        proposal.Ranked[0].Professional.Key.ShouldBe("cpn");
        proposal.Ranked[0].Parts().ShouldContain(p => p.Reason == "Skilled for the person's needs: dementia and mental health.");
    }

    [Fact]
    public void Roles_EveryCodedRole_HasAKindAndSector()
    {
        LeadRoles.All.Count.ShouldBe(72);
        LeadRoles.Find("http://snomed.info/sct", "158997000")!.Kind.ShouldBe(RoleKind.DistrictNurse);
        LeadRoles.Find("https://fhir.hl7.org.uk/CodeSystem/UKCore-SDSJobRoleName", "R1330")!.Sector.ShouldBe(Sector.SocialCare);
        LeadRoles.Find("http://snomed.info/sct", "397897005")!.LeadEligible.ShouldBeFalse();
        LeadRoles.FindByDisplay("community matron")!.Kind.ShouldBe(RoleKind.CommunityMatron);
    }
}
