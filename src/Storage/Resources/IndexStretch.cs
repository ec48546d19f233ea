using BetterCare.Care.Fhir;

namespace BetterCare.Care.Storage.Resources;

/// <summary>
/// A stretch of an index in whose order a search across people can be answered. Its SQL is a range of the index and nothing
/// else, so that reading on from a place costs what is read, however long the stretch is.
/// </summary>
public sealed record IndexStretch
{
    private readonly string _table;
    private readonly string[] _columns;
    private readonly string _condition;
    private readonly object[] _values;

    private IndexStretch(string table, string[] columns, ResourceType type, long from, long to, string condition, params object[] values)
    {
        (_table, _columns, _condition, _values) = (table, columns, condition, values);
        (Type, From, To) = (type, from, to);
    }

    /// <summary>The type of the resources.</summary>
    public ResourceType Type { get; }

    /// <summary>The least value, included.</summary>
    public long From { get; }

    /// <summary>The greatest value, included.</summary>
    public long To { get; }

    /// <summary>
    /// Added to the values to give places: so a stretch comes after another of the same index, wherever it lies in it. Default 0.
    /// </summary>
    public long Offset { get; init; }

    /// <summary>By day among those with a code.</summary>
    /// <param name="type">Type.</param>
    /// <param name="hash">See <see cref="Hashing.Code"/>.</param>
    /// <param name="from">First day; 0 is what is undated or has no exact day.</param>
    /// <param name="to">Last day.</param>
    public static IndexStretch OfCode(ResourceType type, long hash, long from, long to) =>
        new("resource_code", ["day", "patient_key", "id"], type, from, to, "type=@p0 AND code_hash=@p1 AND ", (short)type, hash);

    /// <summary>By the time when the current version was stored, Unix milliseconds.</summary>
    public static IndexStretch OfUpdate(ResourceType type, long from, long to) =>
        new("resource", ["last_updated", "patient_key", "id"], type, from, to, "type=@p0 AND ", (short)type);

    /// <summary>Patients by day of birth.</summary>
    public static IndexStretch OfBirth(long from, long to) => new("patient", ["birth_day", "patient_key"], ResourceType.Patient, from, to, "");

    /// <summary>Patients of a practice (ODS code), in the order in which they came.</summary>
    public static IndexStretch OfPractice(string code) =>
        new("patient", ["patient_key"], ResourceType.Patient, 0, long.MaxValue - 1, "practice_code=@p0 AND ", code);

    /// <summary>Whether its entries name resources; else people.</summary>
    internal bool NamesResources => _columns.Length == 3;

    /// <summary>The place before the first entry in an order.</summary>
    public IndexPlace Start(bool descending) => IndexPlace.Before(Offset + (descending ? To + 1 : From));

    /// <summary>The entries after a place, at most as many as the last parameter says: columns v, k, i of their places.</summary>
    internal (string Sql, object[] Values) EntriesAfter(IndexPlace place, bool descending, int limit)
    {
        var (after, until, direction, end) = descending ? ("<", ">=", " DESC", From) : (">", "<=", "", To);
        object[] at = _columns switch
        {
            { Length: 1 } => [place.Value - Offset],
            { Length: 2 } => [place.Value - Offset, place.PatientKey],
            _ => [place.Value - Offset, place.PatientKey, place.Id],
        };
        var next = _values.Length;
        var holes = string.Join(',', at.Select((_, i) => $"@p{next + 1 + i}"));
        var sql = $"SELECT {_columns[0]} AS v, patient_key AS k, {(NamesResources ? "id" : "''")} AS i FROM {_table} WHERE {_condition}"
            + $"{_columns[0]}{until}@p{next} AND ({string.Join(',', _columns)}){after}({holes}) "
            + $"ORDER BY {string.Join(',', _columns.Select(c => c + direction))} LIMIT @p{next + 1 + at.Length}";
        return (sql, [.. _values, end, .. at, limit]);
    }
}
