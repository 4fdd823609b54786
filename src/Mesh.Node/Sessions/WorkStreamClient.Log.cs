using Mesh.Messages;
using Microsoft.Extensions.Logging;

namespace Mesh.Node.Sessions;

public sealed partial class WorkStreamClient
{
    [LoggerMessage(Level = LogLevel.Debug, Message = "Work stream to {Seed} broke: {Reason}")]
    private partial void LogBroke(string seed, string reason);

    [LoggerMessage(
        Level = LogLevel.Debug,
        Message = "Attempt {Attempt} of {Model}: {Outcome}, waited {QueueMs} ms, ran {InferMs} ms, trace {TraceId}",
        SkipEnabledCheck = true)]
    private partial void LogAnswered(ulong attempt, ModelReference model, AttemptOutcome outcome, double queueMs, double inferMs, string traceId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Model} could not be loaded ahead: {Reason}")]
    private partial void LogWarmFailed(ModelReference model, string reason);
}
