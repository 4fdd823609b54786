using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using Mesh.Hosting.Settings;
using Mesh.Messages;
using Mesh.Node;
using Mesh.Node.Hosting;
using Mesh.Node.Inference;
using Mesh.Node.Limits;
using Mesh.Node.Policy;
using Mesh.Node.Sessions;
using Mesh.Node.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Mesh.Benchmarks.FleetLife;

/// <summary>A car: the vehicle's program with signals that are set here, its owner's policy in a file, and a network of its own.</summary>
internal sealed class FleetCar : IAsyncDisposable
{
    private const string Moving = "Vehicle.IsMoving";
    private const string DoorLock = "Vehicle.Cabin.Door.Row1.DriverSide.IsLocked";
    private const string Charging = "Vehicle.Powertrain.TractionBattery.Charging.";
    private const string Cable = Charging + "ChargingPort.AnyPosition.IsChargingCableConnected";
    private const string ComputerTemperature = "Vehicle.ControlUnit.Central.Health.Resources.Temperature";

    /// <summary>Those who stand closer would be told as one place.</summary>
    private const double DegreesApart = 0.9;

    private readonly string _policy;
    private readonly WorkRelay _network;
    private readonly IHost _host;
    private readonly ManualTelemetry _signals;
    private readonly IInferenceEngine _engine;
    private readonly ConcurrentQueue<Departure> _departures = new();
    private readonly ConcurrentQueue<(long At, TimeSpan Took)> _joins = new();
    private readonly Lock _lock = new();
    private volatile Departure? _leaving;
    private VehiclePhase _phase;
    private long? _eligibleAt;
    private bool _eligible;

    /// <param name="folder">Of all cars.</param>
    public FleetCar(int number, string folder, RegionName region, IPEndPoint seed, int workPort)
    {
        Id = new VehicleId(string.Create(CultureInfo.InvariantCulture, $"car-{number + 1:00}"));
        Place = new GeoPoint(45 + DegreesApart * (number % 40), 10 + 10 * (number / 40));
        _policy = Path.Combine(folder, $"{Id}.conf");
        _network = new WorkRelay(workPort);
        WritePolicy(consents: true);
        _host = VehicleProgram.Build(
            new VehicleSettings
            {
                Vehicle = Id,
                Region = region,
                Seeds = [new DnsEndPoint(seed.Address.ToString(), seed.Port)],
                Location = Place,
                Telemetry = new TelemetrySpec.Manual(),
                Policy = _policy,
                Data = Path.Combine(folder, Id.Value),
                Cgroup = CgroupSetting.Off,
                LogLevel = LogLevel.Critical,
            },
            SettingsHelp.ReadHocon("vehicle.conf"));
        _signals = (ManualTelemetry)_host.Services.GetRequiredService<ITelemetrySource>();
        _engine = _host.Services.GetRequiredService<IInferenceEngine>();
        _host.Services.GetRequiredService<LifeLog>().Lived += Lived;
        _host.Services.GetRequiredService<EligibilityWatch>().Judged += Judged;
        Drive();
    }

    public VehicleId Id { get; }

    public GeoPoint Place { get; }

    /// <summary>What the car takes for the seed's work address.</summary>
    public string WorkAddress => _network.Address;

    public IEnumerable<Departure> Departures => _departures;

    /// <summary>When the seed could send it work (<see cref="Stopwatch"/>'s), and how long after the policy allowed it.</summary>
    public IEnumerable<(long At, TimeSpan Took)> Joins => _joins;

    public Task StartAsync() => _host.StartAsync();

    /// <summary>At home, plugged in, locked: as <see cref="ManualTelemetry.Parked"/> says.</summary>
    public void Park()
    {
        _leaving = null;
        _network.Restore();
        WritePolicy(consents: true);
        _signals.Set(Charging + "Timer.Mode", SignalValue.Of("INACTIVE"));
        foreach (var (path, value) in ManualTelemetry.Parked)
            _signals.Set(path, value);
    }

    /// <summary>The charging timer says when it leaves; the departure begins when the car drains for it.</summary>
    public void Announce(DateTimeOffset at)
    {
        Leaving(DepartureStyle.Planned);
        _signals.Set(Charging + "Timer.Time", SignalValue.Of(at.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture)));
        _signals.Set(Charging + "Timer.Mode", SignalValue.Of("END_TIME"));
    }

    public void Unlock() => _signals.Set(DoorLock, SignalValue.Of(false));

    public void Unplug()
    {
        _signals.Set(Charging + "IsCharging", SignalValue.Of(false));
        _signals.Set(Cable, SignalValue.Of(false));
    }

    public void Drive() => _signals.Set(Moving, SignalValue.Of(true));

    public void Overheat() => _signals.Set(ComputerTemperature, SignalValue.Of(95));

    public void RevokeConsent() => WritePolicy(consents: false);

    public void CutNetwork() => _network.Cut();

    /// <summary>From here on the car is leaving.</summary>
    public Departure Leaving(DepartureStyle style)
    {
        var departure = new Departure(Id, style);
        if (style != DepartureStyle.Planned)
            Begin(departure);
        _departures.Enqueue(departure);
        return _leaving = departure;
    }

    public async ValueTask DisposeAsync()
    {
        Drive(); // What still runs must not run for the grace period.
        await _host.StopAsync();
        _host.Dispose();
        await _network.DisposeAsync();
    }

    /// <summary>The seed has its work stream.</summary>
    public void Joined()
    {
        lock (_lock)
        {
            if (_eligibleAt is { } since)
                _joins.Enqueue((Stopwatch.GetTimestamp(), Stopwatch.GetElapsedTime(since)));
            _eligibleAt = null;
        }
    }

    private void Begin(Departure departure) => departure.Begin(_phase == VehiclePhase.Serving, _engine.Status.Queued);

    private void Judged(Judgement judgement)
    {
        lock (_lock)
        {
            if (judgement.Verdict.IsEligible != _eligible)
                _eligibleAt = judgement.Verdict.IsEligible ? Stopwatch.GetTimestamp() : null;
            _eligible = judgement.Verdict.IsEligible;
        }
    }

    private void Lived(LifeEntry entry)
    {
        var draining = entry is { Phase: VehiclePhase.Draining, Cause: not null };
        // The computer of a car whose network is gone is not needed for anything else.
        if (_leaving is { Style: not DepartureStyle.Vanished } departure && draining && departure.TryMeasure())
        {
            if (departure.Style == DepartureStyle.Planned)
                Begin(departure);
            _ = MeasureAsync(departure);
        }

        _phase = entry.Phase;
    }

    private async Task MeasureAsync(Departure departure)
    {
        await _engine.WhenIdleAsync(CancellationToken.None);
        departure.ProcessorFree();
    }

    /// <summary>
    /// The defaults, with holds short enough for an accelerated life. The process is everybody's here, so no car lowers its priority.
    /// </summary>
    private void WritePolicy(bool consents)
    {
        var consent = consents ? """interactive = true, batch = true, models = ["*"]""" : "";
        var text = $$"""
            mesh.policy {
              version = 1
              consent { {{consent}} }
              parked.after-departure = 1s
              computer.nice = 0
              hysteresis { motion = 500ms, parked = 500ms, battery = 500ms, temperature = 500ms, network = 500ms, memory = 500ms }
            }
            """;
        if (File.Exists(_policy) && File.ReadAllText(_policy) == text)
            return;
        // Replaced as a whole: a reader must not meet half of it.
        File.WriteAllText(_policy + ".new", text);
        File.Move(_policy + ".new", _policy, overwrite: true);
    }
}
