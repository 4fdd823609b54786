using Mesh.Pbm.Rendering;
using Mesh.Pbm.Terminals;

namespace Mesh.Pbm.Running;

internal static class Telling
{
    /// <summary>An error, on standard error.</summary>
    public static void Tell(this ITerminal terminal, string error)
    {
        var style = new TextStyle(null, terminal.IsErrorTerminal && terminal.Variable("NO_COLOR") is null);
        foreach (var line in SafeText.Lines(error))
            terminal.Error.WriteLine($"{style.Error("pbm:")} {line}");
    }

    public static TextStyle Style(this ITerminal terminal, bool noColour) => terminal.IsOutTerminal
        ? new TextStyle(terminal.Width, !noColour && terminal.Variable("NO_COLOR") is null)
        : TextStyle.Plain;
}
