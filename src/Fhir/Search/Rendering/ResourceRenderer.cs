using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace BetterCare.Care.Fhir.Search;

/// <summary>
/// Writes a stored resource as a request wants it: whole, or as <c>_summary</c> or <c>_elements</c> with the SUBSETTED
/// tag. What is kept is copied from the stored bytes, so that 1.50 stays 1.50. Make one per request: it is then used for
/// every resource of the page.
/// </summary>
public sealed class ResourceRenderer
{
    private static readonly JsonWriterOptions Compact = new() { SkipValidation = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly SummaryMode _summary;
    private readonly IReadOnlyList<string> _elements;

    /// <summary>A renderer for one view.</summary>
    /// <param name="summary">How much to show. <see cref="SummaryMode.Count"/> shows no resources; it is treated as whole.</param>
    /// <param name="elements">The root elements to show; empty for all. Wins over <paramref name="summary"/>.</param>
    public ResourceRenderer(SummaryMode summary, IReadOnlyList<string> elements)
    {
        _summary = summary;
        _elements = elements;
    }

    /// <summary>A renderer for what a search asks for.</summary>
    /// <param name="request">The search.</param>
    public ResourceRenderer(SearchRequest request)
        : this(request.Summary, request.Elements)
    {
    }

    /// <summary>Whether resources are written whole: then a host may send the stored bytes without calling this.</summary>
    public bool IsWhole => _elements.Count == 0 && _summary is (SummaryMode.False or SummaryMode.Count);

    /// <summary>Writes a resource.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="json">As stored.</param>
    /// <param name="to">Where to.</param>
    public void Write(ResourceType type, ReadOnlySpan<byte> json, IBufferWriter<byte> to)
    {
        if (IsWhole)
        {
            to.Write(json);
            return;
        }

        using var writer = new Utf8JsonWriter(to, Compact);
        var resource = new JsonView(json);
        writer.WriteStartObject();
        if (_elements.Count == 0 && _summary == SummaryMode.Data)
        {
            WriteRoot(writer, resource, null);
        }
        else
        {
            WriteRoot(writer, resource, _elements.Count > 0 ? ElementShape.Elements(type, _elements)
                : _summary == SummaryMode.Text ? ElementShape.Text(type)
                : ElementShape.Summary(type));
        }

        writer.WriteEndObject();
    }

    /// <summary>The resource as bytes.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="json">As stored.</param>
    public byte[] Render(ResourceType type, ReadOnlySpan<byte> json)
    {
        var to = new ArrayBufferWriter<byte>(json.Length + 128);
        Write(type, json, to);
        return to.WrittenSpan.ToArray();
    }

    /// <summary>The same JSON indented for people (<c>_pretty</c>); numbers and strings are copied as they stand.</summary>
    /// <param name="json">Any JSON value.</param>
    /// <param name="to">Where to.</param>
    public static void WritePretty(ReadOnlySpan<byte> json, IBufferWriter<byte> to) => PrettyJson.Write(new JsonView(json), to, 0);

    // meta comes right after resourceType and id where the resource has none to put the tag in.
    private static void WriteRoot(Utf8JsonWriter writer, JsonView resource, ElementShape? shape)
    {
        var hasMeta = resource.TryGet("meta"u8, out _);
        var tagged = hasMeta;
        foreach (var property in resource.Properties)
        {
            var name = property.Name;
            if (!tagged && !(name.SequenceEqual("resourceType"u8) || name.SequenceEqual("id"u8)))
            {
                WriteMeta(writer, default);
                tagged = true;
            }

            ElementShape? inner = null;
            if (shape is null ? name.SequenceEqual("text"u8) : !shape.Keeps(name, out inner))
            {
                continue;
            }

            if (name.SequenceEqual("meta"u8))
            {
                WriteMeta(writer, property.Value);
            }
            else
            {
                writer.WritePropertyName(name);
                WriteValue(writer, property.Value, inner);
            }
        }

        if (!tagged)
        {
            WriteMeta(writer, default);
        }
    }

    private static void WriteValue(Utf8JsonWriter writer, JsonView value, ElementShape? shape)
    {
        if (shape is null || !(value.IsObject || value.IsArray))
        {
            writer.WriteRawValue(value.Raw, skipInputValidation: true);
            return;
        }

        if (value.IsArray)
        {
            writer.WriteStartArray();
            foreach (var item in value.Items)
            {
                WriteValue(writer, item, shape);
            }

            writer.WriteEndArray();
            return;
        }

        writer.WriteStartObject();
        foreach (var property in value.Properties)
        {
            if (shape.Keeps(property.Name, out var inner))
            {
                writer.WritePropertyName(property.Name);
                WriteValue(writer, property.Value, inner);
            }
        }

        writer.WriteEndObject();
    }

    private static void WriteMeta(Utf8JsonWriter writer, JsonView meta)
    {
        writer.WriteStartObject("meta"u8);
        foreach (var property in meta.Properties)
        {
            if (!property.Is("tag"u8))
            {
                writer.WritePropertyName(property.Name);
                writer.WriteRawValue(property.Value.Raw, skipInputValidation: true);
            }
        }

        writer.WriteStartArray("tag"u8);
        foreach (var tag in meta["tag"u8].Items)
        {
            if (!(tag["code"u8].Text.SequenceEqual("SUBSETTED"u8) && tag["system"u8].Text.EndsWith("v3-ObservationValue"u8)))
            {
                writer.WriteRawValue(tag.Raw, skipInputValidation: true);
            }
        }

        writer.WriteStartObject();
        writer.WriteString("system"u8, "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"u8);
        writer.WriteString("code"u8, "SUBSETTED"u8);
        writer.WriteEndObject();
        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
