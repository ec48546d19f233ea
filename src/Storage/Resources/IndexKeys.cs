using System.Text.Json;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Views;

namespace BetterCare.Care.Storage.Resources;

/// <summary>The index entries of a resource. One instance per thread, used again and again.</summary>
public sealed class IndexKeys
{
    private readonly ClinicalView _view = new();

    /// <summary>Hashed business identifiers: with their system, and by value alone.</summary>
    public List<long> Identifiers { get; } = [];

    /// <summary>Hashed codes of what the resource is about: with their system, and by code alone.</summary>
    public List<long> Codes { get; } = [];

    /// <summary>Day of the event; 0 where undated.</summary>
    public int Day { get; private set; }

    /// <summary>The view that the keys were read from.</summary>
    public ClinicalView View => _view;

    /// <summary>Reads the keys of a resource.</summary>
    public void Read(ResourceType type, ReadOnlySpan<byte> json)
    {
        _view.Read(json);
        Identifiers.Clear();
        Codes.Clear();
        Day = _view.StartDay != 0 ? _view.StartDay : _view.RecordedDay;
        ReadIdentifiers(type, json);
        foreach (var coding in _view.Codings)
        {
            if (IsMain(type, coding.Slot) && !ClinicalView.IsEmpty(coding.Code))
            {
                Codes.Add(Hashing.Code(json[coding.System], json[coding.Code]));
                Codes.Add(Hashing.Code(default, json[coding.Code]));
            }
        }
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

                if (!value.IsEmpty)
                {
                    Identifiers.Add(Hashing.Identifier((byte)type, system, value));
                    if (!system.IsEmpty)
                    {
                        Identifiers.Add(Hashing.Identifier((byte)type, default, value));
                    }
                }

                if (!array)
                {
                    break;
                }
            }
        }
    }
}
