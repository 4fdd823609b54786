using Microsoft.Extensions.Logging;

namespace Mesh.Seed.Models;

public sealed partial class ModelRepository
{
    [LoggerMessage(LogLevel.Information, "Model {Name}/{Version} is READY: SHA-256 {Hash}, {Size} bytes.")]
    private partial void LogReady(string name, string version, string hash, long size);

    [LoggerMessage(LogLevel.Warning, "Model {Name}/{Version} is UNAVAILABLE: {Reason}")]
    private partial void LogUnavailable(string name, string version, string reason);

    [LoggerMessage(LogLevel.Information, "Model {Name}/{Version} was removed from the repository.")]
    private partial void LogRemoved(string name, string version);

    [LoggerMessage(LogLevel.Warning, "Folder {Folder} of the model repository cannot be listed: {Reason}. What was read from it before stays as it was.")]
    private partial void LogUnlistable(string folder, string reason);

    [LoggerMessage(LogLevel.Information, "{File}: fields without effect here: {Fields}.")]
    private partial void LogIgnoredFields(string file, string fields);
}
