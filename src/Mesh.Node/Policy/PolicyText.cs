using System.Collections.Immutable;
using System.Text.Json;

namespace Mesh.Node.Policy;

/// <summary>One value of a policy's text.</summary>
/// <param name="Key">In full, its sections joined by dots.</param>
/// <param name="Text">Null for a list.</param>
/// <param name="Items">Of a list.</param>
internal sealed record PolicyEntry(string Key, string? Text, ImmutableArray<string> Items);

/// <summary>
/// Reads JSON and the part of HOCON that people write by hand: sections, dotted keys, comments, unquoted texts, lists of texts.
/// Not Akka's parser: it takes a document whose end is missing for a whole one, an empty list for a section, and does not
/// return from some texts, and an owner's consent may hang on none of that. No substitution and no include either, so that what a policy says stands in it.
/// </summary>
internal sealed class PolicyText(string text)
{
    private const int MaxLevels = 16;

    private readonly List<PolicyEntry> _entries = [];
    private int _at;

    private char Next => _at < text.Length ? text[_at] : '\0';

    private int Line => 1 + text.AsSpan(0, Math.Min(_at, text.Length)).Count('\n');

    /// <exception cref="FormatException">The text is neither; the message says where.</exception>
    public IReadOnlyList<PolicyEntry> Read()
    {
        Skip(alsoLines: true);
        if (Next == '{')
            Section("", 0);
        else
            Members("", isClosed: false, 0);
        Skip(alsoLines: true);
        return _at == text.Length ? _entries : throw Error($"'{Next}' after the end of the document");
    }

    private void Section(string prefix, int level)
    {
        var line = Line;
        _at++;
        if (level > MaxLevels)
            throw Error($"more than {MaxLevels} sections in each other");
        if (!Members(prefix, isClosed: true, level))
            throw Error($"the '{{' of line {line} is not closed");
    }

    /// <summary>Answers whether it came to the closing brace.</summary>
    private bool Members(string prefix, bool isClosed, int level)
    {
        while (true)
        {
            Skip(alsoLines: true, alsoCommas: true);
            if (_at == text.Length)
                return false;
            if (Next == '}' && isClosed)
            {
                _at++;
                return true;
            }

            var key = prefix + Key();
            Skip();
            if (Next is '=' or ':')
            {
                _at++;
                Skip(alsoLines: true);
            }
            else if (Next != '{')
            {
                throw Error($"'{key}' needs '=' or '{{'");
            }

            Value(key, level);
        }
    }

    private string Key()
    {
        if (Next == '"')
            return Quoted();
        var start = _at;
        while (char.IsLetterOrDigit(Next) || Next is '-' or '_' or '.')
            _at++;
        return _at > start ? text[start.._at] : throw Error($"'{Next}' where a key should be");
    }

    private void Value(string key, int level)
    {
        if (Next == '{')
            Section(key + ".", level + 1);
        else if (Next == '[')
            _entries.Add(new PolicyEntry(key, null, Items()));
        else
            _entries.Add(new PolicyEntry(key, Scalar(key), []));
        Skip();
        if (_at < text.Length && Next is not (',' or '}' or '\n'))
            throw Error($"'{Next}' after the value of '{key}'");
    }

    private ImmutableArray<string> Items()
    {
        var line = Line;
        var items = ImmutableArray.CreateBuilder<string>();
        _at++;
        while (true)
        {
            Skip(alsoLines: true, alsoCommas: true);
            if (_at == text.Length)
                throw Error($"the '[' of line {line} is not closed");
            if (Next == ']')
            {
                _at++;
                return items.ToImmutable();
            }

            items.Add(Scalar("a list"));
        }
    }

    private string Scalar(string key)
    {
        if (Next == '"')
            return Quoted();
        var start = _at;
        while (_at < text.Length && Next is not (',' or '}' or ']' or '\n' or '#') && !IsSlashes)
        {
            if (Next is '"' or '{' or '[' or '$' or '=')
                throw Error($"'{Next}' in the value of '{key}': put it in quotes");
            _at++;
        }

        var value = text[start.._at].Trim();
        return value.Length > 0 ? value : throw Error($"'{key}' has no value");
    }

    private string Quoted()
    {
        var start = _at++;
        while (_at < text.Length && Next is not ('"' or '\n'))
            _at += Next == '\\' ? 2 : 1;
        if (Next != '"')
            throw Error("a quote is not closed");
        _at++;
        try
        {
            return JsonSerializer.Deserialize<string>(text[start.._at])!;
        }
        catch (JsonException)
        {
            throw Error($"{text[start.._at]} is not a text of JSON");
        }
    }

    private bool IsSlashes => Next == '/' && _at + 1 < text.Length && text[_at + 1] == '/';

    private void Skip(bool alsoLines = false, bool alsoCommas = false)
    {
        while (_at < text.Length)
        {
            if (Next == '#' || IsSlashes)
            {
                while (_at < text.Length && Next != '\n')
                    _at++;
            }
            else if ((char.IsWhiteSpace(Next) && (alsoLines || Next != '\n')) || (alsoCommas && Next == ','))
            {
                _at++;
            }
            else
            {
                return;
            }
        }
    }

    private FormatException Error(string what) => new($"line {Line}: {what}");
}
