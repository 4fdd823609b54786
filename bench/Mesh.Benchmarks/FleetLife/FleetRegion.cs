using System.Net;
using Akka.Actor;
using Mesh.Demo;
using Mesh.Demo.Processes;
using Mesh.Hosting.Operations;
using Mesh.Hosting.Settings;
using Mesh.Messages;
using Mesh.Seed;
using Mesh.Seed.Hosting;
using Mesh.Seed.Membership;
using Mesh.Seed.Models;
using Mesh.Seed.Routing;
using Mesh.Seed.WorkStreams;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Mesh.Benchmarks.FleetLife;

/// <summary>A seed and its cars in this process, put together as their programs do, on real ports and a real journal.</summary>
internal sealed class FleetRegion : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly RegionName Name = new("fleet");

    private readonly string _folder = Directory.CreateTempSubdirectory("mesh-fleet-").FullName;
    private readonly SeedPorts _ports = SeedPorts.Free();
    private readonly List<FleetCar> _cars = [];
    private WebApplication? _seed;

    public IReadOnlyList<FleetCar> Cars => _cars;

    public SeedTap Tap { get; private set; } = null!;

    public IInferenceGateway Gateway => Get<IInferenceGateway>();

    /// <summary>Cars that the seed can send work to.</summary>
    public IReadOnlyList<FleetCar> Serving
    {
        get
        {
            var streams = Get<WorkStreamRegistry>().Streams.Where(stream => !stream.LastStatus.Draining);
            var serving = streams.Select(stream => stream.Session.Vehicle).ToHashSet();
            return [.. _cars.Where(car => serving.Contains(car.Id))];
        }
    }

    /// <summary>Starts the seed and all cars, which are on the road.</summary>
    public static async Task<FleetRegion> StartAsync(int cars)
    {
        var region = new FleetRegion();
        try
        {
            await region.StartSeedAsync();
            for (var number = 0; number < cars; number++)
            {
                region._cars.Add(new FleetCar(
                    number, region._folder, Name, new IPEndPoint(IPAddress.Loopback, region._ports.Cluster), region._ports.Work));
                await region._cars[number].StartAsync();
            }
        }
        catch
        {
            await region.DisposeAsync();
            throw;
        }

        return region;
    }

    public ModelReference Model(string name) => Get<ModelRepository>().Find(name, null)!.Model!.Reference;

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_cars.Select(car => car.DisposeAsync().AsTask()));
        if (_seed is not null)
        {
            await _seed.StopAsync();
            await _seed.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private async Task StartSeedAsync()
    {
        var data = Path.Combine(_folder, "seed");
        var settings = new SeedSettings
        {
            Region = Name,
            Location = new GeoPoint(50.11, 8.68),
            Port = _ports.Cluster,
            HttpPort = _ports.Http,
            GrpcPort = _ports.Grpc,
            MetricsPort = _ports.Metrics,
            WorkPort = _ports.Work,
            Operations = new OperationsSettings { Port = _ports.Pbm },
            Data = data,
            Models = Models(),
            Journal = JournalSettings.Sqlite(data),
            LogLevel = LogLevel.Critical,
        };
        settings.Journal.Prepare();
        _seed = SeedHost.Build(settings, SettingsHelp.ReadHocon("seed.conf"));
        await _seed.StartAsync();
        await Get<RouterReadiness>().FirstAnswer.WaitAsync(Limit);
        Tap = await SeedTap.AttachAsync(Get<SeedNode>(), Get<RequestTable>(), Get<DispatcherFeed>(), Limit);
        Tap.Opened += vehicle => _cars.Find(car => car.Id == vehicle)?.Joined();
        await OpenRelayDeskAsync(Get<SeedNode>().System);
    }

    private async Task OpenRelayDeskAsync(ActorSystem system)
    {
        var own = await system.ActorSelection("/user/" + RelayDesk.Name).ResolveOne(Limit);
        await own.GracefulStop(Limit);
        var desk = Props.Create(() => new RelayDesk(Name, vehicle => _cars.First(car => car.Id == vehicle).WorkAddress));
        for (var tries = 0; ; tries++)
        {
            try
            {
                system.ActorOf(desk, RelayDesk.Name);
                return;
            }
            catch (InvalidActorNameException) when (tries < 100)
            {
                // Its guardian has not heard of the end yet.
                await Task.Delay(TimeSpan.FromMilliseconds(10));
            }
        }
    }

    private string Models()
    {
        var folder = Path.Combine(_folder, "models");
        Copy(Path.Combine(DirectRun.ModelsFolder, DirectRun.Model, "1", "model.onnx"), DirectRun.Model);
        Copy(SlowModel.Artifact, SlowModel.Name);
        return folder;

        void Copy(string artifact, string model) =>
            File.Copy(artifact, Path.Combine(Directory.CreateDirectory(Path.Combine(folder, model, "1")).FullName, "model.onnx"));
    }

    private T Get<T>() where T : notnull => _seed is { } seed
        ? seed.Services.GetRequiredService<T>()
        : throw new InvalidOperationException("The seed has not started.");
}
