using System.Diagnostics.Metrics;
using Akka.Cluster;
using Mesh.Hosting;
using Mesh.Seed.Routing;

namespace Mesh.Seed.Membership;

/// <summary>What this seed sees of its region, on the router's meter.</summary>
public sealed class MembershipMetrics
{
    public MembershipMetrics(IMeterFactory meters, SeedNode node, RouterReadiness router)
    {
        var meter = meters.Create(RouterMetrics.MeterName);
        meter.CreateObservableUpDownCounter(
            "mesh.cluster.members", () => Members(node), "{member}", "Members of the region's cluster as this seed sees them");
        meter.CreateObservableUpDownCounter(
            "mesh.cluster.unreachable", () => node.State?.Unreachable.Count ?? 0, "{member}", "Members that some member cannot reach");
        meter.CreateObservableGauge("mesh.router.term", () => router.Term, "{term}", "Term of the job router heard last");
    }

    private static IEnumerable<Measurement<int>> Members(SeedNode node) =>
        (node.State?.Members ?? [])
            .GroupBy(member => (Seed: member.HasRole(MeshSystem.SeedRole), member.Status))
            .Select(group => new Measurement<int>(
                group.Count(),
                KeyValuePair.Create<string, object?>("role", group.Key.Seed ? MeshSystem.SeedRole : MeshSystem.VehicleRole),
                KeyValuePair.Create<string, object?>("status", group.Key.Status.ToString())));
}
