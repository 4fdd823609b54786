using System.Collections;
using System.Net;
using Akka.Configuration;
using Mesh.Hosting.Logging;
using Mesh.Hosting.Observability;
using Mesh.Hosting.Operations;
using Mesh.Hosting.Settings;
using Mesh.Messages;
using Mesh.Seed.Batches;
using Mesh.Seed.Batches.Storage;
using Mesh.Seed.Dashboard;

namespace Mesh.Seed;

/// <summary>Everything that can be set on a seed, with its default, its range and what an error about it says.</summary>
public sealed record SeedSettings
{
    /// <summary>The settings' names on the command line, with what each needs.</summary>
    public static IReadOnlyList<Setting> Known { get; } =
    [
        new("region", "the region's name: 1 to 64 letters, digits, '-', '_' or '.'"),
        new("location", "where this seed stands, LATITUDE,LONGITUDE in degrees, e.g. 50.11,8.68"),
        new("host", "the name or address that vehicles and other seeds reach this seed by"),
        new("bind", "a local IP address to listen on, e.g. 127.0.0.1 or 0.0.0.0"),
        new("port", "the Akka.Remote port: " + SettingParsers.PortNeeds),
        new("http-port", "the Open Inference Protocol's REST port: " + SettingParsers.PortNeeds),
        new("grpc-port", "the Open Inference Protocol's gRPC port: " + SettingParsers.PortNeeds),
        new("metrics-port", "the Prometheus port: " + SettingParsers.PortNeeds),
        new("work-port", "the vehicles' port: " + SettingParsers.PortNeeds),
        .. OperationsSettings.Known(isOffUnlessSet: false),
        new("dashboard", "on, off or auto (on where --bind is loopback): the operations page on the REST port, at /"),
        new("data", "a folder that this seed alone writes to", WhenNotSet: "mesh/seed in the user's folder for data (~/.local/share)"),
        new("models", "the model repository: a folder with <name>/<version>/model.onnx"),
        new(
            "seeds",
            "HOST:PORT of each seed of the region, this one included, separated by commas; one, three or five",
            WhenNotSet: "this seed alone is its region's"),
        new(
            "journal", "a PostgreSQL connection string (Host=…;Database=…), or a SQLite one (Data Source=…)", IsSecret: true,
            WhenNotSet: "a SQLite file in --data"),
        new(
            "blob-store",
            "where files and batches' results are: data (a folder in --data), journal (its PostgreSQL) or the path of a shared folder",
            WhenNotSet: "journal where that is a PostgreSQL, else data"),
        new("max-file-bytes", "the largest uploaded file in bytes, a number above 0"),
        new("max-batch-lines", "lines of one batch, 1 to 100000000"),
        new("request-timeout", "the deadline of a request that names none, a duration such as 10s"),
        new("max-request-bytes", "the largest request body in bytes, a number above 0"),
        new("max-requests", "requests under way at this seed, 1 to 1000000"),
        new("max-waiting", "requests that wait for a vehicle, 1 to 1000000"),
        new("warm-copies", "vehicles that keep a used model loaded, 1 to 1000"),
        new("drain-limit", "how long requests may finish while this seed leaves, a duration such as 10s"),
        new("log-level", "trace, debug, information, warning, error or critical"),
        new("log-format", LogFormatExtensions.SettingNeeds),
        new("otlp", OtlpExport.SettingNeeds),
        new("check-config", "no value", IsSwitch: true),
        new("health", "no value", IsSwitch: true),
        new("print-reference", "no value", IsSwitch: true),
        new("help", "no value", IsSwitch: true),
    ];

    public RegionName Region { get; init; } = new("unnamed");

    public GeoPoint Location { get; init; }

    public string Host { get; init; } = "127.0.0.1";

    public IPAddress Bind { get; init; } = IPAddress.Loopback;

    public int Port { get; init; } = 4053;

    public int HttpPort { get; init; } = 8000;

