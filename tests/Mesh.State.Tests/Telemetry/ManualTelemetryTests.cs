using Mesh.Node.Policy;
using Mesh.Node.Telemetry;
using Mesh.State.Tests.Policy;

namespace Mesh.State.Tests.Telemetry;

public sealed class ManualTelemetryTests
{
    private readonly DrivenClock _clock = new();

    [Fact]
    public async Task Left_alone_it_stays_parked_and_never_stale()
    {
        await using var source = new ManualTelemetry(_clock);
        await using var reader = new SourceReader(source);
        await reader.NextAsync<TelemetryEvent.Readings>();
        var policy = Verdicts.Consenting with { Energy = new EnergyPolicy() };
        for (var i = 0; i < 100; i++)
        {
            Assert.Empty(Verdicts.Judge(reader.Telemetry, policy, now: i * ManualTelemetry.Repeat.TotalSeconds).Denials);
            _clock.Advance(ManualTelemetry.Repeat);
            await reader.NextAsync<TelemetryEvent.Readings>();
        }
    }

    [Fact]
    public async Task What_is_set_is_told_at_once()
    {
        await using var source = new ManualTelemetry(_clock);
        await using var reader = new SourceReader(source);
        await reader.NextAsync<TelemetryEvent.Readings>();
        source.Set("Vehicle.IsMoving", SignalValue.Of(true));
        await reader.NextAsync<TelemetryEvent.Readings>();
        Assert.True(reader[VssCatalogue.IsMoving].Truth);
        source.Set("Vehicle.IsMoving", null);
        await reader.NextAsync<TelemetryEvent.Readings>();
        Assert.Equal(UnknownCause.Absent, reader[VssCatalogue.IsMoving].Cause);
    }

    [Fact]
    public async Task It_can_be_lost_and_come_back()
    {
        await using var source = new ManualTelemetry(_clock);
        await using var reader = new SourceReader(source);
        await reader.NextAsync<TelemetryEvent.Readings>();
        source.Lose("drill");
        Assert.Equal("drill", (await reader.NextAsync<TelemetryEvent.Lost>()).Reason);
        Assert.Equal(UnknownCause.SourceLost, reader[VssCatalogue.IsMoving].Cause);
        source.Restore();
        await reader.NextAsync<TelemetryEvent.Readings>();
        Assert.False(reader[VssCatalogue.IsMoving].Truth);
    }

    [Theory]
    [InlineData("Vehicle.IsMooving", true, "'Vehicle.IsMooving' is no signal")]
    [InlineData("Vehicle.IsMoving", "yes", "'yes' is no value of Vehicle.IsMoving: WrongType")]
    [InlineData("Vehicle.Mesh.Network.Kind", "LTE", "'LTE' is no value of Vehicle.Mesh.Network.Kind: OutOfRange")]
    public void A_slip_of_the_operator_is_told(string path, object value, string error)
    {
        var thrown = Assert.Throws<ArgumentException>(() => new ManualTelemetry(_clock).Set(path, Signals.Value(value)));
        Assert.StartsWith(error, thrown.Message, StringComparison.Ordinal);
    }
}
