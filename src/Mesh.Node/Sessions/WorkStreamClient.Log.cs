using Mesh.Messages;
using Microsoft.Extensions.Logging;

namespace Mesh.Node.Sessions;

public sealed partial class WorkStreamClient
{
    [LoggerMessage(Level = LogLevel.Debug, Message = "Work stream to {Seed} broke: {Reason}")]
    private partial void LogBroke(string seed, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Model} could not be loaded ahead: {Reason}")]
    private partial void LogWarmFailed(ModelReference model, string reason);
}
