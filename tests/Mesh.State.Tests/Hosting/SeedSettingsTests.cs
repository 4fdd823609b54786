using System.Collections;
using System.Net;
using Akka.Configuration;
using Mesh.Messages;
using Mesh.Seed;
using Mesh.Seed.Batches.Storage;
using Mesh.Seed.Dashboard;
using Mesh.Testing;
using Microsoft.Extensions.Logging;

namespace Mesh.State.Tests.Hosting;

public sealed class SeedSettingsTests
{
    private static readonly string[] Good = ["--region", "eu-west", "--location", "50.11,8.68", "--models", Checkout.Models];

    [Fact]
    public void What_is_not_set_has_its_default()
    {
        var (settings, errors) = Read(Good);
        Assert.Empty(errors);
        Assert.Equal((new RegionName("eu-west"), new GeoPoint(50.11, 8.68)), (settings.Region, settings.Location));
        Assert.Equal(("127.0.0.1", IPAddress.Loopback), (settings.Host, settings.Bind));
        Assert.Equal(
            (4053, 8000, 8001, 8002, 8010, (int?)9110),
            (settings.Port, settings.HttpPort, settings.GrpcPort, settings.MetricsPort, settings.WorkPort, settings.Operations.Port));
        Assert.EndsWith(Path.Combine("mesh", "seed"), settings.Data, StringComparison.Ordinal);
        Assert.Equal(JournalSettings.Sqlite(settings.Data), settings.Journal);
        Assert.Equal((TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(10)), (settings.RequestTimeout, settings.DrainLimit));
        Assert.Equal((64L << 20, 4096, 1024, 3), (settings.MaxRequestBytes, settings.MaxRequests, settings.MaxWaiting, settings.WarmCopies));
        Assert.Equal((new BlobStoreSettings(BlobPlace.Data), 512L << 20, 500_000), (settings.BlobStore, settings.MaxFileBytes, settings.MaxBatchLines));
        Assert.Equal(LogLevel.Information, settings.LogLevel);
        Assert.Equal((DashboardMode.Auto, true), (settings.Dashboard, settings.ServesDashboard));
        Assert.Empty(settings.Seeds);
    }

    [Theory]
    [InlineData("127.0.0.1", "auto", true)]
    [InlineData("::1", "auto", true)]
    [InlineData("0.0.0.0", "auto", false)]
    [InlineData("0.0.0.0", "on", true)]
    [InlineData("127.0.0.1", "off", false)]
    public void The_page_is_served_on_loopback_or_when_told_so(string bind, string dashboard, bool served) =>
        Assert.Equal(served, Read([.. Good, $"--bind={bind}", "--host=seed.example", $"--dashboard={dashboard}"]).Settings.ServesDashboard);

    /// <summary>No knob is dead: each one, set to another value, changes the settings.</summary>
    [Theory]
    [InlineData("region", "us-east")]
    [InlineData("location", "1,2")]
    [InlineData("host", "seed.example")]
    [InlineData("bind", "0.0.0.0")]
    [InlineData("port", "1")]
    [InlineData("http-port", "2")]
    [InlineData("grpc-port", "3")]
    [InlineData("metrics-port", "4")]
    [InlineData("work-port", "5")]
    [InlineData("pbm-port", "6")]
    [InlineData("pbm-bind", "::1")]
    [InlineData("pbm-cert", "pbm.crt")]
    [InlineData("pbm-key", "pbm.key")]
    [InlineData("pbm-ca", "operators.crt")]
    [InlineData("pbm-crl", "operators.crl")]
    [InlineData("pbm-tokens", "tokens")]
    [InlineData("dashboard", "on")]
    [InlineData("data", "elsewhere")]
    [InlineData("models", ".")]
    [InlineData("seeds", "127.0.0.1:4053")]
    [InlineData("journal", "Data Source=x.db")]
    [InlineData("blob-store", "shared")]
    [InlineData("max-file-bytes", "1")]
    [InlineData("max-batch-lines", "1")]
    [InlineData("request-timeout", "1s")]
    [InlineData("max-request-bytes", "1")]
    [InlineData("max-requests", "1")]
    [InlineData("max-waiting", "1")]
    [InlineData("warm-copies", "1")]
    [InlineData("drain-limit", "1s")]
    [InlineData("log-level", "trace")]
    [InlineData("log-format", "json")]
    [InlineData("otlp", "http://collector:4317")]
    public void Every_setting_has_an_effect(string name, string value)
    {
        var (settings, errors) = Read([.. Good, $"--{name}={value}"]);
        Assert.Empty(errors);
        Assert.NotEqual(Comparable(Read(Good).Settings), Comparable(settings));
        Assert.Equal(Comparable(Read(Good).Settings), Comparable(Read(Good).Settings));
    }

