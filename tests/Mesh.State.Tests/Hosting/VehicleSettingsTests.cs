using System.Collections;
using System.Net;
using Akka.Configuration;
using Mesh.Messages;
using Mesh.Node;
using Mesh.Node.Telemetry;
using Microsoft.Extensions.Logging;

namespace Mesh.State.Tests.Hosting;

public sealed class VehicleSettingsTests
{
    private static readonly string[] Good =
        ["--vehicle-id", "V-001", "--region", "eu-west", "--seeds", "seed.example:4053", "--location", "52.52,13.40", "--telemetry", "fixed"];

    [Fact]
    public void What_is_not_set_has_its_default()
    {
        var (settings, errors) = Read(Good);
        Assert.Empty(errors);
        Assert.Equal((new VehicleId("V-001"), new RegionName("eu-west")), (settings.Vehicle, settings.Region));
        Assert.Equal([new DnsEndPoint("seed.example", 4053)], settings.Seeds);
        Assert.Equal(new GeoPoint(52.52, 13.40), settings.Location);
        Assert.Equal(("127.0.0.1", IPAddress.Loopback, 0), (settings.Host, settings.Bind, settings.Port));
        Assert.EndsWith(Path.Combine("mesh", "vehicles", "V-001"), settings.Data, StringComparison.Ordinal);
        Assert.Equal((1, 1, 64), (settings.Threads, settings.IntraOpThreads, settings.Credits));
        Assert.Equal((2L << 30, 4L << 30, TimeSpan.FromSeconds(5)), (settings.MemoryBytes, settings.DiskBytes, settings.DrainGrace));
        Assert.Equal(LogLevel.Information, settings.LogLevel);
        Assert.Equal("", settings.Policy);
    }

    /// <summary>No knob is dead: each one, set to another value, changes the settings.</summary>
    [Theory]
    [InlineData("vehicle-id", "V-002")]
    [InlineData("region", "us-east")]
    [InlineData("seeds", "other:1")]
    [InlineData("location", "1,2")]
    [InlineData("host", "car.example")]
    [InlineData("bind", "0.0.0.0")]
    [InlineData("port", "1")]
    [InlineData("pbm-port", "6")]
    [InlineData("pbm-bind", "::1")]
    [InlineData("pbm-cert", "pbm.crt")]
    [InlineData("pbm-key", "pbm.key")]
    [InlineData("pbm-ca", "operators.crt")]
    [InlineData("pbm-crl", "operators.crl")]
    [InlineData("pbm-tokens", "tokens")]
    [InlineData("data", "elsewhere")]
    [InlineData("telemetry", "manual")]
    [InlineData("kuksa-ca", "ca.pem")]
    [InlineData("kuksa-name", "Server")]
    [InlineData("kuksa-token", "token.jwt")]
    [InlineData("policy", "owner.conf")]
    [InlineData("threads", "2")]
    [InlineData("intra-op-threads", "2")]
    [InlineData("credits", "1")]
    [InlineData("device-class", "gpu-1")]
    [InlineData("control-unit", "Central")]
    [InlineData("memory-bytes", "1")]
    [InlineData("disk-bytes", "1")]
    [InlineData("cgroup", "off")]
    [InlineData("drain-grace", "1s")]
    [InlineData("log-level", "trace")]
    [InlineData("log-format", "json")]
    [InlineData("otlp", "http://collector:4317")]
    public void Every_setting_has_an_effect(string name, string value)
    {
        string[] before = name.StartsWith("kuksa-", StringComparison.Ordinal) ? [.. Good, "--telemetry=kuksa:127.0.0.1"] : Good;
        var (settings, errors) = Read([.. before, $"--{name}={value}"]);
        Assert.Empty(errors);
        Assert.NotEqual(Comparable(Read(before).Settings), Comparable(settings));
        Assert.Equal(Comparable(Read(before).Settings), Comparable(Read(before).Settings));
    }

