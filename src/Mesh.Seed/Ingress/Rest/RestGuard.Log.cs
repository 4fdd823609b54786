using Microsoft.Extensions.Logging;

namespace Mesh.Seed.Ingress.Rest;

internal sealed partial class RestGuard
{
    [LoggerMessage(LogLevel.Error, "{Method} {Path} failed within the seed; the client got 500.")]
    private partial void LogFailure(string method, string path, Exception exception);
}
