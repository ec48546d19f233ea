using System.Buffers.Text;
using System.Text;

namespace BetterCare.Care.Synthetic.Ndjson;

/// <summary>A growing buffer of UTF-8 NDJSON. Resources are appended byte by byte: no DOM, no strings.</summary>
internal sealed class Lines
{
    private byte[] _bytes = new byte[64 * 1024];
    private int _length;
    private int _lineStart;

    /// <summary>Complete lines in the buffer.</summary>
    public int Count { get; private set; }

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, _length);

    public ReadOnlyMemory<byte> WrittenMemory => _bytes.AsMemory(0, _length);

    public void Clear() => (_length, _lineStart, Count) = (0, 0, 0);

    public Lines Put(ReadOnlySpan<byte> ascii)
    {
        ascii.CopyTo(Free(ascii.Length));
        _length += ascii.Length;
        return this;
    }

    /// <summary>Text inside a JSON string; the tables hold no control characters.</summary>
    public Lines Text(string text)
    {
        var free = Free(text.Length * 6);
        if (text.AsSpan().IndexOfAny('"', '\\') < 0)
        {
            _length += Encoding.UTF8.GetBytes(text, free);
            return this;
        }

        return Put(Encoding.UTF8.GetBytes(text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)));
    }

    public Lines Number(long value)
    {
        Utf8Formatter.TryFormat(value, Free(20), out var written);
        _length += written;
        return this;
    }

    /// <summary>A number with one decimal place, or none where it is whole.</summary>
    public Lines Decimal(double value)
    {
        var tenths = (long)Math.Round(value * 10, MidpointRounding.AwayFromZero);
        Number(tenths / 10);
        if (tenths % 10 != 0)
        {
            var free = Free(2);
            free[0] = (byte)'.';
            free[1] = (byte)('0' + (tenths % 10));
            _length += 2;
        }

        return this;
    }

    /// <summary>Appends an id as a UUID (version 8: made by a rule of our own), unique across suppliers by construction.</summary>
    public Lines Hex(ulong value)
    {
        var free = Free(36);
        var other = Dice.Mix(value);
        for (var i = 0; i < 36; i++)
        {
            switch (i)
            {
                case 8 or 13 or 18 or 23:
                    free[i] = (byte)'-';
                    break;
                case 14 or 19:
                    free[i] = (byte)'8';
                    break;
                default:
                    ref var bits = ref i < 18 ? ref value : ref other;
                    free[i] = "0123456789abcdef"u8[(int)(bits & 15)];
                    bits >>= 4;
                    break;
            }
        }

        _length += 36;
        return this;
    }

    /// <summary>Ten digits.</summary>
    public Lines TenDigits(long value)
    {
        var free = Free(10);
        for (var i = 9; i >= 0; i--)
        {
            free[i] = (byte)('0' + (value % 10));
            value /= 10;
        }

        _length += 10;
        return this;
    }

    /// <summary>yyyy-MM-dd.</summary>
    public Lines Date(int day)
    {
        var (year, month, date) = DateOnly.FromDayNumber(day);
        var free = Free(10);
        free[0] = (byte)('0' + (year / 1000));
        free[1] = (byte)('0' + (year / 100 % 10));
        TwoDigits(free[2..], year % 100);
        free[4] = (byte)'-';
        TwoDigits(free[5..], month);
        free[7] = (byte)'-';
        TwoDigits(free[8..], date);
        _length += 10;
        return this;
    }

    /// <summary>yyyy-MM-ddTHH:mm:00 with the offset of London on that date.</summary>
    public Lines DateTime(int day, int minute)
    {
        Date(day + (minute / 1440));
        minute %= 1440;
        var free = Free(15);
        free[0] = (byte)'T';
        TwoDigits(free[1..], minute / 60);
        free[3] = (byte)':';
        TwoDigits(free[4..], minute % 60);
        ":00+00:00"u8.CopyTo(free[6..]);
        if (IsSummerTime(day))
        {
            free[11] = (byte)'1';
        }

        _length += 15;
        return this;
    }

    /// <summary>Ends the line.</summary>
    /// <param name="twice">Write the line again: a harmless duplicate.</param>
    public void End(bool twice = false)
    {
        Put("\n"u8);
        Count++;
        if (twice)
        {
            var line = _bytes.AsSpan(_lineStart, _length - _lineStart).ToArray();
            Put(line);
            Count++;
        }

        _lineStart = _length;
    }

    /// <summary>Takes the last byte back.</summary>
    public void Back() => _length--;

    // The last Sundays of March and October; the hours around the change do not matter here.
    private static bool IsSummerTime(int day)
    {
        var date = DateOnly.FromDayNumber(day);
        if (date.Month is < 3 or > 10)
        {
            return false;
        }

        if (date.Month is > 3 and < 10)
        {
            return true;
        }

        var afterLastSunday = date.Day - (int)date.DayOfWeek >= 25;
        return (date.Month == 3) == afterLastSunday;
    }

    private static void TwoDigits(Span<byte> at, int value)
    {
        at[0] = (byte)('0' + (value / 10));
        at[1] = (byte)('0' + (value % 10));
    }

    private Span<byte> Free(int count)
    {
        if (_bytes.Length - _length < count)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + count));
        }

        return _bytes.AsSpan(_length, count);
    }
}
