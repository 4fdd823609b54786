using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Mesh.Node.Metering;

/// <summary>Which meter a vehicle uses: the first that works here.</summary>
public static partial class EnergyMeters
{
    /// <summary>The unit of processor time in /proc: 1/100 s, whatever the kernel's own clock.</summary>
    private static readonly TimeSpan ClockTick = TimeSpan.FromMilliseconds(10);

    /// <param name="powerSignal">
    /// The power of the control unit in watts as the vehicle tells it, null while unknown; no delegate = it has no such signal.
    /// </param>
    public static IEnergyMeter Choose(
        string deviceClass, SystemFiles files, Func<double?>? powerSignal, TimeProvider time, ILogger logger)
    {
        var model = PowerModel.Of(deviceClass);
        if (FirstGauge(files, powerSignal, out var missing) is { } gauge)
        {
            LogMeasured(logger, gauge.Method, gauge.ErrorShare * 100);
            return new PlatformEnergyMeter(gauge, model, () => BusyTime(files), time);
        }

        LogEstimated(logger, model.WattsPerBusyCore * model.Overhead, deviceClass, PowerModel.ErrorShare * 100, missing);
        return model;
    }

    /// <summary>Of all processors since boot, from /proc/stat: user, nice, system, irq and softirq. Null where there is none.</summary>
    internal static TimeSpan? BusyTime(SystemFiles files)
    {
        if (files.Lines("/proc/stat") is not [var total, ..])
            return null;
        var fields = total.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length < 8 || fields[0] != "cpu")
            return null;
        var ticks = 0L;
        foreach (var field in (ReadOnlySpan<int>)[1, 2, 3, 6, 7])
        {
            if (!long.TryParse(fields[field], NumberStyles.None, CultureInfo.InvariantCulture, out var count))
                return null;
            ticks += count;
        }

        return ticks * ClockTick;
    }

    private static IPowerGauge? FirstGauge(SystemFiles files, Func<double?>? powerSignal, out string missing)
    {
        missing = "";
        if (BusyTime(files) is null)
            missing = "no processor time in /proc/stat to share a measurement by";
        else if (RaplGauge.TryOpen(files, out var noRapl) is { } rapl)
            return rapl;
        else if (HwmonGauge.TryOpen(files, out var noSensor) is { } sensor)
            return sensor;
        else if (powerSignal is not null)
            return new SignalGauge(powerSignal);
        else
            missing = $"{noRapl}, {noSensor}, no power signal of the vehicle";
        return null;
    }

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Energy is measured by {Method}, within about {Error} %; by the power model of the device class while that tells nothing")]
    private static partial void LogMeasured(ILogger logger, MeterMethods method, double error);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Energy is estimated by a power model, {Watts:0.##} W for a busy core of device class '{DeviceClass}', within about {Error} %: {Missing}")]
    private static partial void LogEstimated(ILogger logger, double watts, string deviceClass, double error, string missing);
}
