using System.Collections;
using System.Net;
using Akka.Configuration;
using Mesh.Hosting.Logging;
using Mesh.Hosting.Observability;
using Mesh.Hosting.Operations;
using Mesh.Hosting.Settings;
using Mesh.Messages;
using Mesh.Node.Limits;
using Mesh.Node.Policy;
using Mesh.Node.Telemetry;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mesh.Node;

/// <summary>Everything that can be set on a vehicle, with its default, its range and what an error about it says.</summary>
public sealed record VehicleSettings
{
    /// <summary>Names the built-in policy that allows everything.</summary>
    public const string DemoPolicy = "demo";

    /// <summary>The settings' names on the command line, with what each needs.</summary>
    public static IReadOnlyList<Setting> Known { get; } =
    [
        new("vehicle-id", "the vehicle's pseudonym, never its VIN: 1 to 64 letters, digits, '-', '_' or '.'"),
        new("region", "the name of the region to join"),
        new("seeds", "HOST:PORT of at least one seed of the region, separated by commas"),
        new("location", "where the vehicle stands, LATITUDE,LONGITUDE in degrees, e.g. 52.52,13.40"),
        new("host", "the name or address that seeds reach this vehicle's control plane by"),
        new("bind", "a local IP address to listen on, e.g. 127.0.0.1"),
        new("port", "the Akka.Remote port: " + SettingParsers.PortNeeds),
        .. OperationsSettings.Known(isOffUnlessSet: true),
        new(
            "data",
            "a folder that this vehicle alone writes to",
            WhenNotSet: "mesh/vehicles/VEHICLE-ID in the user's folder for data (~/.local/share)"),
        new("telemetry", TelemetrySpec.Needs),
        new("kuksa-ca", "with kuksa: the PEM file of the authority that signs the databroker's certificate; without one there is no TLS"),
        new("kuksa-name", "with kuksa: the name in the databroker's certificate, where it is not its host"),
        new("kuksa-token", "with kuksa: the file of a JWT with the scope to read; read again when it is renewed"),
        new("policy", "the file with the owner's policy, or 'demo' (allows everything); without one nothing is allowed"),
        new("threads", "inferences that run at once, 1 to 64"),
        new("intra-op-threads", "threads within one inference, 1 to 64"),
        new("credits", "requests that each seed may have outstanding here, 1 to 1024"),
        new("device-class", "a name for the vehicle's hardware that models can demand, e.g. cpu-2: 1 to 64 letters, digits, '-', '_' or '.'"),
        new("control-unit", "the name in the vehicle's signals of the control unit that this runs on, e.g. Central: needed where it tells the power of several: 1 to 64 letters, digits, '-' or '_'"),
        new("memory-bytes", "memory for loaded models, a number of bytes above 0"),
        new("disk-bytes", "disk space for fetched models, a number of bytes above 0"),
        new("cgroup", CgroupSetting.Needs),
        new("drain-grace", "how long running work may finish on SIGTERM, a duration such as 5s"),
        new("log-level", "trace, debug, information, warning, error or critical"),
        new("log-format", LogFormatExtensions.SettingNeeds),
        new("otlp", OtlpExport.SettingNeeds),
        new("check-config", "no value", IsSwitch: true),
        new("print-reference", "no value", IsSwitch: true),
        new("help", "no value", IsSwitch: true),
    ];

    public VehicleId Vehicle { get; init; } = new("unnamed");

    public RegionName Region { get; init; } = new("unnamed");

    public IReadOnlyList<DnsEndPoint> Seeds { get; init; } = [];

    public GeoPoint Location { get; init; }

    public string Host { get; init; } = "127.0.0.1";

    public IPAddress Bind { get; init; } = IPAddress.Loopback;

    public int Port { get; init; }

    /// <summary>Operators connect to a vehicle only when a port is set.</summary>
    public OperationsSettings Operations { get; init; } = new();

    public string Data { get; init; } = "";

    public TelemetrySpec Telemetry { get; init; } = new TelemetrySpec.Fixed();

    /// <summary>The file of the owner's policy, or <see cref="DemoPolicy"/>; empty = none, which allows nothing.</summary>
    public string Policy { get; init; } = "";

    public int Threads { get; init; } = 1;

    public int IntraOpThreads { get; init; } = 1;

    public int Credits { get; init; } = 64;

    /// <summary>Empty = not told.</summary>
    public string DeviceClass { get; init; } = "";

    /// <summary>Empty = the vehicle has one.</summary>
    public string ControlUnit { get; init; } = "";

    public long MemoryBytes { get; init; } = 2L << 30;

    public long DiskBytes { get; init; } = 4L << 30;

    public CgroupSetting Cgroup { get; init; } = CgroupSetting.Auto;

    public TimeSpan DrainGrace { get; init; } = TimeSpan.FromSeconds(5);

    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    public LogFormat LogFormat { get; init; } = LogFormat.Text;

    /// <summary>Empty = as OpenTelemetry's environment variables say.</summary>
    public string Otlp { get; init; } = "";

