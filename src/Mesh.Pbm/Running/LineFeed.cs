using Mesh.Operations.Grammar;
using Mesh.Pbm.Terminals;

namespace Mesh.Pbm.Running;

/// <summary>Runs the lines of an input that is no terminal, one after the other, until one fails.</summary>
/// <param name="defaults">What stands on pbm's own command line holds for each.</param>
internal sealed class LineFeed(CommandSession session, ITerminal terminal, LineOptions defaults)
{
    public async Task<int> RunAsync()
    {
        while (await terminal.In.ReadLineAsync() is { } text)
        {
            if (text.Trim() is "" or ['#', ..])
                continue;
            if (text.Trim() is "exit" or "quit")
                break;
            var (words, error) = WordSplitter.Split(text);
            var (line, errors) = LineOptions.Read(words);
            if (error is not null || errors.Length > 0)
                throw new PbmException(PbmExit.Usage, error ?? string.Join('\n', errors));
            var exitCode = await session.RunAsync(line.Or(defaults), ask: null);
            if (exitCode != PbmExit.Ok)
                return exitCode;
        }

        return PbmExit.Ok;
    }
}
