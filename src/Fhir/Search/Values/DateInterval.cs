namespace BetterCare.Care.Fhir.Search;

/// <summary>
/// The stretch of time that a FHIR date, dateTime, instant, Period or Timing covers, as UTC ticks: from
/// <paramref name="Start"/> up to but not including <paramref name="End"/>. A date is the whole day, a year the whole
/// year; an open side of a Period reaches to the end of time. A date without a zone is read as UTC.
/// </summary>
/// <param name="Start">First tick in it.</param>
/// <param name="End">First tick after it.</param>
public readonly record struct DateInterval(long Start, long End)
{
    /// <summary>All of time.</summary>
    public static readonly DateInterval Always = new(0, long.MaxValue);

    /// <summary>Whether the other interval lies wholly within this one.</summary>
    public bool Contains(DateInterval other) => Start <= other.Start && other.End <= End;

    /// <summary>Whether the two have a moment in common.</summary>
    public bool Overlaps(DateInterval other) => Start < other.End && other.Start < End;

    /// <summary>Reads a date, dateTime or instant of any precision.</summary>
    /// <param name="text">The text in UTF-8: <c>2024</c>, <c>2024-02</c>, <c>2024-02-29T10:00:00.5+01:00</c>.</param>
    /// <param name="interval">What it covers.</param>
    public static bool TryParse(ReadOnlySpan<byte> text, out DateInterval interval)
    {
        interval = default;
        if (!Digits(text, 0, 4, out var year) || year == 0)
        {
            return false;
        }

        if (text.Length == 4)
        {
            return From(new DateTime(year, 1, 1).Ticks, (DateTime.IsLeapYear(year) ? 366 : 365) * TimeSpan.TicksPerDay, 0, out interval);
        }

        if (text[4] != '-' || !Digits(text, 5, 2, out var month) || month is < 1 or > 12)
        {
            return false;
        }

        var days = DateTime.DaysInMonth(year, month);
        if (text.Length == 7)
        {
            return From(new DateTime(year, month, 1).Ticks, days * TimeSpan.TicksPerDay, 0, out interval);
        }

        if (text[7] != '-' || !Digits(text, 8, 2, out var day) || day < 1 || day > days)
        {
            return false;
        }

        var date = new DateTime(year, month, day);
        return text.Length == 10
            ? From(date.Ticks, TimeSpan.TicksPerDay, 0, out interval)
            : text[10] == 'T' && Time(date, text[11..], out interval);
    }

    /// <summary>Reads a date, dateTime or instant of any precision.</summary>
    /// <param name="text">The text.</param>
    /// <param name="interval">What it covers.</param>
    public static bool TryParse(string text, out DateInterval interval)
    {
        interval = default;
        return text.Length <= 64 && System.Text.Ascii.IsValid(text) && TryParse(System.Text.Encoding.ASCII.GetBytes(text), out interval);
    }

    /// <summary>What a date element covers; false if it says nothing that can be read.</summary>
    /// <param name="value">A date, dateTime, instant, Period or Timing.</param>
    /// <param name="type">Which of them it is.</param>
    /// <param name="interval">What it covers.</param>
    public static bool TryRead(JsonView value, FhirType type, out DateInterval interval)
    {
        switch (type)
        {
            case FhirType.Date:
                return TryParse(value.Text, out interval);
            case FhirType.Period:
                return Period(value, out interval);
            case FhirType.Timing:
                return Timing(value, out interval);
            default:
                interval = default;
                return false;
        }
    }

    private static bool Period(JsonView value, out DateInterval interval)
    {
        var starts = TryParse(value["start"u8].Text, out var start);
        var ends = TryParse(value["end"u8].Text, out var end);
        if (starts && ends && end.End <= start.Start)
        {
            // A period that ends before it starts (which per-1 forbids) is the stretch between the two.
            interval = new DateInterval(end.Start, start.End);
            return true;
        }

        interval = new DateInterval(starts ? start.Start : Always.Start, ends ? end.End : Always.End);
        return starts || ends;
    }

    // Only the outer limits of a Timing matter to search (R4 search.html, date).
    private static bool Timing(JsonView value, out DateInterval interval)
    {
        long from = long.MaxValue, to = long.MinValue;
        foreach (var moment in value["event"u8].Items)
        {
            if (TryParse(moment.Text, out var at))
            {
                (from, to) = (Math.Min(from, at.Start), Math.Max(to, at.End));
            }
        }

        if (Period(value["repeat"u8]["boundsPeriod"u8], out var bounds))
        {
            (from, to) = (Math.Min(from, bounds.Start), Math.Max(to, bounds.End));
        }

        interval = new DateInterval(from, to);
        return from < to;
    }

    // hh:mm[:ss[.fff]][Z|+hh:mm]
    private static bool Time(DateTime date, ReadOnlySpan<byte> text, out DateInterval interval)
    {
        interval = default;
        if (!Digits(text, 0, 2, out var hour) || hour > 23 || text.Length < 5 || text[2] != ':' || !Digits(text, 3, 2, out var minute) || minute > 59)
        {
            return false;
        }

        var ticks = (hour * TimeSpan.TicksPerHour) + (minute * TimeSpan.TicksPerMinute);
        var precision = TimeSpan.TicksPerMinute;
        var rest = text[5..];
        if (rest.Length > 0 && rest[0] == ':')
        {
            if (!Digits(rest, 1, 2, out var second) || second > 60)
            {
                return false;
            }

            ticks += second * TimeSpan.TicksPerSecond;
            precision = TimeSpan.TicksPerSecond;
            rest = rest[3..];
            if (rest.Length > 0 && rest[0] == '.')
            {
                var i = 1;
                for (; i < rest.Length && char.IsAsciiDigit((char)rest[i]); i++)
                {
                    if (precision > 1)
                    {
                        precision /= 10;
                        ticks += (rest[i] - '0') * precision;
                    }
                }

                if (i == 1)
                {
                    return false;
                }

                rest = rest[i..];
            }
        }

        return Zone(rest, out var offset) && From(date.Ticks + ticks, precision, offset, out interval);
    }

    private static bool Zone(ReadOnlySpan<byte> text, out long offset)
    {
        offset = 0;
        if (text.Length == 0 || text is [(byte)'Z'])
        {
            return true;
        }

        // A plus sign that was not percent-encoded in a query arrives as a space.
        if (text.Length != 6 || text[0] is not ((byte)'+' or (byte)'-' or (byte)' ') || text[3] != ':'
            || !Digits(text, 1, 2, out var hours) || hours > 14 || !Digits(text, 4, 2, out var minutes) || minutes > 59)
        {
            return false;
        }

        offset = ((hours * TimeSpan.TicksPerHour) + (minutes * TimeSpan.TicksPerMinute)) * (text[0] == '-' ? -1 : 1);
        return true;
    }

    private static bool From(long start, long length, long offset, out DateInterval interval)
    {
        var from = Math.Max(0, start - offset);
        interval = new DateInterval(from, from + length);
        return true;
    }

    private static bool Digits(ReadOnlySpan<byte> text, int start, int count, out int value)
    {
        value = 0;
        if (text.Length < start + count)
        {
            return false;
        }

        foreach (var digit in text.Slice(start, count))
        {
            if (!char.IsAsciiDigit((char)digit))
            {
                return false;
            }

            value = (value * 10) + (digit - '0');
        }

        return true;
    }
}
