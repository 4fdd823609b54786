using Mesh.Messages;
using Microsoft.Extensions.Logging;

namespace Mesh.Node.Inference;

public sealed partial class ModelStore
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Fetched {Model} ({Hash}, {Bytes} bytes) in {Elapsed}.")]
    private static partial void LogFetched(ILogger logger, ModelReference model, ArtifactHash hash, long bytes, TimeSpan elapsed);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The file of {Model} ({Hash}) is corrupt: deleted, fetched again.")]
    private static partial void LogCorrupt(ILogger logger, ModelReference model, ArtifactHash hash);

    [LoggerMessage(Level = LogLevel.Information, Message = "Deleted the least recently used artifact {File} ({Bytes} bytes) to stay within the disk quota.")]
    private static partial void LogDeleted(ILogger logger, string file, long bytes);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Fetching {Model} broke off at byte {Offset} (attempt {Attempt} of {Attempts}).")]
    private static partial void LogBroken(ILogger logger, Exception reason, ModelReference model, long offset, int attempt, int attempts);
}
