using System.Buffers.Binary;
using Mesh.Testing;

namespace Mesh.State.Tests.Ingress;

/// <summary>The labelled pictures of the demo, 28 × 28, as the model wants them: bytes over 255.</summary>
internal static class Pictures
{
    private static readonly byte[] File = System.IO.File.ReadAllBytes(
        Path.Combine(Checkout.Root, "demo", "Mesh.Demo", "data", "fashion_t10k_first500-images-idx3-ubyte"));

    public static float[] Read(int first, int count)
    {
        Assert.Equal(500, BinaryPrimitives.ReadInt32BigEndian(File.AsSpan(4)));
        return [.. File.AsSpan(16 + (first * 784), count * 784).ToArray().Select(pixel => pixel / 255f)];
    }
}
