namespace Mesh.Node.Policy;

/// <summary>What work may cost.</summary>
public sealed record EnergyPolicy
{
    /// <summary>kWh a day.</summary>
    public double? DailyCapKwh { get; init; } = 1;

    /// <summary>In the tariff's currency, a kWh; null = any price.</summary>
    public double? MaxPrice { get; init; }

    /// <summary>Null where the owner has told none.</summary>
    public Tariff? Tariff { get; init; }
}
