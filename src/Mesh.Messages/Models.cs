namespace Mesh.Messages;

/// <summary>SHA-256 of content that is named by it, a model artifact or a batch's blob: 64 lower-case hexadecimal digits.</summary>
public readonly record struct ArtifactHash
{
    private readonly string? _hex;

    /// <exception cref="FormatException">The text is not 64 hexadecimal digits.</exception>
    public ArtifactHash(string hex)
    {
        if (hex is not { Length: 64 } || !hex.All(char.IsAsciiHexDigit))
            throw new FormatException($"'{hex}' is not a SHA-256 in hexadecimal (64 digits).");
        _hex = hex.ToLowerInvariant();
    }

    public string Hex => _hex ?? throw new InvalidOperationException("This ArtifactHash was never given a value.");

    public static ArtifactHash FromBytes(ReadOnlySpan<byte> sha256) => new(Convert.ToHexStringLower(sha256));

    public byte[] ToBytes() => Convert.FromHexString(Hex);

    public override string ToString() => _hex ?? "(no hash)";
}

/// <summary>A model version together with its artifact; <paramref name="Size"/> in bytes.</summary>
public sealed record ModelReference(string Name, string Version, ArtifactHash Hash, long Size)
{
    /// <summary>A loaded model takes about this many times its artifact's size: router and vehicle must count alike.</summary>
    public const int MemoryFactor = 3;

    /// <summary>Hardware that the model demands: device classes separated by commas, any of which will do; empty = any.</summary>
    public string DeviceClasses { get; init; } = "";

    /// <summary>Who answers for the model, for owners who consent to a publisher's models; empty = not told.</summary>
    public string Publisher { get; init; } = "";

    /// <summary>How far requests may share a run; null = each runs alone.</summary>
    public RunSharing? Batching { get; init; }

    public override string ToString() => $"{Name}/{Version}";
}

/// <summary>Dynamic batching of a model whose first dimension is free, as in Triton.</summary>
/// <param name="MaxBatchSize">Sum of the first dimensions in one run, 2 or more.</param>
/// <param name="MaxQueueDelay">How long a request may wait for company; zero = joins only what waits already.</param>
public sealed record RunSharing(int MaxBatchSize, TimeSpan MaxQueueDelay);

/// <summary>
/// A tensor as it travels: raw content as in OIP's raw contents (little-endian, row-major, no padding; BYTES with a
/// 4-byte little-endian length before each element). Name and datatype follow from its position in the model.
/// </summary>
public sealed record RawTensor(IReadOnlyList<long> Shape, ReadOnlyMemory<byte> Data);

/// <summary>How one attempt ended on the vehicle. Numbers equal those of <c>AttemptStatus</c> in work.proto.</summary>
public enum AttemptOutcome
{
    Unknown = 0,
    Ok = 1,
    Busy = 2,
    Invalid = 3,
    Failed = 4,
    HandedBack = 5,
    Expired = 6,
    Cancelled = 7,
}

/// <summary>What one attempt cost on the vehicle.</summary>
/// <param name="Queue">From receipt to the start of the run, loading included.</param>
/// <param name="Load">Of which fetching and loading the model.</param>
/// <param name="Infer">The run itself.</param>
public readonly record struct AttemptTimings(TimeSpan Queue, TimeSpan Load, TimeSpan Infer)
{
    /// <summary>Processor time of all runs that it had a part in; zero = not measured.</summary>
    public TimeSpan Cpu { get; init; }

    /// <summary>Their energy beyond what the computer draws anyway, microjoules; 0 = not measured.</summary>
    public long EnergyUj { get; init; }
}
