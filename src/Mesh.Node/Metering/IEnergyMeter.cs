namespace Mesh.Node.Metering;

/// <summary>Tells what processor time costs in energy. Thread-safe; answers at once.</summary>
public interface IEnergyMeter : IDisposable
{
    /// <summary>What the computer draws with nothing to run, watts. Not part of any reading.</summary>
    double IdleWatts { get; }

    /// <summary>The energy beyond idle of work that took this CPU time and ended now.</summary>
    EnergyReading Of(TimeSpan cpu);
}

/// <param name="ErrorShare">The true value may be off by this share of <paramref name="Microjoules"/>, either way.</param>
public readonly record struct EnergyReading(long Microjoules, MeterMethods Method, double ErrorShare)
{
    /// <param name="wattsPerBusyCore">What one core that is busy all the time draws beyond idle.</param>
    public static EnergyReading Of(TimeSpan cpu, double wattsPerBusyCore, MeterMethods method, double errorShare) =>
        new((long)Math.Round(Math.Max(0, cpu.TotalMicroseconds * wattsPerBusyCore)), method, errorShare);
}
