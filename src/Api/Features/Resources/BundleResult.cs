using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using BetterCare.Care.Api.Http;
using BetterCare.Care.Fhir;
using BetterCare.Care.Fhir.Search;
using BetterCare.Care.Fhir.Validation;
using BetterCare.Care.Storage.Resources;

namespace BetterCare.Care.Api.Features.Resources;

/// <summary>One resource of a searchset or history.</summary>
/// <param name="Resource">The resource.</param>
/// <param name="Mode"><c>match</c> or <c>include</c>; empty in a history.</param>
public sealed record BundleItem(StoredResource Resource, string Mode)
{
    /// <summary>How well it matches, 0 to 1; null where that was not asked.</summary>
    public MatchScore? Score { get; init; }
}

/// <summary>How well a person matches.</summary>
/// <param name="Score">0 to 1.</param>
/// <param name="Grade">certain, probable, possible or certainly-not.</param>
/// <param name="Reasons">What agrees and what does not, in plain English, without values.</param>
public sealed record MatchScore(decimal Score, string Grade, IReadOnlyList<string> Reasons);

/// <summary>A Bundle that answers a search, a history or an operation.</summary>
/// <param name="Base">The address under which FHIR is served.</param>
/// <param name="Type">searchset or history.</param>
/// <param name="Total">How many match; null where that was not counted.</param>
/// <param name="Self">The request as it was understood.</param>
public sealed record BundleContent(string Base, string Type, long? Total, string Self)
{
    private static readonly ResourceRenderer Whole = new(SummaryMode.False, []);

    /// <summary>The next page; null on the last.</summary>
    public string? Next { get; init; }

    /// <summary>The resources.</summary>
    public required IReadOnlyList<BundleItem> Entries { get; init; }

    /// <summary>How resources are shown.</summary>
    public ResourceRenderer Renderer { get; init; } = Whole;

    /// <summary>Whether to indent.</summary>
    public bool Pretty { get; init; }

    /// <summary>What was ignored; told in an entry of its own.</summary>
    public IReadOnlyList<Issue> Warnings { get; init; } = [];

    /// <summary>Everything before the entries.</summary>
    public void WriteHead(IBufferWriter<byte> to)
    {
        Write(to, $"{{\"resourceType\":\"Bundle\",\"type\":\"{Type}\"");
        if (Total is { } total)
        {
            Write(to, $",\"total\":{total.ToString(CultureInfo.InvariantCulture)}");
        }

        Write(to, $",\"link\":[{{\"relation\":\"self\",\"url\":\"{JsonEncodedText.Encode(Self, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"}}");
        if (Next is not null)
        {
            Write(to, $",{{\"relation\":\"next\",\"url\":\"{JsonEncodedText.Encode(Next, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"}}");
        }

        to.Write("]"u8);
        if (Entries.Count > 0 || Warnings.Count > 0)
        {
            to.Write(",\"entry\":["u8);
        }
    }

    /// <summary>One entry.</summary>
    public void WriteEntry(int index, IBufferWriter<byte> to)
    {
        var item = Entries[index];
        var resource = item.Resource;
        Write(to, $"{(index > 0 ? "," : "")}{{\"fullUrl\":\"{Base}/{resource.Type.Name()}/{resource.Id}\"{(resource.Deleted ? "" : ",\"resource\":")}");
        if (!resource.Deleted)
        {
            if (Renderer.IsWhole)
            {
                resource.WriteTo(to);
            }
            else
            {
                Renderer.Write(resource.Type, resource.ToUtf8(), to);
            }
        }

        if (item.Mode.Length > 0)
        {
            Write(to, $",\"search\":{{{Score(item.Score)}\"mode\":\"{item.Mode}\"}}}}");
        }
        else
        {
            // A version that follows none was a POST or a PUT to a new id: R4 lets a server that does not know say PUT.
            var (method, status) = resource.Deleted ? ("DELETE", "204") : ("PUT", resource.Version == 1 ? "201" : "200");
            Write(to, $",\"request\":{{\"method\":\"{method}\",\"url\":\"{resource.Type.Name()}/{resource.Id}\"}},\"response\":{{\"status\":\"{status}\",\"etag\":\"W/\\\"{resource.Version}\\\"\",\"lastModified\":\"{resource.Instant}\"}}}}");
        }
    }

    /// <summary>Everything after the entries.</summary>
    public void WriteTail(IBufferWriter<byte> to)
    {
        if (Warnings.Count > 0)
        {
            to.Write(Entries.Count > 0 ? ",{\"resource\":"u8 : "{\"resource\":"u8);
            OutcomeJson.Write(to, Warnings);
            to.Write(",\"search\":{\"mode\":\"outcome\"}}"u8);
        }

        to.Write(Entries.Count > 0 || Warnings.Count > 0 ? "]}"u8 : "}"u8);
    }

    /// <summary>The whole Bundle, for one that goes into another.</summary>
    public void WriteTo(IBufferWriter<byte> to)
    {
        WriteHead(to);
        for (var i = 0; i < Entries.Count; i++)
        {
            WriteEntry(i, to);
        }

        WriteTail(to);
    }

    // R4 has no place for reasons in search: they ride in an extension of ours beside the official grade.
    private static string Score(MatchScore? score)
    {
        if (score is null)
        {
            return "";
        }

        var reasons = score.Reasons.Select(r => $",{{\"url\":\"https://bettercare.care/fhir/StructureDefinition/match-reason\",\"valueString\":\"{JsonEncodedText.Encode(r)}\"}}");
        return $"\"extension\":[{{\"url\":\"http://hl7.org/fhir/StructureDefinition/match-grade\",\"valueCode\":\"{score.Grade}\"}}{string.Concat(reasons)}],"
            + $"\"score\":{score.Score.ToString(CultureInfo.InvariantCulture)},";
    }

    private static void Write(IBufferWriter<byte> to, DefaultInterpolatedStringHandler text)
    {
        Encoding.UTF8.GetBytes(text.Text, to);
        text.Clear();
    }
}

/// <summary>Sends a Bundle, entry by entry, so that a page is never in memory twice.</summary>
internal sealed class BundleResult(BundleContent content) : IResult
{
    private const int FlushAt = 64 * 1024;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = 200;
        response.ContentType = Problems.FhirJson;
        if (content.Pretty)
        {
            await PrettyAsync(response, httpContext.RequestAborted);
            return;
        }

        var writer = response.BodyWriter;
        content.WriteHead(writer);
        for (var i = 0; i < content.Entries.Count; i++)
        {
            content.WriteEntry(i, writer);
            if (writer.UnflushedBytes > FlushAt)
            {
                await writer.FlushAsync(httpContext.RequestAborted);
            }
        }

        content.WriteTail(writer);
        await writer.FlushAsync(httpContext.RequestAborted);
    }

    private async Task PrettyAsync(HttpResponse response, CancellationToken ct)
    {
        var plain = new ArrayBufferWriter<byte>();
        content.WriteTo(plain);
        var pretty = new ArrayBufferWriter<byte>(plain.WrittenCount * 2);
        ResourceRenderer.WritePretty(plain.WrittenSpan, pretty);
        await response.BodyWriter.WriteAsync(pretty.WrittenMemory, ct);
    }
}
