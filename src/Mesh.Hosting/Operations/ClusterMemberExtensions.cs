using Akka.Actor;
using Mesh.Operations;

namespace Mesh.Hosting.Operations;

internal static class ClusterMemberExtensions
{
    /// <exception cref="CommandFailedException">There is none now.</exception>
    public static ActorSystem Running(this IClusterMember member) =>
        member.System ?? throw new CommandFailedException($"this process is in no cluster now: {member.Absence}");
}