    [Fact]
    public void The_list_above_is_complete() =>
        Assert.Equal(
            SeedSettings.Known.Where(s => !s.IsSwitch).Select(s => s.Name),
            typeof(SeedSettingsTests).GetMethod(nameof(Every_setting_has_an_effect))!
                .GetCustomAttributes(typeof(InlineDataAttribute), false).Cast<InlineDataAttribute>()
                .Select(row => (string)row.GetData(null!).Single()[0]));

    [Fact]
    public void Everything_wrong_is_said_at_once()
    {
        var models = Path.GetFullPath("no-such-folder");
        var (_, errors) = Read(
            [
                "--location", "Berlin", "--bind", "here", "--port", "70000", "--models", models, "--seeds", "a:1,b:2",
                "--request-timeout", "soon", "--max-requests", "0", "--warm-copies", "many", "--log-level", "7", "--log-format", "xml", "--otlp", "collector:4317",
                "--http-port", "8010", "--unknown",
            ]);
        Assert.Equal(
            [
                "'--unknown' is no option of this program: see --help",
                "--region is missing (or MESH_REGION, or mesh.region in the configuration file): needs the region's name: 1 to 64 letters, digits, '-', '_' or '.'",
                "--location is 'Berlin' (command line): needs where this seed stands, LATITUDE,LONGITUDE in degrees, e.g. 50.11,8.68",
                "--bind is 'here' (command line): needs a local IP address to listen on, e.g. 127.0.0.1 or 0.0.0.0",
                "--port is '70000' (command line): needs the Akka.Remote port: a TCP port, 0 to 65535 (0 = any free one)",
                "--request-timeout is 'soon' (command line): needs the deadline of a request that names none, a duration such as 10s",
                "--max-requests is '0' (command line): needs requests under way at this seed, 1 to 1000000",
                "--warm-copies is 'many' (command line): needs vehicles that keep a used model loaded, 1 to 1000",
                "--log-level is '7' (command line): needs trace, debug, information, warning, error or critical",
                "--log-format is 'xml' (command line): needs text (a line for people) or json (an object a line, with UTC times and trace ids)",
                "--otlp is 'collector:4317' (command line): needs where an OpenTelemetry collector takes metrics and traces, e.g. http://collector:4317; default: OTEL_EXPORTER_OTLP_ENDPOINT, else nothing is exported",
                $"--models is '{models}' (command line): there is no folder {models}; it holds <name>/<version>/model.onnx",
                "--seeds is 'a:1,b:2' (command line): must contain this seed itself as other members reach it, 127.0.0.1:4053 (--host and --port)",
                "--seeds is 'a:1,b:2' (command line): names 2; a region has one, three or five, so that one side of a broken network has the majority",
                "--journal is '' (default): a region of several seeds needs a journal that each of them reaches: a PostgreSQL connection string",
                "--work-port is '' (default): port 8010 is also --http-port: each needs its own",
            ],
            errors);
    }

    [Fact]
    public void An_address_that_nobody_can_dial_is_refused()
    {
        var (_, errors) = Read([.. Good, "--bind", "0.0.0.0", "--host", "0.0.0.0"]);
        Assert.Equal(["--host is '0.0.0.0' (command line): 0.0.0.0 is no address that others can reach; name this machine as they do"], errors);
    }

