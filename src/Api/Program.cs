using System.CommandLine;
using BetterCare.Care.Api.Cli;

var root = new RootCommand("BetterCare.Care: finds the people most at risk of an emergency admission, gives each one a lead professional and a joint plan, and proves it.")
{
    Verb.Json,
    Verb.Database,
    DemoVerb.Create(),
    ServeVerb.Create(),
    GenerateVerb.Create(),
    ImportVerb.Create(),
    StratifyVerb.Create(),
    ReportVerb.Create(),
    TrainVerb.Create(),
    EvaluateVerb.Create(),
    ModelVerb.Create(),
    ValidateVerb.Create(),
    TokenVerb.Create(),
    MigrateVerb.Create(),
    RebuildVerb.Create(),
    TraceVerb.Create(),
    PdsStandInVerb.Create(),
    VerifyAuditVerb.Create(),
    AccessReportVerb.Create(),
    OptOutsVerb.Create(),
    SbomVerb.Create(),
    OpenApiVerb.Create(),
    BenchVerb.Create(),
};
return await root.Parse(args).InvokeAsync();
