using System.Diagnostics.Metrics;
using Mesh.Messages;

namespace Mesh.Seed.Routing;

/// <summary>What vehicles said that their work for this seed took, on the router's meter. Results that came too late are not in it.</summary>
public sealed class EnergyMetrics(IMeterFactory meters, RegionName region)
{
    private const double MicrojoulesPerJoule = 1e6;

    private readonly Counter<double> _energy = meters.Create(RouterMetrics.MeterName)
        .CreateCounter<double>("mesh.energy", "J", "Energy that vehicles spent on requests and lines of batches, failed attempts included");

    public void Spent(string model, long microjoules)
    {
        if (microjoules > 0)
            _energy.Add(microjoules / MicrojoulesPerJoule, new("region", region.Value), new("model", model));
    }
}
