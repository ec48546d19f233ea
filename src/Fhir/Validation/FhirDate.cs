namespace BetterCare.Care.Fhir.Validation;

/// <summary>How much of a FHIR date or dateTime is given.</summary>
internal enum DatePrecision : byte
{
    Year,
    Month,
    Day,
    Second,
}

/// <summary>A FHIR date, dateTime or instant, as far as it is given.</summary>
/// <param name="Precision">How far.</param>
/// <param name="Local">As written, missing parts at their lowest; a leap second counts as the next second.</param>
/// <param name="OffsetMinutes">Minutes east of UTC; 0 unless there is a time.</param>
internal readonly record struct FhirDate(DatePrecision Precision, DateTime Local, int OffsetMinutes)
{
    /// <summary>
    /// Parses <c>YYYY[-MM[-DD[Thh:mm:ss[.f]zone]]]</c> with real calendar days. Year 0000 is refused, second 60 allowed, offsets go to 14:00,
    /// as the official patterns say.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> s, out FhirDate date)
    {
        date = default;
        if (s.Length < 4 || !Digits(s[..4], out var year) || year == 0)
        {
            return false;
        }

        if (s.Length == 4)
        {
            date = new FhirDate(DatePrecision.Year, new DateTime(year, 1, 1), 0);
            return true;
        }

        if (s.Length < 7 || s[4] != '-' || !Digits(s[5..7], out var month) || month is < 1 or > 12)
        {
            return false;
        }

        if (s.Length == 7)
        {
            date = new FhirDate(DatePrecision.Month, new DateTime(year, month, 1), 0);
            return true;
        }

        if (s.Length < 10 || s[7] != '-' || !Digits(s[8..10], out var day) || day < 1 || day > DateTime.DaysInMonth(year, month))
        {
            return false;
        }

        var local = new DateTime(year, month, day);
        if (s.Length == 10)
        {
            date = new FhirDate(DatePrecision.Day, local, 0);
            return true;
        }

        if (s[10] != 'T' || !Time(s[11..], out var time, out var used) || !Zone(s[(11 + used)..], out var offset))
        {
            return false;
        }

        // The last instant of year 9999 with a leap second is past what DateTime holds.
        date = new FhirDate(DatePrecision.Second, DateTime.MaxValue - local <= time ? DateTime.MaxValue : local + time, offset);
        return true;
    }

    /// <summary>Whether a text is a FHIR time: <c>hh:mm:ss[.f]</c>.</summary>
    public static bool IsTime(ReadOnlySpan<byte> s) => Time(s, out _, out var used) && used == s.Length;

    /// <summary>
    /// Whether this is certainly after the other: compared part by part as FHIRPath does, so that 2020 and 2020-05 are neither.
    /// </summary>
    public bool IsAfter(FhirDate other)
    {
        var (a, b) = (Local, other.Local);
        switch (Precision < other.Precision ? Precision : other.Precision)
        {
            case DatePrecision.Year:
                return a.Year > b.Year;
            case DatePrecision.Month:
                return (a.Year, a.Month).CompareTo((b.Year, b.Month)) > 0;
            case DatePrecision.Day:
                return a.Date > b.Date;
            default:
                return a.Ticks - (OffsetMinutes * TimeSpan.TicksPerMinute) > b.Ticks - (other.OffsetMinutes * TimeSpan.TicksPerMinute);
        }
    }

    private static bool Time(ReadOnlySpan<byte> s, out TimeSpan time, out int used)
    {
        time = default;
        used = 0;
        if (s.Length < 8 || s[2] != ':' || s[5] != ':'
            || !Digits(s[..2], out var hour) || hour > 23
            || !Digits(s[3..5], out var minute) || minute > 59
            || !Digits(s[6..8], out var second) || second > 60)
        {
            return false;
        }

        used = 8;
        long ticks = 0;
        if (s.Length > 8 && s[8] == '.')
        {
            var scale = TimeSpan.TicksPerSecond;
            for (used = 9; used < s.Length && s[used] is >= (byte)'0' and <= (byte)'9'; used++)
            {
                scale /= 10;
                ticks += (s[used] - '0') * scale;
            }

            if (used == 9)
            {
                return false;
            }
        }

        time = new TimeSpan(hour, minute, second) + new TimeSpan(ticks);
        return true;
    }

    private static bool Zone(ReadOnlySpan<byte> s, out int minutes)
    {
        minutes = 0;
        if (s.Length == 1)
        {
            return s[0] == 'Z';
        }

        if (s.Length != 6 || s[0] is not ((byte)'+' or (byte)'-') || s[3] != ':' || !Digits(s[1..3], out var hour) || !Digits(s[4..6], out var minute)
            || minute > 59 || hour > 14 || (hour == 14 && minute > 0))
        {
            return false;
        }

        minutes = ((hour * 60) + minute) * (s[0] == '-' ? -1 : 1);
        return true;
    }

    private static bool Digits(ReadOnlySpan<byte> s, out int number)
    {
        number = 0;
        foreach (var c in s)
        {
            if (c is < (byte)'0' or > (byte)'9')
            {
                return false;
            }

            number = (number * 10) + (c - '0');
        }

        return true;
    }
}
