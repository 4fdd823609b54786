namespace Mesh.Node.Inference;

/// <summary>Settings of <see cref="ModelStore"/>, with their defaults.</summary>
public sealed record ModelStoreOptions
{
    /// <summary>Where artifacts are kept, usually <c>DATA/models</c>; created when it is missing. One process at a time.</summary>
    public required string Folder { get; init; }

    /// <summary>A larger artifact is refused; bytes.</summary>
    public long MaxArtifactBytes { get; init; } = 2L << 30;

    /// <summary>Beyond this the least recently used artifacts are deleted; bytes.</summary>
    public long QuotaBytes { get; init; } = 16L << 30;

    /// <summary>How often one fetch turns to its source, each time from where the last one broke off.</summary>
    public int Attempts { get; init; } = 5;

    /// <summary>Pause after the first break; doubles with each further one.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>A source that sends nothing for this long counts as broken.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Told of the bytes that came, as they come; must neither block nor throw.</summary>
    public Action<int>? Fetched { get; init; }
}
