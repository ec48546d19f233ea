using System.Text;

namespace BetterCare.Care.Api.Features.Csv;

/// <summary>
/// Reads CSV as RFC 4180 has it, a row at a time: quotes, quotes in quotes, line ends within quotes. It knows on which line
/// a row begins, which is what somebody who mends a file needs. Nothing is guessed: text after a closing quote is told.
/// </summary>
internal sealed class CsvText(TextReader text, char delimiter) : IDisposable
{
    /// <summary>Longest field in characters; a longer one is a quote that was never closed.</summary>
    public const int LongestField = 64 * 1024;

    private readonly char[] _buffer = new char[32 * 1024];
    private readonly StringBuilder _field = new();
    private readonly List<string> _fields = [];
    private int _at;
    private int _end;
    private long _line = 1;

    /// <summary>The fields of the row, without the spaces around those that are not quoted.</summary>
    public IReadOnlyList<string> Fields => _fields;

    /// <summary>Line on which the row begins, from 1.</summary>
    public long Line { get; private set; }

    /// <summary>Line to which reading has come.</summary>
    public long ReadTo => _line;

    /// <summary>Whether a closing quote is followed by text, so that the row cannot be trusted.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>Whether the row ended within quotes: the file is cut off, or a quote is never closed.</summary>
    public bool IsUnclosed { get; private set; }

    /// <summary>Goes to the next row that is not empty; false at the end.</summary>
    public bool Read()
    {
        do
        {
            if (Peek() < 0 || IsUnclosed)
            {
                return false;
            }

            Row();
        }
        while (_fields is [""] && !IsUnclosed);
        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => text.Dispose();

    private void Row()
    {
        _fields.Clear();
        IsBroken = false;
        Line = _line;
        while (true)
        {
            Field();
            if (IsUnclosed)
            {
                return;
            }

            var c = Next();
            if (c == delimiter)
            {
                continue;
            }

            if (c == '\r' && Peek() == '\n')
            {
                Next();
            }

            _line++;
            return;
        }
    }

    /// <summary>One field; stops before the delimiter or line end that follows it.</summary>
    private void Field()
    {
        _field.Clear();
        while (Peek() is ' ' or '\t' && Peek() != delimiter)
        {
            Next();
        }

        if (Peek() != '"')
        {
            while (Peek() is var c && c >= 0 && c != delimiter && c is not ('\r' or '\n'))
            {
                Append(Next());
            }

            _fields.Add(_field.ToString().TrimEnd());
            return;
        }

        Next();
        while (true)
        {
            var c = Next();
            if (c < 0 || IsUnclosed)
            {
                IsUnclosed = true;
                return;
            }

            if (c == '"')
            {
                if (Peek() != '"')
                {
                    break;
                }

                Next();
            }
            else if (c == '\n')
            {
                _line++;
            }

            Append(c);
        }

        while (Peek() is var c && c >= 0 && c != delimiter && c is not ('\r' or '\n'))
        {
            IsBroken |= Next() is not (' ' or '\t');
        }

        _fields.Add(_field.ToString().Trim());
    }

    private void Append(int c)
    {
        if (_field.Length == LongestField)
        {
            IsUnclosed = true;
            return;
        }

        _field.Append((char)c);
    }

    private int Peek()
    {
        if (_at == _end)
        {
            _end = text.Read(_buffer);
            _at = 0;
        }

        return _end == 0 ? -1 : _buffer[_at];
    }

    private int Next()
    {
        var c = Peek();
        _at += c < 0 ? 0 : 1;
        return c;
    }
}
