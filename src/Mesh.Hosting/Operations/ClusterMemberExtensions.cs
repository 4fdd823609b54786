using Akka.Actor;
using Mesh.Operations;

namespace Mesh.Hosting.Operations;

internal static class ClusterMemberExtensions
{
    /// <exception cref="CommandFailedException">There is none now.</exception>
    public static ActorSystem Running(this IClusterMember member) => member.System switch
    {
        null => throw new CommandFailedException($"this process is in no cluster now: {member.Absence}"),
        { WhenTerminated.IsCompleted: true } => throw new CommandFailedException("this process is in no cluster now: its member has ended"),
        var system => system,
    };
}
