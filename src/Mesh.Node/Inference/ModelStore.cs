using System.Security.Cryptography;
using Mesh.Messages;
using Microsoft.Extensions.Logging;

namespace Mesh.Node.Inference;

/// <summary>
/// Model artifacts on this vehicle's disk, as <c>FOLDER/SHA256.onnx</c>. A file with that name is complete: it was
/// written beside, verified, flushed and renamed. Each is verified again once in a process's life. Thread-safe.
/// </summary>
public sealed partial class ModelStore : IDisposable
{
    private const string Suffix = ".onnx";
    private const string PartialSuffix = ".part";

    private readonly ModelStoreOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<ModelStore> _logger;
    private readonly Lock _gate = new();
    private readonly Dictionary<ArtifactHash, Artifact> _artifacts = [];
    private bool _disposed;

    /// <exception cref="IOException">The folder cannot be created or read.</exception>
    public ModelStore(ModelStoreOptions options, TimeProvider time, ILogger<ModelStore> logger)
    {
        (_options, _time, _logger) = (options, time, logger);
        Directory.CreateDirectory(options.Folder);

        // Left by a process that ended while it fetched. Nothing vouches for what of it reached the disk.
        foreach (var partial in Directory.GetFiles(options.Folder, "*" + PartialSuffix))
            File.Delete(partial);
    }

    /// <summary>Where the artifact is once it is fetched.</summary>
    public string PathOf(ArtifactHash hash) => Path.Combine(_options.Folder, hash.Hex + Suffix);

    /// <summary>
    /// The verified file, fetched first when it is missing or corrupt; calls for one hash share one download, from the
    /// source of the first. The file stays until the lease is disposed of. When the last call that waits for a download is
    /// cancelled, so is the download, before the call ends: what came of it stays, and the next one goes on from there.
    /// </summary>
    /// <exception cref="ModelUnavailableException">Too large, not to be had, or not what its hash says.</exception>
    public async Task<ArtifactLease> AcquireAsync(ModelReference model, IArtifactSource source, CancellationToken cancellation)
    {
        if (model.Size <= 0 || model.Size > _options.MaxArtifactBytes)
            throw new ModelUnavailableException($"{model} has {model.Size} bytes; this vehicle takes 1 to {_options.MaxArtifactBytes}.");
        var ready = Lease(model, source);
        try
        {
            await ready.WaitAsync(cancellation);
            var path = PathOf(model.Hash);
            File.SetLastWriteTimeUtc(path, _time.GetUtcNow().UtcDateTime); // what "least recently used" goes by, across restarts
            return new ArtifactLease(path, () => Release(model.Hash));
        }
        catch (Exception failed)
        {
            await Release(model.Hash).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (failed is IOException or UnauthorizedAccessException)
                throw new ModelUnavailableException($"{model} cannot be kept on disk: {failed.Message}", failed);
            throw;
        }
    }

