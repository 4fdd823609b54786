using FsCheck.Xunit;
using Mesh.Messages;
using Mesh.Seed.Batches;

namespace Mesh.State.Tests.Batches;

public sealed class UnitSizingTests
{
    private static readonly BatchSettings Settings = new();

    [Theory]
    [InlineData(100_000, 4, 0.01, 1000)] // 10 s of its speed
    [InlineData(100_000, 4, 1e-4, 12_500)] // a fair share
    [InlineData(1_000_000, 4, 1e-4, 16_384)] // the bound
    [InlineData(800, 4, 0.01, 100)] // the end of a batch: shares
    [InlineData(80, 4, 0.01, 50)] // but not too small ones
    [InlineData(20, 4, 0.01, 20)] // and not more than there is
    [InlineData(100, 4, 60.0, 1)] // a line that takes longer than a unit shall
    public void A_unit_has_so_many_lines(int pending, int vehicles, double secondsPerLine, int lines) =>
        Assert.Equal(lines, UnitSizing.Lines(pending, vehicles, secondsPerLine, Settings));

    [Theory]
    [InlineData(100_000, 4, 64)]
    [InlineData(80, 4, 10)]
    [InlineData(3, 6, 1)]
    public void Before_anything_is_measured_units_are_small(int pending, int vehicles, int lines) =>
        Assert.Equal(lines, UnitSizing.Lines(pending, vehicles, null, Settings));

    [Property]
    public void A_unit_is_never_empty_nor_above_what_is_there(int pending, int vehicles, double seconds)
    {
        var lines = UnitSizing.Lines(1 + Math.Abs(pending % 1_000_000), vehicles, double.IsFinite(seconds) ? Math.Abs(seconds) : null, Settings);
        Assert.InRange(lines, 1, Math.Min(1 + Math.Abs(pending % 1_000_000), Settings.MaxUnitLines));
    }

    [Theory]
    [InlineData(100, null, null, 180)]
    [InlineData(10, 0.1, 0.1, 30)]
    [InlineData(100, 0.1, 0.1, 120)]
    [InlineData(100, null, 0.2, 240)]
    [InlineData(16384, 1.0, 1.0, 600)]
    public void Silence_is_measured_by_what_a_unit_should_take(int lines, double? own, double? fleet, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), UnitSizing.Silence(lines, own, fleet, new BatchSettings()));

    [Fact]
    public void A_vehicle_that_was_not_measured_is_taken_for_what_its_hardware_is()
    {
        var (speeds, one, other) = (new UnitSpeeds(), new ArtifactHash(new string('a', 64)), new ArtifactHash(new string('b', 64)));
        Assert.Null(speeds.SecondsPerLine(new VehicleId("V-9"), "slow", one));
        for (var i = 0; i < 50; i++)
        {
            speeds.Measured(new SpeedMeasured(new VehicleId("V-1"), "fast", one, 0.1));
            speeds.Measured(new SpeedMeasured(new VehicleId("V-2"), "slow", one, 0.4));
        }

        speeds.Measured(new SpeedMeasured(new VehicleId("V-1"), "fast", other, 1));
        Assert.Equal(0.1, speeds.SecondsPerLine(new VehicleId("V-1"), "fast", one)!.Value, 3);
        Assert.Equal(0.4, speeds.SecondsPerLine(new VehicleId("V-9"), "slow", one)!.Value, 3);
        // Of another model it is known only how the fleet does, and that this hardware is slower than that.
        Assert.InRange(speeds.SecondsPerLine(new VehicleId("V-9"), "slow", other)!.Value, 1.2, 2);
        Assert.Equal(1, speeds.SecondsPerLine(new VehicleId("V-9"), "", other));
    }
}
