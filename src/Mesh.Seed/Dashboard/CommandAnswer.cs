using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mesh.Operations;

namespace Mesh.Seed.Dashboard;

/// <summary>One answer while it comes in, within bounds.</summary>
internal sealed class CommandAnswer(int maxRows, IRowSummary? summary)
{
    private const int MaxLines = 1000;
    private const int MaxDocuments = 100;
    private const int MaxTables = 10;
    private const int MaxBytes = 4 << 20;

    private readonly List<(CommandOutput.Table Head, List<CommandOutput.Row> Rows)> _tables = [];
    private readonly int[] _omitted = new int[MaxTables];
    private readonly List<JsonObject> _documents = [];
    private readonly List<string> _lines = [];
    private bool _hasTablesBeyond;

    public void Add(CommandOutput output)
    {
        switch (output)
        {
            case CommandOutput.Table table when _tables.Count < MaxTables:
                _tables.Add((table, []));
                break;
            case CommandOutput.Table:
                _hasTablesBeyond = true;
                break;
            case CommandOutput.Row row when _tables.Count > 0 && !_hasTablesBeyond:
                Add(row);
                break;
            case CommandOutput.Document document when _documents.Count < MaxDocuments:
                _documents.Add(document.Content);
                break;
            case CommandOutput.Line line when _lines.Count < MaxLines:
                _lines.Add(line.Text);
                break;
        }
    }

    public string ToJson()
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
            Write(writer);
        return stream.Length <= MaxBytes
            ? Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length)
            : throw new CommandFailedException($"the answer has {stream.Length} bytes, too many for this page: use pbm");
    }

    private void Add(CommandOutput.Row row)
    {
        var (head, rows) = _tables[^1];
        if (_tables.Count == 1)
            summary?.Add(head.Columns, row.Cells);
        if (rows.Count < maxRows)
            rows.Add(row);
        else
            _omitted[_tables.Count - 1]++;
    }

    private void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("tables"u8);
        for (var i = 0; i < _tables.Count; i++)
            WriteTable(writer, _tables[i].Head, _tables[i].Rows, _omitted[i]);
        writer.WriteEndArray();
        writer.WriteStartArray("documents"u8);
        _documents.ForEach(document => document.WriteTo(writer));
        writer.WriteEndArray();
        writer.WriteStartArray("lines"u8);
        _lines.ForEach(writer.WriteStringValue);
        writer.WriteEndArray();
        if (_omitted[0] > 0)
            summary?.Write(writer);
        writer.WriteEndObject();
    }

    private static void WriteTable(Utf8JsonWriter writer, CommandOutput.Table head, List<CommandOutput.Row> rows, int omitted)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("columns"u8);
        foreach (var column in head.Columns)
            writer.WriteStringValue(column);
        writer.WriteEndArray();
        writer.WriteStartArray("rows"u8);
        foreach (var row in rows)
        {
            writer.WriteStartArray();
            foreach (var cell in row.Cells)
            {
                if (cell is null)
                    writer.WriteNullValue();
                else
                    cell.WriteTo(writer);
            }

            writer.WriteEndArray();
        }

        writer.WriteEndArray();
        writer.WriteNumber("omitted"u8, omitted);
        writer.WriteEndObject();
    }
}
