namespace Mesh.Seed.Batches;

/// <summary>Bounds and times of batches and their work units.</summary>
public sealed record BatchSettings
{
    public int MaxFiles { get; init; } = 10_000;

    /// <summary>Batches on record, ended ones included.</summary>
    public int MaxBatches { get; init; } = 10_000;

    /// <summary>Batches that have not ended.</summary>
    public int MaxActive { get; init; } = 100;

    /// <summary>Without an idempotency key the same request within this time is the same batch.</summary>
    public TimeSpan SameRequestWithin { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>A batch leaves the record this long after its end.</summary>
    public TimeSpan KeepEnded { get; init; } = TimeSpan.FromDays(30);

    /// <summary>Content that nothing refers to is removed after this long: an upload of the same content may be on its way.</summary>
    public TimeSpan KeepOrphans { get; init; } = TimeSpan.FromHours(1);

    /// <summary>After content was removed, a file of that very content is not taken: its upload may have relied on what is gone.</summary>
    public TimeSpan RemovalSettles { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>What a unit shall take on its vehicle.</summary>
    public TimeSpan UnitLength { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>No unit runs for less, as long as there are lines for it: its start and end cost some milliseconds.</summary>
    public TimeSpan LeastUnitLength { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Lines of a unit of a model that no vehicle has been measured with.</summary>
    public int FirstUnitLines { get; init; } = 64;

    /// <summary>Bounds what is lost with a vehicle, and what a seed must remember of a unit.</summary>
    public int MaxUnitLines { get; init; } = 16_384;

    /// <summary>Open at once at one vehicle: the next one is there when one ends.</summary>
    public int UnitsPerVehicle { get; init; } = 2;

    public int MaxOpenUnits { get; init; } = 1024;

    /// <summary>A vehicle whose stream broke may come back within this time with the results that it kept.</summary>
    public TimeSpan ReturnGrace { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The same after a new router took office: vehicles may first have to find the seed again.</summary>
    public TimeSpan TakeOverGrace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A unit of which nothing was recorded for so long is taken from its vehicle, whatever keeps that.</summary>
    public TimeSpan SilenceLimit { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Vehicles that may fail a line before it gets an error for good.</summary>
    public int MaxLineFailures { get; init; } = 3;

    /// <summary>A batch that could not be opened or read is tried again after this time.</summary>
    public TimeSpan RetryPause { get; init; } = TimeSpan.FromSeconds(1);
}
