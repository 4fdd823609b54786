using Mesh.Hosting.Operations;
using Mesh.Node;
using Mesh.Node.Operations;
using Mesh.Node.Policy;
using Mesh.Node.Telemetry;
using Mesh.Operations;
using Mesh.Operations.Palettes;
using Mesh.State.Tests.Inference;
using Mesh.State.Tests.Limits;
using Mesh.Testing;
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
    [InlineData("Vehicle.CurrentLocation.Latitude", "50.1109221", "Vehicle.CurrentLocation.Latitude is set")]
    [InlineData("Vehicle.CurrentLocation.Longitude", "unknown", "Vehicle.CurrentLocation.Longitude is unknown")]
    [InlineData("lost", null, "telemetry is lost: its signals are unknown until 'mesh telemetry restore'")]
    [InlineData("restore", null, "telemetry is heard again")]
    public async Task A_signal_is_set_or_the_source_lost_and_restored(string signal, string? value, string said) =>
        Assert.Equal(said, Assert.IsType<CommandOutput.Line>(await RunAsync(signal, value)).Text);

    [Theory]
    [InlineData("Vehicle.Speed", "fast", "'fast' is no value of Vehicle.Speed")]
    [InlineData("Vehicle.Speed", "9999", "'9999' is no value of Vehicle.Speed")]
    [InlineData("Vehicle.CurrentLocation.Latitude", "150.1109221", "that is no value of Vehicle.CurrentLocation.Latitude")]
    [InlineData("Vehicle.Sped", "1", "'Vehicle.Sped' is no signal that any rule asks for. There are Vehicle.IsMoving")]
    [InlineData("Vehicle.Speed", null, "Vehicle.Speed needs a value")]
    public async Task What_it_cannot_be_is_refused(string signal, string? value, string why) =>
        Assert.StartsWith(why, (await Assert.ThrowsAsync<CommandFailedException>(() => RunAsync(signal, value))).Message, StringComparison.Ordinal);

    /// <summary>Nor in what an operator is told, whose words may be kept somewhere.</summary>
    [Theory]
    [InlineData("50.1109221")]
    [InlineData("950.1109221")]
    public async Task Where_the_vehicle_is_stands_in_no_log(string value)
    {
        using var folder = new TemporaryFolder();
        var (time, log) = (new ManualTime(), new RecordedLog<CommandRunner>());
        var runner = new CommandRunner([new Handler(Command())], new AuditLog(folder.Path, time, NullLogger<AuditLog>.Instance), time, log);
        var told = "";
        try
        {
            await foreach (var output in runner.RunAsync(new CommandRequest(["mesh", "telemetry", "Vehicle.CurrentLocation.Latitude", value], false, "ann", "peer"), default))
                told += output;
        }
        catch (CommandRefusedException e)
        {
            told += e.Message;
        }

        var audit = await File.ReadAllTextAsync(folder.File("audit.jsonl"));
        Assert.Contains("mesh telemetry Vehicle.CurrentLocation.Latitude ***", audit, StringComparison.Ordinal);
        Assert.DoesNotContain("1109", audit + string.Concat(log.Lines) + told, StringComparison.Ordinal);
        Assert.NotEmpty(log.Lines);
    }

    [Fact]
    public async Task A_look_is_no_change()
    {
        using var folder = new TemporaryFolder();
        var runner = new CommandRunner(
            [new Handler(Command())], new AuditLog(folder.Path, new ManualTime(), NullLogger<AuditLog>.Instance), new ManualTime(), NullLogger<CommandRunner>.Instance);
        var e = await Assert.ThrowsAsync<CommandRefusedException>(async () =>
        {
            await foreach (var _ in runner.RunAsync(new CommandRequest(["mesh", "telemetry"], false, "ann", "peer"), default))
            {
            }
        });
        Assert.Equal(VehicleCommands.NotJudged().Message, e.Message);
        Assert.False(File.Exists(folder.File("audit.jsonl")));
    }

    [Fact]
    public async Task Another_source_cannot_be_set() => Assert.Contains(
        "telemetry is 'fixed'",
        (await Assert.ThrowsAsync<CommandFailedException>(() => RunAsync("Vehicle.Speed", "1", new TelemetrySpec.Fixed()))).Message,
        StringComparison.Ordinal);

    private async Task<CommandOutput> RunAsync(string signal, string? value, TelemetrySpec? source = null)
    {
        var command = Command(source);
        var arguments = new Dictionary<string, string> { ["signal"] = signal };
        if (value is not null)
            arguments["value"] = value;
        await foreach (var output in command.RunAsync(new CommandCall("telemetry", arguments, "spec"), CancellationToken.None))
            return output;
        throw new InvalidOperationException("It said nothing.");
    }

    private TelemetryCommand Command(TelemetrySpec? source = null) =>
        new(new VehicleSettings { Telemetry = source ?? new TelemetrySpec.Manual() }, _telemetry, _watch);

    private sealed class Handler(TelemetryCommand telemetry) : ICommandHandler
    {
        public CommandPalette Palette => MeshPalette.OfVehicle;

        public IAsyncEnumerable<CommandOutput> RunAsync(CommandCall call, CancellationToken cancellation) => telemetry.RunAsync(call, cancellation);
    }
}
