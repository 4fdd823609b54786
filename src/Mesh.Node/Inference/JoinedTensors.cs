using System.Buffers;
using System.Runtime.InteropServices;
using Mesh.Messages;

namespace Mesh.Node.Inference;

/// <summary>The inputs of several jobs, one after the other along the first dimension; buffers go back when it is disposed of.</summary>
internal sealed class JoinedTensors : IDisposable
{
    private const float Tolerance = 1e-5f;

    private readonly List<byte[]> _buffers = [];

    public JoinedTensors(IReadOnlyList<QueuedJob> members)
    {
        var inputs = new RawTensor[members[0].Job.Inputs.Count];
        for (var i = 0; i < inputs.Length; i++)
            inputs[i] = Concatenate(members, i);
        Inputs = inputs;
    }

    public IReadOnlyList<RawTensor> Inputs { get; }

    /// <summary>Each member's rows of the outputs. They share the outputs' memory.</summary>
    /// <returns>Null when an output's first dimension is not the members' sum: the model is no batch of rows.</returns>
    public static IReadOnlyList<RawTensor>[]? Split(IReadOnlyList<RawTensor> outputs, IReadOnlyList<QueuedJob> members)
    {
        var rows = members.Sum(member => member.Rows);
        if (outputs.Any(output => output.Shape.Count == 0 || output.Shape[0] != rows))
            return null;
        var parts = new IReadOnlyList<RawTensor>[members.Count];
        var first = 0;
        for (var i = 0; i < parts.Length; i++)
        {
            var (from, count) = (first, members[i].Rows);
            parts[i] = [.. outputs.Select(output => Rows(output, from, count, rows))];
            first += count;
        }

        return parts;
    }

    /// <summary>Whether two results are the same: FP32 within 1e-5 (relative for large values), everything else to the bit.</summary>
    public static bool AreEqual(IReadOnlyList<RawTensor> one, IReadOnlyList<RawTensor> other, IReadOnlyList<bool> isFloat)
    {
        for (var i = 0; i < one.Count; i++)
        {
            if (!one[i].Shape.SequenceEqual(other[i].Shape))
                return false;
            var left = one[i].Data.Span;
            var right = other[i].Data.Span;
            if (!left.SequenceEqual(right) && !(isFloat[i] && AreClose(MemoryMarshal.Cast<byte, float>(left), MemoryMarshal.Cast<byte, float>(right))))
                return false;
        }

        return true;
    }

    public void Dispose()
    {
        foreach (var buffer in _buffers)
            ArrayPool<byte>.Shared.Return(buffer);
    }

    private static bool AreClose(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        for (var i = 0; i < left.Length; i++)
        {
            var same = left[i].Equals(right[i]) || MathF.Abs(left[i] - right[i]) <= Tolerance * MathF.Max(1, MathF.Abs(left[i]));
            if (!same)
                return false;
        }

        return true;
    }

    private static RawTensor Rows(RawTensor tensor, int first, int count, int rows)
    {
        var row = tensor.Data.Length / rows;
        return new RawTensor([count, .. tensor.Shape.Skip(1)], tensor.Data.Slice(first * row, count * row));
    }

    private RawTensor Concatenate(IReadOnlyList<QueuedJob> members, int input)
    {
        var bytes = members.Sum(member => member.Job.Inputs[input].Data.Length);
        var buffer = ArrayPool<byte>.Shared.Rent(bytes);
        _buffers.Add(buffer);
        var at = 0;
        foreach (var member in members)
        {
            var data = member.Job.Inputs[input].Data;
            data.CopyTo(buffer.AsMemory(at));
            at += data.Length;
        }

        return new RawTensor(
            [members.Sum(member => (long)member.Rows), .. members[0].Job.Inputs[input].Shape.Skip(1)], buffer.AsMemory(0, bytes));
    }
}