    [Fact]
    public void Three_seeds_with_a_shared_journal_are_good()
    {
        var (settings, errors) = Read(
            [.. Good, "--seeds", "127.0.0.1:4053,b:4053,c:4053", "--journal", "Host=db;Database=mesh;Username=u;Password=p"]);
        Assert.Empty(errors);
        Assert.Equal(("PostgreSQL.15", true), (settings.Journal.Provider, settings.Journal.IsShared));
        Assert.Equal(3, settings.Seeds.Count);
    }

    [Theory]
    [InlineData("Host=db;Database=mesh", null, BlobPlace.Journal, null)]
    [InlineData("Host=db;Database=mesh", "data", BlobPlace.Data, null)]
    [InlineData("Host=db;Database=mesh", "/mnt/shared", BlobPlace.Folder, "/mnt/shared")]
    [InlineData("Data Source=x.db", null, BlobPlace.Data, null)]
    [InlineData("Data Source=x.db", "/mnt/shared", BlobPlace.Folder, "/mnt/shared")]
    public void Blobs_are_beside_the_journal_unless_another_place_is_named(string journal, string? store, BlobPlace place, string? path)
    {
        var (settings, errors) = Read([.. Good, "--journal", journal, .. store is null ? [] : new[] { "--blob-store", store }]);
        Assert.Empty(errors);
        Assert.Equal(new BlobStoreSettings(place, path is null ? null : Path.GetFullPath(path)), settings.BlobStore);
    }

    [Fact]
    public void A_place_for_blobs_that_a_seed_cannot_reach_is_refused()
    {
        Assert.Equal(
            ["--blob-store is 'data' (command line): a region of several seeds needs one that each of them reaches: journal, or the path of a shared folder"],
            Read([.. Good, "--seeds", "127.0.0.1:4053,b:4053,c:4053", "--journal", "Host=db;Database=mesh", "--blob-store", "data"]).Errors);
        Assert.Equal(
            ["--blob-store is 'journal' (command line): the journal is not in PostgreSQL: needs data, or the path of a folder"],
            Read([.. Good, "--blob-store", "journal"]).Errors);
    }

    [Fact]
    public void Ports_that_are_any_free_one_do_not_clash() =>
        Assert.Empty(Read([.. Good, "--http-port", "0", "--grpc-port", "0", "--work-port", "0"]).Errors);

    [Theory]
    [InlineData("Host=db;Password=secret")]
    [InlineData("Host=db;Database=mesh;Password=secret;Nonsense=1")]
    [InlineData("Data Source=x.db;Password=secret;Nonsense=1")]
    [InlineData("secret")]
    public void A_wrong_journal_is_refused_without_repeating_its_password(string journal)
    {
        var (_, errors) = Read([.. Good, $"--journal={journal}"]);
        var error = Assert.Single(errors);
        Assert.Equal(
            "--journal is set (command line): needs a PostgreSQL connection string with Host and Database, or a SQLite one with Data Source", error);
    }

    [Fact]
    public void A_journal_reaches_hocon_whatever_its_text_holds()
    {
        var journal = new JournalSettings("PostgreSQL.15", """Host=h;Database=d;Password="a\"" b$c{}#""", true);
        var akka = journal.ToHocon();
        foreach (var plugin in new[] { "journal", "snapshot-store" })
        {
            Assert.Equal($"akka.persistence.{plugin}.sql", akka.GetString($"akka.persistence.{plugin}.plugin"));
            Assert.Equal(journal.ConnectionString, akka.GetString($"akka.persistence.{plugin}.sql.connection-string"));
            Assert.Equal(journal.Provider, akka.GetString($"akka.persistence.{plugin}.sql.provider-name"));
            Assert.True(akka.GetBoolean($"akka.persistence.{plugin}.sql.auto-initialize"));
            Assert.Equal(TimeSpan.FromSeconds(3), akka.GetTimeSpan($"akka.persistence.{plugin}.sql.circuit-breaker.reset-timeout"));
        }
    }

    /// <summary>As text, since records compare lists by identity.</summary>
    private static string Comparable(SeedSettings settings) => $"{settings with { Seeds = [] }} {string.Join(',', settings.Seeds)}";

    private static (SeedSettings Settings, IReadOnlyList<string> Errors) Read(string[] arguments) =>
        SeedSettings.Read(Config.Empty, new Hashtable(), arguments);
}
