using System.Collections.Immutable;

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

    private static readonly Dictionary<string, PolicyKey> Known = PolicyKey.All.ToDictionary(key => key.Name, StringComparer.Ordinal);

    private readonly Dictionary<string, PolicyEntry> _values = new(StringComparer.Ordinal);
    private readonly List<string> _errors = [];

    public PolicyDocument(string text)
    {
        try
        {
            foreach (var entry in new PolicyText(text).Read())
                Take(entry);
        }
        catch (FormatException e)
        {
            Add($"the document is neither HOCON nor JSON: {e.Message}");
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
        if (value.Text is not null)
            return Wrong(key, ImmutableArray<T>.Empty);
        var items = ImmutableArray.CreateBuilder<T>();
        foreach (var text in value.Items)
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

    private string? Text(string key) => _values.TryGetValue(key, out var value) ? value.Text ?? "" : null;

    private string Show(string key) => _values[key].Text ?? "[" + string.Join(", ", _values[key].Items) + "]";

    private void Take(PolicyEntry entry)
    {
        var key = entry.Key.StartsWith(Root + ".", StringComparison.Ordinal) ? entry.Key[(Root.Length + 1)..] : "";
        if (!Known.TryGetValue(key, out var known))
            Add($"{entry.Key} is no key of a policy: {Allowed(key)}");
        else if (!_values.TryAdd(key, entry))
            Add($"{entry.Key} is set twice: needs {known.Allowed}, once");
    }

    /// <summary>What stands in the same section, or in the document.</summary>
    private static string Allowed(string key)
    {
        var prefix = key[..(key.IndexOf('.', StringComparison.Ordinal) + 1)];
        var names = Known.Keys.Where(known => known.StartsWith(prefix, StringComparison.Ordinal)).ToList();
        if (names.Count == 0 || prefix.Length == 0)
            names = [.. Known.Keys.Select(known => known.Split('.')[0]).Distinct()];
        return $"allowed in {Root} are {string.Join(", ", names)}";
    }

    private void Add(string error)
    {
        if (_errors.Count < MaxErrors)
            _errors.Add(error);
    }
}
