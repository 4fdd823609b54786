using System.Runtime.InteropServices;
using Akka.Actor;
using Mesh.Cluster.Tests.Hosting;
using Mesh.Demo;
using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Seed.Routing;

namespace Mesh.Cluster.Tests.Inference;

/// <summary>The sharded inference actor of a vehicle, reached from its seed; and the router's regard for what it does.</summary>
public sealed class InferenceActorSpec : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly VehicleId One = new("V-001");
    private static readonly VehicleId Two = new("V-002");
    private static readonly FashionPictures Pictures = FashionPictures.Load();

    private InProcessRegion _region = null!;

    private static DateTimeOffset Soon => DateTimeOffset.UtcNow + Limit;

    private ModelReference Fashion => _region.Models.Find("fashion_cnn", null)!.Model!.Reference;

    public async Task InitializeAsync() => _region = await InProcessRegion.StartAsync(One.Value, Two.Value);

    public async Task DisposeAsync() => await _region.DisposeAsync();

    [Fact]
    public async Task It_runs_a_picture_on_the_vehicle_that_is_named()
    {
        using var direct = new DirectRun();
        foreach (var vehicle in new[] { One, Two })
        {
            var ran = await AskAsync<InferenceRan>(new RunInference(vehicle, Fashion, [Picture(0)], Soon));

            Assert.Equal((vehicle, AttemptOutcome.Ok, ""), (ran.Vehicle, ran.Outcome, ran.Error));
            var values = MemoryMarshal.Cast<byte, float>(Assert.Single(ran.Outputs).Data.Span).ToArray();
            Assert.Equal(direct.Classify(Pictures.Image(0)), values);
            var statistics = await AskAsync<VehicleStatistics>(new GetVehicleStatistics(vehicle));
            Assert.Equal((vehicle, 1L), (statistics.Vehicle, statistics.Answered));
            Assert.Contains(Fashion.Hash, statistics.Loaded);
        }
    }

    [Fact]
    public async Task A_draining_vehicle_gets_no_more_requests_until_it_resumes()
    {
        await AskAsync<VehicleDone>(new DrainVehicle(One, Soon));
        var whileDraining = await ClassifyAsync(20);
        await AskAsync<VehicleDone>(new DrainVehicle(Two, Soon));
        await AskAsync<VehicleDone>(new ResumeVehicle(One, Soon));
        var afterwards = await ClassifyAsync(20);

        Assert.All(whileDraining, outcome => Assert.Equal((RequestOutcome.Ok, Two), (outcome.Outcome, outcome.Vehicle)));
        Assert.All(afterwards, outcome => Assert.Equal((RequestOutcome.Ok, One), (outcome.Outcome, outcome.Vehicle)));
    }

    [Fact]
    public async Task A_model_is_loaded_and_unloaded_ahead_of_requests()
    {
        await AskAsync<VehicleDone>(new LoadModel(One, Fashion, Soon));
        var loaded = await AskAsync<VehicleStatistics>(new GetVehicleStatistics(One));
        await AskAsync<VehicleDone>(new UnloadModel(One, Fashion.Hash, Soon));
        var unloaded = await AskAsync<VehicleStatistics>(new GetVehicleStatistics(One));

        Assert.Equal([Fashion.Hash], loaded.Loaded);
        Assert.Empty(unloaded.Loaded);
    }

    [Fact]
    public async Task A_command_that_comes_too_late_is_refused()
    {
        var refused = await AskAsync<VehicleRefused>(new DrainVehicle(One, DateTimeOffset.UtcNow - TimeSpan.FromSeconds(1)));

        Assert.Contains("arrived later", refused.Reason, StringComparison.Ordinal);
        Assert.False((await AskAsync<VehicleStatistics>(new GetVehicleStatistics(One))).Draining);
    }

    [Fact]
    public async Task A_model_that_no_seed_has_is_refused_with_the_reason()
    {
        var nobodys = new ModelReference("nobodys", "1", new ArtifactHash(new string('0', 64)), 1000);

        var refused = await AskAsync<VehicleRefused>(new LoadModel(One, nobodys, Soon));

        Assert.Contains("nobodys", refused.Reason, StringComparison.Ordinal);
    }

    private Task<T> AskAsync<T>(IVehicleMessage message) => _region.Seed.InferenceActors.Ask<T>(message, Limit);

    private async Task<IReadOnlyList<InferenceOutcome>> ClassifyAsync(int count) =>
        await Task.WhenAll(Enumerable.Range(0, count).Select(i =>
            _region.Gateway.InferAsync(new InferenceCall(Fashion, [Picture(i)], [], Limit), CancellationToken.None)));

    private static RawTensor Picture(int index) =>
        new([1, 1, FashionPictures.Height, FashionPictures.Width], MemoryMarshal.AsBytes(Pictures.Image(index).Span).ToArray());
}
