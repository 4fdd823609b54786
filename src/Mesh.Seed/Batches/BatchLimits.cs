namespace Mesh.Seed.Batches;

/// <summary>What a seed takes of files and batches.</summary>
public sealed record BatchLimits
{
    /// <summary>A larger upload is refused with 413. OpenAI's limit.</summary>
    public long MaxFileBytes { get; init; } = 512L << 20;

    /// <summary>A batch with more lines fails.</summary>
    public int MaxLines { get; init; } = 500_000;

    /// <summary>A longer line is a bad line: its body is held whole in memory, as that of an interactive request.</summary>
    public int MaxLineBytes { get; init; } = 64 << 20;

    /// <summary>Bytes that an upload leaves free in the store, for results and the journal; one for which there is less is refused with 507.</summary>
    public long KeepFreeBytes { get; init; } = 256L << 20;

    /// <summary>Uploads under way at this seed; one more is refused with 429.</summary>
    public int MaxUploads { get; init; } = 16;
}
