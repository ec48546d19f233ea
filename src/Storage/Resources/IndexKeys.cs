using System.Collections.Concurrent;
using System.Text.Json;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Validation;
using BetterCare.Care.Fhir.Views;

namespace BetterCare.Care.Storage.Resources;

/// <summary>The index entries of a resource. One instance per thread, used again and again.</summary>
public sealed class IndexKeys
{
    private static readonly ConcurrentDictionary<ushort, bool> OwnIdentifiers = new();

    private readonly ClinicalView _view = new();

    /// <summary>Hashed business identifiers: with their system, and by value alone.</summary>
    public List<long> Identifiers { get; } = [];

    /// <summary>
    /// Hashed codes of what the resource is about, by code alone: a search reads what it finds anyway, and few codes are in
    /// two systems, so a second entry with the system would double the largest index for nothing.
    /// </summary>
    public List<long> Codes { get; } = [];

    /// <summary>Day of the event; 0 where undated.</summary>
    public int Day { get; private set; }

    /// <summary>The view that the keys were read from.</summary>
    public ClinicalView View => _view;

    /// <summary>Reads the keys of a stored resource.</summary>
    public void Read(ResourceType type, ReadOnlySpan<byte> json)
    {
        ReadView(type, json);
        ReadIdentifiers(type, json);
    }

    /// <summary>Reads the keys of a resource whose identifiers the validator has found: <paramref name="posted"/> is what it read.</summary>
    public void Read(ResourceType type, ReadOnlySpan<byte> json, ReadOnlySpan<byte> posted, ReadOnlySpan<IdentifierFound> identifiers)
    {
        ReadView(type, json);
        foreach (var identifier in identifiers)
        {
            if (identifier.TopLevel && OwnIdentifier(identifier.Element))
            {
                AddIdentifier(type, identifier.System.Of(posted), identifier.Value.Of(posted));
            }
        }
    }

    private static bool OwnIdentifier(ushort element) => OwnIdentifiers.GetOrAdd(element, static e =>
    {
        var path = ResourceReader.ElementPath(e);
        return path.AsSpan().Count('.') == 1 && path.EndsWith(".identifier", StringComparison.Ordinal);
    });

    private void AddIdentifier(ResourceType type, ReadOnlySpan<byte> system, ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty)
        {
            return;
        }

        Identifiers.Add(Hashing.Identifier((byte)type, system, value));
        if (!system.IsEmpty)
        {
            Identifiers.Add(Hashing.Identifier((byte)type, default, value));
        }
    }

    private void ReadView(ResourceType type, ReadOnlySpan<byte> json)
    {
        _view.Read(json);
        Identifiers.Clear();
        Codes.Clear();
        Day = _view.StartDay != 0 ? _view.StartDay : _view.RecordedDay;
        if (DateElements(type) is { Length: > 0 } elements && !HasExactDay(json, elements))
        {
            Day = 0;
        }

        foreach (var coding in _view.Codings)
        {
            if (IsMain(type, coding.Slot) && !ClinicalView.IsEmpty(coding.Code))
            {
                var hash = Hashing.Code(default, json[coding.Code]);
                if (!Codes.Contains(hash))
                {
                    Codes.Add(hash);
                }
            }
        }
    }

    /// <summary>Whether the codes of a type that a search asks for (its <see cref="Fhir.Search.IndexValues.CodeParameter"/>) are the indexed ones.</summary>
    public static bool CoversCode(ResourceType type, string parameter) => parameter switch
    {
        "code" => type is not (ResourceType.Questionnaire or ResourceType.HealthcareService),
        "vaccine-code" => true,
        "type" => IsMain(type, CodingSlot.Type),
        "category" => IsMain(type, CodingSlot.Category),
        _ => false,
    };

    /// <summary>
    /// Whether <see cref="Day"/> is what the type's date parameter looks at, to the day. Only then can a range of days leave
    /// resources out; what has no exact day (a period, a year) is under day 0, where every range looks too.
    /// </summary>
    public static bool CoversDay(ResourceType type) => DateElements(type).Length > 0;

    private static ReadOnlySpan<byte> DateElements(ResourceType type) => type switch
    {
        ResourceType.Observation or ResourceType.DiagnosticReport => "\"effectiveDateTime\""u8,
        ResourceType.Procedure => "\"performedDateTime\""u8,
        ResourceType.Condition => "\"onsetDateTime\""u8,
        ResourceType.Immunization => "\"occurrenceDateTime\""u8,
        ResourceType.MedicationRequest => "\"authoredOn\""u8,
        _ => default,
    };

    /// <summary>Whether the element is there once with at least a whole date: bytes looked for, nothing parsed.</summary>
    private static bool HasExactDay(ReadOnlySpan<byte> json, ReadOnlySpan<byte> element)
    {
        var at = json.IndexOf(element);
        if (at < 0 || json.IndexOf("\"contained\""u8) >= 0)
        {
            return false;
        }

        var value = json[(at + element.Length)..].TrimStart(" \t\r\n:"u8);
        return value.Length > 11 && value[0] == (byte)'"' && value[1..11].IndexOf((byte)'"') < 0;
    }

    /// <summary>Whether the element is what the resource is about.</summary>
    private static bool IsMain(ResourceType type, CodingSlot slot) => slot switch
    {
        CodingSlot.Code or CodingSlot.Medication => true,
        CodingSlot.Type => type is ResourceType.Encounter or ResourceType.DocumentReference or ResourceType.EpisodeOfCare,
        CodingSlot.Category => type is ResourceType.CarePlan or ResourceType.CareTeam,
        _ => false,
    };

    private void ReadIdentifiers(ResourceType type, ReadOnlySpan<byte> json)
    {
        var r = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 256 });
        r.Read();
        while (r.Read() && r.TokenType == JsonTokenType.PropertyName)
        {
            var isIdentifier = r.ValueTextEquals("identifier"u8);
            r.Read();
            if (!isIdentifier || r.TokenType is not (JsonTokenType.StartArray or JsonTokenType.StartObject))
            {
                r.Skip();
                continue;
            }

            var array = r.TokenType == JsonTokenType.StartArray;
            while (array ? r.Read() && r.TokenType == JsonTokenType.StartObject : r.TokenType == JsonTokenType.StartObject)
            {
                ReadOnlySpan<byte> system = default, value = default;
                while (r.Read() && r.TokenType == JsonTokenType.PropertyName)
                {
                    var isSystem = r.ValueTextEquals("system"u8);
                    var isValue = r.ValueTextEquals("value"u8);
                    r.Read();
                    if (isSystem && r.TokenType == JsonTokenType.String)
                    {
                        system = r.ValueSpan;
                    }
                    else if (isValue && r.TokenType == JsonTokenType.String)
                    {
                        value = r.ValueSpan;
                    }
                    else
                    {
                        r.Skip();
                    }
                }

                AddIdentifier(type, system, value);
                if (!array)
                {
                    break;
                }
            }
        }
    }
}
