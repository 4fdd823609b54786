using Microsoft.Extensions.Logging;

namespace Mesh.Seed.Batches.Api;

internal sealed partial class ApiGuard
{
    [LoggerMessage(LogLevel.Error, "{Method} {Path} ({RequestId}) failed within the seed; the client got 500.")]
    private partial void LogFailure(string method, string path, string requestId, Exception exception);

    [LoggerMessage(LogLevel.Error, "{Method} {Path} ({RequestId}) failed halfway through its answer; the connection was cut, so that the client does not take it for whole.")]
    private partial void LogCut(string method, string path, string requestId, Exception exception);
}
