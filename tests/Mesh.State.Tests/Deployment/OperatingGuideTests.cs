using System.Globalization;
using System.Text.RegularExpressions;
using Mesh.Hosting;
using Mesh.Node;
using Mesh.Seed;
using Mesh.Testing;

namespace Mesh.State.Tests.Deployment;

/// <summary>docs/OPERATING.md names things that are there.</summary>
public sealed partial class OperatingGuideTests
{
    private static readonly string Folder = Path.Combine(Checkout.Root, "docs");
    private static readonly string Guide = File.ReadAllText(Path.Combine(Folder, "OPERATING.md"));

    [Fact]
    public void Its_links_lead_somewhere() =>
        Assert.All(Link().Matches(Guide), link => Assert.True(Path.Exists(Path.Combine(Folder, link.Groups[1].Value)), $"{link.Value} leads nowhere"));

    [Fact]
    public void Its_settings_are_settings()
    {
        var known = SeedSettings.Known.Concat(VehicleSettings.Known).Select(setting => setting.Name).ToHashSet();
        Assert.All(Option().Matches(Guide), option => Assert.Contains(option.Groups[1].Value, known));
    }

    [Fact]
    public void Its_ports_are_the_defaults()
    {
        var defaults = new SeedSettings();
        var ports = Port().Matches(Guide).ToDictionary(row => row.Groups[2].Value, row => row.Groups[1].Value);
        Assert.Equal($"{defaults.Port}", ports["port"]);
        Assert.Equal($"{defaults.HttpPort}", ports["http-port"]);
        Assert.Equal($"{defaults.GrpcPort}", ports["grpc-port"]);
        Assert.Equal($"{defaults.MetricsPort}", ports["metrics-port"]);
        Assert.Equal($"{defaults.WorkPort}", ports["work-port"]);
        Assert.Equal(6, ports.Count);
    }

    [Fact]
    public void Its_exit_codes_are_those_of_the_programs() =>
        Assert.Equal([ExitCodes.Ok, ExitCodes.NotReady, ExitCodes.Configuration, ExitCodes.RestartMe], ExitCode().Matches(Guide).Select(row => int.Parse(row.Groups[1].Value, CultureInfo.InvariantCulture)));

    [GeneratedRegex(@"\]\((?!https?:)([^)#]+)\)")]
    private static partial Regex Link();

    /// <summary>In code, alone: `--drain-limit`, and not another program's `--build`.</summary>
    [GeneratedRegex("`--([a-z-]+)`")]
    private static partial Regex Option();

    [GeneratedRegex(@"(?m)^\| (\d+) \| `--([a-z-]+)` \|")]
    private static partial Regex Port();

    [GeneratedRegex(@"(?m)^\| (\d{1,2}) \| (?!`)")]
    private static partial Regex ExitCode();
}
