using System.Buffers;

namespace BetterCare.Care.Fhir.Search;

/// <summary>Indents JSON by two spaces; every name and value is copied as it stands.</summary>
internal static class PrettyJson
{
    public static void Write(JsonView value, IBufferWriter<byte> to, int depth)
    {
        if (value.IsObject)
        {
            var first = true;
            foreach (var property in value.Properties)
            {
                to.Write(first ? "{"u8 : ","u8);
                NewLine(to, depth + 1);
                to.Write(property.QuotedName);
                to.Write(": "u8);
                Write(property.Value, to, depth + 1);
                first = false;
            }

            Close(to, first, depth, "{}"u8, "}"u8);
        }
        else if (value.IsArray)
        {
            var first = true;
            foreach (var item in value.Items)
            {
                to.Write(first ? "["u8 : ","u8);
                NewLine(to, depth + 1);
                Write(item, to, depth + 1);
                first = false;
            }

            Close(to, first, depth, "[]"u8, "]"u8);
        }
        else
        {
            to.Write(value.Raw);
        }
    }

    private static void Close(IBufferWriter<byte> to, bool empty, int depth, ReadOnlySpan<byte> nothing, ReadOnlySpan<byte> bracket)
    {
        if (empty)
        {
            to.Write(nothing);
            return;
        }

        NewLine(to, depth);
        to.Write(bracket);
    }

    private static void NewLine(IBufferWriter<byte> to, int depth)
    {
        var span = to.GetSpan(1 + (2 * depth))[..(1 + (2 * depth))];
        span.Fill((byte)' ');
        span[0] = (byte)'\n';
        to.Advance(span.Length);
    }
}
