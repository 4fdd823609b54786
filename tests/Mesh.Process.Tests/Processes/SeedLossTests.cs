using System.Globalization;
using Mesh.Process.Tests.Meshes;

namespace Mesh.Process.Tests.Processes;

/// <summary>The region's only seed dies, comes back with its data, and at last leaves as it should.</summary>
public sealed class SeedLossTests
{
    [Fact]
    public async Task Vehicles_come_back_to_a_seed_that_was_killed_and_restarted()
    {
        await using var mesh = await TestMesh.StartAsync(vehicles: 2);
        await mesh.AssertUnharmedAsync();
        var term = await TermAsync(mesh);
        var lines = mesh.Vehicles.ToDictionary(vehicle => vehicle, vehicle => vehicle.Process.LineCount);
        await mesh.KillAsync(mesh.Seed.Process);

        await mesh.RestartSeedAsync();
        // By themselves: nobody tells the vehicles, and they are in sessions of their own afterwards.
        foreach (var (vehicle, before) in lines)
        {
            await vehicle.Process.WaitForLineAsync(
                line => line.Contains($"{vehicle.Id} starts session", StringComparison.Ordinal), TestMesh.Limit, before);
            await vehicle.WaitUntilReadyAsync(TestMesh.Limit, before);
        }

        Assert.Equal(term + 1, await TermAsync(mesh));
        await using (var load = new PictureClients(mesh))
        {
            await load.MoreAsync(30);
            await load.StopAsync();
        }

        await mesh.AssertUnharmedAsync();
        await LeaveUnderLoadAsync(mesh);
    }

    /// <summary>What runs is answered, then the seed goes with exit code 0, and the vehicles stay and wait for the next one.</summary>
    private static async Task LeaveUnderLoadAsync(TestMesh mesh)
    {
        // Some hundred milliseconds each.
        var slow = Enumerable.Range(0, 3).Select(_ => mesh.Rest.PostAsync(
            "/v2/models/doubling/infer", Requests.Doubling(trips: 200_000))).ToList();
        await mesh.Metrics.WaitForActiveRequestsAsync(3);
        await mesh.LeaveAsync(mesh.Seed.Process);
        foreach (var answer in await Task.WhenAll(slow))
            answer.Ok();
        await mesh.Seed.Process.WaitForLineAsync(line => line.EndsWith("Left the region", StringComparison.Ordinal), TestMesh.Limit);
        Assert.All(mesh.Vehicles, vehicle => Assert.Null(vehicle.Process.ExitCode));
    }

    private static async Task<long> TermAsync(TestMesh mesh)
    {
        const string Words = "Job router in office: term ";
        var line = await mesh.Seed.Process.WaitForLineAsync(line => line.Contains(Words, StringComparison.Ordinal), TestMesh.Limit);
        var number = line[(line.IndexOf(Words, StringComparison.Ordinal) + Words.Length)..].Split(',')[0];
        return long.Parse(number, CultureInfo.InvariantCulture);
    }
}
