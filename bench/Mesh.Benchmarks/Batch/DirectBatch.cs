using System.Runtime.InteropServices;
using Mesh.Demo;
using Mesh.Messages;
using Mesh.Seed.Batches.Lines;
using Mesh.Seed.Ingress.Rest;
using Mesh.Seed.Models;
using Mesh.Seed.Routing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mesh.Benchmarks.Batch;

/// <summary>
/// What a batch is held against: one loop that reads the input file, parses each line with the seed's own reader, runs it in
/// ONNX Runtime (one session, one thread) and writes the same result lines to a file, synced at its end.
/// </summary>
internal sealed class DirectBatch : IDisposable
{
    private const int WriteBytes = 4 << 20;

    private readonly DirectRun _direct = new();
    private readonly ServedModel _model;

    public DirectBatch()
    {
        var models = new ModelRepository(DirectRun.ModelsFolder, NullLogger<ModelRepository>.Instance);
        models.Rescan();
        _model = models.Find(DirectRun.Model)!.Model!;
    }

    /// <returns>Lines answered.</returns>
    public async Task<int> RunAsync(string input, string output, string endpoint)
    {
        await using var content = File.OpenRead(input);
        await using var results = File.Create(output);
        using var reader = new LineReader(content, 64 << 20);
        using var buffer = new PooledBuffer();
        var lines = 0;
        while (await reader.ReadAsync(CancellationToken.None))
        {
            Answer(reader, endpoint, buffer);
            lines++;
            if (buffer.Length < WriteBytes)
                continue;
            await results.WriteAsync(buffer.Written);
            buffer.Truncate(0);
        }

        await results.WriteAsync(buffer.Written);
        results.Flush(flushToDisk: true);
        return lines;
    }

    private void Answer(LineReader reader, string endpoint, PooledBuffer buffer)
    {
        var line = BatchLine.Read(reader.Line, endpoint);
        var call = BatchRequest.Read(_model, line.Body, TimeSpan.FromSeconds(10));
        var picture = MemoryMarshal.Cast<byte, float>(call.Call.Inputs[0].Data.Span).ToArray();
        var answer = _direct.Classify(picture);
        var output = new RawTensor([1, answer.Length], MemoryMarshal.AsBytes<float>(answer).ToArray());
        var outcome = new InferenceOutcome(RequestOutcome.Ok, "", [output], null, new VehicleId("V-001"), 1, default);
        if (!OutputLines.WriteAnswer(buffer, "batch_direct", reader.Index, line.CustomId!, _model, call, outcome))
            throw new InvalidDataException($"Line {reader.Index} has no answer.");
    }

    public void Dispose() => _direct.Dispose();
}
