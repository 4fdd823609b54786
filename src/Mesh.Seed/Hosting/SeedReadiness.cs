using Akka.Cluster;
using Mesh.Seed.Ingress;
using Mesh.Seed.Membership;
using Mesh.Seed.Routing;

namespace Mesh.Seed.Hosting;

/// <summary>This seed takes requests: it is Up in its region, not leaving, and has heard of the region's job router.</summary>
public sealed class SeedReadiness(SeedNode node, RouterReadiness router) : IReadiness
{
    public bool IsReady(out string reason)
    {
        reason = node switch
        {
            { IsLeaving: true } => "this seed is leaving its region",
            { Status: not (MemberStatus.Up or MemberStatus.WeaklyUp) } => $"this seed is {node.Status} in its region",
            _ when router.Term == 0 => "the region's job router has not answered yet",
            _ => "",
        };
        return reason.Length == 0;
    }
}
