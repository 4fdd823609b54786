using Google.Protobuf;

namespace Mesh.Messages.Work;

/// <summary>Between the domain's tensors and the work stream's, without copying content.</summary>
public static class WorkMapping
{
    private const ulong LongestUs = 365UL * 24 * 3600 * 1_000_000;
    private const ulong LongestPoweredUs = 600UL * 1_000_000;
    private const ulong MaxMicrojoulesPerMicrosecond = 1000; // 1 kW

    public static TensorData ToWire(this RawTensor tensor)
    {
        var wire = new TensorData { Data = UnsafeByteOperations.UnsafeWrap(tensor.Data) };
        for (var i = 0; i < tensor.Shape.Count; i++)
            wire.Shape.Add(tensor.Shape[i]);
        return wire;
    }

    public static RawTensor FromWire(this TensorData wire)
    {
        var shape = new long[wire.Shape.Count];
        wire.Shape.CopyTo(shape, 0);
        return new RawTensor(shape, wire.Data.Memory);
    }

    /// <summary>Bytes of content.</summary>
    public static int Bytes(this IReadOnlyList<TensorData> wire)
    {
        var bytes = 0;
        for (var i = 0; i < wire.Count; i++)
            bytes += wire[i].Data.Length;
        return bytes;
    }

    public static RawTensor[] FromWire(this IReadOnlyList<TensorData> wire)
    {
        if (wire.Count == 0)
            return [];
        var tensors = new RawTensor[wire.Count];
        for (var i = 0; i < tensors.Length; i++)
            tensors[i] = wire[i].FromWire();
        return tensors;
    }

    /// <summary>What a vehicle says that it took, as far as that can be: no time is longer than a year, no power above 1 kW.</summary>
    public static AttemptTimings Timings(this WorkResult wire) => Timings(wire.QueueUs, wire.LoadUs, wire.InferUs, wire.CpuUs, wire.EnergyUj);

    /// <inheritdoc cref="Timings(WorkResult)"/>
    public static AttemptTimings Timings(this UnitLineResult wire) => Timings(0, 0, wire.InferUs, wire.CpuUs, wire.EnergyUj);

    private static AttemptTimings Timings(ulong queueUs, ulong loadUs, ulong inferUs, ulong cpuUs, ulong energyUj) =>
        new(Span(queueUs), Span(loadUs), Span(inferUs))
        {
            Cpu = Span(cpuUs),
            EnergyUj = (long)Math.Min(energyUj, Math.Min(inferUs, LongestPoweredUs) * MaxMicrojoulesPerMicrosecond),
        };

    private static TimeSpan Span(ulong microseconds) => new((long)Math.Min(microseconds, LongestUs) * TimeSpan.TicksPerMicrosecond);
}
