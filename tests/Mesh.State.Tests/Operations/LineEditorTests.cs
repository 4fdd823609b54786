using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Mesh.Pbm.Interactive;
using Mesh.Pbm.Rendering;

namespace Mesh.State.Tests.Operations;

public sealed class LineEditorTests
{
    [Fact]
    public void Keys_are_those_of_readline()
    {
        Assert.Equal("xb", Read(t => t.Type("ab").Press(ConsoleKey.Home).Press(ConsoleKey.Delete).Type("x")));
        Assert.Equal("abX", Read(t => t.Type("ab").Press(ConsoleKey.A, control: true).Press(ConsoleKey.E, control: true).Type("X")));
        Assert.Equal("one X", Read(t => t.Type("one two").Press(ConsoleKey.W, control: true).Type("X")));
        Assert.Equal("two", Read(t => t.Type("one two").Press(ConsoleKey.B, alt: true).Press(ConsoleKey.U, control: true)));
        Assert.Equal("one", Read(t => t.Type("one two").Press(ConsoleKey.LeftArrow, control: true).Press(ConsoleKey.Backspace).Press(ConsoleKey.K, control: true)));
        Assert.Equal("a", Read(t => t.Type("a🚗").Press(ConsoleKey.Backspace)));
        Assert.Null(new LineEditor(new FakeTerminal().Press(ConsoleKey.D, control: true), "> ", new History(null), NoCompletion).Read());
        Assert.Equal("", new LineEditor(new FakeTerminal().Type("ab").Press(ConsoleKey.C, control: true), "> ", new History(null), NoCompletion).Read());
    }

    [Fact]
    public void The_arrows_walk_through_the_history_and_back_to_what_was_begun()
    {
        var history = new History(null);
        history.Add("one");
        history.Add("two");
        Assert.Equal("one", Read(t => t.Press(ConsoleKey.UpArrow).Press(ConsoleKey.UpArrow).Press(ConsoleKey.UpArrow), history));
        Assert.Equal("two", Read(t => t.Press(ConsoleKey.UpArrow).Press(ConsoleKey.UpArrow).Press(ConsoleKey.DownArrow), history));
        Assert.Equal("begun", Read(t => t.Type("begun").Press(ConsoleKey.UpArrow).Press(ConsoleKey.DownArrow).Press(ConsoleKey.DownArrow), history));
    }

    [Theory]
    [InlineData(20)]
    [InlineData(5)]
    [InlineData(1)]
    public void A_long_line_stays_in_one_row(int width)
    {
        var terminal = new FakeTerminal { Width = width }.Type("a line that is 長い, longer than the terminal").Press(ConsoleKey.LeftArrow).Type("x\n");
        Assert.Equal("a line that is 長い, longer than the terminaxl", new LineEditor(terminal, "> ", new History(null), NoCompletion).Read());
        var rows = terminal.Written.ToString().Split('\r').Select(row => row.Split('\e')[0].TrimEnd('\n'));
        Assert.All(rows, row => Assert.InRange(SafeText.Width(row), 0, Math.Max(width, 13)));
    }

    [Property(MaxTest = 500)]
    public Property No_keys_break_the_buffer() => Prop.ForAll(
        Gen.ListOf(Gen.OneOf(
            Gen.Elements<Action<LineBuffer>>(
                b => b.Left(), b => b.Right(), b => b.Home(), b => b.End(), b => b.WordLeft(), b => b.WordRight(), b => b.Backspace(),
                b => b.Delete(), b => b.DeleteWordLeft(), b => b.DeleteToHome(), b => b.DeleteToEnd(), b => b.Insert("🚗"), b => b.Insert(" a b"),
                b => b.Replace(b.Cursor, "x"), b => b.Set("set")))).ToArbitrary(),
        edits =>
        {
            var buffer = new LineBuffer();
            foreach (var edit in edits)
            {
                edit(buffer);
                Assert.InRange(buffer.Cursor, 0, buffer.Text.Length);
                Assert.False(buffer.Cursor > 0 && buffer.Cursor < buffer.Text.Length && char.IsLowSurrogate(buffer.Text[buffer.Cursor]));
            }
        });

    private static string? Read(Action<FakeTerminal> press, History? history = null)
    {
        var terminal = new FakeTerminal();
        press(terminal);
        terminal.Type("\n");
        return new LineEditor(terminal, "> ", history ?? new History(null), NoCompletion).Read();
    }

    private static TextCompletion NoCompletion(string text) => new(text, []);
}