    public int GrpcPort { get; init; } = 8001;

    public int MetricsPort { get; init; } = 8002;

    public int WorkPort { get; init; } = 8010;

    public OperationsSettings Operations { get; init; } = new() { Port = OperationsSettings.DefaultPort };

    public DashboardMode Dashboard { get; init; } = DashboardMode.Auto;

    /// <summary>Off loopback whoever can ask for an inference could look, which is for the operator to decide.</summary>
    public bool ServesDashboard => Dashboard == DashboardMode.On || (Dashboard == DashboardMode.Auto && IPAddress.IsLoopback(Bind));

    public string Data { get; init; } = DefaultData;

    public string Models { get; init; } = "models";

    public IReadOnlyList<DnsEndPoint> Seeds { get; init; } = [];

    public JournalSettings Journal { get; init; } = JournalSettings.Sqlite("");

    public BlobStoreSettings BlobStore { get; init; } = new(BlobPlace.Data);

    public long MaxFileBytes { get; init; } = new BatchLimits().MaxFileBytes;

    public int MaxBatchLines { get; init; } = new BatchLimits().MaxLines;

    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(10);

    public long MaxRequestBytes { get; init; } = 64L << 20;

    public int MaxRequests { get; init; } = 4096;

    public int MaxWaiting { get; init; } = 1024;

    public int WarmCopies { get; init; } = 3;

    public TimeSpan DrainLimit { get; init; } = TimeSpan.FromSeconds(10);

    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    public LogFormat LogFormat { get; init; } = LogFormat.Text;

    /// <summary>Empty = as OpenTelemetry's environment variables say.</summary>
    public string Otlp { get; init; } = "";

