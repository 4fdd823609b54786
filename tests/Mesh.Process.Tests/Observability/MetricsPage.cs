using System.Text.RegularExpressions;

namespace Mesh.Process.Tests.Observability;

/// <summary>A metric as a page for Prometheus has it.</summary>
/// <param name="Type">counter, gauge or histogram.</param>
/// <param name="Labels">Of all its series, less the one that names the meter.</param>
internal sealed record PageMetric(string Name, string Type, IReadOnlySet<string> Labels);

/// <summary>Reads such pages.</summary>
internal static partial class MetricsPage
{
    private const string Scope = "otel_scope_name";

    public static IReadOnlyDictionary<string, PageMetric> Read(string page)
    {
        var types = Types().Matches(page).ToDictionary(match => match.Groups["name"].Value, match => match.Groups["type"].Value);
        var labels = types.Keys.ToDictionary(name => name, _ => new HashSet<string>());
        foreach (Match series in Series().Matches(page))
        {
            var name = Family(series.Groups["name"].Value, types);
            labels[name].UnionWith(Labels().Matches(series.Groups["labels"].Value).Select(label => label.Groups["name"].Value).Where(label => label is not (Scope or "le")));
        }

        return types.ToDictionary(type => type.Key, type => new PageMetric(type.Key, type.Value, labels[type.Key]));
    }

    /// <summary>Every label of every series of the page.</summary>
    public static IEnumerable<(string Series, string Name, string Value)> LabelsOf(string page) =>
        from Match series in Series().Matches(page)
        from Match label in LabelValues().Matches(series.Groups["labels"].Value)
        select (series.Groups["name"].Value, label.Groups["name"].Value, label.Groups["value"].Value);

    /// <summary>The metric that a series belongs to: a histogram has three of them.</summary>
    public static string Family(string series, IReadOnlyDictionary<string, string> types)
    {
        if (types.ContainsKey(series))
            return series;
        var family = Parts().Replace(series, "");
        return types.GetValueOrDefault(family) == "histogram" ? family : throw new KeyNotFoundException($"{series} has no type");
    }

    [GeneratedRegex(@"^# TYPE (?<name>\S+) (?<type>\S+)", RegexOptions.Multiline)]
    private static partial Regex Types();

    [GeneratedRegex(@"^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?<labels>[^\n]*)\})? [^\s]+", RegexOptions.Multiline)]
    private static partial Regex Series();

    [GeneratedRegex(@"(?<name>[a-zA-Z_][a-zA-Z0-9_]*)=""")]
    private static partial Regex Labels();

    [GeneratedRegex(@"(?<name>[a-zA-Z_][a-zA-Z0-9_]*)=""(?<value>[^""]*)""")]
    private static partial Regex LabelValues();

    [GeneratedRegex("_(bucket|sum|count)$")]
    private static partial Regex Parts();
}
