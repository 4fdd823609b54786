namespace Mesh.Seed.Batches;

/// <summary>How many units end by the loss of their vehicle, among those whose lines are above suspicion. Pure.</summary>
public readonly record struct LossCount(int Lost, int Ended)
{
    /// <summary>Chance that a line's losses were no fault of its own.</summary>
    private const double Chance = 1e-6;

    private const int Most = 40;

    public LossCount Add(bool lost) => new(Lost + (lost ? 1 : 0), Ended + 1);

    /// <summary>
    /// Losses in a row after which ordinary churn is no explanation any more: three where vehicles hardly ever go, more the more
    /// of them do. A fleet of which little is known counts as one that loses a vehicle in twenty units.
    /// </summary>
    public int Needed(int least) =>
        Math.Clamp((int)Math.Ceiling(Math.Log(Chance) / Math.Log((Lost + 1d) / (Ended + 20d))), least, Most);
}
