using System.Collections.Immutable;
using Akka.Configuration;
using Akka.Configuration.Hocon;

namespace Mesh.Node.Policy;

/// <summary>
/// A policy's text as keys with values. Gathers every error instead of stopping at the first; each names the key, its value
/// and what is allowed.
/// </summary>
internal sealed class PolicyDocument
{
    private const string Root = "mesh.policy";
    private const string Off = "off";
    private const int MaxErrors = 100;
    private const int MaxLevels = 16;

    private static readonly Dictionary<string, PolicyKey> Known = PolicyKey.All.ToDictionary(key => key.Name, StringComparer.Ordinal);

    private readonly Dictionary<string, HoconValue> _values = new(StringComparer.Ordinal);
    private readonly List<string> _errors = [];

    public PolicyDocument(string text)
    {
        // The parser calls itself for each level: too many would end the process.
        if (Levels(text) > MaxLevels)
        {
            Add($"the document has more than {MaxLevels} levels of brackets");
            return;
        }

        try
        {
            var root = ConfigurationFactory.ParseString(text).Root;
            if (root is { IsEmpty: false } && root.IsObject())
                Walk("", root.GetObject(), "");
        }
        catch (Exception e) when (e is FormatException or InvalidOperationException or ArgumentException or Akka.Actor.AkkaException)
        {
            Add($"the document is not valid HOCON or JSON: {e.Message}");
            return;
        }

        if (_values.Count == 0 && _errors.Count == 0)
            Add($"the document has no section {Root}");
    }

    public IReadOnlyList<string> Errors => _errors;

    public bool IsSet(string key) => _values.ContainsKey(key);

    /// <summary>True also where some key of the section is set.</summary>
    public bool HasSection(string section) => _values.Keys.Any(key => key.StartsWith(section + ".", StringComparison.Ordinal));

    /// <param name="parse">Null for a text that is no such value.</param>
    public T Value<T>(string key, T whenAbsent, Func<string, T?> parse) where T : struct =>
        Text(key) is not { } text ? whenAbsent : parse(text) ?? Wrong(key, whenAbsent);

    /// <param name="parse">Null for a text that is no such value.</param>
    public T Value<T>(string key, T whenAbsent, Func<string, T?> parse) where T : class =>
        Text(key) is not { } text ? whenAbsent : parse(text) ?? Wrong(key, whenAbsent);

    /// <summary>As <see cref="Value{T}(string, T, Func{string, T?})"/>, of a limit that may be switched off: null.</summary>
    public T? Limit<T>(string key, T? whenAbsent, Func<string, T?> parse) where T : struct =>
        Text(key) is not { } text ? whenAbsent : text == Off ? null : parse(text) ?? Wrong(key, whenAbsent);

    /// <summary>Empty when absent, or when an entry is wrong.</summary>
    public ImmutableArray<T> List<T>(string key, Func<string, T?> parse) where T : class
    {
        if (!_values.TryGetValue(key, out var value))
            return [];
        if (!value.IsArray())
            return Wrong(key, ImmutableArray<T>.Empty);
        var items = ImmutableArray.CreateBuilder<T>();
        foreach (var text in value.GetArray().Select(entry => entry.IsString() ? entry.GetString() : "{…}"))
        {
            if (parse(text) is { } item)
                items.Add(item);
            else
                Add($"{Root}.{key} has '{text}': needs {Known[key].Allowed}");
        }

        return items.ToImmutable();
    }

    public void AddMissing(string key, string why) => Add($"{Root}.{key} is missing: {why} needs {Known[key].Allowed}");

    public void AddWrong(string key, string why) => Add($"{Root}.{key} is '{Show(key)}': {why}");

    private T Wrong<T>(string key, T instead)
    {
        AddWrong(key, "needs " + Known[key].Allowed);
        return instead;
    }

    private string? Text(string key)
    {
        if (!_values.TryGetValue(key, out var value))
            return null;
        return value.IsString() ? value.GetString() ?? "" : "";
    }

    private string Show(string key) => _values[key] switch
    {
        var value when value.IsArray() => "[" + string.Join(", ", value.GetArray().Select(entry => entry.IsString() ? entry.GetString() : "…")) + "]",
        var value when value.IsString() => value.GetString(),
        _ => "{…}",
    };

    /// <param name="path">Of the object, in full.</param>
    /// <param name="section">The same below the root; empty outside of it.</param>
    private void Walk(string path, HoconObject inside, string section)
    {
        foreach (var (name, value) in inside.Items)
        {
            var full = path.Length == 0 ? name : $"{path}.{name}";
            var key = full.StartsWith(Root + ".", StringComparison.Ordinal) ? full[(Root.Length + 1)..] : "";
            if (Known.ContainsKey(key))
                _values[key] = value;
            else if (value.IsObject() && IsAbove(full))
                Walk(full, value.GetObject(), key);
            else
                Add($"{full} is no key of a policy: {Near(section)}");
        }
    }

    private static bool IsAbove(string path) =>
        $"{Root}.".StartsWith(path + ".", StringComparison.Ordinal)
        || Known.Keys.Any(key => $"{Root}.{key}".StartsWith(path + ".", StringComparison.Ordinal));

    /// <summary>What stands in a section, for an error about what does not.</summary>
    private static string Near(string section)
    {
        var prefix = section.Length == 0 ? "" : section + ".";
        var names = Known.Keys.Where(key => key.StartsWith(prefix, StringComparison.Ordinal))
            .Select(key => prefix + key[prefix.Length..].Split('.')[0])
            .Distinct();
        return $"allowed in {Root} are {string.Join(", ", names)}";
    }

    private void Add(string error)
    {
        if (_errors.Count < MaxErrors)
            _errors.Add(error);
    }

    private static int Levels(string text)
    {
        var (level, most) = (0, 0);
        foreach (var c in text)
        {
            level += c is '{' or '[' ? 1 : c is '}' or ']' ? -1 : 0;
            most = Math.Max(most, level);
        }

        return most;
    }
}
