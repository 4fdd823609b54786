using Mesh.Node.Policy;
using Mesh.Node.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Mesh.Node.Metering;

/// <summary>Puts a vehicle's metering together.</summary>
public static class MeteringHosting
{
    /// <summary>The <see cref="RunMeter"/> that the engine takes, and the <see cref="UsageRecorder"/> that keeps what it tells in DATA/meter.</summary>
    /// <param name="powerSignal">As in <see cref="EnergyMeters.Choose"/>.</param>
    public static IServiceCollection AddMetering(this IServiceCollection services, VehicleSettings settings, Func<double?>? powerSignal = null) => services
        .AddSingleton(provider => EnergyMeters.Choose(
            settings.DeviceClass,
            provider.GetRequiredService<SystemFiles>(),
            powerSignal,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(EnergyMeters))))
        .AddSingleton(provider => Recorder(provider, settings))
        .AddSingleton(provider => new RunMeter(
            provider.GetRequiredService<IEnergyMeter>(),
            CpuClock.System,
            settings.IntraOpThreads == 1,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<UsageRecorder>().Add));

    private static UsageRecorder Recorder(IServiceProvider provider, VehicleSettings settings)
    {
        // The caps are judged by the telemetry's clock, so use is dated by it too.
        var (policies, clock) = (provider.GetRequiredService<IOwnerPolicies>(), provider.GetRequiredService<ITelemetrySource>().Clock);
        return new UsageRecorder(
            new MeterFolder(Path.Combine(settings.Data, "meter")),
            provider.GetRequiredService<IEnergyMeter>(),
            () => policies.Current.DayOf(clock.GetUtcNow()),
            settings.DeviceClass,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<UsageRecorder>>());
    }
}
