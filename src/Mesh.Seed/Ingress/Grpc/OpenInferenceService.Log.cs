using Microsoft.Extensions.Logging;

namespace Mesh.Seed.Ingress.Grpc;

internal sealed partial class OpenInferenceService
{
    [LoggerMessage(LogLevel.Error, "{Method} failed within the seed; the client got INTERNAL.")]
    private partial void LogFailure(string method, Exception exception);
}
