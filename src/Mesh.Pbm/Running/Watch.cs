using System.Collections.Immutable;
using System.Globalization;
using Mesh.Operations.Grammar;
using Mesh.Pbm.Connection;
using Mesh.Pbm.Rendering;
using Mesh.Pbm.Terminals;

namespace Mesh.Pbm.Running;

/// <summary>
/// Runs a command again and again. On a terminal the newest answer stands in the place of the one before, also while the host is
/// gone for a while; elsewhere answers follow each other.
/// </summary>
internal sealed class Watch(CommandRoute route, ITerminal terminal, LineOptions line, TimeSpan interval)
{
    private const string EnterScreen = "\e[?1049h\e[?25l";
    private const string LeaveScreen = "\e[?25h\e[?1049l";
    private const string Home = "\e[H";
    private const string ClearToLineEnd = "\e[K";
    private const string ClearBelow = "\e[J";

    private string _last = "";

    /// <summary>Who answers instead of the host that was asked; empty = that one does.</summary>
    private string _answering = "";

    public async Task<int> RunAsync(CommandReading.Command command, CancellationToken cancellation)
    {
        if (command.Definition.IsEndless || command.Changes)
        {
            terminal.Tell($"'{command.ToLine()}' {(command.Definition.IsEndless ? "goes on by itself" : "changes something")}: run it without --watch");
            return PbmExit.Usage;
        }

        var isLive = terminal.IsOutTerminal && !line.Json;
        if (isLive)
            terminal.Out.Write(EnterScreen);
        try
        {
            using var timer = new PeriodicTimer(interval);
            do
                await ShowAsync(command, isLive, cancellation);
            while (await timer.WaitForNextTickAsync(cancellation));
        }
        catch (OperationCanceledException)
        {
            // Ctrl-C is how a person ends it.
        }
        finally
        {
            if (isLive)
                terminal.Out.Write(LeaveScreen + _last);
            terminal.Out.Flush();
        }

        return PbmExit.Ok;
    }

    private async Task ShowAsync(CommandReading.Command command, bool isLive, CancellationToken cancellation)
    {
        if (!isLive)
        {
            await PrintAsync(command, terminal.Out, terminal.Style(line.NoColor), cancellation);
            if (!line.Json)
                terminal.Out.Write('\n');
            terminal.Out.Flush();
            return;
        }

        var style = terminal.Style(line.NoColor);
        using var frame = new StringWriter(CultureInfo.InvariantCulture);
        try
        {
            await PrintAsync(command, frame, style, cancellation);
            _last = frame.ToString();
        }
        catch (PbmException e) when (e.ExitCode == PbmExit.NotConnected)
        {
            frame.WriteLine($"{style.Error("pbm:")} {SafeText.OneLine(e.Message)}; tries again");
        }

        var title = style.Head(SafeText.Fit(
            $"{command.ToLine()}  every {interval.TotalSeconds:0.#} s  Ctrl-C ends it{(_answering.Length > 0 ? $"  {_answering}" : "")}", style.Width ?? int.MaxValue));
        Draw([title, "", .. frame.ToString().TrimEnd('\n').Split('\n')]);
    }

    private async Task PrintAsync(CommandReading.Command command, TextWriter output, TextStyle style, CancellationToken cancellation)
    {
        var isLive = output != terminal.Out;
        var printer = CommandSession.Printer(output, line, style, isEndless: false);
        try
        {
            await foreach (var piece in route.RunAsync(line.Words, isConfirmed: false, Answering, cancellation))
                printer.Write(piece);
        }
        finally
        {
            printer.End();
        }

        void Answering(HostAddress host, ImmutableArray<string> added)
        {
            var answering = Telling.Answering(command, line.Words, host, added);
            // The screen has it in its title; elsewhere it is said once, and again when another one answers.
            if (!isLive && answering != _answering)
                terminal.Error.WriteLine(answering);
            _answering = answering;
        }
    }

    private void Draw(string[] lines)
    {
        var room = Math.Max(1, terminal.Height - 1);
        var shown = lines.Length <= room ? lines : [.. lines.Take(room - 1), $"… {lines.Length - room + 1} more lines"];
        terminal.Out.Write(Home + string.Concat(shown.Select(text => $"{text}{ClearToLineEnd}\n")) + ClearBelow);
        terminal.Out.Flush();
    }
}
