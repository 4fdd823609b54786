using Mesh.Messages;

namespace Mesh.Node.Sessions;

/// <summary>Where a vehicle is in its life, for whoever asks.</summary>
/// <param name="Cause">Why it drains; null while it does not.</param>
/// <param name="Session">Null while there is none.</param>
public sealed record VehicleStanding(VehiclePhase Phase, DepartureCause? Cause, SessionStanding? Session);

/// <param name="Seeds">That have its work stream.</param>
/// <param name="SeedOperators">HOST:PORT where operators ask those seeds, as far as they told.</param>
public sealed record SessionStanding(SessionEpoch Epoch, NodeAddress Member, IReadOnlyList<NodeAddress> Seeds, IReadOnlyList<string> SeedOperators, DateTimeOffset? LeavesAt)
{
    public static SessionStanding Of(VehicleSession session) => new(session.Epoch, session.Member, session.Seeds, session.SeedOperators, session.LeavesAt);
}
