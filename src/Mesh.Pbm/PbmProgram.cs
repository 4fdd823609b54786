using System.Reflection;
using Mesh.Pbm.Completing;
using Mesh.Pbm.Connection;
using Mesh.Pbm.Interactive;
using Mesh.Pbm.Running;
using Mesh.Pbm.Terminals;

namespace Mesh.Pbm;

/// <summary>The whole program, with its terminal as an argument.</summary>
internal static class PbmProgram
{
    /// <summary>EPIPE of Linux and macOS.</summary>
    private const int BrokenPipe = 32;

    public static string Version =>
        typeof(PbmProgram).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";

    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string[] arguments, ITerminal terminal)
    {
        try
        {
            return await (arguments switch
            {
                ["completion", .. var shell] => Task.FromResult(CompletionScripts.Print(shell, terminal)),
                ["__complete", .. var words] => WordCompletion.PrintAsync(words, terminal),
                _ => RunCommandAsync(arguments, terminal),
            });
        }
        catch (PbmException e)
        {
            terminal.Tell(e.Message);
            return e.ExitCode;
        }
        catch (IOException e) when (e.HResult == BrokenPipe)
        {
            // Whoever read our output has seen enough.
            return PbmExit.Ok;
        }
    }

    private static async Task<int> RunCommandAsync(IReadOnlyList<string> arguments, ITerminal terminal)
    {
        var (options, errors) = PbmOptions.Read(arguments);
        if (errors.Length > 0)
            throw new PbmException(PbmExit.Usage, string.Join('\n', errors));
        if (options.Help || options.Version)
        {
            await terminal.Out.WriteAsync(options.Help ? PbmOptions.Usage : $"pbm {Version}\n");
            await terminal.Out.FlushAsync();
            return PbmExit.Ok;
        }

        using var client = Open(options.Host);
        using var route = new CommandRoute(client, Open);
        var session = new CommandSession(client, route, terminal);
        if (options.Line.Words.Length > 0)
            return await session.RunAsync(options.Line, terminal.IsInTerminal ? Ask(terminal) : null);
        return terminal.IsInTerminal && terminal.IsOutTerminal
            ? await new Prompt(session, terminal, options).RunAsync()
            : await new LineFeed(session, terminal, options.Line).RunAsync();

        OperationsClient Open(HostAddress host) => new(host, options.Connection, terminal.Variable(ConnectionOptions.TokenVariable));
    }

    private static Func<string, bool> Ask(ITerminal terminal) => question =>
    {
        terminal.Error.Write($"{question} {Prompt.AskSign}");
        return terminal.In.ReadLine()?.Trim() is "y" or "Y" or "yes";
    };
}