    /// <summary>Reads all settings; the errors are complete, and the settings are only good when there are none.</summary>
    public static (VehicleSettings Settings, IReadOnlyList<string> Errors) Read(Config hocon, IDictionary environment, IReadOnlyList<string> arguments) =>
        Read(new SettingsReader(Known, hocon, environment, arguments));

    /// <summary>Every setting with its default as commented HOCON (<c>hocon/vehicle-reference.conf</c>).</summary>
    /// <param name="hocon">What stands in <c>hocon/vehicle.conf</c>.</param>
    public static string Reference(Config hocon)
    {
        var reader = new SettingsReader(Known, Config.Empty, new Hashtable(), []);
        Read(reader);
        return SettingsReference.Write("mesh-node", Known, reader, "vehicle.conf", hocon);
    }

    private static (VehicleSettings Settings, IReadOnlyList<string> Errors) Read(SettingsReader reader)
    {
        var defaults = new VehicleSettings();
        var vehicle = reader.Required("vehicle-id", text => (VehicleId?)new VehicleId(text), defaults.Vehicle);
        var settings = new VehicleSettings
        {
            Vehicle = vehicle,
            Region = reader.Required("region", text => (RegionName?)new RegionName(text), defaults.Region),
            Seeds = reader.Required("seeds", SettingParsers.Endpoints, defaults.Seeds),
            Location = reader.Required("location", SettingParsers.Place, default),
            Host = reader.Optional("host", SettingParsers.Text, defaults.Host),
            Bind = reader.Optional("bind", SettingParsers.Address, defaults.Bind),
            Port = reader.Optional("port", SettingParsers.Port, defaults.Port),
            Data = Path.GetFullPath(reader.Optional("data", SettingParsers.Text, DefaultData(vehicle))),
            Telemetry = WithKuksa(reader.Required("telemetry", TelemetrySpec.Parse, defaults.Telemetry), reader),
            Policy = reader.Optional("policy", SettingParsers.Text, defaults.Policy),
            Threads = reader.Optional("threads", text => SettingParsers.Count(text, 1, 64), defaults.Threads),
            IntraOpThreads = reader.Optional("intra-op-threads", text => SettingParsers.Count(text, 1, 64), defaults.IntraOpThreads),
            Credits = reader.Optional("credits", text => SettingParsers.Count(text, 1, 1024), defaults.Credits),
            DeviceClass = reader.Optional("device-class", text => VehicleId.TryParse(text, out _) ? text : null, defaults.DeviceClass),
            ControlUnit = reader.Optional("control-unit", text => VehicleId.TryParse(text, out _) && !text.Contains('.', StringComparison.Ordinal) ? text : null, defaults.ControlUnit),
            MemoryBytes = reader.Optional("memory-bytes", SettingParsers.Bytes, defaults.MemoryBytes),
            DiskBytes = reader.Optional("disk-bytes", SettingParsers.Bytes, defaults.DiskBytes),
            Cgroup = reader.Optional("cgroup", CgroupSetting.Parse, defaults.Cgroup),
            DrainGrace = reader.Optional("drain-grace", SettingParsers.Duration, defaults.DrainGrace),
            LogLevel = reader.Optional("log-level", SettingParsers.Choice<LogLevel>, defaults.LogLevel),
            LogFormat = reader.Optional("log-format", SettingParsers.Choice<LogFormat>, defaults.LogFormat),
            Otlp = reader.Optional("otlp", OtlpExport.Parse, defaults.Otlp),
        };
        settings = settings with { Operations = OperationsSettings.Read(reader, port: null, settings.Bind) };
        if (settings.Port != 0 && settings.Port == settings.Operations.Port)
            reader.AddError("pbm-port", $"port {settings.Port} is also --port: each needs its own");
        return (settings, reader.Errors);
    }

    /// <summary>What is wrong with the files that the settings name, all at once.</summary>
    public IReadOnlyList<string> Problems() =>
    [
        .. Telemetry.Open(TimeProvider.System, Random.Shared, NullLoggerFactory.Instance).Errors.Select(error => $"--telemetry: {error}"),
        .. Operations.Problems(),
        .. Policy is "" or DemoPolicy ? [] : OwnerPolicyFile.Problems(Policy).Select(error => $"--policy: {error}"),
    ];

    private static TelemetrySpec WithKuksa(TelemetrySpec telemetry, SettingsReader reader)
    {
        string? Text(string name) => reader.Optional(name, SettingParsers.Text, "") is { Length: > 0 } text ? text : null;

        var (authority, name, token) = (Text("kuksa-ca"), Text("kuksa-name"), Text("kuksa-token"));
        return telemetry is TelemetrySpec.Kuksa kuksa
            ? new TelemetrySpec.Kuksa(kuksa.Options with { CaFile = authority, ServerName = name, TokenFile = token })
            : telemetry;
    }

    private static string DefaultData(VehicleId vehicle) => Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify),
        "mesh",
        "vehicles",
        vehicle.Value);
}
