using FsCheck.Xunit;
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
}
