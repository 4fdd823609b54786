using Mesh.Node;
using Mesh.Node.Metering;
using Mesh.Node.Policy;
using Mesh.Node.Telemetry;
using Mesh.State.Tests.Inference;
using Mesh.State.Tests.Limits;
using Mesh.State.Tests.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mesh.State.Tests.Metering;

public sealed class ControlUnitPowerTests
{
    private const string Central = "Vehicle.ControlUnit.Central.Health.Resources.Power";
    private const string Trunk = "Vehicle.ControlUnit.Trunk.Health.Resources.Power";

    [Fact]
    public void One_unit_is_ours_and_of_several_the_one_that_is_named()
    {
        var none = VehicleTelemetry.Empty;
        var one = none.Tell(Central, 42.5, 0);
        var two = one.Tell(Trunk, 7, 0);
        Assert.Equal(
            [null, 42.5, null],
            [Watts(none, ""), Watts(one, ""), Watts(two, "")]);
        Assert.Equal(
            [42.5, 7, null],
            [Watts(two, "Central"), Watts(two, "Trunk"), Watts(two, "FrontLeft")]);
        Assert.Null(Watts(one, "Trunk"));
    }

    [Theory]
    [InlineData(9.9, 40.0)]
    [InlineData(10.0, null)]
    public void What_is_old_is_unknown(double now, double? watts) =>
        Assert.Equal(watts, ControlUnitPower.Watts(VehicleTelemetry.Empty.Tell(Central, 40, 0).At(Signals.At(now)), ""));

    [Theory]
    [InlineData(-1.0)]
    [InlineData(5001.0)]
    [InlineData("40")]
    public void What_cannot_be_is_unknown(object told) => Assert.Null(Watts(VehicleTelemetry.Empty.Tell(Central, told, 0), ""));

    [Fact]
    public async Task What_the_source_tells_prices_the_runs_and_without_it_the_model_does()
    {
        using var folder = new TemporaryFolder();
        using var tree = new SystemTree();
        var busy = 0;
        Work();
        var clock = new ManualTime();
        var source = new ManualTelemetry(clock);
        var power = new ControlUnitPower("Central");
        await using var services = new ServiceCollection()
            .AddLogging()
            .AddSingleton<TimeProvider>(clock)
            .AddSingleton(tree.Files)
            .AddSingleton<ITelemetrySource>(source)
            .AddSingleton<IOwnerPolicies>(new FixedOwnerPolicy(new OwnerPolicy()))
            .AddMetering(new VehicleSettings { Data = folder.Path, DeviceClass = "cpu-2" }, power.Watts)
            .BuildServiceProvider();
        var meter = services.GetRequiredService<IEnergyMeter>();
        var watch = new EligibilityWatch(source, new FixedOwnerPolicy(new OwnerPolicy()), (_, _) => new UsageToday(0, 0), NullLogger<EligibilityWatch>.Instance);
        var told = new TaskCompletionSource();
        watch.Judged += judgement =>
        {
            if (judgement.Telemetry.All(VssCatalogue.ComputerPower).Count > 0)
                told.TrySetResult();
        };
        power.Follow(watch);
        using var stop = new CancellationTokenSource();
        var run = watch.RunAsync(stop.Token);
        source.Set(Central, SignalValue.Of(30));
        await told.Task.WaitAsync(TimeSpan.FromSeconds(30));

        Second();
        Assert.Equal(new EnergyReading(20_000_000, MeterMethods.PowerSignal, 0.3), meter.Of(TimeSpan.FromSeconds(1))); // beyond the model's idle 10 W

        source.Lose("drill");
        for (var i = 0; i < 10; i++)
            Second();
        Assert.Equal(MeterMethods.Model, meter.Of(TimeSpan.FromSeconds(1)).Method);
        await stop.CancelAsync();
        await run;

        void Second()
        {
            Work();
            clock.Advance(TimeSpan.FromSeconds(1));
        }

        // One core is busy, all the time.
        void Work() => tree.Set("/proc/stat", $"cpu  {busy += 100} 0 0 0 0 0 0 0 0 0");
    }

    private static double? Watts(VehicleTelemetry telemetry, string unit) => ControlUnitPower.Watts(telemetry.At(Signals.At(0)), unit);
}
