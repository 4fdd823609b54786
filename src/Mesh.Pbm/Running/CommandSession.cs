using System.Collections.Immutable;
using Mesh.Operations;
using Mesh.Operations.Grammar;
using Mesh.Pbm.Completing;
using Mesh.Pbm.Connection;
using Mesh.Pbm.Rendering;
using Mesh.Pbm.Terminals;

namespace Mesh.Pbm.Running;

/// <summary>Runs commands at one host: reads their words by its palettes, asks where they take something away, shows the answer.</summary>
internal sealed class CommandSession(OperationsClient client, CommandRoute route, ITerminal terminal)
{
    private static readonly TimeSpan PaletteLimit = TimeSpan.FromSeconds(10);

    private HostPalettes? _palettes;

    /// <summary>As they were last downloaded.</summary>
    public ImmutableArray<CommandPalette> KnownPalettes { get; private set; } = [];

    /// <summary>Downloaded anew after the connection was lost: another version may be there now.</summary>
    /// <exception cref="PbmException">There is no host, or it does not let us.</exception>
    public async Task<HostPalettes> PalettesAsync(CancellationToken cancellation, TimeSpan? limit = null)
    {
        _palettes ??= await client.GetPalettesAsync(limit ?? PaletteLimit, cancellation);
        KnownPalettes = _palettes.Palettes;
        return _palettes;
    }

    /// <summary>What the begun word of a command can become.</summary>
    /// <param name="others">First words besides the palettes.</param>
    /// <exception cref="PbmException">There is no host, or it does not let us.</exception>
    public async Task<ImmutableArray<Candidate>> CompleteAsync(IReadOnlyList<string> words, string begun, IEnumerable<string> others, TimeSpan limit)
    {
        var palettes = (await PalettesAsync(CancellationToken.None, limit)).Palettes;
        var values = await WordCompletion.OfHostAsync(client, words, begun, palettes, limit);
        return [.. values, .. WordCompletion.Of(words, begun, palettes, others)];
    }

    /// <summary>Tells errors itself.</summary>
    /// <returns>An exit code.</returns>
    /// <param name="ask">Asks a person; null = nobody is there.</param>
    public async Task<int> RunAsync(LineOptions line, Func<string, bool>? ask)
    {
        try
        {
            return await ReadAsync(line) switch
            {
                CommandReading.Help help => Show(help.Text),
                CommandReading.Wrong wrong => Refuse(wrong.Errors),
                CommandReading.Command command => await RunAsync(command, line, ask),
                _ => PbmExit.Usage,
            };
        }
        catch (PbmException e)
        {
            if (e.ExitCode == PbmExit.NotConnected)
                _palettes = null;
            terminal.Tell(e.Message);
            return e.ExitCode;
        }
        catch (OperationCanceledException)
        {
            return PbmExit.Interrupted;
        }
    }

    private async Task<CommandReading> ReadAsync(LineOptions line)
    {
        using var interruption = terminal.Interruption();
        return CommandGrammar.Read(line.Words, (await PalettesAsync(interruption.Token)).Palettes);
    }

    private async Task<int> RunAsync(CommandReading.Command command, LineOptions line, Func<string, bool>? ask)
    {
        // Ctrl-C at the question ends the program, as always when nothing catches it: what reads the answer cannot be cancelled.
        if (line.Watch is null && command.Definition.IsDestructive && !line.Yes && !IsAgreed(command, ask))
            return PbmExit.Usage;

        using var interruption = terminal.Interruption();
        var cancellation = interruption.Token;
        if (line.Watch is { } interval)
            return await new Watch(route, terminal, line, interval).RunAsync(command, cancellation);
        var printer = Printer(terminal.Out, line, terminal.Style(line.NoColor), command.Definition.IsEndless);
        try
        {
            await foreach (var output in route.RunAsync(
                line.Words, command.Definition.IsDestructive, (host, added) => terminal.TellAnswering(command, line.Words, host, added), cancellation))
                printer.Write(output);
            return PbmExit.Ok;
        }
        catch (OperationCanceledException) when (command.Definition.IsEndless)
        {
            return PbmExit.Ok;
        }
        finally
        {
            printer.End();
        }
    }

    public static IAnswerPrinter Printer(TextWriter output, LineOptions line, TextStyle style, bool isEndless) =>
        line.Json ? new JsonPrinter(output) : new TextPrinter(output, style, isEndless);

    private bool IsAgreed(CommandReading.Command command, Func<string, bool>? ask)
    {
        var question = $"'{command.ToLine()}' takes away what does not come back by itself.";
        if (ask is null)
            terminal.Tell($"{question} Nobody is here to ask: agree with --yes");
        else if (ask(question))
            return true;
        else
            terminal.Tell("not run");
        return false;
    }

    private int Show(string text)
    {
        terminal.Out.Write(text);
        terminal.Out.Flush();
        return PbmExit.Ok;
    }

    private int Refuse(ImmutableArray<string> errors)
    {
        foreach (var error in errors)
            terminal.Tell(error);
        return PbmExit.Usage;
    }
}
