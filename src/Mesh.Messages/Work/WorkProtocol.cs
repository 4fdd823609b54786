namespace Mesh.Messages.Work;

/// <summary>What both ends of a work stream must agree on besides work.proto.</summary>
public static class WorkProtocol
{
    /// <summary>Raised when a peer of the older number would misread a frame.</summary>
    public const uint Version = 1;

    /// <summary>At most this many items share a frame: beyond it batching gains nothing more and delays the first.</summary>
    public const int MaxItemsPerFrame = 256;

    /// <summary>A frame is closed once it holds this many bytes of payload, so that a small item never waits behind many large ones.</summary>
    public const int MaxFrameBytes = 1 << 20;

    /// <summary>Room for a frame's own fields beside one item of the largest size.</summary>
    public const int FrameOverheadBytes = 1 << 20;

    /// <summary>Lines of work units that a seed may have sent on one stream without their result.</summary>
    public const int UnitWindowLines = 1024;

    /// <summary>Bytes of input that those lines may hold; a larger single line is taken when none other waits.</summary>
    public const int UnitWindowBytes = 16 << 20;

    /// <summary>Unit lines, or their results, that share a frame: little, because interactive items wait for the frame before theirs.</summary>
    public const int UnitBytesPerFrame = 128 << 10;

    /// <summary>Rules that a vehicle tells at once, and that a seed keeps of it.</summary>
    public const int MaxDenials = 32;

    /// <summary>Characters of each of their texts.</summary>
    public const int MaxDenialText = 300;

    /// <summary>Path of a model artifact on the seed's work port, by the SHA-256 of its bytes.</summary>
    public static string ArtifactPath(ArtifactHash hash) => $"/artifacts/{hash.Hex}";
}
