using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mesh.Operations;

namespace Mesh.Pbm.Rendering;

/// <summary>One JSON object a line: a row by its columns' names, a line as {"message": …}, a document as it is.</summary>
internal sealed class JsonPrinter(TextWriter output) : IAnswerPrinter
{
    private static readonly JsonSerializerOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private ImmutableArray<string> _columns = [];

    public void Write(CommandOutput piece)
    {
        switch (piece)
        {
            case CommandOutput.Table table:
                _columns = table.Columns;
                break;
            case CommandOutput.Row row:
                var json = new JsonObject();
                for (var i = 0; i < row.Cells.Length; i++)
                    json[i < _columns.Length ? _columns[i] : $"column_{i + 1}"] = row.Cells[i]?.DeepClone();
                Write(json);
                break;
            case CommandOutput.Line line:
                Write(new JsonObject { ["message"] = line.Text });
                break;
            case CommandOutput.Document document:
                Write(document.Content);
                break;
        }
    }

    public void End() => output.Flush();

    private void Write(JsonObject json)
    {
        output.Write(json.ToJsonString(Compact));
        output.Write('\n');
        output.Flush();
    }
}
