using Mesh.Seed.Dashboard;

namespace Mesh.Process.Tests.Dashboard;

/// <summary>Six vehicles, two batches, three members.</summary>
internal static class SmallRegion
{
    public static async Task<DashboardHost> StartAsync(DashboardOptions? options = null)
    {
        var host = options is null ? new DashboardHost() : new DashboardHost { Options = options };
        host.Region.Vehicles =
        [
            new FakeVehicle("V-001", "serving", "u0yjj", 50.11, 8.68) { Running = 2, Answered = 30 },
            new FakeVehicle("V-002", "serving", "u0yjj", 50.11, 8.68) { Running = 1, Answered = 4 },
            new FakeVehicle("V-003", "draining", "u281z", 48.14, 11.58) { LeavesIn = 22, Answered = 200 },
            new FakeVehicle("V-004", "away", "u33db", 52.52, 13.40) { RoundTrip = null, Models = "" },
            new FakeVehicle("V-005", "away", "u1x0e", 53.55, 9.99) { RoundTrip = null, Models = "", Failed = 2 },
            new FakeVehicle("V-006", "serving", "u1x0e", 53.55, 9.99) { DeviceClass = "orin-nx" },
        ];
        host.Region.Batches =
        [
            new FakeBatch("batch_1", "in_progress", 1000, 880, 20) { LinesPerSecond = 310, Remaining = 75 },
            new FakeBatch("batch_2", "cancelled", 50, 10, 0),
        ];
        host.Region.Members =
        [
            ("akka.tcp://mesh@127.0.0.1:4053", "[seed]", "up", ""),
            ("akka.tcp://mesh@127.0.0.1:4054", "[seed]", "up", "unreachable"),
            ("akka.tcp://mesh@127.0.0.1:41001", "[vehicle]", "up", ""),
        ];
        await host.StartAsync();
        return host;
    }
}
