namespace Mesh.Node.Policy;

/// <summary>
/// How long what has failed must hold again before it permits, so that no vehicle flaps. It never delays a stop.
/// </summary>
public sealed record HysteresisPolicy
{
    public static HysteresisPolicy None { get; } = new()
    {
        Motion = TimeSpan.Zero,
        Parked = TimeSpan.Zero,
        Battery = TimeSpan.Zero,
        Temperature = TimeSpan.Zero,
        Network = TimeSpan.Zero,
        Memory = TimeSpan.Zero,
    };

    public TimeSpan Motion { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>Doors, ignition, power saving.</summary>
    public TimeSpan Parked { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Cable, state of charge, charging.</summary>
    public TimeSpan Battery { get; init; } = TimeSpan.FromSeconds(300);

    public TimeSpan Temperature { get; init; } = TimeSpan.FromSeconds(300);

    public TimeSpan Network { get; init; } = TimeSpan.FromSeconds(30);

    public TimeSpan Memory { get; init; } = TimeSpan.FromSeconds(60);
}
