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

    /// <summary>Blobs that one sweep removes: all of them must be gone long before <see cref="RemovalSettles"/> is over.</summary>
    public int MaxRemovals { get; init; } = 500;

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

    /// <summary>
    /// A unit of which nothing was recorded for so many times as long as it and what is before it should take, is taken from
    /// its vehicle, whatever keeps that.
    /// </summary>
    public double SilenceFactor { get; init; } = 6;

    /// <summary>Never sooner than this.</summary>
    public TimeSpan LeastSilence { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Nor than this while it was not measured with the model, which it may have to fetch first.</summary>
    public TimeSpan FirstSilence { get; init; } = TimeSpan.FromMinutes(3);

    public TimeSpan MostSilence { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Vehicles that may fail a line, though they run others, before it gets an error for good.</summary>
    public int MaxLineFailures { get; init; } = 3;

    /// <summary>Where there are fewer of them, the failures after which it gets one.</summary>
    public int MaxLineTries { get; init; } = 6;

    /// <summary>Vehicles that must at least be lost with a line that they ran alone before it gets an error for good.</summary>
    public int LeastLineLosses { get; init; } = 3;

    /// <summary>A batch that could not be opened or read is tried again after this time, and after twice as long each time in a row.</summary>
    public TimeSpan RetryPause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>An input file that could not be read so often when its batch ends is done without.</summary>
    public int MaxClosingTries { get; init; } = 5;

    /// <summary>A vehicle that refused a unit, gave it back or could run nothing of it gets none for this long, and twice as long each time in a row.</summary>
    public TimeSpan RestPause { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan MostPause { get; init; } = TimeSpan.FromMinutes(1);
}
