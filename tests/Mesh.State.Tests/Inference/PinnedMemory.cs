using System.Buffers;

namespace Mesh.State.Tests.Inference;

/// <summary>Memory that tells when it is pinned: by its single run, right before it; a joined run copies it.</summary>
internal sealed class PinnedMemory(byte[] content, Action pinned) : MemoryManager<byte>
{
    public override Span<byte> GetSpan() => content;

    public override MemoryHandle Pin(int elementIndex = 0)
    {
        pinned();
        return content.AsMemory(elementIndex).Pin();
    }

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
    }
}
