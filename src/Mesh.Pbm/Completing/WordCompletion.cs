using System.Collections.Immutable;
using System.Globalization;
using Mesh.Operations;
using Mesh.Operations.Grammar;
using Mesh.Pbm.Connection;
using Mesh.Pbm.Terminals;

namespace Mesh.Pbm.Completing;

/// <summary>What a begun word of a command line can become: asked by the shells' scripts with <c>pbm __complete WORDS…</c>.</summary>
internal static class WordCompletion
{
    /// <summary>Instead of candidates: the shell knows files itself.</summary>
    public const string Files = ":files";

    /// <summary>Seconds that a Tab waits for its host, where that is farther away than most.</summary>
    public const string LimitVariable = "PBM_COMPLETION_SECONDS";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    private static readonly ImmutableArray<Candidate> LineWords =
    [
        new("--json", "one JSON object a line"),
        new("--watch", "again and again, the newest answer only"),
        new("--yes", "agrees to what does not come back by itself"),
        new("--no-color", "no colours"),
        new("--help", "what the command does"),
    ];

    private static readonly ImmutableArray<Candidate> ConnectionWords =
    [
        new("--tls", "connects with TLS"),
        new("--ca", "the authority that signs members' certificates"),
        new("--cert", "the operator's certificate"),
        new("--key", "the certificate's private key"),
        new("--token-file", "holds the operator's token"),
    ];

    /// <summary>For a command's words, those of pbm itself included.</summary>
    /// <param name="others">First words besides the palettes.</param>
    public static ImmutableArray<Candidate> Of(
        IReadOnlyList<string> words, string begun, IReadOnlyList<CommandPalette> palettes, IEnumerable<string> others)
    {
        var (line, _) = LineOptions.Read(words);
        var found = Completion.Of(line.Words, begun, palettes);
        if (line.Words.Length == 0)
            found = [.. found, .. others.Where(other => other.StartsWith(begun, StringComparison.Ordinal)).Select(other => new Candidate(other, ""))];
        // Only asked for: nobody wants them among a command's own.
        return begun.StartsWith('-') && line.Words.Length > 1
            ? [.. found, .. LineWords.Where(option => option.Text.StartsWith(begun, StringComparison.Ordinal) && !words.Contains(option.Text))]
            : found;
    }

    public static TimeSpan LimitOf(ITerminal terminal, TimeSpan otherwise) =>
        double.TryParse(terminal.Variable(LimitVariable), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds is > 0 and <= 60
            ? TimeSpan.FromSeconds(seconds)
            : otherwise;

    /// <summary>Values that only the host knows.</summary>
    public static async Task<ImmutableArray<Candidate>> OfHostAsync(
        OperationsClient client, IReadOnlyList<string> words, string begun, IReadOnlyList<CommandPalette> palettes, TimeSpan limit)
    {
        var (line, _) = LineOptions.Read(words);
        if (limit <= TimeSpan.Zero || Completion.ValueOf(line.Words, begun, palettes) is not { Argument.Completes.Length: > 0 } value)
            return [];
        var known = await client.CompleteAsync(line.Words, begun, limit, CancellationToken.None);
        return
        [
            .. known.Where(text => text.StartsWith(value.Begun, StringComparison.Ordinal))
                .Select(text => new Candidate(value.Prefix + text, value.Argument.Description)),
        ];
    }

    /// <summary>Prints "WORD\tDESCRIPTION" for each candidate. Says nothing when the host does not answer soon: it is called at each Tab.</summary>
    /// <param name="arguments">All words behind "pbm"; the last one is the begun one, or "".</param>
    public static async Task<int> PrintAsync(IReadOnlyList<string> arguments, ITerminal terminal)
    {
        if (arguments.Count == 0)
            return PbmExit.Usage;
        ImmutableArray<string> words = [.. arguments.SkipLast(1)];
        var begun = arguments[^1];
        if (words.Length > 0 && ConnectionOptions.FileOptions.Contains(words[^1]))
        {
            Print([new Candidate(Files, "")], terminal);
            return PbmExit.Ok;
        }

        if (words is ["completion"])
        {
            Print(CompletionScripts.Shells.Where(shell => shell.StartsWith(begun, StringComparison.Ordinal)).Select(shell => new Candidate(shell, "")), terminal);
            return PbmExit.Ok;
        }

        var (options, _) = PbmOptions.Read(words);
        var own = begun.StartsWith('-')
            ? ConnectionWords.Where(option => option.Text.StartsWith(begun, StringComparison.Ordinal) && !words.Contains(option.Text))
            : [];
        var (started, limit) = (TimeProvider.System.GetTimestamp(), LimitOf(terminal, Limit));
        try
        {
            using var client = new OperationsClient(options.Host, options.Connection, terminal.Variable(ConnectionOptions.TokenVariable));
            var palettes = (await client.GetPalettesAsync(limit, CancellationToken.None)).Palettes;
            var values = await OfHostAsync(client, options.Line.Words, begun, palettes, limit - TimeProvider.System.GetElapsedTime(started));
            own = values.Concat(Of(options.Line.Words, begun, palettes, [])).Concat(own);
        }
        catch (PbmException)
        {
            // No host, no words of its.
        }

        var first = options.Line.Words.Length == 0 && !words.Any(word => HostAddress.Parse(word) is not null)
            ? new[] { new Candidate(HostAddress.Default.ToString(), "a member's operators' port"), new Candidate("completion", "a script that completes pbm's words") }
                .Where(candidate => candidate.Text.StartsWith(begun, StringComparison.Ordinal))
            : [];
        Print(first.Concat(own), terminal);
        return PbmExit.Ok;
    }

    private static void Print(IEnumerable<Candidate> candidates, ITerminal terminal)
    {
        foreach (var candidate in candidates)
            terminal.Out.Write($"{Rendering.SafeText.OneLine(candidate.Text)}\t{Rendering.SafeText.OneLine(candidate.Description)}\n");
        terminal.Out.Flush();
    }
}