    private static string DefaultData => Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "mesh", "seed");

    /// <summary>Reads all settings; the errors are complete, and the settings are only good when there are none.</summary>
    public static (SeedSettings Settings, IReadOnlyList<string> Errors) Read(Config hocon, IDictionary environment, IReadOnlyList<string> arguments) =>
        Read(new SettingsReader(Known, hocon, environment, arguments));

    /// <summary>Every setting with its default as commented HOCON (<c>hocon/seed-reference.conf</c>).</summary>
    /// <param name="hocon">What stands in <c>hocon/seed.conf</c>.</param>
    public static string Reference(Config hocon)
    {
        var reader = new SettingsReader(Known, Config.Empty, new Hashtable(), []);
        Read(reader);
        return SettingsReference.Write("mesh-seed", Known, reader, "seed.conf", hocon);
    }

    private static (SeedSettings Settings, IReadOnlyList<string> Errors) Read(SettingsReader reader)
    {
        var defaults = new SeedSettings();
        var settings = new SeedSettings
        {
            Region = reader.Required("region", text => (RegionName?)new RegionName(text), defaults.Region),
            Location = reader.Required("location", SettingParsers.Place, default),
            Host = reader.Optional("host", SettingParsers.Text, defaults.Host),
            Bind = reader.Optional("bind", SettingParsers.Address, defaults.Bind),
            Port = reader.Optional("port", SettingParsers.Port, defaults.Port),
            HttpPort = reader.Optional("http-port", SettingParsers.Port, defaults.HttpPort),
            GrpcPort = reader.Optional("grpc-port", SettingParsers.Port, defaults.GrpcPort),
            MetricsPort = reader.Optional("metrics-port", SettingParsers.Port, defaults.MetricsPort),
            WorkPort = reader.Optional("work-port", SettingParsers.Port, defaults.WorkPort),
            Dashboard = reader.Optional("dashboard", SettingParsers.Choice<DashboardMode>, defaults.Dashboard),
            Data = Path.GetFullPath(reader.Optional("data", SettingParsers.Text, defaults.Data)),
            Models = Path.GetFullPath(reader.Optional("models", SettingParsers.Text, defaults.Models)),
            Seeds = reader.Optional("seeds", SettingParsers.Endpoints, defaults.Seeds),
            MaxFileBytes = reader.Optional("max-file-bytes", SettingParsers.Bytes, defaults.MaxFileBytes),
            MaxBatchLines = reader.Optional("max-batch-lines", text => SettingParsers.Count(text, 1, 100_000_000), defaults.MaxBatchLines),
            RequestTimeout = reader.Optional("request-timeout", SettingParsers.Duration, defaults.RequestTimeout),
            MaxRequestBytes = reader.Optional("max-request-bytes", SettingParsers.Bytes, defaults.MaxRequestBytes),
            MaxRequests = reader.Optional("max-requests", text => SettingParsers.Count(text, 1, 1_000_000), defaults.MaxRequests),
            MaxWaiting = reader.Optional("max-waiting", text => SettingParsers.Count(text, 1, 1_000_000), defaults.MaxWaiting),
            WarmCopies = reader.Optional("warm-copies", text => SettingParsers.Count(text, 1, 1000), defaults.WarmCopies),
            DrainLimit = reader.Optional("drain-limit", SettingParsers.Duration, defaults.DrainLimit),
            LogLevel = reader.Optional("log-level", SettingParsers.Choice<LogLevel>, defaults.LogLevel),
            LogFormat = reader.Optional("log-format", SettingParsers.Choice<LogFormat>, defaults.LogFormat),
            Otlp = reader.Optional("otlp", OtlpExport.Parse, defaults.Otlp),
        };
        settings = settings with { Operations = OperationsSettings.Read(reader, OperationsSettings.DefaultPort, settings.Bind) };
        settings = settings with { Journal = reader.Optional("journal", JournalSettings.Parse, JournalSettings.Sqlite(settings.Data)) };
        settings = settings with { BlobStore = reader.Optional("blob-store", BlobStoreSettings.Parse, BlobStoreSettings.Beside(settings.Journal)) };
        settings.CheckTogether(reader);
        return (settings, reader.Errors);
    }

    private void CheckTogether(SettingsReader reader)
    {
        if (!Directory.Exists(Models))
            reader.AddError("models", $"there is no folder {Models}; it holds <name>/<version>/model.onnx");
        if (Seeds.Count > 0 && !Seeds.Any(seed => seed.Host == Host && seed.Port == Port))
            reader.AddError("seeds", $"must contain this seed itself as other members reach it, {Host}:{Port} (--host and --port)");
        if (Seeds.Count > 0 && Seeds.Count % 2 == 0)
            reader.AddError("seeds", $"names {Seeds.Count}; a region has one, three or five, so that one side of a broken network has the majority");
        if (Seeds.Count > 1 && !Journal.IsShared)
            reader.AddError("journal", "a region of several seeds needs a journal that each of them reaches: a PostgreSQL connection string");
        if (Seeds.Count > 1 && Journal.IsShared && BlobStore.Place == BlobPlace.Data)
            reader.AddError("blob-store", "a region of several seeds needs one that each of them reaches: journal, or the path of a shared folder");
        if (BlobStore.Place == BlobPlace.Journal && !Journal.IsShared)
            reader.AddError("blob-store", "the journal is not in PostgreSQL: needs data, or the path of a folder");
        var ports = new (string Name, int Port)[]
        {
            ("port", Port), ("http-port", HttpPort), ("grpc-port", GrpcPort), ("metrics-port", MetricsPort), ("work-port", WorkPort),
            ("pbm-port", Operations.Port ?? 0),
        };
        foreach (var same in ports.Where(p => p.Port != 0).GroupBy(p => p.Port).Where(group => group.Count() > 1))
            reader.AddError(same.Last().Name, $"port {same.Key} is also --{same.First().Name}: each needs its own");
        if (Bind.Equals(IPAddress.Any) && Host is "0.0.0.0")
            reader.AddError("host", "0.0.0.0 is no address that others can reach; name this machine as they do");
    }
}
