namespace Mesh.Pbm;

/// <summary>Exit codes, as a script reads them.</summary>
internal static class PbmExit
{
    public const int Ok = 0;

    /// <summary>The host could not do it.</summary>
    public const int Failed = 1;

    /// <summary>The command line is wrong; nothing was done.</summary>
    public const int Usage = 2;

    /// <summary>No answer, or not all of it, from the host.</summary>
    public const int NotConnected = 3;

    /// <summary>Ctrl-C before the answer's end: 128 + SIGINT, as shells have it.</summary>
    public const int Interrupted = 130;
}

/// <summary>The message is for a person: what is wrong and what to do.</summary>
internal class PbmException(int exitCode, string message) : Exception(message)
{
    public int ExitCode { get; } = exitCode;
}
