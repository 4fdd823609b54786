namespace Mesh.Messages.Control;

/// <summary>
/// Marks everything that <see cref="Serialization.MeshSerializer"/> may send between nodes or put into the journal.
/// A message without it cannot leave its process (strict serialization).
/// </summary>
public interface IMeshMessage;

/// <summary>A control message to one vehicle's inference actor; the vehicle id is entity id and shard id.</summary>
public interface IVehicleMessage : IMeshMessage
{
    VehicleId Vehicle { get; }
}
