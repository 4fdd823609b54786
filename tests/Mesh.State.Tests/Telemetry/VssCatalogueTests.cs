using Mesh.Node.Telemetry;
using Mesh.Testing;

namespace Mesh.State.Tests.Telemetry;

public sealed class VssCatalogueTests
{
    [Theory]
    [InlineData("Vehicle.Powertrain.TractionBattery.Charging.ChargingPort.AnyPosition.IsChargingCableConnected")]
    [InlineData("Vehicle.Powertrain.TractionBattery.Charging.IsChargingCableConnected")]
    [InlineData("Vehicle.Cabin.Door.Row1.DriverSide.IsLocked")]
    [InlineData("Vehicle.Cabin.Door.Row3.Left.IsLocked")]
    [InlineData("Vehicle.ControlUnit.RearLeft1.Health.Resources.Temperature")]
    [InlineData("Vehicle.CurrentLocation.Longitude")]
    public void Paths_of_all_versions_are_found(string path) => Assert.NotNull(VssCatalogue.Find(path));

    [Theory]
    [InlineData("Vehicle.IsMoving.More")]
    [InlineData("Vehicle.Cabin.Door.Row1.IsLocked")]
    [InlineData("Vehicle.Cabin.Door.Row.Left.IsLocked")]
    [InlineData("Vehicle.Cabin.Door.Row1.A.B.IsLocked")]
    [InlineData("")]
    public void Others_are_not(string path) => Assert.Null(VssCatalogue.Find(path));

    [Fact]
    public void No_path_belongs_to_two_signals_and_each_signal_has_bounds()
    {
        foreach (var path in VssCatalogue.All.SelectMany(signal => signal.Paths))
            Assert.Single(VssCatalogue.All, signal => signal.Matches(path.Pattern.Replace('*', '1')));
        foreach (var signal in VssCatalogue.All)
        {
            Assert.InRange(signal.MaxAge, TimeSpan.FromSeconds(10), TimeSpan.FromHours(24));
            if (signal.Datatype is VssDatatype.UInt8 or VssDatatype.UInt32 or VssDatatype.Float or VssDatatype.Double)
                Assert.True(signal.Min > double.MinValue && signal.Max < double.MaxValue, signal.Name);
        }
    }

    [Fact]
    public void The_overlay_has_each_of_our_own_signals_and_the_document_has_all()
    {
        var overlay = File.ReadAllText(Path.Combine(Checkout.Root, "docs", "vss", "mesh.vspec"));
        var document = File.ReadAllText(Path.Combine(Checkout.Root, "docs", "telemetry.md"));
        foreach (var signal in VssCatalogue.All)
        {
            Assert.Contains($"`{signal.Name}`", document, StringComparison.Ordinal);
            if (signal.Name.StartsWith("Vehicle.Mesh.", StringComparison.Ordinal))
                Assert.Contains($"\n{signal.Name}:\n", overlay, StringComparison.Ordinal);
            foreach (var allowed in signal.Name.StartsWith("Vehicle.Mesh.", StringComparison.Ordinal) ? signal.Allowed : [])
                Assert.Contains($"'{allowed}'", overlay, StringComparison.Ordinal);
        }
    }
}
