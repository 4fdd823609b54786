using Mesh.Messages;
using Mesh.Messages.Control;

namespace Mesh.Seed.WorkStreams;

public sealed partial class WorkStreamService
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Work stream of {Vehicle} open: session {Epoch}, member {Member}")]
    private partial void LogOpened(VehicleId vehicle, SessionEpoch epoch, NodeAddress member);

    [LoggerMessage(Level = LogLevel.Information, Message = "Work stream of {Vehicle} closed: session {Epoch}, {Kind}")]
    private partial void LogClosed(VehicleId vehicle, SessionEpoch epoch, DepartureKind kind);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Work stream of {Vehicle} broke: {Reason}")]
    private partial void LogBroke(VehicleId vehicle, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Nothing heard of {Vehicle} for {Seconds:0.0} s: its work stream is ended")]
    private partial void LogSilent(VehicleId vehicle, double seconds);
}
