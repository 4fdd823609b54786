namespace Mesh.Seed.Dashboard;

internal sealed partial class ReadOnlyCommands
{
    [LoggerMessage(LogLevel.Warning, "The operations page's command '{Words}' failed.")]
    private partial void LogFailure(string words, Exception exception);
}
