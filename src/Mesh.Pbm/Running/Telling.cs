using System.Collections.Immutable;
using Mesh.Operations.Grammar;
using Mesh.Pbm.Connection;
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

    /// <summary>Who answers instead of the host that was asked, and what it was asked, on standard error.</summary>
    public static void TellAnswering(
        this ITerminal terminal, CommandReading.Command command, ImmutableArray<string> words, HostAddress host, ImmutableArray<string> added) =>
        terminal.Error.WriteLine(Answering(command, words, host, added));

    public static string Answering(CommandReading.Command command, ImmutableArray<string> words, HostAddress host, ImmutableArray<string> added)
    {
        var hasSecret = command.Definition.Arguments.Any(argument => argument.IsSecret && command.Arguments.ContainsKey(argument.Name));
        string[] asked = [hasSecret ? command.ToLine() : string.Join(' ', words.Select(WordSplitter.Quote)), .. added];
        return SafeText.OneLine($"(seed {host} answers: {string.Join(' ', asked)})");
    }

    public static TextStyle Style(this ITerminal terminal, bool noColour) => terminal.IsOutTerminal
        ? new TextStyle(terminal.Width, !noColour && terminal.Variable("NO_COLOR") is null)
        : TextStyle.Plain;
}
