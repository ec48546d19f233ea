using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Storage;
using BetterCare.Care.Storage.Model;
using BetterCare.Care.Stratification.Models;
using Microsoft.EntityFrameworkCore;

namespace BetterCare.Care.Api.Features.Models;

/// <summary>
/// The risk models of this place: put forward by one person, recommended and activated by another, never replaced in
/// silence (docs/decisions/0008-model-registry.md). One is in force at most; until then it is the shipped default.
/// </summary>
public sealed partial class RiskModels(IDbContextFactory<CareDbContext> contexts, TimeProvider clock)
{
    private readonly Lock _order = new();
    private long _lastMoment;

    /// <summary>The model in force until a place activates its own.</summary>
    public const string Default = "synthetic-logistic";

    /// <summary>Largest model document that is taken, in bytes.</summary>
    public const int LargestDocument = 20 << 20;

    /// <summary>Models that ship with the product.</summary>
    public static IReadOnlyList<string> Shipped { get; } = [Default, "starting-values"];

    /// <summary>The model that a run uses: the one in force, or one that ships by its name.</summary>
    /// <param name="name">Id, or id/version; null: the model in force.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<Result<ModelDocument>> ForRunAsync(string? name, CancellationToken ct)
    {
        if (name is null)
        {
            return await InForceAsync(ct);
        }

        if (Shipped.Contains(name, StringComparer.Ordinal))
        {
            return ModelDocument.Shipped(name);
        }

        var found = await FindAsync(name, ct);
        return found switch
        {
            null => Unknown(),
            { State: ModelState.Active } => DocumentOf(found),
            { State: ModelState.Retired } => DocumentOf(found),
            _ => new Conflict(409, $"The model {found.ModelId} {found.Version} is not activated: a run would make it everybody's list. Evaluate it (POST /v1/model-evaluations), have it reviewed, then activate it."),
        };
    }

    /// <summary>Any model, for evaluation and reading.</summary>
    public async Task<Result<ModelDocument>> AnyAsync(string? name, CancellationToken ct) =>
        name is null ? await InForceAsync(ct)
        : Shipped.Contains(name, StringComparer.Ordinal) ? ModelDocument.Shipped(name)
        : await FindAsync(name, ct) is { } found ? DocumentOf(found)
        : Unknown();

    /// <summary>The model in force.</summary>
    public async Task<ModelDocument> InForceAsync(CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var active = await db.RiskModels.AsNoTracking().SingleOrDefaultAsync(m => m.State == ModelState.Active, ct);
        if (active is null)
        {
            return ModelDocument.Shipped(Default);
        }

        // The document itself never changes; who approved it is the registry's to say.
        var activation = await db.RiskModelDecisions.AsNoTracking()
            .Where(d => d.ModelId == active.ModelId && d.Version == active.Version && d.Action == ModelAction.Activated)
            .OrderByDescending(d => d.Id).FirstAsync(ct);
        var document = DocumentOf(active);
        return document with { Card = document.Card with { ApprovedBy = $"{activation.DecidedBy}, {DateTimeOffset.FromUnixTimeMilliseconds(activation.DecidedAt):yyyy-MM-dd}" } };
    }

    /// <summary>A model by id (its version in force, else the latest) or id/version; null where there is none.</summary>
    public async Task<RiskModelRecord?> FindAsync(string name, CancellationToken ct)
    {
        var parts = name.Split('/');
        var id = parts[0];
        await using var db = await contexts.CreateDbContextAsync(ct);
        if (parts.Length > 2)
        {
            return null;
        }

        if (parts.Length == 2)
        {
            var version = parts[1];
            return await db.RiskModels.AsNoTracking().SingleOrDefaultAsync(m => m.ModelId == id && m.Version == version, ct);
        }

        return await db.RiskModels.AsNoTracking().Where(m => m.ModelId == id)
            .OrderByDescending(m => m.State == ModelState.Active).ThenByDescending(m => m.ProposedAt).ThenByDescending(m => m.Version).FirstOrDefaultAsync(ct);
    }

    /// <summary>The version that the next model of an id gets where none is given.</summary>
    public async Task<string> NextVersionAsync(string id, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var taken = await db.RiskModels.Where(m => m.ModelId == id).Select(m => m.Version).ToListAsync(ct);
        var next = taken.Count + 1;
        while (taken.Contains($"{next}.0.0"))
        {
            next++;
        }

        return $"{next}.0.0";
    }

