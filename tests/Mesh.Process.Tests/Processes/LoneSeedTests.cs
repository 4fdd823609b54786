using System.Globalization;
using System.Net;
using Grpc.Core;
using Grpc.Net.Client;
using Mesh.Demo.Processes;
using Mesh.Process.Tests.Ingress.Grpc;
using Mesh.Process.Tests.Meshes;
using Mesh.Seed.Ingress.Grpc;

namespace Mesh.Process.Tests.Processes;

/// <summary>A region with a seed and no vehicle.</summary>
public sealed class LoneSeed : IAsyncLifetime
{
    internal TestMesh Mesh { get; private set; } = null!;

    public async Task InitializeAsync() => Mesh = await TestMesh.StartAsync(vehicles: 0);

    public async Task DisposeAsync()
    {
        if (Mesh is not null)
            await Mesh.DisposeAsync();
    }
}

public sealed class LoneSeedTests(LoneSeed seed) : IClassFixture<LoneSeed>
{
    private SeedOptions Options => seed.Mesh.Seed.Options;

    [Fact]
    public async Task Without_a_vehicle_a_client_is_told_to_come_back()
    {
        var answer = await seed.Mesh.Rest.PostAsync("/v2/models/fashion_cnn/infer", Requests.Pictures(0, 1));
        Assert.Equal("no vehicle is there to take the request", answer.Error(HttpStatusCode.ServiceUnavailable));
        Assert.InRange(int.Parse(answer.Headers["Retry-After"], CultureInfo.InvariantCulture), 1, 60);
    }

    [Fact]
    public async Task Without_a_vehicle_gRPC_says_UNAVAILABLE_and_when_to_come_back()
    {
        using var channel = GrpcChannel.ForAddress(
            seed.Mesh.Seed.Grpc, new GrpcChannelOptions { HttpHandler = new SocketsHttpHandler { UseProxy = false } });
        var client = new GRPCInferenceService.GRPCInferenceServiceClient(channel);
        Assert.True((await client.ServerReadyAsync(new ServerReadyRequest(), deadline: GrpcRequests.Deadline)).Ready);
        var failure = await GrpcRequests.FailureAsync(client.ModelInferAsync(GrpcRequests.Raw(0), deadline: GrpcRequests.Deadline));
        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
        Assert.Equal("no vehicle is there to take the request", failure.Status.Detail);
        Assert.InRange(int.Parse(failure.Trailers.GetValue("retry-after")!, CultureInfo.InvariantCulture), 1, 60);
    }

    [Fact]
    public async Task A_deadline_before_that_is_a_504()
    {
        var answer = await seed.Mesh.Rest.PostAsync("/v2/models/fashion_cnn/infer", Requests.Pictures(0, 1, """{"timeout": 100000}"""));
        Assert.Contains("deadline", answer.Error(HttpStatusCode.GatewayTimeout), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Requests_of_clients_that_went_away_are_forgotten()
    {
        using var away = new CancellationTokenSource();
        var requests = Enumerable.Range(0, 4).Select(_ => seed.Mesh.Rest.PostAsync(
            "/v2/models/fashion_cnn/infer", Requests.Pictures(0, 1), away.Token)).ToList();
        await seed.Mesh.Metrics.WaitForActiveRequestsAsync(4);
        await away.CancelAsync();
        foreach (var request in requests)
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
        await seed.Mesh.Metrics.WaitForActiveRequestsAsync(0);
        (await seed.Mesh.Rest.GetAsync("/v2/health/ready")).Ok();
    }

    [Fact]
    public async Task A_second_seed_on_the_same_data_is_refused()
    {
        var second = Options with { Ports = SeedPorts.Free() };
        var (exitCode, lines) = await Programs.RunAsync("Mesh.Seed.dll", second.ToArguments());
        Assert.Equal(2, exitCode);
        var line = Assert.Single(lines);
        Assert.StartsWith($"mesh-seed: The data folder {Options.DataFolder} cannot be used", line, StringComparison.Ordinal);
        Assert.Contains("Is another seed running with it?", line, StringComparison.Ordinal);
        (await seed.Mesh.Rest.GetAsync("/v2/health/ready")).Ok();
    }

    [Fact]
    public async Task Every_taken_port_is_named_before_anything_starts()
    {
        var data = Path.Combine(seed.Mesh.Folder("other"), "data");
        var second = Options with { DataFolder = data, Ports = SeedPorts.Free() with { Cluster = Options.Ports.Cluster, Http = Options.Ports.Http } };
        var (exitCode, lines) = await Programs.RunAsync("Mesh.Seed.dll", second.ToArguments());
        Assert.Equal(2, exitCode);
        Assert.Equal(2, lines.Count);
        Assert.StartsWith($"mesh-seed: --port {Options.Ports.Cluster} cannot be listened on at 127.0.0.1", lines[0], StringComparison.Ordinal);
        Assert.StartsWith($"mesh-seed: --http-port {Options.Ports.Http} cannot be listened on at 127.0.0.1", lines[1], StringComparison.Ordinal);
        Assert.False(Directory.Exists(data));
    }

    [Fact]
    public async Task A_vehicle_whose_port_is_taken_says_so()
    {
        var options = new VehicleOptions
        {
            Id = new Messages.VehicleId("V-900"),
            Seeds = [seed.Mesh.Seed.ClusterAddress],
            Location = new Messages.GeoPoint(50, 8),
            DataFolder = seed.Mesh.Folder("V-900"),
            Port = Options.Ports.Cluster,
        };
        var (exitCode, lines) = await Programs.RunAsync("Mesh.Node.dll", options.ToArguments());
        Assert.Equal(2, exitCode);
        Assert.StartsWith($"mesh-node: --port {options.Port} cannot be listened on", Assert.Single(lines), StringComparison.Ordinal);
    }
}
