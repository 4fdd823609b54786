using Mesh.Messages.Control;
using Mesh.Seed.Batches;
using Mesh.Seed.Batches.Api;
using Mesh.Seed.Batches.Lines;
using Mesh.Seed.Batches.Storage;
using Mesh.Seed.Ingress;
using Mesh.Seed.Ingress.Rest;
using Mesh.Seed.Models;
using Mesh.Seed.Routing;

namespace Mesh.Testing.Batches;

/// <summary>
/// Runs whole batches in the test's process: the product's scan, requests and result lines, but one line after another and
/// with neither journal nor vehicles. For tests of the HTTP API with real files.
/// </summary>
internal sealed class LocalBatches(
    InMemoryBatchDirectory directory, IBlobStore store, InferenceFrontEnd frontEnd, IInferenceGateway gateway, BatchLimits limits, TimeProvider time)
{
    public async Task RunAsync(BatchEntry batch, CancellationToken cancellation)
    {
        var input = (await directory.FindFileAsync(batch.Request.InputFileId, cancellation))!;
        using PooledBuffer output = new(), errors = new();
        await using var content = await store.OpenAsync(input.Parts[0], 0, cancellation);
        var scan = await InputFileScan.ScanAsync(content, batch.Request.Endpoint, limits, bad =>
        {
            OutputLines.WriteBadLine(errors, batch.Id, bad);
            return ValueTask.CompletedTask;
        }, cancellation);
        if (scan.Faults.Count > 0)
        {
            directory.Change(
                batch.Id, now => now with { Status = BatchStatus.Failed, Faults = scan.Faults, Times = now.Times with { FailedAt = Now } });
            return;
        }

        directory.Change(batch.Id, now => now with
        {
            Status = BatchStatus.InProgress,
            Total = scan.Lines,
            Times = now.Times with { InProgressAt = Now },
        });
        var completed = await RunLinesAsync(batch, input, output, errors, cancellation);
        var (outputId, errorId) = (await PublishAsync(batch, "output", output), await PublishAsync(batch, "error", errors));
        directory.Change(batch.Id, now => now with
        {
            Status = BatchStatus.Completed,
            OutputFileId = outputId,
            ErrorFileId = errorId,
            Completed = completed,
            Failed = scan.Lines - completed,
            Times = now.Times with { FinalizingAt = Now, CompletedAt = Now },
        });
    }

    private DateTimeOffset Now => time.GetUtcNow();

    private async Task<int> RunLinesAsync(
        BatchEntry batch, FileEntry input, PooledBuffer output, PooledBuffer errors, CancellationToken cancellation)
    {
        var (name, version) = NewBatchReader.Endpoint(batch.Request.Endpoint);
        var model = frontEnd.Find(name, version);
        await using var content = await store.OpenAsync(input.Parts[0], 0, cancellation);
        using var reader = new LineReader(content, limits.MaxLineBytes);
        var completed = 0;
        while (await reader.ReadAsync(cancellation))
        {
            var line = BatchLine.Read(reader, batch.Request.Endpoint, limits.MaxLineBytes);
            if (line.Fault is null && await RunLineAsync(batch, reader.Index, line, model, output, errors, cancellation))
                completed++;
        }

        return completed;
    }

    private async Task<bool> RunLineAsync(
        BatchEntry batch, int index, BatchLine line, ServedModel model, PooledBuffer output, PooledBuffer errors, CancellationToken cancellation)
    {
        try
        {
            var call = BatchRequest.Read(model, line.Body, TimeSpan.FromSeconds(10));
            var outcome = await gateway.InferAsync(call.Call, cancellation);
            return OutputLines.WriteAnswer(output, batch.Id, index, line.CustomId!, model, call, outcome);
        }
        catch (RequestRefusedException e)
        {
            OutputLines.WriteFailure(errors, batch.Id, index, line.CustomId, 400, e.Message);
            return false;
        }
    }

    /// <summary>In two parts, as a batch's output may have many.</summary>
    private async Task<string?> PublishAsync(BatchEntry batch, string kind, PooledBuffer content)
    {
        if (content.Length == 0)
            return null;
        var half = content.Length / 2;
        using MemoryStream first = new(content.Written[..half].ToArray()), second = new(content.Written[half..].ToArray());
        BlobReference[] parts =
            [await store.WriteAsync(first, long.MaxValue, default), await store.WriteAsync(second, long.MaxValue, default)];
        var file = new FileEntry($"file-{batch.Id}-{kind}", $"{batch.Id}_{kind}.jsonl", "batch_output", Now, null, parts);
        return (await directory.AddFileAsync(file, default)).Id;
    }
}
