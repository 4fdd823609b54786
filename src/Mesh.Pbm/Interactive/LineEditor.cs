using Mesh.Operations;
using Mesh.Pbm.Rendering;
using Mesh.Pbm.Terminals;

namespace Mesh.Pbm.Interactive;

/// <summary>
/// Reads a line with the keys of readline. The line stays in one row of the terminal, and moves sideways when it is longer, so
/// that a resize between two keys breaks nothing.
/// </summary>
/// <param name="complete">What the text before the cursor becomes, and the choices when there are several.</param>
internal sealed class LineEditor(ITerminal terminal, string prompt, History history, Func<string, TextCompletion> complete)
{
    private readonly LineBuffer _line = new();
    private readonly HistoryWalk _walk = new(history);
    private bool _lastWasTab;

    /// <summary>The line, "" after Ctrl-C, or null when the person leaves with Ctrl-D.</summary>
    public string? Read()
    {
        while (true)
        {
            if (!terminal.HasKey)
                Draw();
            var key = terminal.ReadKey();
            switch (Apply(key))
            {
                case LineEnd.Accepted:
                    _line.End();
                    Draw();
                    return Leave(_line.Text);
                case LineEnd.Dropped:
                    _line.End();
                    Draw();
                    terminal.Out.Write("^C");
                    return Leave("");
                case LineEnd.Left:
                    return Leave(null);
            }

            _lastWasTab = key.Key == ConsoleKey.Tab;
        }
    }

    private LineEnd Apply(ConsoleKeyInfo key)
    {
        var control = key.Modifiers.HasFlag(ConsoleModifiers.Control);
        var alt = key.Modifiers.HasFlag(ConsoleModifiers.Alt);
        switch (key.Key)
        {
            case ConsoleKey.Enter:
                return LineEnd.Accepted;
            case ConsoleKey.C when control:
                return LineEnd.Dropped;
            case ConsoleKey.D when control && _line.Text.Length == 0:
                return LineEnd.Left;
            case ConsoleKey.Tab:
                Complete();
                break;
            case ConsoleKey.UpArrow:
            case ConsoleKey.P when control:
                _line.Set(_walk.Back(_line.Text));
                break;
            case ConsoleKey.DownArrow:
            case ConsoleKey.N when control:
                _line.Set(_walk.Forward(_line.Text));
                break;
            case ConsoleKey.L when control:
                terminal.Out.Write("\e[H\e[2J");
                break;
            default:
                if (!Edit(key.Key, control, alt) && !char.IsControl(key.KeyChar) && !control && !alt && _line.Text.Length < OperationsLimits.LineLength)
                    _line.Insert(key.KeyChar.ToString());
                break;
        }

        return LineEnd.NotYet;
    }

    /// <returns>Whether the key edits the line.</returns>
    private bool Edit(ConsoleKey key, bool control, bool alt)
    {
        Action? edit = key switch
        {
            ConsoleKey.LeftArrow when control || alt => _line.WordLeft,
            ConsoleKey.RightArrow when control || alt => _line.WordRight,
            ConsoleKey.B when alt => _line.WordLeft,
            ConsoleKey.F when alt => _line.WordRight,
            ConsoleKey.LeftArrow => _line.Left,
            ConsoleKey.B when control => _line.Left,
            ConsoleKey.RightArrow => _line.Right,
            ConsoleKey.F when control => _line.Right,
            ConsoleKey.Home => _line.Home,
            ConsoleKey.A when control => _line.Home,
            ConsoleKey.End => _line.End,
            ConsoleKey.E when control => _line.End,
            ConsoleKey.Backspace when control || alt => _line.DeleteWordLeft,
            ConsoleKey.W when control => _line.DeleteWordLeft,
            ConsoleKey.Backspace => _line.Backspace,
            ConsoleKey.H when control => _line.Backspace,
            ConsoleKey.Delete => _line.Delete,
            ConsoleKey.D when control => _line.Delete,
            ConsoleKey.U when control => _line.DeleteToHome,
            ConsoleKey.K when control => _line.DeleteToEnd,
            _ => null,
        };
        edit?.Invoke();
        return edit is not null;
    }

    private void Complete()
    {
        var completion = complete(_line.Text[.._line.Cursor]);
        if (completion.Text != _line.Text[.._line.Cursor])
            _line.Replace(_line.Cursor, completion.Text);
        else if (_lastWasTab && completion.Choices.Length > 1)
        {
            terminal.Out.Write('\n');
            foreach (var choice in completion.Choices)
                terminal.Out.Write($"{SafeText.Fit($"  {choice.Text,-24} {choice.Description}", terminal.Width - 1)}\n");
        }
    }

    private void Draw()
    {
        var room = Math.Max(10, terminal.Width - prompt.Length - 1);
        var before = _line.Text[.._line.Cursor];
        // The part that ends a little behind the cursor, when not all has room.
        var start = 0;
        while (SafeText.Width(before[start..]) > room - 1)
            start += char.IsHighSurrogate(before[start]) ? 2 : 1;
        var shown = _line.Text[start..];
        while (SafeText.Width(shown) > room)
            shown = shown[..^1];
        var column = prompt.Length + SafeText.Width(before[start..]);
        terminal.Out.Write($"\r{prompt}{shown}\e[K\r{(column > 0 ? $"\e[{column}C" : "")}");
        terminal.Out.Flush();
    }

    private string? Leave(string? line)
    {
        terminal.Out.Write('\n');
        terminal.Out.Flush();
        return line;
    }

    private enum LineEnd
    {
        NotYet,
        Accepted,
        Dropped,
        Left,
    }
}
