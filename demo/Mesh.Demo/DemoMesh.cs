using System.Collections.Concurrent;
using System.Globalization;
using Mesh.Demo.Processes;
using Mesh.Messages;

namespace Mesh.Demo;

/// <summary>A vehicle of the demo: one id, and one process after another.</summary>
internal sealed class DemoVehicle(VehicleProcess process, string city)
{
    public string Id => Process.Id.Value;

    public string City { get; } = city;

    public VehicleProcess Process { get; set; } = process;
}

/// <summary>One seed and its vehicles as processes of this machine, with their data in a temporary folder.</summary>
internal sealed class DemoMesh : IAsyncDisposable
{
    // Twelve .NET processes starting on two cores take a while.
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan RejoinLimit = TimeSpan.FromSeconds(45);
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(20);

    private static readonly (string Name, GeoPoint Place)[] Cities =
    [
        ("Berlin", new(52.52, 13.40)), ("Munich", new(48.14, 11.58)), ("Paris", new(48.86, 2.35)),
        ("Amsterdam", new(52.37, 4.90)), ("Vienna", new(48.21, 16.37)), ("Zurich", new(47.38, 8.54)),
        ("Prague", new(50.08, 14.44)), ("Brussels", new(50.85, 4.35)), ("Milan", new(45.46, 9.19)),
        ("Copenhagen", new(55.68, 12.57)), ("Lyon", new(45.76, 4.84)), ("Warsaw", new(52.23, 21.01)),
    ];

    private readonly DemoOptions _options;
    private readonly ProgressView _view;
    private readonly ConcurrentDictionary<ManagedProcess, bool> _expectedToEnd = new();
    private readonly ConcurrentQueue<string> _crashes = new();
    private readonly List<DemoVehicle> _vehicles = [];
    private SeedProcess? _seed;

    public DemoMesh(DemoOptions options, ProgressView view)
    {
        _options = options;
        _view = view;
        Folder = Directory.CreateTempSubdirectory("mesh-demo-").FullName;
    }

    /// <summary>Everything the run writes; removed at the end.</summary>
    public string Folder { get; }

    public SeedProcess Seed => _seed ?? throw new InvalidOperationException("The mesh was not started.");

    public IReadOnlyList<DemoVehicle> Vehicles => _vehicles;

    /// <summary>Processes that ended although nobody asked them to.</summary>
    public IReadOnlyCollection<string> Crashes => _crashes;

    /// <summary>Starts everything and waits until every vehicle can be given work.</summary>
    public async Task StartAsync(CancellationToken cancellation)
    {
        await StartSeedAsync(cancellation);
        for (var number = 1; number <= _options.Vehicles; number++)
            StartVehicle(number);
        await Task.WhenAll(_vehicles.Select(async vehicle =>
        {
            await vehicle.Process.WaitUntilReadyAsync(StartLimit, cancellation: cancellation);
            _view.Event($"{vehicle.Id} ready in {vehicle.City}");
        }));
    }

    /// <summary>Starts the seed and waits until it takes requests.</summary>
    public async Task StartSeedAsync(CancellationToken cancellation)
    {
        _seed = SeedProcess.Start(new SeedOptions
        {
            Ports = _options.Ports,
            DataFolder = DataFolderOf("seed"),
            ModelsFolder = DirectRun.ModelsFolder,
            OnLine = Echo("seed"),
        });
        Watch(_seed.Process);
        await _seed.WaitUntilReadyAsync(StartLimit, cancellation);
        _view.Event($"seed ready in Frankfurt, {_seed.Http}");
    }

    /// <summary>Starts V-00{number}, and waits for nothing.</summary>
    /// <param name="change">Of its options; null = always allowed to work.</param>
    public DemoVehicle StartVehicle(int number, Func<VehicleOptions, VehicleOptions>? change = null)
    {
        var (city, place) = Cities[number - 1];
        var options = OptionsOf(new VehicleId(string.Create(CultureInfo.InvariantCulture, $"V-{number:000}")), place);
        var vehicle = new DemoVehicle(Launch(change?.Invoke(options) ?? options), city);
        _vehicles.Add(vehicle);
        return vehicle;
    }

