using System.Buffers;
using System.Security.Cryptography;
using Mesh.Messages;

namespace Mesh.Node.Inference;

/// <summary>One fetch of an artifact into a file: goes on from where a source or an earlier fetch broke off, hashes all of it.</summary>
internal sealed class ArtifactDownload(ModelReference model, IArtifactSource source, ModelStoreOptions options, TimeProvider time)
{
    private const int BufferBytes = 128 * 1024;

    private long _received;

    /// <summary>Told of each break: its reason, the byte reached, the attempt's number.</summary>
    public required Action<Exception, long, int> Broken { get; init; }

    /// <summary>
    /// Returns once the file is complete, verified and flushed to the disk. After a cancellation another fetch can go on with it;
    /// after any other exception it is worthless.
    /// </summary>
    /// <exception cref="ModelUnavailableException">The source stays broken, or what it sends is not the artifact.</exception>
    public async Task SaveAsync(string path, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using var file = new FileStream(
            path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0, FileOptions.Asynchronous);
        await TakeUpAsync(file, hash, cancellation);
        for (var attempt = 1; _received < model.Size; attempt++)
        {
            if (await TryReceiveAsync(file, hash, attempt, cancellation) is not { } broken)
                continue;
            Broken(broken, _received, attempt);
            if (attempt >= options.Attempts)
            {
                throw new ModelUnavailableException(
                    $"{model} could not be fetched in {attempt} attempts; {_received} of {model.Size} bytes came. Last: {broken.Message}",
                    broken);
            }

            await Task.Delay(options.RetryDelay * Math.Pow(2, attempt - 1), time, cancellation);
        }

        var actual = ArtifactHash.FromBytes(hash.GetHashAndReset());
        if (actual != model.Hash)
            throw new ModelUnavailableException($"What was fetched as {model} has SHA-256 {actual}, not {model.Hash}.");
        file.Flush(flushToDisk: true);
    }

    /// <summary>What is there already is part of the artifact, until the hash of all of it says otherwise.</summary>
    private async Task TakeUpAsync(FileStream file, IncrementalHash hash, CancellationToken cancellation)
    {
        if (file.Length > model.Size)
            file.SetLength(0);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            int read;
            while ((read = await file.ReadAsync(buffer, cancellation)) > 0)
            {
                hash.AppendData(buffer, 0, read);
                _received += read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Null when the source ended where it should; otherwise why it broke.</summary>
    private async Task<Exception?> TryReceiveAsync(FileStream file, IncrementalHash hash, int attempt, CancellationToken cancellation)
    {
        using var stalled = new CancellationTokenSource(options.StallTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stalled.Token, cancellation);
        try
        {
            await using var stream = await source.OpenAsync(model, _received, either.Token);
            await ReceiveAsync(stream, file, hash, stalled, either.Token);
            return _received == model.Size
                ? null
                : new EndOfStreamException($"The source ended in attempt {attempt} before the artifact did.");
        }
        catch (OperationCanceledException) when (stalled.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            return new TimeoutException($"The source sent nothing for {options.StallTimeout}.");
        }
        catch (IOException broken)
        {
            return broken;
        }
    }

    private async Task ReceiveAsync(
        Stream stream, FileStream file, IncrementalHash hash, CancellationTokenSource stalled, CancellationToken cancellation)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            int read;
            while ((read = await stream.ReadAsync(buffer, cancellation)) > 0)
            {
                stalled.CancelAfter(options.StallTimeout);
                options.Fetched?.Invoke(read);
                if (read > model.Size - _received)
                    throw new ModelUnavailableException($"The source sends more than the {model.Size} bytes that {model} has.");
                await WriteAsync(file, buffer.AsMemory(0, read));
                hash.AppendData(buffer, 0, read);
                _received += read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // A full disk is not the source's fault: no further attempt, and the reason says so.
    private async Task WriteAsync(FileStream file, ReadOnlyMemory<byte> data)
    {
        try
        {
            await file.WriteAsync(data, CancellationToken.None);
        }
        catch (IOException failed)
        {
            throw new ModelUnavailableException($"{model} cannot be written to this vehicle's disk: {failed.Message}", failed);
        }
    }
}
