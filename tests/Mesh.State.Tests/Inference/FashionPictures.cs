using System.Runtime.InteropServices;
using Mesh.Messages;
using Mesh.Testing;

namespace Mesh.State.Tests.Inference;

/// <summary>The 500 labelled pictures of the checkout (IDX: big-endian headers of 16 and 8 bytes, then bytes).</summary>
internal static class FashionPictures
{
    public const int Count = 500;
    public const int Pixels = 28 * 28;

    private static readonly byte[] Images = Read("fashion_t10k_first500-images-idx3-ubyte")[16..];

    public static byte[] Labels { get; } = Read("fashion_t10k_first500-labels-idx1-ubyte")[8..];

    /// <summary>Pictures as the model takes them: [count,1,28,28], pixel/255.</summary>
    public static float[] Values(int first, int count) =>
        [.. Images.AsSpan(first * Pixels, count * Pixels).ToArray().Select(pixel => pixel / 255f)];

    public static RawTensor Tensor(int first, int count) =>
        new([count, 1, 28, 28], MemoryMarshal.AsBytes(Values(first, count).AsSpan()).ToArray());

    private static byte[] Read(string file) => File.ReadAllBytes(Path.Combine(Checkout.Root, "demo", "Mesh.Demo", "data", file));
}
