using Microsoft.Extensions.Logging;

namespace Mesh.Node.Telemetry.Kuksa;

public sealed partial class KuksaTelemetry
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Databroker {Host}:{Port} told {Paths} signals")]
    private partial void LogConnected(string host, int port, int paths);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Databroker {Host}:{Port} withholds {Withheld} signals: check the scope of the token in {TokenFile}")]
    private partial void LogWithheld(string host, int port, int withheld, string tokenFile);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Databroker {Host}:{Port} is lost, all signals are unknown: {Reason}; next try in {Seconds:0.0} s")]
    private partial void LogLost(string host, int port, string reason, double seconds);

    [LoggerMessage(Level = LogLevel.Information, Message = "Databroker {Host}:{Port} ended the subscription, as when a token expires: connecting anew")]
    private partial void LogEnded(string host, int port);
}
