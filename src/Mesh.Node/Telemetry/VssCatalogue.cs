using System.Collections.Immutable;

namespace Mesh.Node.Telemetry;

/// <summary>
/// The signals that a vehicle reads, by their COVESA VSS 6.0 names and by the older names that installed brokers still serve,
/// and those of our overlay (docs/vss/mesh.vspec) for what VSS lacks. Tables with ages and reasons: docs/telemetry.md.
/// </summary>
public static class VssCatalogue
{
    private const string Battery = "Vehicle.Powertrain.TractionBattery.";
    private const string Charging = Battery + "Charging.";

    // Motion must be news; the rest of the vehicle's state changes rarely and is told rarely; settings hold until changed.
    private static readonly TimeSpan Motion = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan State = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Slow = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Set = TimeSpan.FromHours(24);

    public static VssSignal IsMoving { get; } = new()
    {
        Paths = At("Vehicle.IsMoving"),
        Datatype = VssDatatype.Boolean,
        MaxAge = Motion,
        IsUrgent = true,
    };

    /// <summary>May be negative in reverse.</summary>
    public static VssSignal Speed { get; } = new()
    {
        Paths = At("Vehicle.Speed"),
        Datatype = VssDatatype.Float,
        Unit = "km/h",
        Min = -100,
        Max = 500,
        MaxAge = Motion,
        IsUrgent = true,
    };

    /// <summary>VSS also has UNDEFINED, which is no more than unknown.</summary>
    public static VssSignal LowVoltageSystemState { get; } = new()
    {
        Paths = At("Vehicle.LowVoltageSystemState"),
        Datatype = VssDatatype.Text,
        MaxAge = State,
        IsUrgent = true,
        Allowed = ["LOCK", "OFF", "ACC", "ON", "START"],
    };

    public static VssSignal PowerOptimizeLevel { get; } = new()
    {
        Paths = At("Vehicle.PowerOptimizeLevel"),
        Datatype = VssDatatype.UInt8,
        Max = 10,
        Min = 0,
        MaxAge = State,
        IsUrgent = true,
    };

    /// <summary>Each door's; rows and sides as the vehicle has them.</summary>
    public static VssSignal DoorIsLocked { get; } = new()
    {
        Paths = At("Vehicle.Cabin.Door.Row*.*.IsLocked"),
        Datatype = VssDatatype.Boolean,
        MaxAge = State,
        IsUrgent = true,
        Instances = SignalInstances.Every,
    };

    /// <summary>It says where the vehicle is: its value is shown, logged and told to nobody.</summary>
    public static bool IsPlace(string path) => path.StartsWith("Vehicle.CurrentLocation.", StringComparison.Ordinal);

    public static VssSignal Latitude { get; } = Degrees("Vehicle.CurrentLocation.Latitude", 90);

    public static VssSignal Longitude { get; } = Degrees("Vehicle.CurrentLocation.Longitude", 180);

    /// <summary>Displayed is what a vehicle tells that has no physical figure; the two differ by the maker's reserve.</summary>
    public static VssSignal StateOfCharge { get; } = new()
    {
        Paths = At(Battery + "StateOfCharge.Current", Battery + "StateOfCharge.Displayed"),
        Datatype = VssDatatype.Float,
        Unit = "percent",
        Min = 0,
        Max = 100,
        MaxAge = Slow,
    };

    public static VssSignal BatteryTemperature { get; } = Celsius(SignalInstances.First, Battery + "Temperature.Max");

    /// <summary>Positive = into the battery.</summary>
    public static VssSignal BatteryPower { get; } = new()
    {
        Paths = At(Battery + "CurrentPower"),
        Datatype = VssDatatype.Float,
        Unit = "W",
        Min = -2e6,
        Max = 2e6,
        MaxAge = State,
    };

    public static VssSignal IsPluggedIn { get; } = new()
    {
        // One signal until VSS 4.2, one a port since 5.0.
        Paths = At(Charging + "ChargingPort.*.IsChargingCableConnected", Charging + "IsChargingCableConnected"),
        Datatype = VssDatatype.Boolean,
        MaxAge = State,
        IsUrgent = true,
        Instances = SignalInstances.Some,
    };

    /// <summary>True only while energy flows into the vehicle.</summary>
    public static VssSignal IsCharging { get; } = new()
    {
        Paths = At(Charging + "IsCharging"),
        Datatype = VssDatatype.Boolean,
        MaxAge = State,
        IsUrgent = true,
    };

