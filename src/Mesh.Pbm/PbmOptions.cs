using System.Collections.Immutable;
using Mesh.Pbm.Connection;

namespace Mesh.Pbm;

/// <summary>The command line: <c>pbm [HOST:PORT] [words…] [options]</c>.</summary>
internal sealed record PbmOptions
{
    public const string Usage = """
        pbm queries and steers the members of a live region.

        Usage: pbm [HOST:PORT] PALETTE COMMAND [ARGUMENTS]   runs a command
               pbm [HOST:PORT]                               opens a prompt, or runs the lines of its input
               pbm [HOST:PORT] help [PALETTE [COMMAND]]      what the member at HOST:PORT can do
               pbm completion bash|zsh|fish                  prints a script that completes pbm's words

        HOST:PORT is 127.0.0.1:9110 unless given. Commands come from the member: pbm knows none by itself.

        Options, anywhere:
          --json                one JSON object a line, for programs
          --watch [SECONDS]     runs the command again and again and shows the newest answer; 2 s unless given
          --yes                 agrees to what does not come back by itself, for scripts
          --no-color            no colours; as NO_COLOR in the environment
          --tls                 connects with TLS, as each of the next three does
          --ca FILE             PEM: the authority that signs members' certificates; the system's authorities unless given
          --cert FILE           PEM: the operator's certificate
          --key FILE            PEM: its private key
          --token-file FILE     holds the operator's token; or PBM_TOKEN in the environment
          --help, --version

        Exit codes: 0 done, 1 the command failed, 2 the command line is wrong, 3 no connection.

        """;

    public HostAddress Host { get; init; } = HostAddress.Default;

    public ConnectionOptions Connection { get; init; } = new();

    public LineOptions Line { get; init; } = new();

    public bool Help { get; init; }

    public bool Version { get; init; }

    /// <param name="arguments">Without the program's name.</param>
    /// <returns>All errors at once.</returns>
    public static (PbmOptions Options, ImmutableArray<string> Errors) Read(IReadOnlyList<string> arguments)
    {
        var (connection, rest, connectionErrors) = ConnectionOptions.Read(arguments);
        var (line, lineErrors) = LineOptions.Read(rest);
        var host = line.Words.Length > 0 ? HostAddress.Parse(line.Words[0]) : null;
        var words = host is null ? line.Words : line.Words.RemoveAt(0);
        return (
            new PbmOptions
            {
                Host = host ?? HostAddress.Default,
                Connection = connection,
                Line = line with { Words = words },
                Help = words is ["--help" or "-h", ..],
                Version = words is ["--version", ..],
            },
            [.. connectionErrors, .. lineErrors]);
    }
}
