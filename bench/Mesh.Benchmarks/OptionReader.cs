using System.Globalization;

namespace Mesh.Benchmarks;

/// <summary>Reads a command's options one by one; what is wrong gathers in <see cref="Errors"/>, and the first error ends the reading.</summary>
internal sealed class OptionReader(IEnumerable<string> arguments)
{
    private readonly Queue<string> _rest = new(arguments);
    private readonly List<string> _errors = [];
    private string _name = "";

    public IReadOnlyList<string> Errors => _errors;

    /// <summary>The next option's name; null at the end, or after an error.</summary>
    public string? Next() => _errors.Count == 0 && _rest.TryDequeue(out var name) ? _name = name : null;

    /// <summary>The option's value, a number in this range.</summary>
    public int Number(int least, int most)
    {
        if (_rest.TryDequeue(out var text)
            && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number >= least
            && number <= most)
            return number;
        _errors.Add($"{_name} needs a number from {least} to {most}.");
        return least;
    }

    /// <summary>The option's value, one of these.</summary>
    public string? OneOf(IReadOnlyList<string> values)
    {
        if (_rest.TryDequeue(out var text) && values.Contains(text))
            return text;
        _errors.Add($"{_name} needs one of {string.Join(", ", values)}.");
        return null;
    }

    /// <summary>The option's value, whatever it is.</summary>
    public string? Text(string what)
    {
        if (_rest.TryDequeue(out var text))
            return text;
        _errors.Add($"{_name} needs {what}.");
        return null;
    }

    /// <summary>The option is none of the command's; the options stay as they are.</summary>
    public T Unknown<T>(T options)
    {
        _errors.Add($"unknown option '{_name}'.");
        return options;
    }
}
