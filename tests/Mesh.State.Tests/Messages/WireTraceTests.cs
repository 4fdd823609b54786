using System.Diagnostics;
using Google.Protobuf;
using Mesh.Messages.Work;

namespace Mesh.State.Tests.Messages;

public sealed class WireTraceTests
{
    private static readonly ActivityContext Recorded = new(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded);

    [Fact]
    public void A_recorded_trace_travels_in_25_bytes()
    {
        var wire = WireTrace.ToWire(Recorded);
        Assert.Equal(25, wire.Length);
        var read = WireTrace.FromWire(wire);
        Assert.Equal((Recorded.TraceId, Recorded.SpanId, ActivityTraceFlags.Recorded, true), (read.TraceId, read.SpanId, read.TraceFlags, read.IsRemote));
    }

    [Fact]
    public void No_trace_takes_no_byte()
    {
        Assert.True(WireTrace.ToWire(default).IsEmpty);
        Assert.Equal(default, WireTrace.FromWire(ByteString.Empty));
    }

    [Fact]
    public void What_is_no_recorded_trace_is_none()
    {
        var good = WireTrace.ToWire(Recorded).ToByteArray();
        Assert.Equal(default, WireTrace.FromWire(ByteString.CopyFrom(good, 0, 24)));
        Assert.Equal(default, WireTrace.FromWire(ByteString.CopyFrom([.. good, 1])));
        Assert.Equal(default, WireTrace.FromWire(ByteString.CopyFrom([.. good[..24], 0])));
        Assert.Equal(default, WireTrace.FromWire(ByteString.CopyFrom([.. new byte[24], 1])));
    }
}
