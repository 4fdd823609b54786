using Mesh.Node.Policy;
using Mesh.Node.Telemetry;
using Mesh.State.Tests.Telemetry;

namespace Mesh.State.Tests.Policy;

/// <summary>A vehicle and a policy under which every rule is asked and passes, and what judges them.</summary>
internal static class Verdicts
{
    public const string Battery = "Vehicle.Powertrain.TractionBattery.";
    public const string Moving = "Vehicle.IsMoving";
    public const string Charge = Battery + "StateOfCharge.Current";
    public const string Cable = Battery + "Charging.ChargingPort.AnyPosition.IsChargingCableConnected";
    public const string Charging = Battery + "Charging.IsCharging";

    /// <summary>By path; what the rules need to permit.</summary>
    public static readonly IReadOnlyDictionary<string, object> Good = new Dictionary<string, object>
    {
        [Moving] = false,
        ["Vehicle.Speed"] = 0.0,
        ["Vehicle.LowVoltageSystemState"] = "OFF",
        ["Vehicle.PowerOptimizeLevel"] = 0,
        ["Vehicle.Cabin.Door.Row1.DriverSide.IsLocked"] = true,
        [Charge] = 80,
        [Battery + "Temperature.Max"] = 25,
        [Cable] = true,
        [Charging] = true,
        ["Vehicle.ControlUnit.Central.Health.Resources.Temperature"] = 50,
        ["Vehicle.Mesh.Network.Kind"] = "WIFI",
        ["Vehicle.Mesh.Network.IsMetered"] = false,
        ["Vehicle.Mesh.Memory.Available"] = 4096,
    };

    /// <summary>The signals' start is a Monday, 12:00 UTC.</summary>
    public static readonly OwnerPolicy Consenting = new()
    {
        Consent = new ConsentPolicy { Kinds = WorkKinds.All, Models = ["*"] },
        Hours = new HoursPolicy { Quiet = WeeklyWindows.EveryDay([new DailyWindow(0, 60)]) },
        Energy = new EnergyPolicy { MaxPrice = 0.3, Tariff = new Tariff("EUR", [new(new(0, 1080), 0.2), new(new(1080, 1440), 0.4)]) },
    };

    public static VehicleTelemetry Tell(double at, IEnumerable<KeyValuePair<string, object>>? values = null) =>
        VehicleTelemetry.Empty.Apply(new TelemetryEvent.Readings([.. (values ?? Good).Select(pair => Signals.Reading(pair.Key, pair.Value, at))]));

    /// <summary>The good vehicle, but for one path.</summary>
    public static VehicleTelemetry But(string path, object? value, double at = 0) => Tell(at).Tell(path, value, at);

    public static Verdict Judge(VehicleTelemetry telemetry, OwnerPolicy? policy = null, UsageToday? usage = null, double now = 0) =>
        EligibilityRules.Judge(telemetry.At(Signals.At(now)), policy ?? Consenting, usage ?? UsageToday.None, EligibilityMemory.Empty).Verdict;
}
