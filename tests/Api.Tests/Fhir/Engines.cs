namespace BetterCare.Care.Tests.Api.Fhir;

// Each class of interactions runs on both engines.

public sealed class SearchOnSqliteTests(CareApp app) : SearchTests(app), IClassFixture<CareApp>;

public sealed class SearchOnPostgresTests(PostgresApp app) : SearchTests(app), IClassFixture<PostgresApp>;

public sealed class InteractionsOnSqliteTests(CareApp app) : InteractionsTests(app), IClassFixture<CareApp>;

public sealed class InteractionsOnPostgresTests(PostgresApp app) : InteractionsTests(app), IClassFixture<PostgresApp>;

public sealed class VisibilityOnSqliteTests(CareApp app) : VisibilityTests(app), IClassFixture<CareApp>;

public sealed class VisibilityOnPostgresTests(PostgresApp app) : VisibilityTests(app), IClassFixture<PostgresApp>;

public sealed class BundleOnSqliteTests(CareApp app) : BundleTests(app), IClassFixture<CareApp>;

public sealed class BundleOnPostgresTests(PostgresApp app) : BundleTests(app), IClassFixture<PostgresApp>;

public sealed class UntidyOnSqliteTests(CareApp app) : UntidyTests(app), IClassFixture<CareApp>;

public sealed class UntidyOnPostgresTests(PostgresApp app) : UntidyTests(app), IClassFixture<PostgresApp>;

public sealed class OperationsOnSqliteTests(CareApp app) : OperationsTests(app), IClassFixture<CareApp>;

public sealed class OperationsOnPostgresTests(PostgresApp app) : OperationsTests(app), IClassFixture<PostgresApp>;

public sealed class SharedRecordsOnSqliteTests(CareApp app) : SharedRecordTests(app), IClassFixture<CareApp>;

public sealed class SharedRecordsOnPostgresTests(PostgresApp app) : SharedRecordTests(app), IClassFixture<PostgresApp>;

public sealed class PagesOnSqliteTests(CareApp app) : PageTests(app), IClassFixture<CareApp>;

public sealed class PagesOnPostgresTests(PostgresApp app) : PageTests(app), IClassFixture<PostgresApp>;

public sealed class PopulationPagesOnSqliteTests(CareApp app) : PopulationPageTests(app), IClassFixture<CareApp>;

public sealed class PopulationPagesOnPostgresTests(PostgresApp app) : PopulationPageTests(app), IClassFixture<PostgresApp>;

public sealed class RiskAssessmentsOnSqliteTests(CareApp app) : RiskAssessmentTests(app), IClassFixture<CareApp>;

public sealed class RiskAssessmentsOnPostgresTests(PostgresApp app) : RiskAssessmentTests(app), IClassFixture<PostgresApp>;

public sealed class ExportsOnSqliteTests(CareApp app) : ExportTests(app), IClassFixture<CareApp>;

public sealed class ExportsOnPostgresTests(PostgresApp app) : ExportTests(app), IClassFixture<PostgresApp>;