    /// <summary>Ends a vehicle as a power cut would.</summary>
    public async Task KillAsync(DemoVehicle vehicle)
    {
        ExpectEnd(vehicle.Process.Process);
        vehicle.Process.Process.Kill();
        await vehicle.Process.Process.Exited;
        _view.Event($"{vehicle.Id} ({vehicle.City}) killed (SIGKILL)");
    }

    /// <summary>Asks a vehicle to leave as when its owner drives off.</summary>
    /// <returns>Whether it left by itself in time.</returns>
    public async Task<bool> DrainAsync(DemoVehicle vehicle)
    {
        ExpectEnd(vehicle.Process.Process);
        _view.Event($"{vehicle.Id} ({vehicle.City}) drains (SIGTERM)");
        var left = await vehicle.Process.Process.TerminateAsync(DrainLimit);
        _view.Event(left
            ? $"{vehicle.Id} left, exit code {vehicle.Process.Process.ExitCode}"
            : $"{vehicle.Id} had not left after {DrainLimit.TotalSeconds} s and was killed");
        return left;
    }

    /// <summary>Starts a vehicle that ended again, with its id and data, and waits until it can be given work.</summary>
    public async Task RejoinAsync(DemoVehicle vehicle, CancellationToken cancellation)
    {
        await vehicle.Process.DisposeAsync();
        vehicle.Process = Launch(vehicle.Process.Options);
        await vehicle.Process.WaitUntilReadyAsync(RejoinLimit, cancellation: cancellation);
        _view.Event($"{vehicle.Id} rejoined");
    }

    /// <summary>The last lines of every process, for people who want to know what went wrong.</summary>
    public IEnumerable<(string Name, string Tail)> Tails() =>
        new[] { _seed?.Process }.Concat(_vehicles.Select(vehicle => vehicle.Process.Process))
            .OfType<ManagedProcess>()
            .Select(process => (process.Name, process.Tail(15)));

    /// <summary>Ends every process and removes the folder. Nothing in it is worth a graceful leave.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var vehicle in _vehicles)
            ExpectEnd(vehicle.Process.Process);
        if (_seed is not null)
            ExpectEnd(_seed.Process);
        await Task.WhenAll(_vehicles.Select(vehicle => vehicle.Process.DisposeAsync().AsTask()));
        if (_seed is not null)
            await _seed.DisposeAsync();

        try
        {
            Directory.Delete(Folder, recursive: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            _view.Event($"{Folder} could not be removed: {exception.Message}");
        }
    }

    private VehicleOptions OptionsOf(VehicleId id, GeoPoint place) => new()
    {
        Id = id,
        Seeds = [Seed.ClusterAddress],
        Location = place,
        DataFolder = DataFolderOf(id.Value),
        OnLine = Echo(id.Value),
    };

    private VehicleProcess Launch(VehicleOptions options)
    {
        var process = VehicleProcess.Start(options);
        Watch(process.Process);
        return process;
    }

    private string DataFolderOf(string name) => Directory.CreateDirectory(Path.Combine(Folder, name)).FullName;

    private Action<string>? Echo(string name) => _options.Verbose ? line => _view.Event($"{name} | {line}") : null;

    private void ExpectEnd(ManagedProcess process) => _expectedToEnd[process] = true;

    private void Watch(ManagedProcess process) => _ = process.Exited.ContinueWith(
        exited =>
        {
            if (_expectedToEnd.ContainsKey(process))
                return;
            _crashes.Enqueue($"{process.Name} ended with exit code {exited.Result} although nobody asked it to.");
            _view.Event(_crashes.Last());
        },
        TaskScheduler.Default);
}
