using System.Net;
using Mesh.Hosting.Operations;
using Mesh.Messages;
using Mesh.Node.Telemetry;
using Mesh.Operations;

namespace Mesh.Node.Operations;

/// <summary>Which commands of the palette <c>mesh</c> a vehicle can answer: those about itself. Pure.</summary>
internal static class VehicleWords
{
    /// <param name="operators">HOST:PORT where operators ask the seeds that have its work stream, as far as those told.</param>
    /// <param name="seeds">Of its settings, to be named where none told.</param>
    /// <returns>Why it cannot, with whom to ask: a referral where that is known. Null = it can.</returns>
    public static Exception? Refusal(CommandCall call, VehicleId self, IReadOnlyList<string> operators, IReadOnlyList<DnsEndPoint> seeds)
    {
        if (Problem(call, self) is not { } problem)
            return null;
        if (operators.Count == 0)
            return new CommandFailedException($"{problem}: {Ask(call, seeds.Select(seed => OperatorsAddress.Text(seed.Host, OperationsSettings.DefaultPort)).Distinct(StringComparer.OrdinalIgnoreCase).Take(4))}");
        return new CommandReferredException($"{problem}: {Ask(call, operators)}", new Referral([.. operators], MeansItself(call) ? [self.Value] : []));
    }

    private static string? Problem(CommandCall call, VehicleId self)
    {
        switch (call.Command)
        {
            case "telemetry" or "usage":
                return null;
            case "explain" or "vehicle" or "drain" or "resume" when !call.Has("model"):
                var named = call.Find(call.Command == "explain" ? "what" : "vehicle");
                return named is null || named == self.Value ? null : $"this is {self}; ask a seed about others";
            default:
                return "a seed knows that";
        }
    }

    /// <summary>What a vehicle offers at Tab: itself, and its signals.</summary>
    public static IEnumerable<string> Values(string kind, VehicleId self) => kind switch
    {
        ValueKinds.Vehicle => [self.Value],
        ValueKinds.Signal => [.. VssCatalogue.All.Select(signal => signal.Name), "lost", "restore"],
        _ => [],
    };

    /// <summary>Who asks a vehicle to load a model means this vehicle, which a seed must be told.</summary>
    private static bool MeansItself(CommandCall call) => call.Command switch
    {
        "load" or "unload" => !call.Has("vehicle"),
        "explain" => !call.Has("what"),
        _ => false,
    };

    private static string Ask(CommandCall call, IEnumerable<string> hosts) =>
        string.Join(" or ", hosts.Select(host => $"pbm {host} mesh {call.Command} …"));
}
