using BetterCare.Care.Fhir.Nhs;
using BetterCare.Care.Storage.Audit;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Storage.Resources;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace BetterCare.Care.Storage;

/// <summary>
/// All tables. Slices read and write the small ones through it; resources, timelines and scores have their own bulk paths
/// (<see cref="Resources.ResourceWriter"/>), which write the same tables.
/// </summary>
public sealed class CareDbContext : DbContext
{
    /// <summary>Every save is a transaction, also of one statement: the audit row is to be in it (<see cref="AuditCommits"/>).</summary>
    public CareDbContext(DbContextOptions<CareDbContext> options)
        : base(options) => Database.AutoTransactionBehavior = AutoTransactionBehavior.Always;

    /// <summary>Suppliers.</summary>
    public DbSet<Supplier> Suppliers => Set<Supplier>();

    /// <summary>People.</summary>
    public DbSet<Patient> Patients => Set<Patient>();

    /// <summary>Suppliers' own ids of people.</summary>
    public DbSet<PatientAlias> PatientAliases => Set<PatientAlias>();

    /// <summary>Other suppliers' versions of a person.</summary>
    public DbSet<PatientSourceRecord> PatientSourceRecords => Set<PatientSourceRecord>();

    /// <summary>Current resources.</summary>
    public DbSet<ResourceRow> Resources => Set<ResourceRow>();

    /// <summary>Former versions.</summary>
    public DbSet<ResourceHistory> ResourceHistory => Set<ResourceHistory>();

    /// <summary>Identifier index.</summary>
    public DbSet<ResourceIdentifier> ResourceIdentifiers => Set<ResourceIdentifier>();

    /// <summary>Code and date index.</summary>
    public DbSet<ResourceCode> ResourceCodes => Set<ResourceCode>();

    /// <summary>People of resources that are not one person's alone.</summary>
    public DbSet<ResourcePerson> ResourcePeople => Set<ResourcePerson>();

    /// <summary>Keys of data protection.</summary>
    public DbSet<ProtectionKey> ProtectionKeys => Set<ProtectionKey>();

    /// <summary>Numbers of people who opted out, by list.</summary>
    public DbSet<ListedOptOut> ListedOptOuts => Set<ListedOptOut>();

    /// <summary>Timelines.</summary>
    public DbSet<TimelineRow> Timelines => Set<TimelineRow>();

    /// <summary>Professionals whom timelines name.</summary>
    public DbSet<Professional> Professionals => Set<Professional>();

    /// <summary>Practices.</summary>
    public DbSet<Practice> Practices => Set<Practice>();

    /// <summary>Background work.</summary>
    public DbSet<Job> Jobs => Set<Job>();

    /// <summary>Files of imports.</summary>
    public DbSet<ImportFile> ImportFiles => Set<ImportFile>();

    /// <summary>Refused lines.</summary>
    public DbSet<ImportReject> ImportRejects => Set<ImportReject>();

    /// <summary>Lines that wait for their patient.</summary>
    public DbSet<ImportPending> ImportPending => Set<ImportPending>();

    /// <summary>Runs.</summary>
    public DbSet<StratificationRun> Runs => Set<StratificationRun>();

    /// <summary>Scores.</summary>
    public DbSet<RiskScore> RiskScores => Set<RiskScore>();

    /// <summary>People who were in the run before and are not in this one.</summary>
    public DbSet<RunLeaver> RunLeavers => Set<RunLeaver>();

    /// <summary>Risk models of this place.</summary>
    public DbSet<RiskModelRecord> RiskModels => Set<RiskModelRecord>();

    /// <summary>What people did about them.</summary>
    public DbSet<RiskModelDecision> RiskModelDecisions => Set<RiskModelDecision>();

    /// <summary>Leads, proposed and decided.</summary>
    public DbSet<LeadRecord> Leads => Set<LeadRecord>();

    /// <summary>Levels that people agreed.</summary>
    public DbSet<AgreedLevelRecord> AgreedLevels => Set<AgreedLevelRecord>();

    /// <summary>Plans, every version.</summary>
    public DbSet<CarePlanVersion> CarePlans => Set<CarePlanVersion>();

    /// <summary>Who opened whose record in an emergency, and why.</summary>
    public DbSet<UrgentCareAccess> UrgentCareAccesses => Set<UrgentCareAccess>();

    /// <summary>People who came without an NHS number.</summary>
    public DbSet<TracingPerson> TracingPeople => Set<TracingPerson>();

    /// <summary>What was posted about them.</summary>
    public DbSet<TracingResource> TracingResources => Set<TracingResource>();

