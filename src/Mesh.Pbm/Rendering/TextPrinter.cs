using System.Collections.Immutable;
using Mesh.Operations;

namespace Mesh.Pbm.Rendering;

/// <summary>An answer for people: tables by their columns, lines, and outlines of what is nested.</summary>
/// <param name="isEndless">Rows are shown at once, instead of when all widths are known.</param>
internal sealed class TextPrinter(TextWriter output, TextStyle style, bool isEndless) : IAnswerPrinter
{
    /// <summary>Rows that are held back to learn their widths.</summary>
    private const int Block = 1000;

    private readonly List<ImmutableArray<TableCell>> _waiting = [];
    private CommandOutput.Table? _table;
    private TableLayout? _layout;
    private bool _hasHead;

    public void Write(CommandOutput piece)
    {
        switch (piece)
        {
            case CommandOutput.Table table:
                End();
                (_table, _layout, _hasHead) = (table, new TableLayout(table.Columns, style), false);
                break;
            case CommandOutput.Row row when _table is { IsBare: true }:
                WriteLine(Bare([.. row.Cells.Select(TableCell.Of)]));
                break;
            case CommandOutput.Row row:
                _waiting.Add([.. row.Cells.Select(TableCell.Of)]);
                if (isEndless || _waiting.Count == Block)
                    WriteWaiting();
                break;
            case CommandOutput.Line line:
                End();
                foreach (var text in SafeText.Lines(line.Text))
                    WriteLine(text);
                break;
            case CommandOutput.Document document:
                End();
                foreach (var text in Outline.Of(document.Content, style))
                    WriteLine(text);
                break;
        }

        if (isEndless || piece is CommandOutput.Line)
            output.Flush();
    }

    public void End()
    {
        WriteWaiting();
        // A table without rows says at least which columns it has.
        if (_table is { IsBare: false } && !_hasHead)
            WriteLine(_layout!.HeadLine());
        (_table, _layout) = (null, null);
        output.Flush();
    }

    private void WriteWaiting()
    {
        if (_waiting.Count == 0)
            return;
        _layout ??= new TableLayout([.. _waiting[0].Select((_, i) => $"column_{i + 1}")], style);
        _layout.Measure(_waiting);
        if (!_hasHead)
            WriteLine(_layout.HeadLine());
        _hasHead = true;
        foreach (var row in _waiting)
            WriteLine(_layout.RowLine(row));
        _waiting.Clear();
    }

    /// <summary>"a | b | | c": an empty cell leaves its place.</summary>
    private string Bare(ImmutableArray<TableCell> cells) => string.Concat(cells.Select((cell, i) =>
    {
        var text = cell.Text ?? "";
        var shown = i < _table!.Columns.Length && _table.Columns[i] is "state" or "status" ? style.State(text, text) : text;
        return i == 0 ? shown : text.Length == 0 ? " |" : $" | {shown}";
    }));

    private void WriteLine(string text)
    {
        output.Write(text);
        output.Write('\n');
    }
}
