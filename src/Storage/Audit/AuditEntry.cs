using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using BetterCare.Care.Fhir;

namespace BetterCare.Care.Storage.Audit;

/// <summary>What was done; the letters of R4's AuditEvent.action.</summary>
public enum AuditAction : byte
{
    /// <summary>C.</summary>
    Create = (byte)'C',

    /// <summary>R.</summary>
    Read = (byte)'R',

    /// <summary>U.</summary>
    Update = (byte)'U',

    /// <summary>D.</summary>
    Delete = (byte)'D',

    /// <summary>E: a search, an operation, a run.</summary>
    Execute = (byte)'E',
}

/// <summary>How it ended; the numbers of R4's AuditEvent.outcome.</summary>
public enum AuditOutcome : byte
{
    /// <summary>As asked.</summary>
    Success = 0,

    /// <summary>Refused: the caller may not, or there is nothing that the caller may see.</summary>
    Refused = 4,

    /// <summary>Failed for a fault of the service.</summary>
    Failed = 8,
}

/// <summary>
/// One access to people's data, compact: who, when, why, what was done, to whom. It holds no names and no values; a person
/// is a key. Rendered as a FHIR AuditEvent only when somebody reads it.
/// </summary>
public sealed record AuditEntry
{
    /// <summary>In <see cref="People"/>: the whole cohort, as far as <see cref="Query"/> does not narrow it.</summary>
    public const long Everyone = 0;

    /// <summary>In <see cref="Query"/> of an access to everyone: the practices, with plus signs between, to whose people it was limited.</summary>
    public const string PracticesPrefix = "practices=";

    /// <summary>Unix milliseconds.</summary>
    public required long At { get; init; }

    /// <summary>User or client id; never a patient's.</summary>
    public required string Agent { get; init; }

    /// <summary>The role in which it was done; empty: none was told.</summary>
    public string Role { get; init; } = "";

    /// <summary>Purpose of use (v3 PurposeOfUse: TREAT, HOPERAT, BTG …); empty: none was told.</summary>
    public string Purpose { get; init; } = "";

    /// <summary>What was done.</summary>
    public AuditAction Action { get; init; }

    /// <summary>How it ended.</summary>
    public AuditOutcome Outcome { get; init; }

    /// <summary>Ties the row to the request and its log line.</summary>
    public string RequestId { get; init; } = "";

    /// <summary>The use case, as in the code: <c>ReadResource</c>, <c>GetCarePlan</c>, <c>import</c> …</summary>
    public required string Interaction { get; init; }

    /// <summary>The resource type where there is one.</summary>
    public ResourceType Type { get; init; }

    /// <summary>The resource where one was named; empty for a Patient, whose id is the NHS number.</summary>
    public string ResourceId { get; init; } = "";

    /// <summary>Shape of the question: the names of its parameters, no values.</summary>
    public string Query { get; init; } = "";

    /// <summary>The reason that was given, for an access that needs one.</summary>
    public string Reason { get; init; } = "";

    /// <summary>
    /// Whose data, ascending and each once: keys of people on record, 0 for everybody, and minus an NHS number for a person
    /// who was asked for and is not here.
    /// </summary>
    public IReadOnlyList<long> People { get; init; } = [];

    /// <summary>Says what was done, and to nobody: a record would print everything.</summary>
    public override string ToString() => $"{Interaction} {Outcome}";
}

/// <summary>How entries become links of a chain: each row's hash covers the row and the hash before it.</summary>
public static class AuditChain
{
    /// <summary>Rows that are written in the commit of the change that they record.</summary>
    public const byte Changes = 1;

    /// <summary>Rows of accesses that changed nothing, or that were refused.</summary>
    public const byte Accesses = 2;

    /// <summary>Bytes of a hash (SHA-256).</summary>
    public const int HashLength = 32;

    /// <summary>The hash before the first row.</summary>
    public static byte[] Start { get; } = new byte[HashLength];

    /// <summary>Both chains.</summary>
    public static IReadOnlyList<byte> All { get; } = [Changes, Accesses];

    /// <summary>The hash of a row. Every field has a length before it, so no two different rows read alike.</summary>
    public static byte[] Hash(ReadOnlySpan<byte> previous, byte chain, long seq, AuditEntry entry, ReadOnlySpan<byte> people)
    {
        var to = new ArrayBufferWriter<byte>(512);
        to.Write(previous);
        Number(to, chain);
        Number(to, seq);
        Number(to, entry.At);
        Text(to, entry.Agent);
        Text(to, entry.Role);
        Text(to, entry.Purpose);
        Number(to, (byte)entry.Action);
        Number(to, (byte)entry.Outcome);
        Text(to, entry.RequestId);
        Text(to, entry.Interaction);
        Number(to, (int)entry.Type);
        Text(to, entry.ResourceId);
        Text(to, entry.Query);
        Text(to, entry.Reason);
        Number(to, people.Length);
        to.Write(people);
        return SHA256.HashData(to.WrittenSpan);
    }

    /// <summary>People as bytes: the first key, then the steps between keys, each as short as it can be (LEB128).</summary>
    public static byte[] Pack(IReadOnlyList<long> people)
    {
        if (people.Count == 0)
        {
            return [];
        }

        var to = new ArrayBufferWriter<byte>(people.Count + 9);
        Varint(to, (ulong)((people[0] << 1) ^ (people[0] >> 63)));
        for (var i = 1; i < people.Count; i++)
        {
            Varint(to, (ulong)(people[i] - people[i - 1]));
        }

        return to.WrittenSpan.ToArray();
    }

    /// <summary>Reads what <see cref="Pack"/> wrote.</summary>
    public static long[] Unpack(ReadOnlySpan<byte> packed)
    {
        var people = new List<long>();
        long last = 0;
        var at = 0;
        while (at < packed.Length)
        {
            ulong value = 0;
            var shift = 0;
            while (at < packed.Length)
            {
                var b = packed[at++];
                value |= (ulong)(b & 0x7F) << shift;
                shift += 7;
                if (b < 0x80)
                {
                    break;
                }
            }

            last = people.Count == 0 ? (long)(value >> 1) ^ -(long)(value & 1) : last + (long)value;
            people.Add(last);
        }

        return [.. people];
    }

    private static void Varint(ArrayBufferWriter<byte> to, ulong value)
    {
        var span = to.GetSpan(10);
        var length = 0;
        while (value >= 0x80)
        {
            span[length++] = (byte)(value | 0x80);
            value >>= 7;
        }

        span[length++] = (byte)value;
        to.Advance(length);
    }

    private static void Number(ArrayBufferWriter<byte> to, long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(to.GetSpan(8), value);
        to.Advance(8);
    }

    private static void Text(ArrayBufferWriter<byte> to, string value)
    {
        Number(to, Encoding.UTF8.GetByteCount(value));
        Encoding.UTF8.GetBytes(value, to);
    }
}
