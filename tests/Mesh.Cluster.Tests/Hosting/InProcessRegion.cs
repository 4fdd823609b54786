using System.Net;
using Akka.Actor;
using Akka.Configuration;
using Mesh.Demo.Processes;
using Mesh.Hosting.Operations;
using Mesh.Hosting.Settings;
using Mesh.Messages;
using Mesh.Messages.Work;
using Mesh.Node;
using Mesh.Node.Hosting;
using Mesh.Node.Inference;
using Mesh.Node.Limits;
using Mesh.Node.Policy;
using Mesh.Node.Telemetry;
using Mesh.Operations;
using Mesh.Seed;
using Mesh.Seed.Hosting;
using Mesh.Seed.Membership;
using Mesh.Seed.Models;
using Mesh.Seed.Routing;
using Mesh.Seed.WorkStreams;
using Mesh.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Mesh.Cluster.Tests.Hosting;

/// <summary>A seed and vehicles in this process, put together as their programs do, on real ports and a real journal.</summary>
public sealed class InProcessRegion : IAsyncDisposable
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly string _folder = Directory.CreateTempSubdirectory("mesh-cluster-").FullName;
    private readonly Dictionary<string, IHost> _vehicles = [];
    private string _models = Checkout.Models;
    private TimeSpan _drainGrace = TimeSpan.FromSeconds(5);
    private readonly SeedPorts _ports = SeedPorts.Free();
    private WebApplication? _seed;

    public SeedNode Seed => Services.GetRequiredService<SeedNode>();

    public IInferenceGateway Gateway => Services.GetRequiredService<IInferenceGateway>();

    public WorkStreamRegistry Streams => Services.GetRequiredService<WorkStreamRegistry>();

    public ModelRepository Models => Services.GetRequiredService<ModelRepository>();

    public ActorSystem System => Seed.System;

    public Uri Http => new($"http://127.0.0.1:{_ports.Http}");

    public Uri Grpc => new($"http://127.0.0.1:{_ports.Grpc}");

    public int SeedOperatorsPort => _ports.Pbm;

    public CancellationToken SeedStopping => Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;

    /// <summary>What the seed answers an operator's command.</summary>
    public Task<List<CommandOutput>> AskSeedAsync(string command, params string[] arguments) => AskAsync(Services, command, arguments);

    public Task<List<CommandOutput>> AskVehicleAsync(string id, string command, params string[] arguments) =>
        AskAsync(_vehicles[id].Services, command, arguments);

    public ICommandHandler Palette(string name) => Services.GetServices<ICommandHandler>().Single(handler => handler.Palette.Name == name);

    public string Address => $"akka.tcp://mesh@127.0.0.1:{_ports.Cluster}";

    /// <param name="command">Both of its words.</param>
    /// <param name="arguments">Name and value in turn.</param>
    private static async Task<List<CommandOutput>> AskAsync(IServiceProvider services, string command, string[] arguments)
    {
        var words = command.Split(' ');
        var handler = services.GetServices<ICommandHandler>().Single(handler => handler.Palette.Name == words[0]);
        var definition = handler.Palette.Find(words[1])!;
        var given = definition.Arguments.Where(argument => argument.Default is not null).ToDictionary(argument => argument.Name, argument => argument.Default!);
        foreach (var pair in arguments.Chunk(2))
            given[pair[0]] = pair[1];
        using var limit = new CancellationTokenSource(Limit);
        List<CommandOutput> answer = [];
        await foreach (var output in handler.RunAsync(new CommandCall(words[1], given, "spec"), limit.Token))
            answer.Add(output);
        return answer;
    }

    private IServiceProvider Services => (_seed ?? throw new InvalidOperationException("The seed is stopped.")).Services;

    public static async Task<InProcessRegion> StartAsync(params string[] vehicles)
    {
        var region = new InProcessRegion();
        await region.StartSeedAsync();
        foreach (var vehicle in vehicles)
            await region.StartVehicleAsync(vehicle);
        foreach (var vehicle in vehicles)
            await region.SessionAsync(vehicle);
        return region;
    }

    /// <summary>A seed that serves these models; vehicles are started by the test.</summary>
    public static async Task<InProcessRegion> StartAsync(string modelsFolder, TimeSpan drainGrace)
    {
        var region = new InProcessRegion { _models = modelsFolder, _drainGrace = drainGrace };
        await region.StartSeedAsync();
        return region;
    }

    public async Task StartSeedAsync()
    {
        var settings = new SeedSettings
        {
            Region = new RegionName("test"),
            Location = new GeoPoint(50.11, 8.68),
            Port = _ports.Cluster,
            HttpPort = _ports.Http,
            GrpcPort = _ports.Grpc,
            MetricsPort = _ports.Metrics,
            WorkPort = _ports.Work,
            Operations = new OperationsSettings { Port = _ports.Pbm },
            Data = Path.Combine(_folder, "seed"),
            Models = _models,
            Journal = JournalSettings.Sqlite(Path.Combine(_folder, "seed")),
            LogLevel = LogLevel.Error,
        };
        settings.Journal.Prepare();
        _seed = SeedHost.Build(settings, SettingsHelp.ReadHocon("seed.conf"));
        await _seed.StartAsync();
        await Services.GetRequiredService<RouterReadiness>().FirstAnswer.WaitAsync(Limit);
    }

    public async Task StopSeedAsync()
    {
        await _seed!.StopAsync();
        await _seed.DisposeAsync();
        _seed = null;
    }

    /// <param name="policy">A file, or a built-in one.</param>
    public async Task StartVehicleAsync(string id, string policy = VehicleSettings.DemoPolicy)
    {
        var host = VehicleProgram.Build(
            new VehicleSettings
            {
                Vehicle = new VehicleId(id),
                Region = new RegionName("test"),
                Seeds = [new DnsEndPoint("127.0.0.1", _ports.Cluster)],
                Location = new GeoPoint(52.52, 13.40),
                Policy = policy,
                Cgroup = CgroupSetting.Off,
                DrainGrace = _drainGrace,
                Data = Path.Combine(_folder, id),
                LogLevel = LogLevel.Error,
            },
            SettingsHelp.ReadHocon("vehicle.conf"));
        _vehicles.Add(id, host);
        await host.StartAsync();
    }

    public IReadOnlyCollection<string> Vehicles => _vehicles.Keys;

    /// <summary>The vehicle's signals, to be set by the test.</summary>
    public ManualTelemetry Telemetry(string vehicle) => (ManualTelemetry)_vehicles[vehicle].Services.GetRequiredService<ITelemetrySource>();

    /// <summary>The vehicle's session; null while it has none.</summary>
    public ActorSystem? Member(string vehicle) => _vehicles[vehicle].Services.GetRequiredService<IClusterMember>().System;

    /// <summary>The seed's answer to a command of the palette 'mesh'.</summary>
    public Task<List<CommandOutput>> MeshAsync(string command, params (string Name, string Value)[] arguments) =>
        AskSeedAsync($"mesh {command}", [.. arguments.SelectMany(argument => new[] { argument.Name, argument.Value })]);

    /// <summary>The vehicle's.</summary>
    public Task<List<CommandOutput>> VehicleMeshAsync(string vehicle, string command, params (string Name, string Value)[] arguments) =>
        AskVehicleAsync(vehicle, $"mesh {command}", [.. arguments.SelectMany(argument => new[] { argument.Name, argument.Value })]);

    public async Task StopVehicleAsync(string vehicle)
    {
        _vehicles.Remove(vehicle, out var host);
        await host!.StopAsync();
        host.Dispose();
    }

    public string DataFolder(string vehicle) => Path.Combine(_folder, vehicle);

    public IInferenceEngine Engine(string vehicle) => _vehicles[vehicle].Services.GetRequiredService<IInferenceEngine>();

    public EligibilityWatch Eligibility(string vehicle) => _vehicles[vehicle].Services.GetRequiredService<EligibilityWatch>();

    /// <summary>What the vehicle says of itself on its work stream here; null while it has none.</summary>
    public VehicleStatus? Status(string vehicle) => Streams.Streams.FirstOrDefault(s => s.Session.Vehicle.Value == vehicle)?.LastStatus;

    /// <summary>Waits until a session of the vehicle, newer than <paramref name="after"/>, has its work stream here.</summary>
    public async Task<StreamSession> SessionAsync(string vehicle, SessionEpoch after = default)
    {
        StreamSession? session = null;
        await UntilAsync(
            () => (session = Streams.Streams.Select(s => s.Session).FirstOrDefault(s => s.Vehicle.Value == vehicle && s.Epoch > after)) is not null,
            $"a work stream of {vehicle} newer than session {after}");
        return session!;
    }

    /// <summary>Waits for what no event announces across these parts.</summary>
    public static async Task UntilAsync(Func<bool> condition, string what)
    {
        using var deadline = new CancellationTokenSource(Limit);
        using var interval = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!condition())
        {
            if (deadline.IsCancellationRequested)
                Assert.Fail($"Not within {Limit.TotalSeconds:0} s: {what}");
            await interval.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var vehicle in _vehicles.Values)
        {
            await vehicle.StopAsync();
            vehicle.Dispose();
        }

        if (_seed is not null)
            await StopSeedAsync();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>A system of the mesh's own kind that is no member: it can send what a member can send.</summary>
    public static ActorSystem Outsider(string hocon = "") => ActorSystem.Create("mesh", ConfigurationFactory.ParseString(hocon + """
        akka {
          actor.provider = remote
          remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
          loglevel = OFF
          stdout-loglevel = OFF
        }
        """));
}
