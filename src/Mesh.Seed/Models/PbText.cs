using System.Text;

namespace Mesh.Seed.Models;

/// <summary>
/// A small reader of protobuf's text format, without a schema: a message is a list of fields, each a scalar's text or a
/// message. Lists (<c>dims: [1, 2]</c>) become repeated fields, as the format defines them.
/// </summary>
internal sealed class PbText
{
    private const int MaxDepth = 32;

    private readonly string _text;
    private int _position;

    private PbText(string text) => _text = text;

    /// <exception cref="FormatException">Not in text format; the message names the line.</exception>
    public static Message Parse(string text)
    {
        var reader = new PbText(text);
        var message = reader.ReadMessage(close: null, depth: 0);
        return message;
    }

    /// <summary>One field: exactly one of <paramref name="Scalar"/> and <paramref name="Message"/> is set.</summary>
    public sealed record Field(string Name, string? Scalar, Message? Message, int Line);

    public sealed record Message(IReadOnlyList<Field> Fields);

    private Message ReadMessage(char? close, int depth)
    {
        if (depth > MaxDepth)
            throw Error($"messages are nested deeper than {MaxDepth}");
        var fields = new List<Field>();
        while (true)
        {
            SkipSpace();
            if (_position == _text.Length)
                return close is null ? new Message(fields) : throw Error($"'{close}' is missing at the end");
            if (_text[_position] == close)
            {
                _position++;
                return new Message(fields);
            }

            ReadField(fields, depth);
            SkipSpace();
            if (_position < _text.Length && _text[_position] is ',' or ';')
                _position++;
        }
    }

    private void ReadField(List<Field> fields, int depth)
    {
        var name = ReadWord("a field name");
        SkipSpace();
        var colon = TryTake(':');
        SkipSpace();
        if (TryTake('['))
            ReadList(fields, name, depth);
        else
            fields.Add(ReadValue(name, needsColon: !colon, depth));
    }

    private void ReadList(List<Field> fields, string name, int depth)
    {
        SkipSpace();
        if (TryTake(']'))
            return;
        do
        {
            SkipSpace();
            fields.Add(ReadValue(name, needsColon: false, depth));
            SkipSpace();
        }
        while (TryTake(','));

        if (!TryTake(']'))
            throw Error($"']' or ',' is missing in the list '{name}'");
    }

    private Field ReadValue(string name, bool needsColon, int depth)
    {
        var line = Line();
        if (TryTake('{'))
            return new Field(name, null, ReadMessage('}', depth + 1), line);
        if (TryTake('<'))
            return new Field(name, null, ReadMessage('>', depth + 1), line);
        if (needsColon)
            throw Error($"':' or '{{' is missing after '{name}'");
        if (_position < _text.Length && _text[_position] is '"' or '\'')
            return new Field(name, ReadStrings(), null, line);
        return new Field(name, ReadWord($"the value of '{name}'"), null, line);
    }

    /// <summary>Neighbouring strings are one, as in C.</summary>
    private string ReadStrings()
    {
        var value = new StringBuilder();
        while (_position < _text.Length && _text[_position] is '"' or '\'')
        {
            ReadString(value);
            SkipSpace();
        }

        return value.ToString();
    }

    private void ReadString(StringBuilder value)
    {
        var quote = _text[_position++];
        for (; _position < _text.Length && _text[_position] != '\n'; _position++)
        {
            var character = _text[_position];
            if (character == quote)
            {
                _position++;
                return;
            }

            if (character == '\\' && _position + 1 < _text.Length)
                character = Unescape(_text[++_position]);
            value.Append(character);
        }

        throw Error("a string does not end on its line");
    }

    private char Unescape(char escaped) => escaped switch
    {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        '\\' or '"' or '\'' => escaped,
        _ => throw Error($"the escape '\\{escaped}' is not understood"),
    };

    private string ReadWord(string what)
    {
        var start = _position;
        while (_position < _text.Length && (char.IsAsciiLetterOrDigit(_text[_position]) || _text[_position] is '_' or '-' or '+' or '.'))
            _position++;
        return _position > start ? _text[start.._position] : throw Error($"{what} is missing");
    }

    private bool TryTake(char expected)
    {
        var taken = _position < _text.Length && _text[_position] == expected;
        if (taken)
            _position++;
        return taken;
    }

    private void SkipSpace()
    {
        for (; _position < _text.Length; _position++)
        {
            if (_text[_position] == '#')
            {
                var end = _text.IndexOf('\n', _position);
                _position = end < 0 ? _text.Length - 1 : end;
            }
            else if (!char.IsWhiteSpace(_text[_position]) && _text[_position] != '\uFEFF')
            {
                return;
            }
        }
    }

    private int Line() => _text.AsSpan(0, _position).Count('\n') + 1;

    private FormatException Error(string problem) => new($"line {Line()}: {problem}");
}
