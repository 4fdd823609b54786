namespace Mesh.Demo.Processes;

/// <summary>A process ended although something was still expected of it. The message ends with its last lines.</summary>
public sealed class ProcessExitedException(string name, int exitCode, string tail)
    : Exception($"{name} exited early with code {exitCode}.{Environment.NewLine}{tail}")
{
    public int ExitCode { get; } = exitCode;
}
