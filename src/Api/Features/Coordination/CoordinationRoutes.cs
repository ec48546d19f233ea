using BetterCare.Care.Api.Features.Assessments;
using BetterCare.Care.Api.Features.CarePlans;
using BetterCare.Care.Api.Features.Leads;
using BetterCare.Care.Api.Features.Mdt;
using BetterCare.Care.Api.Features.Worklists;

namespace BetterCare.Care.Api.Features.Coordination;

/// <summary>The loop after the list.</summary>
public static class CoordinationRoutes
{
    /// <summary>Serves leads, plans, assessments, meetings and worklists.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        GetLeadProposals.Map(routes);
        GetLeadProfessional.Map(routes);
        EndLeadProfessional.Map(routes);
        DepartProfessional.Map(routes);
        GetNamedGp.Map(routes);
        SetNamedGp.Map(routes);
        GetLeadWish.Map(routes);
        SetLeadWish.Map(routes);
        GetPlanVersions.Map(routes);
        GetPlanVersion.Map(routes);
        ReviewCarePlan.Map(routes);
        CloseCarePlan.Map(routes);
        CallMeeting.Map(routes);
        ListMeetings.Map(routes);
        GetMeeting.Map(routes);
        RequestDiscussion.Map(routes);
        RecordAttendance.Map(routes);
        AddToAgenda.Map(routes);
        DecideInMeeting.Map(routes);
        TakeDecisionBack.Map(routes);
        AddTask.Map(routes);
        CloseMeeting.Map(routes);
        GetMinutes.Map(routes);
        GetMeetingList.Map(routes);
        ListTasks.Map(routes);
        EndTask.Map(routes);
        RespondToAssessment.Map(routes);
        GetAssessment.Map(routes);
        GetWorklist.Map(routes);
        SaveWorklist.Map(routes);
        ListWorklists.Map(routes);
        DeleteWorklist.Map(routes);
        SetVirtualWard.Map(routes);
        GetVirtualWards.Map(routes);
        AdmitToWard.Map(routes);
        DischargeFromWard.Map(routes);
    }
}
