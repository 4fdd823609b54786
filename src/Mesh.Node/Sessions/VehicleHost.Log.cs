using Mesh.Messages;
using Mesh.Node.Policy;
using Microsoft.Extensions.Logging;

namespace Mesh.Node.Sessions;

public sealed partial class VehicleHost
{
    [LoggerMessage(Level = LogLevel.Information, Message = "{Vehicle} may work: {Allowed}")]
    private partial void LogEligible(VehicleId vehicle, WorkKinds allowed);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Vehicle} may not work. {Reasons}")]
    private partial void LogNotEligible(VehicleId vehicle, Reasons reasons);

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Vehicle} is {Phase}: {Change}")]
    private partial void LogChange(VehicleId vehicle, VehiclePhase phase, IVehicleEvent change);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Vehicle} is older than every seed of its region: it renews its session")]
    private partial void LogRenewal(VehicleId vehicle);

    [LoggerMessage(Level = LogLevel.Critical, Message = "{Vehicle} cannot judge its state any more: it stops all work and ends")]
    private partial void LogWatchFailed(VehicleId vehicle, Exception failure);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Vehicle}: the session failed; another one follows")]
    private partial void LogFailed(VehicleId vehicle, Exception failure);
}