    /// <summary>Breaks off downloads.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            foreach (var artifact in _artifacts.Values)
                _ = artifact.Stop.CancelAsync();
        }
    }

    private Task Lease(ModelReference model, IArtifactSource source)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_artifacts.TryGetValue(model.Hash, out var artifact))
                _artifacts.Add(model.Hash, artifact = new Artifact());
            artifact.Leases++;
            var usable = artifact is { Ready.IsCompleted: false, Stop.IsCancellationRequested: false }
                || (artifact.Ready.IsCompletedSuccessfully && File.Exists(PathOf(model.Hash)));
            if (!usable)
            {
                var (before, stop) = (artifact.Ready, new CancellationTokenSource());
                artifact.Stop = stop;
                artifact.Ready = Task.Run(() => EnsureAsync(artifact, model, source, before, stop), CancellationToken.None);
            }

            return artifact.Ready;
        }
    }

    /// <summary>Completes, perhaps with an exception, when a download that nobody waits for any more has ended.</summary>
    private Task Release(ArtifactHash hash)
    {
        lock (_gate)
        {
            var artifact = _artifacts[hash];
            if (--artifact.Leases > 0 || artifact.Ready.IsCompletedSuccessfully)
                return Task.CompletedTask;
            if (artifact.Ready.IsCompleted)
                _artifacts.Remove(hash);
            else
                _ = artifact.Stop.CancelAsync(); // marked at once, told on the pool: nothing of the download runs under the lock
            return artifact.Ready;
        }
    }

    /// <param name="before">Ends first: it may be a cancelled one that still has the file.</param>
    private async Task EnsureAsync(Artifact artifact, ModelReference model, IArtifactSource source, Task before, CancellationTokenSource stop)
    {
        try
        {
            await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            stop.Token.ThrowIfCancellationRequested();
            await EnsureAsync(model, source, stop.Token);
        }
        catch
        {
            lock (_gate)
            {
                if (artifact.Leases == 0 && artifact.Stop == stop)
                    _artifacts.Remove(model.Hash);
            }

            throw;
        }
    }

    private async Task EnsureAsync(ModelReference model, IArtifactSource source, CancellationToken cancellation)
    {
        var path = PathOf(model.Hash);
        if (File.Exists(path))
        {
            if (await IsIntactAsync(path, model, cancellation))
                return;
            LogCorrupt(_logger, model, model.Hash);
            File.Delete(path);
        }

        MakeRoom(model);
        var started = _time.GetTimestamp();
        var download = new ArtifactDownload(model, source, _options, _time)
        {
            Broken = (reason, offset, attempt) => LogBroken(_logger, reason, model, offset, attempt, _options.Attempts),
        };
        var partial = path + PartialSuffix;
        try
        {
            await download.SaveAsync(partial, cancellation);

            // The folder's own entry is not flushed (.NET cannot): a rename lost with the power is a fetch more.
            File.Move(partial, path, overwrite: true);
        }
        catch (Exception failed) when (failed is not OperationCanceledException)
        {
            File.Delete(partial);
            throw;
        }

        var elapsed = _time.GetElapsedTime(started);
        LogFetched(_logger, model, model.Hash, model.Size, elapsed);
    }

    private static async Task<bool> IsIntactAsync(string path, ModelReference model, CancellationToken cancellation)
    {
        await using var file = File.OpenRead(path);
        return file.Length == model.Size
            && ArtifactHash.FromBytes(await SHA256.HashDataAsync(file, cancellation)) == model.Hash;
    }

    // What downloads under way will take is added by their reserved size, instead of what they have of it already. A part whose
    // download was cancelled is a file like the others.
    private void MakeRoom(ModelReference model)
    {
        lock (_gate)
        {
            var folder = new DirectoryInfo(_options.Folder);
            var parts = folder.GetFiles("*" + PartialSuffix).Where(file => HashOf(file) != model.Hash && IsUnused(file));
            var files = folder.GetFiles("*" + Suffix).Concat(parts).OrderBy(file => file.LastWriteTimeUtc).ToArray();
            var coming = _artifacts
                .Where(other => other.Key != model.Hash && !other.Value.Ready.IsCompleted)
                .Sum(other => other.Value.Coming);
            var total = files.Sum(file => file.Length) + coming + model.Size;
            foreach (var file in files.Where(IsUnused))
            {
                if (total <= _options.QuotaBytes)
                    break;
                var bytes = file.Length; // asked of the disk anew once it is deleted
                file.Delete();
                _artifacts.Remove(HashOf(file)!.Value);
                total -= bytes;
                LogDeleted(_logger, file.Name, bytes);
            }

            if (total > _options.QuotaBytes)
            {
                throw new ModelUnavailableException(
                    $"{model} of {model.Size} bytes does not fit into the disk quota of {_options.QuotaBytes} beside the models in use.");
            }

            _artifacts[model.Hash].Coming = model.Size;
        }
    }

    private bool IsUnused(FileInfo file) =>
        HashOf(file) is { } hash // else not ours
        && !(_artifacts.TryGetValue(hash, out var artifact) && (artifact.Leases > 0 || !artifact.Ready.IsCompleted));

    private static ArtifactHash? HashOf(FileInfo file)
    {
        var name = file.Name.Split('.')[0];
        return name.Length == 64 && name.All(char.IsAsciiHexDigit) ? new ArtifactHash(name) : null;
    }

    private sealed class Artifact
    {
        public int Leases { get; set; }

        /// <summary>Completes once the file is there and verified; at first as if it had been cancelled.</summary>
        public Task Ready { get; set; } = Task.FromCanceled(new CancellationToken(canceled: true));

        /// <summary>Breaks off what <see cref="Ready"/> waits for.</summary>
        public CancellationTokenSource Stop { get; set; } = new();

        /// <summary>Bytes that its download will take.</summary>
        public long Coming { get; set; }
    }
}

/// <summary>A hold on an artifact's file: it is not deleted for room before this is disposed of.</summary>
public sealed class ArtifactLease : IDisposable
{
    private Action? _release;

    internal ArtifactLease(string path, Action release) => (Path, _release) = (path, release);

    public string Path { get; }

    public void Dispose() => Interlocked.Exchange(ref _release, null)?.Invoke();
}
