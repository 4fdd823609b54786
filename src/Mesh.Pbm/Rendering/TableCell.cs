using System.Text.Json;
using System.Text.Json.Nodes;

namespace Mesh.Pbm.Rendering;

/// <summary>A value as people read it.</summary>
/// <param name="Text">Null = not known.</param>
internal readonly record struct TableCell(string? Text, bool IsNumber)
{
    public static TableCell Of(JsonNode? value) => value?.GetValueKind() switch
    {
        null or JsonValueKind.Null => new TableCell(null, false),
        JsonValueKind.String => new TableCell(SafeText.OneLine(value.GetValue<string>()), false),
        JsonValueKind.True => new TableCell("yes", false),
        JsonValueKind.False => new TableCell("no", false),
        JsonValueKind.Number => new TableCell(value.ToJsonString(), true),
        _ => new TableCell(SafeText.OneLine(value.ToJsonString()), false),
    };
}