    [Fact]
    public void The_list_above_is_complete() =>
        Assert.Equal(
            VehicleSettings.Known.Where(s => !s.IsSwitch).Select(s => s.Name),
            typeof(VehicleSettingsTests).GetMethod(nameof(Every_setting_has_an_effect))!
                .GetCustomAttributes(typeof(InlineDataAttribute), false).Cast<InlineDataAttribute>()
                .Select(row => (string)row.GetData(null!).Single()[0]));

    [Fact]
    public void The_files_that_settings_name_are_checked_all_at_once()
    {
        var folder = Directory.CreateTempSubdirectory("mesh-settings-").FullName;
        var (trace, policy) = (Path.Combine(folder, "trace.jsonl"), Path.Combine(folder, "owner.conf"));
        File.WriteAllText(trace, "not JSON");
        File.WriteAllText(policy, "mesh.policy { version = 1, consent.interactive = maybe }");
        var problems = Read([.. Good, "--telemetry", $"trace:{trace}@60", "--policy", policy]).Settings.Problems();
        Assert.Collection(
            problems,
            problem => Assert.StartsWith($"--telemetry: {trace}:1: ", problem, StringComparison.Ordinal),
            problem => Assert.StartsWith($"--policy: {policy}: ", problem, StringComparison.Ordinal));
        Assert.Contains("consent.interactive", problems[1], StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
        Assert.Equal(2, Read([.. Good, "--telemetry", $"trace:{trace}", "--policy", policy]).Settings.Problems().Count);
        Assert.Empty(Read([.. Good, "--policy", "demo"]).Settings.Problems());
    }

    [Fact]
    public void Everything_wrong_is_said_at_once()
    {
        var (_, errors) = Read(
            [
                "--vehicle-id", "V 1", "--seeds", "seed", "--location", "91,0", "--threads", "65", "--credits", "0", "--memory-bytes", "2GB",
                "--drain-grace", "0s", "--telemetry", "obd", "--port",
            ]);
        Assert.Equal(
            [
                "--port has no value: the Akka.Remote port: a TCP port, 0 to 65535 (0 = any free one)",
                "--vehicle-id is 'V 1' (command line): 'V 1' is not a vehicle id: 1 to 64 letters, digits, '-', '_' or '.'",
                "--region is missing (or MESH_REGION, or mesh.region in the configuration file): needs the name of the region to join",
                "--seeds is 'seed' (command line): needs HOST:PORT of at least one seed of the region, separated by commas",
                "--location is '91,0' (command line): needs where the vehicle stands, LATITUDE,LONGITUDE in degrees, e.g. 52.52,13.40",
                $"--telemetry is 'obd' (command line): needs {TelemetrySpec.Needs}",
                "--threads is '65' (command line): needs inferences that run at once, 1 to 64",
                "--credits is '0' (command line): needs requests that each seed may have outstanding here, 1 to 1024",
                "--memory-bytes is '2GB' (command line): needs memory for loaded models, a number of bytes above 0",
                "--drain-grace is '0s' (command line): needs how long running work may finish on SIGTERM, a duration such as 5s",
            ],
            errors);
    }

    [Fact]
    public void A_wrong_vehicle_id_from_the_environment_says_so()
    {
        var (_, errors) = VehicleSettings.Read(Config.Empty, new Hashtable { ["MESH_VEHICLE_ID"] = "?" }, Good[2..]);
        Assert.Equal(["--vehicle-id is '?' (MESH_VEHICLE_ID): '?' is not a vehicle id: 1 to 64 letters, digits, '-', '_' or '.'"], errors);
    }

    /// <summary>As text, since records compare lists by identity.</summary>
    private static string Comparable(VehicleSettings settings) => $"{settings with { Seeds = [] }} {string.Join(',', settings.Seeds)}";

    private static (VehicleSettings Settings, IReadOnlyList<string> Errors) Read(string[] arguments) =>
        VehicleSettings.Read(Config.Empty, new Hashtable(), arguments);
}