    /// <summary>Includes the wait for the timer; 0 = complete, or nothing planned.</summary>
    public static VssSignal TimeToComplete { get; } = new()
    {
        Paths = At(Charging + "TimeToComplete"),
        Datatype = VssDatatype.UInt32,
        Unit = "s",
        Min = 0,
        Max = 14 * 86400,
        MaxAge = Slow,
    };

    public static VssSignal ChargingTimerMode { get; } = new()
    {
        Paths = At(Charging + "Timer.Mode"),
        Datatype = VssDatatype.Text,
        Allowed = ["INACTIVE", "START_TIME", "END_TIME"],
        MaxAge = Set,
    };

    public static VssSignal ChargingTimerTime { get; } = Time(Charging + "Timer.Time");

    public static VssSignal ConditioningMode { get; } = new()
    {
        Paths = At(Battery + "BatteryConditioning.RequestedMode"),
        Datatype = VssDatatype.Text,
        MaxAge = Set,
        Allowed = ["INACTIVE", "FAST_CHARGING_PREPARATION", "DRIVING_PREPARATION"],
    };

    /// <summary>With DRIVING_PREPARATION the only hint at a departure that VSS has.</summary>
    public static VssSignal ConditioningTargetTime { get; } = Time(Battery + "BatteryConditioning.TargetTime");

    /// <summary>Each control unit's: the heat of one tells of the place of all.</summary>
    public static VssSignal ComputerTemperature { get; } =
        Celsius(SignalInstances.Every, "Vehicle.ControlUnit.*.Health.Resources.Temperature");

    /// <summary>Each control unit's; which of them is ours, <see cref="Metering.ControlUnitPower"/> is told. Read once a second, so it must be news.</summary>
    public static VssSignal ComputerPower { get; } = new()
    {
        Paths = At("Vehicle.ControlUnit.*.Health.Resources.Power"),
        Datatype = VssDatatype.Float,
        Unit = "W",
        Min = 0,
        Max = 5000,
        MaxAge = TimeSpan.FromSeconds(10),
    };

    public static VssSignal NetworkKind { get; } = new()
    {
        Paths = At("Vehicle.Mesh.Network.Kind"),
        Datatype = VssDatatype.Text,
        Allowed = ["WIFI", "CELLULAR", "ETHERNET", "NONE"],
        MaxAge = State,
        IsUrgent = true,
    };

    public static VssSignal NetworkIsMetered { get; } = new()
    {
        Paths = At("Vehicle.Mesh.Network.IsMetered"),
        Datatype = VssDatatype.Boolean,
        MaxAge = State,
        IsUrgent = true,
    };

    /// <summary>Memory that programs can still have without taking it from others.</summary>
    public static VssSignal MemoryAvailable { get; } = new()
    {
        Paths = At("Vehicle.Mesh.Memory.Available"),
        Datatype = VssDatatype.UInt32,
        Unit = "MiB",
        Min = 0,
        Max = uint.MaxValue,
        MaxAge = TimeSpan.FromMinutes(1),
        IsUrgent = true,
    };

    public static ImmutableArray<VssSignal> All { get; } =
    [
        IsMoving, Speed, LowVoltageSystemState, PowerOptimizeLevel, DoorIsLocked, Latitude, Longitude, StateOfCharge,
        BatteryTemperature, BatteryPower, IsPluggedIn, IsCharging, TimeToComplete, ChargingTimerMode, ChargingTimerTime,
        ConditioningMode, ConditioningTargetTime, ComputerTemperature, ComputerPower, NetworkKind, NetworkIsMetered, MemoryAvailable,
    ];

    /// <summary>The signal that a path tells; null for one that no rule asks for.</summary>
    public static VssSignal? Find(string path) => All.FirstOrDefault(signal => signal.Matches(path));

    private static ImmutableArray<SignalPath> At(params string[] patterns) => [.. patterns.Select(pattern => new SignalPath(pattern))];

    private static VssSignal Degrees(string path, double most) => new()
    {
        Paths = At(path),
        Datatype = VssDatatype.Double,
        Unit = "degrees",
        Min = -most,
        Max = most,
        MaxAge = TimeSpan.FromHours(1),
    };

    private static VssSignal Celsius(SignalInstances instances, string path) => new()
    {
        Paths = At(path),
        Datatype = VssDatatype.Float,
        Unit = "Celsius",
        Min = -60,
        Max = 200,
        MaxAge = State,
        Instances = instances,
    };

    private static VssSignal Time(string path) => new() { Paths = At(path), Datatype = VssDatatype.Time, Unit = "iso8601", MaxAge = Set };
}
