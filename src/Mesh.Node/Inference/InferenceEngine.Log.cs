using Mesh.Messages;
using Microsoft.Extensions.Logging;

namespace Mesh.Node.Inference;

public sealed partial class InferenceEngine
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Loaded {Model} ({Hash}) in {Elapsed}; {Waiting} jobs waited for it.")]
    private static partial void LogLoaded(ILogger logger, ModelReference model, ArtifactHash hash, TimeSpan elapsed, int waiting);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Model} ({Hash}) could not be loaded, {Waiting} jobs fail: {Reason}")]
    private static partial void LogNotLoaded(ILogger logger, ModelReference model, ArtifactHash hash, int waiting, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Released {Count} models.")]
    private static partial void LogReleased(ILogger logger, int count);

    // Without the model's own message: it may quote the request.
    [LoggerMessage(Level = LogLevel.Warning, Message = "A run of {Model} ({Hash}) failed after {Elapsed}.")]
    private static partial void LogRunFailed(ILogger logger, ModelReference model, ArtifactHash hash, TimeSpan elapsed);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Requests of {Model} ({Hash}) run one by one from now on: joined, they gave {Difference}. Set max_batch_size: 0 in its config.pbtxt.")]
    private static partial void LogRunsAlone(ILogger logger, ModelReference model, ArtifactHash hash, string difference);

    [LoggerMessage(Level = LogLevel.Error, Message = "Whoever waited for a result of {Model} failed to take it.")]
    private static partial void LogCompletionFailed(ILogger logger, Exception reason, ModelReference model);

    [LoggerMessage(Level = LogLevel.Error, Message = "A listener to the engine's status failed.")]
    private static partial void LogListenerFailed(ILogger logger, Exception reason);
}
