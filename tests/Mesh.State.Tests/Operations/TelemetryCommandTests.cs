using Mesh.Node;
using Mesh.Node.Operations;
using Mesh.Node.Policy;
using Mesh.Node.Telemetry;
using Mesh.Operations;
using Mesh.State.Tests.Inference;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mesh.State.Tests.Operations;

/// <summary>Signals that are set by hand, for drills.</summary>
public sealed class TelemetryCommandTests : IAsyncDisposable
{
    private readonly ManualTelemetry _telemetry = new(new ManualTime());
    private readonly EligibilityWatch _watch;

    public TelemetryCommandTests() => _watch = new EligibilityWatch(
        _telemetry, new FixedOwnerPolicy(OwnerPolicy.Demo), (_, _) => UsageToday.None, NullLogger<EligibilityWatch>.Instance);

    public ValueTask DisposeAsync() => _telemetry.DisposeAsync();

    [Theory]
    [InlineData("Vehicle.Speed", "12.5", "Vehicle.Speed is 12.5")]
    [InlineData("Vehicle.IsMoving", "true", "Vehicle.IsMoving is true")]
    [InlineData("Vehicle.Mesh.Network.Kind", "CELLULAR", "Vehicle.Mesh.Network.Kind is CELLULAR")]
    [InlineData("Vehicle.IsMoving", "unknown", "Vehicle.IsMoving is unknown")]
    [InlineData("lost", null, "telemetry is lost: its signals are unknown until 'mesh telemetry restore'")]
    [InlineData("restore", null, "telemetry is heard again")]
    public async Task A_signal_is_set_or_the_source_lost_and_restored(string signal, string? value, string said) =>
        Assert.Equal(said, Assert.IsType<CommandOutput.Line>(await RunAsync(signal, value)).Text);

    [Theory]
    [InlineData("Vehicle.Speed", "fast", "'fast' is no value of Vehicle.Speed")]
    [InlineData("Vehicle.Speed", "9999", "'9999' is no value of Vehicle.Speed")]
    [InlineData("Vehicle.Sped", "1", "'Vehicle.Sped' is no signal that any rule asks for. There are Vehicle.IsMoving")]
    [InlineData("Vehicle.Speed", null, "Vehicle.Speed needs a value")]
    public async Task What_it_cannot_be_is_refused(string signal, string? value, string why) =>
        Assert.StartsWith(why, (await Assert.ThrowsAsync<CommandFailedException>(() => RunAsync(signal, value))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task Another_source_cannot_be_set() => Assert.Contains(
        "telemetry is 'fixed'",
        (await Assert.ThrowsAsync<CommandFailedException>(() => RunAsync("Vehicle.Speed", "1", new TelemetrySpec.Fixed()))).Message,
        StringComparison.Ordinal);

    private async Task<CommandOutput> RunAsync(string signal, string? value, TelemetrySpec? source = null)
    {
        var command = new TelemetryCommand(new VehicleSettings { Telemetry = source ?? new TelemetrySpec.Manual() }, _telemetry, _watch);
        var arguments = new Dictionary<string, string> { ["signal"] = signal };
        if (value is not null)
            arguments["value"] = value;
        await foreach (var output in command.RunAsync(new CommandCall("telemetry", arguments, "spec"), CancellationToken.None))
            return output;
        throw new InvalidOperationException("It said nothing.");
    }
}
