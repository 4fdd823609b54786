namespace Mesh.Node.Metering;

/// <summary>A vehicle's signal of the power that the control unit draws.</summary>
/// <param name="watts">Its value now; null while unknown or stale.</param>
internal sealed class SignalGauge(Func<double?> watts) : IPowerGauge
{
    public MeterMethods Method => MeterMethods.PowerSignal;

    public double ErrorShare => 0.3;

    public double? Watts(TimeSpan elapsed) => watts();
}
