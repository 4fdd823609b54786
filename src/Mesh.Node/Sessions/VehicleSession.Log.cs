using Mesh.Messages;
using Microsoft.Extensions.Logging;

namespace Mesh.Node.Sessions;

public sealed partial class VehicleSession
{
    [LoggerMessage(Level = LogLevel.Information, Message = "{Vehicle} starts session {Epoch} as {Member}")]
    private partial void LogStarted(VehicleId vehicle, SessionEpoch epoch, NodeAddress member);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Vehicle} joined region {Region} as {Member}")]
    private partial void LogJoined(VehicleId vehicle, RegionName region, NodeAddress member);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Vehicle}: work stream open to seed {Seed} at {Address}")]
    private partial void LogStreamOpen(VehicleId vehicle, NodeAddress seed, string address);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Vehicle}: work stream to seed {Seed} closed")]
    private partial void LogStreamClosed(VehicleId vehicle, NodeAddress seed);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Vehicle}: session {Epoch} is over: {End}")]
    private partial void LogOver(VehicleId vehicle, SessionEpoch epoch, SessionEnd end);
}
