namespace Mesh.Node.Units;

/// <summary>Bounds of <see cref="UnitWork"/>.</summary>
public sealed record UnitWorkOptions
{
    /// <summary>Lines whose results are kept; beyond it no line is started until some are acknowledged. 1 or more.</summary>
    public int MaxKeptLines { get; init; } = 8192;

    /// <summary>Bytes of kept results beyond which no line is started.</summary>
    public long MaxKeptBytes { get; init; } = 64L << 20;

    /// <summary>A result that nobody acknowledged for so long is forgotten: its line has long been given to another vehicle.</summary>
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Lines in the engine's queue for each of its threads: enough for the next run while one is going on.</summary>
    public int LinesPerThread { get; init; } = 64;
}