    /// <summary>Who they may be.</summary>
    public DbSet<TracingCandidate> TracingCandidates => Set<TracingCandidate>();

    /// <summary>What was decided about them.</summary>
    public DbSet<TracingDecision> TracingDecisions => Set<TracingDecision>();

    /// <summary>Numbers that the national service says were superseded.</summary>
    public DbSet<MergeProposal> MergeProposals => Set<MergeProposal>();

    /// <summary>What came under former numbers since their merges.</summary>
    public DbSet<MergeArrival> MergeArrivals => Set<MergeArrival>();

    /// <summary>Records made one.</summary>
    public DbSet<PersonMerge> Merges => Set<PersonMerge>();

    /// <summary>What undoing a merge puts back.</summary>
    public DbSet<PersonMergeRow> MergeRows => Set<PersonMergeRow>();

    /// <summary>The audit chains; on SQLite, that of changes only.</summary>
    public DbSet<AuditRow> AuditEvents => Set<AuditRow>();

    /// <summary>Where each person stands.</summary>
    public DbSet<PersonStanding> Standings => Set<PersonStanding>();

    /// <summary>Named GPs, now and before.</summary>
    public DbSet<NamedGpRecord> NamedGps => Set<NamedGpRecord>();

    /// <summary>What people want about who leads.</summary>
    public DbSet<LeadWishRecord> LeadWishes => Set<LeadWishRecord>();

    /// <summary>Meetings.</summary>
    public DbSet<MdtMeetingRecord> Meetings => Set<MdtMeetingRecord>();

    /// <summary>Tasks that meetings gave.</summary>
    public DbSet<MdtTaskRecord> MdtTasks => Set<MdtTaskRecord>();

    /// <summary>People whom somebody wants discussed.</summary>
    public DbSet<MdtRequestRecord> MdtRequests => Set<MdtRequestRecord>();

    /// <summary>Saved filters.</summary>
    public DbSet<SavedWorklist> SavedWorklists => Set<SavedWorklist>();

    /// <summary>Virtual wards.</summary>
    public DbSet<WardRecord> Wards => Set<WardRecord>();

    /// <summary>Stays on virtual wards.</summary>
    public DbSet<WardStayRecord> WardStays => Set<WardStayRecord>();

    /// <summary>Coverage counts.</summary>
    public DbSet<CoverageCell> CoverageCells => Set<CoverageCell>();

    /// <summary>As what each person is counted.</summary>
    public DbSet<CountedPerson> CountedPeople => Set<CountedPerson>();

    /// <summary>Months of which coverage has been counted.</summary>
    public DbSet<CoverageMonth> CoverageMonths => Set<CoverageMonth>();

    /// <summary>Suppressed figures as published.</summary>
    public DbSet<PublishedRelease> PublishedReleases => Set<PublishedRelease>();

    /// <summary>How far upkeep has read.</summary>
    public DbSet<UpkeepMark> UpkeepMarks => Set<UpkeepMark>();

    /// <summary>Reminders and alerts.</summary>
    public DbSet<ReminderRow> Reminders => Set<ReminderRow>();

    /// <summary>What is kept of subscriptions beside the resource.</summary>
    public DbSet<SubscriptionState> SubscriptionStates => Set<SubscriptionState>();

    /// <summary>Notifications.</summary>
    public DbSet<SubscriptionDelivery> SubscriptionDeliveries => Set<SubscriptionDelivery>();

    /// <summary>Periods of which the Better Care Fund metrics have been counted.</summary>
    public DbSet<BcfPeriod> BcfPeriods => Set<BcfPeriod>();

    /// <summary>Better Care Fund counts by practice.</summary>
    public DbSet<BcfCountRow> BcfCounts => Set<BcfCountRow>();

    /// <summary>Baselines, targets and estimates, with their history.</summary>
    public DbSet<BcfPlanValue> BcfPlanValues => Set<BcfPlanValue>();
    /// <summary>Systems that may ask for tokens.</summary>
    public DbSet<RegisteredClient> Clients => Set<RegisteredClient>();

    /// <summary>Client assertions that have been used.</summary>
    public DbSet<UsedAssertion> UsedAssertions => Set<UsedAssertion>();

