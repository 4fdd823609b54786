using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Mesh.Pbm.Rendering;

/// <summary>A document as an indented outline; a list of alike flat objects as a table.</summary>
internal static class Outline
{
    private const string Step = "  ";

    /// <summary>Characters; values that take more stand one a line.</summary>
    private const int OneLine = 100;

    public static IEnumerable<string> Of(JsonObject document, TextStyle style) => OfObject(document, "", style);

    private static IEnumerable<string> OfObject(JsonObject content, string indent, TextStyle style) =>
        content.SelectMany(pair => OfPair(style.Head($"{TableLayout.Head(pair.Key)}:"), pair.Value, indent, style));

    private static IEnumerable<string> OfPair(string head, JsonNode? value, string indent, TextStyle style) => value switch
    {
        JsonObject { Count: > 0 } nested => [indent + head, .. OfObject(nested, indent + Step, style)],
        JsonArray { Count: > 0 } list when list.All(item => item is null or JsonValue) && Line(list) is { Length: <= OneLine } line => [$"{indent}{head} {line}"],
        JsonArray { Count: > 0 } list => [indent + head, .. OfList(list, indent + Step, style)],
        JsonObject or JsonArray => [$"{indent}{head} none"],
        _ => [$"{indent}{head} {Text(value)}"],
    };

    private static IEnumerable<string> OfList(JsonArray list, string indent, TextStyle style) =>
        IsTable(list) ? OfTable(list, indent, style) : list.SelectMany(item => item switch
        {
            JsonObject { Count: > 0 } nested => Bulleted(OfObject(nested, indent + Step, style), indent),
            JsonArray { Count: > 0 } inner => Bulleted(OfList(inner, indent + Step, style), indent),
            JsonObject or JsonArray => [$"{indent}- none"],
            _ => [$"{indent}- {Text(item)}"],
        });

    private static IEnumerable<string> Bulleted(IEnumerable<string> lines, string indent) =>
        lines.Select((line, i) => i == 0 ? $"{indent}- {line[(indent.Length + Step.Length)..]}" : line);

    private static bool IsTable(JsonArray list) =>
        list.Count > 1
        && list.All(item => item is JsonObject { Count: > 0 } row && row.All(pair => pair.Value is null or JsonValue))
        && list.Select(item => string.Join('\n', item!.AsObject().Select(pair => pair.Key))).Distinct(StringComparer.Ordinal).Count() == 1;

    private static IEnumerable<string> OfTable(JsonArray list, string indent, TextStyle style)
    {
        var layout = new TableLayout([.. list[0]!.AsObject().Select(pair => pair.Key)], style, indent);
        var rows = list.Select(item => item!.AsObject().Select(pair => TableCell.Of(pair.Value)).ToImmutableArray()).ToList();
        layout.Measure(rows);
        return [layout.HeadLine(), .. rows.Select(layout.RowLine)];
    }

    private static string Line(JsonArray values) => string.Join(", ", values.Select(Text));

    private static string Text(JsonNode? value) => TableCell.Of(value).Text ?? "-";
}