    /// <summary>What is wrong with an id and version; null: nothing.</summary>
    public static CareError? Unfit(string id, string version) =>
        !IdGrammar().IsMatch(id) ? new Invalid("id", "A model's id is 1 to 64 letters, digits, dots and dashes, for example halton-ebm.")
        : !IdGrammar().IsMatch(version) ? new Invalid("version", "A model's version is 1 to 64 letters, digits, dots and dashes, for example 1.0.0.")
        : Shipped.Contains(id, StringComparer.Ordinal) ? new Conflict(409, "That is the id of a model that ships with the product: give yours an id of its own.")
        : null;

    /// <summary>Puts a model forward. The same document again is the same proposal; another under the same version is refused.</summary>
    /// <param name="document">The model.</param>
    /// <param name="origin"><c>trained</c>, <c>document</c> or <c>coefficients</c>.</param>
    /// <param name="by">Who puts it forward.</param>
    /// <param name="comment">Why.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<Result<RiskModelRecord>> ProposeAsync(ModelDocument document, string origin, string by, string comment, CancellationToken ct)
    {
        // Who approved it is decided here, not by whoever wrote the document.
        document = document with { Card = document.Card with { ApprovedBy = null } };
        if ((Unfit(document.Id, document.Version) ?? Unusable(document)) is { } unfit)
        {
            return unfit;
        }

        var json = document.ToJson();
        var hash = Convert.ToHexStringLower(SHA256.HashData(json));
        await using var db = await contexts.CreateDbContextAsync(ct);
        var there = await db.RiskModels.AsNoTracking().SingleOrDefaultAsync(m => m.ModelId == document.Id && m.Version == document.Version, ct);
        if (there is not null)
        {
            return there.Hash == hash ? there : Taken(document);
        }

        var record = new RiskModelRecord
        {
            ModelId = document.Id,
            Version = document.Version,
            Kind = document.Kind,
            State = ModelState.Proposed,
            Origin = origin,
            Summary = document.Card.Summary,
            Document = Encoding.UTF8.GetString(json),
            Hash = hash,
            ProposedBy = by,
            ProposedAt = clock.GetUtcNow().ToUnixTimeMilliseconds(),
        };
        db.RiskModels.Add(record);
        db.RiskModelDecisions.Add(Decision(record, ModelAction.Proposed, by, comment));
        try
        {
            await db.SaveChangesAsync(ct);
        }
        catch (DbUpdateException e) when (e.InnerException is System.Data.Common.DbException)
        {
            return Taken(document);
        }

        return record;
    }

    /// <summary>A step of a model's history, now.</summary>
    internal RiskModelDecision Decision(RiskModelRecord model, ModelAction action, string by, string comment) => new()
    {
        ModelId = model.ModelId,
        Version = model.Version,
        Id = NextId(),
        Action = action,
        DecidedBy = by,
        DecidedAt = clock.GetUtcNow().ToUnixTimeMilliseconds(),
        Comment = comment,
    };

    /// <summary>An id later than every one given before, within one millisecond too: steps are told in their order.</summary>
    private string NextId()
    {
        lock (_order)
        {
            _lastMoment = Math.Max(clock.GetUtcNow().ToUnixTimeMilliseconds(), _lastMoment + 1);
            return Guid.CreateVersion7(DateTimeOffset.FromUnixTimeMilliseconds(_lastMoment)).ToString();
        }
    }

    /// <summary>The document of a stored model.</summary>
    internal static ModelDocument DocumentOf(RiskModelRecord record) => ModelDocument.Parse(Encoding.UTF8.GetBytes(record.Document));

    private static Conflict Taken(ModelDocument document) =>
        new(409, $"There is a model {document.Id} {document.Version} already, and it is another one. A version never changes: give this one a new version.");

    private static NotVisible Unknown() => new($"model. GET /v1/models lists those of this place; these ship with the product: {string.Join(", ", Shipped)}");

    /// <summary>A document may be well formed and yet answer nonsense: it is asked about a few extreme people.</summary>
    private static Invalid? Unusable(ModelDocument document)
    {
        var model = document.ToModel();
        foreach (var value in new[] { float.NaN, 0f, 1f, 10f, 10_000f })
        {
            var features = new float[model.FeatureIds.Count];
            Array.Fill(features, value);
            if (model.Score(features) is not (>= 0 and <= 1))
            {
                return new Invalid("model", "The model does not answer a probability between 0 and 1 for every person: check the size of its coefficients.");
            }
        }

        return null;
    }

    [GeneratedRegex("^[A-Za-z0-9.-]{1,64}$", RegexOptions.None, 1000)]
    private static partial Regex IdGrammar();
}
