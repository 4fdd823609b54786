using System.Diagnostics;
using Google.Protobuf;

namespace Mesh.Messages.Work;

/// <summary>
/// A trace's context on a work stream and in the journal: trace id (16 bytes), span id (8) and W3C's trace flags (1), the parts of a
/// <c>traceparent</c>. Only what is recorded is sent and kept.
/// </summary>
public static class WireTrace
{
    private const int TraceIdBytes = 16;
    private const int SpanIdBytes = 8;
    private const int Bytes = TraceIdBytes + SpanIdBytes + 1;

    /// <param name="context">Empty for a default one.</param>
    public static ByteString ToWire(ActivityContext context)
    {
        if (context == default)
            return ByteString.Empty;
        var bytes = new byte[Bytes];
        context.TraceId.CopyTo(bytes.AsSpan(0, TraceIdBytes));
        context.SpanId.CopyTo(bytes.AsSpan(TraceIdBytes, SpanIdBytes));
        bytes[^1] = (byte)context.TraceFlags;
        return UnsafeByteOperations.UnsafeWrap(bytes);
    }

    /// <summary>A default one for what is no context that is recorded, whatever the other side sent.</summary>
    public static ActivityContext FromWire(ByteString wire)
    {
        var bytes = wire.Span;
        if (bytes.Length != Bytes || (bytes[^1] & (int)ActivityTraceFlags.Recorded) == 0)
            return default;
        var trace = bytes[..TraceIdBytes];
        var span = bytes.Slice(TraceIdBytes, SpanIdBytes);
        // Ids of zeros are none, as in a traceparent.
        return !trace.ContainsAnyExcept((byte)0) || !span.ContainsAnyExcept((byte)0)
            ? default
            : new ActivityContext(ActivityTraceId.CreateFromBytes(trace), ActivitySpanId.CreateFromBytes(span), ActivityTraceFlags.Recorded, isRemote: true);
    }
}
