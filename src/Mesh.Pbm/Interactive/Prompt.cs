using System.Collections.Immutable;
using Mesh.Operations.Grammar;
using Mesh.Pbm.Completing;
using Mesh.Pbm.Running;
using Mesh.Pbm.Terminals;

namespace Mesh.Pbm.Interactive;

/// <summary>The prompt <c>pbm&gt;</c>: one command after the other until the person leaves.</summary>
internal sealed class Prompt(CommandSession session, ITerminal terminal, PbmOptions options)
{
    private const string Sign = "pbm> ";

    public const string AskSign = "Run it? [y/N] ";

    /// <summary>A Tab waits no longer for a host that is gone.</summary>
    private static readonly TimeSpan CompletionLimit = TimeSpan.FromSeconds(1);

    private readonly History _history = new(History.DefaultPath(terminal.Variable));

    /// <exception cref="PbmException">There is no host to begin with.</exception>
    public async Task<int> RunAsync()
    {
        var host = await session.PalettesAsync(CancellationToken.None);
        terminal.Out.Write($"{Rendering.SafeText.OneLine(host.Host)} at {options.Host}. 'help' for commands, Tab completes, Ctrl-D leaves.\n");
        using var uninterrupted = terminal.Uninterrupted();
        while (new LineEditor(terminal, Sign, _history, Complete).Read() is { } text)
        {
            var (words, error) = WordSplitter.Split(text);
            var (line, errors) = LineOptions.Read(words);
            if (words is ["exit" or "quit"])
                break;
            if (error is not null || errors.Length > 0)
                terminal.Tell(error ?? string.Join('\n', errors));
            else if (words.Length > 0)
                await session.RunAsync(line.Or(options.Line), Ask);
            if (!HasSecret(line.Words))
                _history.Add(text);
        }

        return PbmExit.Ok;
    }

    private bool Ask(string question)
    {
        terminal.Out.Write($"{question}\n");
        return new LineEditor(terminal, AskSign, new History(null), text => new TextCompletion(text, [])).Read()?.Trim() is "y" or "Y" or "yes";
    }

    private TextCompletion Complete(string text) => TextCompletion.Of(text, (words, begun) =>
    {
        try
        {
            // A person waits for the key's effect; there is nothing else to do meanwhile.
            return session.CompleteAsync(words, begun, ["exit"], WordCompletion.LimitOf(terminal, CompletionLimit)).GetAwaiter().GetResult();
        }
        catch (PbmException)
        {
            return [];
        }
    });

    private bool HasSecret(ImmutableArray<string> words) =>
        words.Length > 1
        && session.KnownPalettes.FirstOrDefault(palette => palette.Name == words[0])?.Find(words[1])?.Arguments.Any(argument => argument.IsSecret) == true;
}
