using System.Collections;
using Akka.Configuration;
using Mesh.Hosting;
using Mesh.Hosting.Settings;
using Mesh.Node;
using Mesh.Seed;
using Mesh.Testing;

namespace Mesh.State.Tests.Deployment;

/// <summary>systemd/ against the code that it starts. That systemd takes the units: Mesh.Process.Tests, Deployment.</summary>
public sealed class SystemdUnitTests(ProgramsFixture programs) : IClassFixture<ProgramsFixture>
{
    private static readonly string Folder = Path.Combine(Checkout.Root, "systemd");

    public static TheoryData<string> Programs => ["seed", "vehicle"];

    [Theory]
    [MemberData(nameof(Programs))]
    public void A_wrong_configuration_does_not_start_again_and_everything_else_does(string program)
    {
        var unit = Unit(program);
        Assert.Equal("on-failure", unit["Restart"]);
        Assert.Equal($"{ExitCodes.Configuration}", unit["RestartPreventExitStatus"]);
        Assert.Equal("0", unit["StartLimitIntervalSec"]);
    }

    [Fact]
    public void They_have_the_time_to_leave_that_they_take()
    {
        Assert.InRange(SettingParsers.Duration(Unit("seed")["TimeoutStopSec"] + "s")!.Value, programs.SeedStop, TimeSpan.MaxValue);
        Assert.InRange(SettingParsers.Duration(Unit("vehicle")["TimeoutStopSec"] + "s")!.Value, programs.VehicleStop, TimeSpan.MaxValue);
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public void Their_variables_are_settings_and_the_example_is_complete(string program)
    {
        var known = (program == "seed" ? SeedSettings.Known : VehicleSettings.Known).Select(setting => setting.EnvironmentName).ToHashSet();
        var all = new Hashtable();
        foreach (var variable in Unit(program)["Environment"].Split(' ').Concat(Example(program)).Where(text => text.StartsWith("MESH_", StringComparison.Ordinal)))
        {
            var parts = variable.Split('=', 2);
            Assert.Contains(parts[0], known);
            all[parts[0]] = parts[1].Replace("%S", "/var/lib", StringComparison.Ordinal);
        }

        var errors = program == "seed"
            ? SeedSettings.Read(Config.Empty, all, ["--models", Checkout.Models]).Errors
            : VehicleSettings.Read(Config.Empty, all, []).Errors;
        Assert.Empty(errors);
    }

    /// <summary>A vehicle makes a control group of its own, which needs a delegated one that is not write-protected.</summary>
    [Fact]
    public void A_vehicle_may_limit_itself_and_comes_after_the_cars_own_software()
    {
        var unit = Unit("vehicle");
        Assert.Equal("cpu memory", unit["Delegate"]);
        Assert.DoesNotContain("ProtectControlGroups", unit.Keys);
        Assert.Equal("10", unit["Nice"]);
    }

    private static IEnumerable<string> Example(string program) => File.ReadAllLines(Path.Combine(Folder, $"{program}.env.example"));

    private static Dictionary<string, string> Unit(string program) => File.ReadAllLines(Path.Combine(Folder, $"mesh-{program}.service"))
        .Where(line => line.Contains('=', StringComparison.Ordinal) && !line.StartsWith('#'))
        .Select(line => line.Split('=', 2))
        .ToDictionary(parts => parts[0], parts => parts[1], StringComparer.Ordinal);
}
