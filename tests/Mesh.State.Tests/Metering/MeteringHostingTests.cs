using Mesh.Messages;
using Mesh.Node;
using Mesh.Node.Metering;
using Mesh.Node.Policy;
using Mesh.Node.Telemetry;
using Mesh.State.Tests.Inference;
using Microsoft.Extensions.DependencyInjection;

namespace Mesh.State.Tests.Metering;

public sealed class MeteringHostingTests
{
    [Fact]
    public async Task What_the_engines_meter_is_told_is_recorded_on_the_owners_day_by_the_telemetrys_clock()
    {
        using var folder = new TemporaryFolder();
        var settings = new VehicleSettings { Data = folder.Path, DeviceClass = "arm-8" };
        var clock = new ManualTime(); // on 1 January 1970
        await using (var services = new ServiceCollection()
            .AddLogging()
            .AddSingleton(TimeProvider.System)
            .AddSingleton(SystemFiles.Real)
            .AddSingleton<ITelemetrySource>(new ManualTelemetry(clock))
            .AddSingleton<IOwnerPolicies>(new FixedOwnerPolicy(new OwnerPolicy()))
            .AddMetering(settings)
            .BuildServiceProvider())
        {
            services.GetRequiredService<RunMeter>().Used(new JobUsage("m/1", false, AttemptOutcome.Ok, 10, 5, new RunCost { EnergyUj = 7, Runs = 1 }));
            Assert.Equal(new DayUsage(15, 15, 7), services.GetRequiredService<UsageRecorder>().UsageOf(new DateOnly(1970, 1, 1)));
        }

        var session = Assert.Single(new MeterFolder(Path.Combine(folder.Path, "meter")).Read().Sessions);
        Assert.Equal(("arm-8", 7L), (session.DeviceClass, session.Interactive.EnergyUj));
    }
}
