namespace Mesh.Node.Metering;

/// <summary>Something that measures the power of the whole computer, or of its processor.</summary>
public interface IPowerGauge
{
    MeterMethods Method { get; }

    /// <summary>Of what <see cref="PlatformEnergyMeter"/> makes of it: sharing by CPU time is the larger part.</summary>
    double ErrorShare { get; }

    /// <summary>Mean watts since the call before, which was <paramref name="elapsed"/> ago; null = unknown.</summary>
    double? Watts(TimeSpan elapsed);
}
