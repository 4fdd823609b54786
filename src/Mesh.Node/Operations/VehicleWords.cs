using System.Net;
using Mesh.Hosting.Operations;
using Mesh.Messages;
using Mesh.Node.Telemetry;
using Mesh.Operations;

namespace Mesh.Node.Operations;

/// <summary>Which commands of the palette <c>mesh</c> a vehicle can answer: those about itself. Pure.</summary>
internal static class VehicleWords
{
    /// <summary>Why it cannot, with whom to ask; null = it can.</summary>
    public static string? Problem(CommandCall call, VehicleId self, IReadOnlyList<DnsEndPoint> seeds)
    {
        switch (call.Command)
        {
            case "telemetry" or "usage":
                return null;
            case "explain" or "vehicle" or "drain" or "resume" when !call.Has("model"):
                var named = call.Find(call.Command == "explain" ? "what" : "vehicle");
                return named is null || named == self.Value ? null : $"this is {self}; ask a seed about others: {Ask(call, seeds)}";
            default:
                return $"a seed knows that: {Ask(call, seeds)}";
        }
    }

    /// <summary>What a vehicle offers at Tab: itself, and its signals.</summary>
    public static IEnumerable<string> Values(string kind, VehicleId self) => kind switch
    {
        ValueKinds.Vehicle => [self.Value],
        ValueKinds.Signal => [.. VssCatalogue.All.Select(signal => signal.Name), "lost", "restore"],
        _ => [],
    };

    private static string Ask(CommandCall call, IReadOnlyList<DnsEndPoint> seeds)
    {
        var hosts = seeds.Select(seed => seed.Host).Distinct(StringComparer.OrdinalIgnoreCase).Take(4);
        return string.Join(" or ", hosts.Select(host => $"pbm {(host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host)}:{OperationsSettings.DefaultPort} mesh {call.Command} …"));
    }
}
