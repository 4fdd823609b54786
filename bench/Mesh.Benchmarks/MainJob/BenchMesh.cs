using Google.Protobuf;
using Grpc.Net.Client;
using Mesh.Demo;
using Mesh.Demo.Processes;
using Mesh.Messages;
using Mesh.Seed.Ingress.Grpc;

namespace Mesh.Benchmarks.MainJob;

/// <summary>One seed and one vehicle as processes of their own with default settings, and a client of the Open Inference Protocol.</summary>
internal sealed class BenchMesh : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(90);

    private readonly string _folder = Directory.CreateTempSubdirectory("mesh-bench-").FullName;
    private SeedProcess? _seed;
    private VehicleProcess? _vehicle;
    private GrpcChannel? _channel;
    private GRPCInferenceService.GRPCInferenceServiceClient? _client;

    public async Task StartAsync()
    {
        _seed = SeedProcess.Start(new SeedOptions { DataFolder = Folder("seed"), ModelsFolder = DirectRun.ModelsFolder });
        await _seed.WaitUntilReadyAsync(StartLimit);
        _vehicle = VehicleProcess.Start(new VehicleOptions
        {
            Id = new VehicleId("V-001"),
            Seeds = [_seed.ClusterAddress],
            Location = _seed.Options.Location,
            DataFolder = Folder("vehicle"),
        });
        await _vehicle.WaitUntilReadyAsync(StartLimit);
        _channel = GrpcChannel.ForAddress(_seed.Grpc);
        _client = new GRPCInferenceService.GRPCInferenceServiceClient(_channel);
    }

    /// <summary>Classifies a batch of raw pictures; the answer holds the raw probabilities.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> ClassifyAsync(ByteString pictures, int count)
    {
        var request = new ModelInferRequest
        {
            ModelName = DirectRun.Model,
            Inputs =
            {
                new ModelInferRequest.Types.InferInputTensor
                {
                    Name = DirectRun.InputName,
                    Datatype = "FP32",
                    Shape = { count, 1, FashionPictures.Height, FashionPictures.Width },
                },
            },
            RawInputContents = { pictures },
        };
        var response = await _client!.ModelInferAsync(request);
        return response.RawOutputContents[0].Memory;
    }

    public async ValueTask DisposeAsync()
    {
        _channel?.Dispose();
        if (_vehicle is not null)
            await _vehicle.DisposeAsync();
        if (_seed is not null)
            await _seed.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private string Folder(string name) => Directory.CreateDirectory(Path.Combine(_folder, name)).FullName;
}