    /// <inheritdoc/>
    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) =>
        configurationBuilder.Properties<NhsNumber>().HaveConversion<NhsNumberConverter>();

    /// <inheritdoc/>
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        var m = modelBuilder;
        m.Entity<Supplier>().ToTable("supplier").HasKey(x => x.SupplierKey);
        m.Entity<Supplier>().HasIndex(x => x.Uri).IsUnique();
        m.Entity<Patient>().ToTable("patient").HasKey(x => x.PatientKey);
        m.Entity<Patient>().HasIndex(x => x.NhsNumber).IsUnique();
        m.Entity<Patient>().HasIndex(x => new { x.PracticeCode, x.PatientKey });
        m.Entity<Patient>().HasIndex(x => new { x.FamilyFolded, x.BirthDay });
        m.Entity<Patient>().Ignore(x => x.Facts);
        m.Entity<PatientAlias>().ToTable("patient_alias").HasKey(x => new { x.SupplierKey, x.SourceId });
        m.Entity<PatientSourceRecord>().ToTable("patient_source_record").HasKey(x => new { x.PatientKey, x.SupplierKey });
        m.Entity<ResourceRow>().ToTable("resource").HasKey(x => new { x.PatientKey, x.Type, x.Id });
        m.Entity<ResourceRow>().Property(x => x.Body).HasConversion(BodyCodec.Mapping, BodyCodec.Comparison);
        m.Entity<ResourceHistory>().Property(x => x.Body).HasConversion(BodyCodec.Mapping, BodyCodec.Comparison);
        m.Entity<ResourceHistory>().ToTable("resource_history").HasKey(x => new { x.PatientKey, x.Type, x.Id, x.Version });
        m.Entity<ResourceIdentifier>().ToTable("resource_identifier").HasKey(x => new { x.Hash, x.PatientKey, x.Type, x.Id });
        m.Entity<ResourceCode>().ToTable("resource_code").HasKey(x => new { x.Type, x.CodeHash, x.Day, x.PatientKey, x.Id });
        m.Entity<ResourcePerson>().ToTable("resource_person").HasKey(x => new { x.PatientKey, x.Type, x.Id });
        m.Entity<ProtectionKey>().ToTable("protection_key").HasKey(x => x.Name);
        m.Entity<ListedOptOut>().ToTable("listed_opt_out").HasKey(x => new { x.NhsNumber, x.Kind });
        m.Entity<TimelineRow>().ToTable("timeline").HasKey(x => x.PatientKey);
        m.Entity<Professional>().ToTable("professional").HasKey(x => x.ProfessionalKey);
        m.Entity<Professional>().HasIndex(x => x.PractitionerId).IsUnique();
        m.Entity<Practice>().ToTable("practice").HasKey(x => x.Code);
        m.Entity<Job>().ToTable("job").HasKey(x => x.Id);
        m.Entity<ImportFile>().ToTable("import_file").HasKey(x => new { x.JobId, x.Ordinal });
        m.Entity<ImportReject>().ToTable("import_reject").HasKey(x => new { x.JobId, x.Ordinal, x.Line });
        m.Entity<ImportPending>().ToTable("import_pending").HasKey(x => new { x.JobId, x.Ordinal, x.Line });
        m.Entity<StratificationRun>().ToTable("stratification_run").HasKey(x => x.RunId);
        m.Entity<RiskScore>().ToTable("risk_score").HasKey(x => new { x.RunId, x.PatientKey });
        m.Entity<RunLeaver>().ToTable("run_leaver").HasKey(x => new { x.RunId, x.PatientKey });
        m.Entity<RiskModelRecord>().ToTable("risk_model").HasKey(x => new { x.ModelId, x.Version });
        m.Entity<RiskModelDecision>().ToTable("risk_model_decision").HasKey(x => new { x.ModelId, x.Version, x.Id });
        m.Entity<LeadRecord>().ToTable("lead_record").HasKey(x => new { x.PatientKey, x.Id });
        m.Entity<AgreedLevelRecord>().ToTable("agreed_level_record").HasKey(x => new { x.PatientKey, x.Id });
        m.Entity<CarePlanVersion>().ToTable("care_plan_version").HasKey(x => new { x.PatientKey, x.Version });
        m.Entity<UrgentCareAccess>().ToTable("urgent_care_access").HasKey(x => new { x.PatientKey, x.Id });
        m.Entity<TracingPerson>().ToTable("tracing_person").HasKey(x => x.Id);
        m.Entity<TracingResource>().ToTable("tracing_resource").HasKey(x => new { x.PersonId, x.Type, x.Id });
        m.Entity<TracingCandidate>().ToTable("tracing_candidate").HasKey(x => new { x.PersonId, x.NhsNumber });
        m.Entity<TracingDecision>().ToTable("tracing_decision").HasKey(x => new { x.PersonId, x.Id });
        m.Entity<MergeProposal>().ToTable("merge_proposal").HasKey(x => x.FromNumber);
        m.Entity<MergeArrival>().ToTable("merge_arrival").HasKey(x => new { x.MergeId, x.Type, x.Id });
        m.Entity<PersonMerge>().ToTable("person_merge").HasKey(x => x.Id);
        m.Entity<PersonMergeRow>().ToTable("person_merge_row").HasKey(x => new { x.MergeId, x.Ordinal });
        m.Entity<AuditRow>().ToTable("audit_event").HasKey(x => new { x.Chain, x.Seq });
        m.Entity<AuditPerson>().ToTable("audit_person").HasKey(x => new { x.PatientKey, x.Chain, x.Seq });
        m.Entity<AuditChainState>().ToTable("audit_chain_state").HasKey(x => x.Chain);
        m.Entity<RegisteredClient>().ToTable("registered_client").HasKey(x => x.Id);
        m.Entity<UsedAssertion>().ToTable("used_assertion").HasKey(x => x.Hash);
        m.Entity<PersonStanding>().ToTable("person_standing").HasKey(x => x.PatientKey);
        m.Entity<PersonStanding>().Property(x => x.Revision).IsConcurrencyToken();
        m.Entity<NamedGpRecord>().ToTable("named_gp_record").HasKey(x => new { x.PatientKey, x.Id });
        m.Entity<LeadWishRecord>().ToTable("lead_wish_record").HasKey(x => new { x.PatientKey, x.Id });
        m.Entity<MdtMeetingRecord>().ToTable("mdt_meeting_record").HasKey(x => x.Id);
        m.Entity<MdtMeetingRecord>().Property(x => x.Revision).IsConcurrencyToken();
        m.Entity<MdtTaskRecord>().ToTable("mdt_task_record").HasKey(x => new { x.PatientKey, x.Id });
        m.Entity<MdtRequestRecord>().ToTable("mdt_request_record").HasKey(x => new { x.PatientKey, x.Id });
        m.Entity<SavedWorklist>().ToTable("saved_worklist").HasKey(x => new { x.Owner, x.Name });
        m.Entity<WardRecord>().ToTable("ward_record").HasKey(x => x.Id);
        m.Entity<WardRecord>().Property(x => x.Revision).IsConcurrencyToken();
        m.Entity<WardStayRecord>().ToTable("ward_stay_record").HasKey(x => new { x.PatientKey, x.Id });
        m.Entity<CoverageCell>().ToTable("coverage_cell")
            .HasKey(x => new { x.Month, x.Split, x.PracticeCode, x.Part, x.Adult, x.Level, x.ModelLevel });
        m.Entity<CountedPerson>().ToTable("counted_person").HasKey(x => x.PatientKey);
        m.Entity<CoverageMonth>().ToTable("coverage_month").HasKey(x => x.Month);
        m.Entity<ReminderRow>().ToTable("reminder").HasKey(x => new { x.PatientKey, x.Id });
        m.Entity<SubscriptionState>().ToTable("subscription_state").HasKey(x => x.SubscriptionId);
        m.Entity<SubscriptionDelivery>().ToTable("subscription_delivery").HasKey(x => x.Id);
        m.Entity<BcfPeriod>().ToTable("bcf_period").HasKey(x => x.Month);
        m.Entity<BcfCountRow>().ToTable("bcf_count").HasKey(x => new { x.Month, x.Metric, x.PracticeCode });
        m.Entity<BcfPlanValue>().ToTable("bcf_plan_value").HasKey(x => new { x.Metric, x.Area, x.Kind, x.Id });
        m.Entity<UpkeepMark>().ToTable("upkeep_mark").HasKey(x => x.Name);
        m.Entity<PublishedRelease>().ToTable("published_release").HasKey(x => new { x.Kind, x.StandsFor });

        // One naming rule for every table: snake_case columns; and keys that we give ourselves.
        foreach (var entity in m.Model.GetEntityTypes())
        {
            foreach (var property in entity.GetProperties())
            {
                property.SetColumnName(SnakeCase(property.Name));
                property.ValueGenerated = Microsoft.EntityFrameworkCore.Metadata.ValueGenerated.Never;
            }
        }
    }

    private static string SnakeCase(string name) =>
        string.Concat(name.Select((c, i) => char.IsUpper(c) ? (i == 0 ? "" : "_") + char.ToLowerInvariant(c) : c.ToString()));

    private sealed class NhsNumberConverter() : ValueConverter<NhsNumber, long>(n => n.Number, n => NhsNumber.FromStored(n));
}
