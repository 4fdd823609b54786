using Mesh.Messages;
using Mesh.Seed.Routing;

namespace Mesh.Seed.Ingress;

public sealed partial class InferenceFrontEnd
{
    /// <summary>The one line that a request has, and only for those who look closely; never what was asked, nor from where.</summary>
    [LoggerMessage(LogLevel.Debug, "Request for {Model}: {Outcome} by {Vehicle} after {Attempts} attempts in {Milliseconds} ms", SkipEnabledCheck = true)]
    private static partial void LogRequest(
        ILogger logger, ModelReference model, RequestOutcome outcome, string? vehicle, int attempts, double milliseconds);
}
