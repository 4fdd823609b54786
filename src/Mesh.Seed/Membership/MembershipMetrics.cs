using System.Diagnostics.Metrics;
using Akka.Cluster;
using Mesh.Hosting;
using Mesh.Hosting.Observability;
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
            "mesh.cluster.unreachable", () => Unreachable(node), "{member}", "Members that some member cannot reach");
        meter.CreateObservableGauge("mesh.router.term", () => router.Term, "{term}", "Term of the job router heard last");
    }

    private static IEnumerable<Measurement<int>> Members(SeedNode node) =>
        (node.State?.Members ?? [])
            .GroupBy(member => (Role: RoleOf(member), member.Status))
            .Select(group => new Measurement<int>(
                group.Count(), new("role", group.Key.Role), new("status", Labels.Of(group.Key.Status))));

    private static IEnumerable<Measurement<int>> Unreachable(SeedNode node) =>
        new[] { MeshSystem.SeedRole, MeshSystem.VehicleRole }.Select(role => new Measurement<int>(
            node.State?.Unreachable.Count(member => RoleOf(member) == role) ?? 0, new KeyValuePair<string, object?>("role", role)));

    private static string RoleOf(Member member) => member.HasRole(MeshSystem.SeedRole) ? MeshSystem.SeedRole : MeshSystem.VehicleRole;
}
