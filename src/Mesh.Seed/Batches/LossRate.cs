namespace Mesh.Seed.Batches;

/// <summary>How often vehicles are lost with a unit: losses over the time that units were out, of those that lines of any kind shared. Pure.</summary>
public readonly record struct LossRate(int Lost, double Seconds)
{
    /// <summary>A fleet of which nothing is known counts as one that loses a vehicle a minute.</summary>
    private const double PriorSeconds = 60;

    /// <summary>Within less nobody notices a loss.</summary>
    private const double LeastSeconds = 0.05;

    public LossRate Add(bool lost, TimeSpan lasted) => new(Lost + (lost ? 1 : 0), Seconds + lasted.TotalSeconds);

    /// <summary>Chance that a vehicle is lost within so long, whatever it runs.</summary>
    public double Chance(double seconds) => 1 - Math.Exp(-(Lost + 1) / (Seconds + PriorSeconds) * Math.Max(seconds, LeastSeconds));
}
