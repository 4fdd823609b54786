using System.Text.RegularExpressions;

namespace Mesh.Process.Tests.Observability;

/// <summary>
/// The names in a query: of series, and of labels in selectors and groupings. Knows as much of PromQL as our queries use; an
/// unknown word is taken for a series, so that what it does not know fails its test.
/// </summary>
internal sealed partial record PromQuery(IReadOnlyList<string> Series, IReadOnlyList<(string Series, string Label, string? Value)> Labels, IReadOnlyList<string> Grouped)
{
    private static readonly HashSet<string> Words =
    [
        "sum", "max", "min", "topk", "rate", "increase", "histogram_quantile", "quantile", "max_over_time", "and", "or", "unless",
    ];

    public static PromQuery Parse(string query)
    {
        List<string> grouped = [];
        List<(string, string, string?)> labels = [];
        var rest = Grouping().Replace(query, match =>
        {
            grouped.AddRange(match.Groups["labels"].Value.Split(',', StringSplitOptions.TrimEntries));
            return " ";
        });
        rest = Selector().Replace(rest, match =>
        {
            foreach (Match matcher in Matcher().Matches(match.Groups["matchers"].Value))
            {
                // Whether it is looked for or left out, a value that there is none of is a mistake.
                var literal = !matcher.Groups["value"].Value.Contains('$', StringComparison.Ordinal);
                foreach (var value in literal ? matcher.Groups["value"].Value.Split('|') : new string?[] { null })
                    labels.Add((match.Groups["series"].Value, matcher.Groups["label"].Value, value));
            }

            return match.Groups["series"].Value + " ";
        });
        rest = Range().Replace(rest, " ");
        var series = Word().Matches(rest).Select(word => word.Value).Where(word => !Words.Contains(word)).Distinct().ToList();
        return new PromQuery(series, labels, grouped);
    }

    [GeneratedRegex(@"\b(?:by|on) \((?<labels>[^)]*)\)")]
    private static partial Regex Grouping();

    [GeneratedRegex(@"(?<series>[a-zA-Z_:][a-zA-Z0-9_:]*)\{(?<matchers>[^}]*)\}")]
    private static partial Regex Selector();

    [GeneratedRegex(@"(?<label>[a-zA-Z_]\w*)\s*(?<operator>=~|!~|!=|=)\s*""(?<value>[^""]*)""")]
    private static partial Regex Matcher();

    [GeneratedRegex(@"\[[^\]]*\]")]
    private static partial Regex Range();

    [GeneratedRegex(@"[a-zA-Z_:][a-zA-Z0-9_:]*")]
    private static partial Regex Word();
}
