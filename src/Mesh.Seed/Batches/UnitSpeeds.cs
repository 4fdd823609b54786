using Mesh.Messages;

namespace Mesh.Seed.Batches;

/// <summary>How long a line of each model takes on each vehicle, on its hardware, and in the fleet: moving averages of seconds. Pure.</summary>
public sealed class UnitSpeeds
{
    private const int MaxRemembered = 20_000;

    private const double Alpha = 0.3;

    private readonly Dictionary<(VehicleId Vehicle, ArtifactHash Model), double> _own = [];
    private readonly Dictionary<(string Class, ArtifactHash Model), double> _ofClass = [];
    private readonly Dictionary<string, double> _slowness = [];
    private readonly Dictionary<ArtifactHash, double> _fleet = [];

    /// <summary>On average in the fleet; null before any vehicle was measured.</summary>
    public double? Fleet(ArtifactHash model) => _fleet.TryGetValue(model, out var seconds) ? seconds : null;

    /// <summary>Measured there; null before it was.</summary>
    public double? Own(VehicleId vehicle, ArtifactHash model) => _own.TryGetValue((vehicle, model), out var seconds) ? seconds : null;

    /// <summary>
    /// Measured there; or what its hardware takes for the model; or what the fleet takes, by how much slower that hardware is
    /// with other models. Null before any vehicle was measured.
    /// </summary>
    public double? SecondsPerLine(VehicleId vehicle, string deviceClass, ArtifactHash model)
    {
        if (Own(vehicle, model) is { } own)
            return own;
        if (_ofClass.TryGetValue((deviceClass, model), out var ofClass))
            return ofClass;
        return Fleet(model) * _slowness.GetValueOrDefault(deviceClass, 1);
    }

    internal void Measured(SpeedMeasured measured)
    {
        Add(_own, (measured.Vehicle, measured.Model), measured.SecondsPerLine);
        Add(_fleet, measured.Model, measured.SecondsPerLine);
        if (measured.DeviceClass.Length == 0)
            return;
        Add(_ofClass, (measured.DeviceClass, measured.Model), measured.SecondsPerLine);
        Add(_slowness, measured.DeviceClass, measured.SecondsPerLine / _fleet[measured.Model]);
    }

    private static void Add<T>(Dictionary<T, double> averages, T key, double sample)
        where T : notnull
    {
        if (averages.Count >= MaxRemembered)
            averages.Clear();
        averages[key] = averages.TryGetValue(key, out var average) ? average + (sample - average) * Alpha : sample;
    }
}
