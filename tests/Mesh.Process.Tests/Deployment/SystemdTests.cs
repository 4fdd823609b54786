using Mesh.Testing;

namespace Mesh.Process.Tests.Deployment;

/// <summary>systemd itself reads the units; that needs no running systemd. What stands in them: Mesh.State.Tests, Deployment.</summary>
public sealed class SystemdTests : IDisposable
{
    private const string Program = "systemd-analyze";

    /// <summary>Of 100: 0 is a service that can do nothing, 96 one that is not restricted at all.</summary>
    private const int MostExposure = 20;

    private readonly string _folder = Directory.CreateTempSubdirectory("mesh-units-").FullName;

    [ToolFact(Program, "systemd")]
    public async Task The_units_are_good()
    {
        foreach (var unit in Units())
        {
            var (exitCode, output) = await Tool.RunAsync(Program, ["verify", "--man=no", unit]);
            // A key that it does not know is a warning of its own, and no error.
            Assert.Equal((0, ""), (exitCode, output));
        }
    }

    [ToolFact(Program, "systemd")]
    public async Task The_units_may_do_little()
    {
        foreach (var unit in Units())
        {
            var (exitCode, output) = await Tool.RunAsync(
                Program, ["security", "--offline=yes", "--no-pager", $"--threshold={MostExposure}", unit]);
            Assert.True(exitCode == 0, output);
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>The units, with the programs of this build: one that is not installed is an error.</summary>
    private IEnumerable<string> Units()
    {
        foreach (var source in Directory.GetFiles(Path.Combine(Checkout.Root, "systemd"), "*.service"))
        {
            var unit = Path.Combine(_folder, Path.GetFileName(source));
            var text = File.ReadAllText(source);
            foreach (var program in new[] { "/opt/mesh/seed/Mesh.Seed", "/opt/mesh/vehicle/Mesh.Node" })
                text = text.Replace(program + "\n", Path.Combine(AppContext.BaseDirectory, Path.GetFileName(program)) + "\n", StringComparison.Ordinal);
            File.WriteAllText(unit, text);
            yield return unit;
        }
    }
}
