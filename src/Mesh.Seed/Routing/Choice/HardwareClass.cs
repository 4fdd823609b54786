namespace Mesh.Seed.Routing.Choice;

/// <summary>The vehicles of one device class: the takers among them, and how slow they are on average.</summary>
internal sealed class HardwareClass(string name)
{
    private const double Alpha = 0.05;

    public string Name => name;

    public int Vehicles { get; private set; }

    public GeoIndex Takers { get; } = new();

    public SizedTakers Sized { get; } = new();

    /// <summary>Time of its runs over the fleet's for the same work: what is assumed of a vehicle that has run nothing.</summary>
    public double Slowness { get; private set; } = 1;

    public void SlownessMeasured(double ratio) => Slowness += (ratio - Slowness) * Alpha;

    public void Joined() => Vehicles++;

    public void Left() => Vehicles--;
}
