using System.Runtime.InteropServices;
using Google.Protobuf;
using Mesh.Demo;

namespace Mesh.Benchmarks.MainJob;

/// <summary>Batches of real pictures, as the direct run takes them and as a request carries them.</summary>
internal sealed class Pictures
{
    private readonly (ReadOnlyMemory<float> Values, ByteString Raw)[] _batches;
    private int _next;

    public Pictures(int batch)
    {
        var pictures = FashionPictures.Load();
        Batch = batch;
        _batches = [.. Enumerable.Range(0, pictures.Count / batch).Select(i =>
        {
            var values = pictures.Images(i * batch, batch);
            return (values, ByteString.CopyFrom(MemoryMarshal.AsBytes(values.Span)));
        })];
    }

    public int Batch { get; }

    public int Bytes => _batches[0].Raw.Length;

    public Func<int, ValueTask> Direct(DirectRun direct) => _ =>
    {
        direct.Classify(Next().Values);
        return ValueTask.CompletedTask;
    };

    public Func<int, ValueTask> Through(BenchMesh mesh) => async _ => await mesh.ClassifyAsync(Next().Raw, Batch);

    /// <summary>Speed counts only for right answers: every batch through the mesh must be what the direct run says.</summary>
    /// <exception cref="InvalidDataException">One is not.</exception>
    public async Task CheckAsync(DirectRun direct, BenchMesh mesh)
    {
        foreach (var (values, raw) in _batches)
        {
            var answer = MemoryMarshal.Cast<byte, float>((await mesh.ClassifyAsync(raw, Batch)).Span).ToArray();
            var expected = direct.Classify(values);
            if (answer.Length != expected.Length || answer.Zip(expected, ValueTuple.Create).Any(pair => !(Math.Abs(pair.Item1 - pair.Item2) <= 1e-5)))
                throw new InvalidDataException("The mesh's answer is not that of the direct run.");
        }
    }

    private (ReadOnlyMemory<float> Values, ByteString Raw) Next() =>
        _batches[(Interlocked.Increment(ref _next) & int.MaxValue) % _batches.Length];
}
