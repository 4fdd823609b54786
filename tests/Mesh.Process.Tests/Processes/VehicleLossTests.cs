using System.Globalization;
using Mesh.Demo.Processes;
using Mesh.Process.Tests.Meshes;

namespace Mesh.Process.Tests.Processes;

/// <summary>Vehicles that leave, die and fall silent while requests come in: every request is answered.</summary>
public sealed class ChurningMesh : IAsyncLifetime
{
    internal TestMesh Mesh { get; private set; } = null!;

    public async Task InitializeAsync() => Mesh = await TestMesh.StartAsync(vehicles: 2);

    public async Task DisposeAsync()
    {
        if (Mesh is not null)
            await Mesh.DisposeAsync();
    }
}

public sealed class VehicleLossTests(ChurningMesh churning) : IClassFixture<ChurningMesh>, IAsyncLifetime
{
    private const int First = 1;
    private const int Second = 2;

    private TestMesh Mesh => churning.Mesh;

    /// <summary>Whatever a test before this one left behind, both vehicles are there.</summary>
    public async Task InitializeAsync()
    {
        foreach (var number in (int[])[First, Second])
        {
            if (ProcessOf(number).ExitCode is not null)
                await Mesh.StartVehicleAsync(number);
        }
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task A_vehicle_that_is_asked_to_leave_loses_nothing()
    {
        await using var load = new PictureClients(Mesh);
        var leaving = await load.BusiestAsync();
        var seedLines = Mesh.Seed.Process.LineCount;
        // Some hundred milliseconds each, so that one of them runs at the vehicle that leaves.
        var slow = Enumerable.Range(0, 4).Select(_ => Mesh.Rest.PostAsync(
            "/v2/models/doubling/infer", Requests.Doubling(trips: 100_000, """{"timeout": 60000000}"""))).ToList();
        await load.MoreAsync(5);
        await Mesh.LeaveAsync(leaving.Process);
        foreach (var answer in await Task.WhenAll(slow))
            Assert.Equal([0f], answer.Ok().Floats("y"));
        await load.MoreAsync(20);
        await load.StopAsync();

        await leaving.Process.WaitForLineAsync(line => line.Contains("is over: Left", StringComparison.Ordinal), TestMesh.Limit);
        // It said goodbye: the seed did not have to find out, and holds nothing against it.
        await SeedSaysAsync($"Work stream of {leaving.Id} closed", ", Planned", seedLines);
    }

    [Fact]
    public async Task A_vehicle_that_is_killed_loses_nothing()
    {
        await using var load = new PictureClients(Mesh);
        var dying = await load.BusiestAsync();
        var seedLines = Mesh.Seed.Process.LineCount;
        await Mesh.KillAsync(dying.Process);
        await load.MoreAsync(50);
        await load.StopAsync();
        await SeedSaysAsync($"Work stream of {dying.Id} closed", ", Vanished", seedLines);
    }

    [Fact]
    public async Task A_request_on_a_vehicle_that_dies_is_answered_by_one_that_comes_later()
    {
        // A frozen vehicle takes requests and answers none, so where they are is no matter of luck.
        await Mesh.KillAsync(ProcessOf(Second));
        var dying = ProcessOf(First);
        Signals.Freeze(dying);
        var requests = Enumerable.Range(0, 5).Select(picture => Mesh.Rest.PostAsync(
            "/v2/models/fashion_cnn/infer", Requests.Pictures(picture, 1, """{"timeout": 60000000}"""))).ToList();
        await Mesh.Metrics.WaitForActiveRequestsAsync(5);
        await Mesh.KillAsync(dying);

        await Mesh.StartVehicleAsync(Second);
        var answers = await Task.WhenAll(requests);
        for (var picture = 0; picture < answers.Length; picture++)
        {
            Pictures.AssertAgrees(picture, answers[picture].Ok().Floats("probabilities"));
            var parameters = answers[picture].Json.GetProperty("parameters");
            Assert.Equal("V-002", parameters.GetProperty("mesh_vehicle").GetString());
            Assert.InRange(parameters.GetProperty("mesh_attempts").GetInt32(), 2, 9);
        }
    }

    [Fact]
    public async Task A_vehicle_that_falls_silent_loses_nothing_and_is_back_when_it_is_heard_again()
    {
        await using var load = new PictureClients(Mesh);
        var silent = await load.BusiestAsync();
        var seedLines = Mesh.Seed.Process.LineCount;
        Signals.Freeze(silent.Process);
        try
        {
            await SeedSaysAsync($"Nothing heard of {silent.Id}", "", seedLines);
            await load.MoreAsync(50);
        }
        finally
        {
            Signals.Thaw(silent.Process);
        }

        await SeedSaysAsync($"Work stream of {silent.Id} open", "", seedLines);
        await load.MoreAsync(20);
        await load.StopAsync();
    }

    private ManagedProcess ProcessOf(int number) =>
        Mesh.Vehicles.Single(vehicle => vehicle.Id.Value == string.Create(CultureInfo.InvariantCulture, $"V-{number:000}")).Process;

    private Task<string> SeedSaysAsync(string text, string more, long after) => Mesh.Seed.Process.WaitForLineAsync(
        line => line.Contains(text, StringComparison.Ordinal) && line.Contains(more, StringComparison.Ordinal), TestMesh.Limit, after);
}
