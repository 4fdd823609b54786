using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace Mesh.State.Tests.Deployment;

/// <summary>A YAML document as a tree: anchors and merges resolved, keys as text. What is asked for and is not there is an error that names it.</summary>
internal sealed class YamlTree
{
    private readonly object? _value;
    private readonly string _path;

    private YamlTree(object? value, string path)
    {
        _value = value;
        _path = path;
    }

    public string Text => Convert.ToString(_value, CultureInfo.InvariantCulture) is { } text and not "" ? text : throw Missing("a value");

    public IReadOnlyList<YamlTree> Items =>
        _value is List<object> items ? [.. items.Select((item, i) => new YamlTree(item, $"{_path}[{i}]"))] : throw Missing("a list");

    public IReadOnlyList<string> Texts => [.. Items.Select(item => item.Text)];

    public IReadOnlyDictionary<string, YamlTree> Members => _value is Dictionary<object, object> members
        ? members.ToDictionary(pair => (string)pair.Key, pair => new YamlTree(pair.Value, $"{_path}.{pair.Key}"), StringComparer.Ordinal)
        : throw Missing("a mapping");

    public YamlTree this[string name] => Members.TryGetValue(name, out var member) ? member : throw Missing(name);

    public static YamlTree Load(string path)
    {
        using var reader = File.OpenText(path);
        return new YamlTree(new DeserializerBuilder().Build().Deserialize(new MergingParser(new Parser(reader))), Path.GetFileName(path));
    }

    public bool Has(string name) => Members.ContainsKey(name);

    private InvalidDataException Missing(string what) => new($"{_path} has no {what}");
}
