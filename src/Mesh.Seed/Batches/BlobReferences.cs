using Mesh.Messages;
using Mesh.Messages.Control;

namespace Mesh.Seed.Batches;

/// <summary>
/// Counts what refers to each blob, and remembers since when nothing does. Part of <see cref="BatchBook"/>; pure.
/// </summary>
public sealed class BlobReferences
{
    private const int MaxRemovalsRemembered = 10_000;

    private readonly Dictionary<ArtifactHash, int> _counts = [];
    private readonly Dictionary<ArtifactHash, OrphanedBlob> _orphans = [];
    private readonly OrderedDictionary<ArtifactHash, DateTimeOffset> _removed = [];

    public IReadOnlyList<OrphanedBlob> Orphans => [.. _orphans.Values.OrderBy(orphan => orphan.Blob.Hash.Hex, StringComparer.Ordinal)];

    public bool IsHeld(ArtifactHash blob) => _counts.ContainsKey(blob);

    /// <summary>Blobs to which nothing has referred since that time or longer.</summary>
    public IReadOnlyList<BlobReference> UnheldSince(DateTimeOffset at) =>
        [.. _orphans.Values.Where(orphan => orphan.Since <= at).Select(orphan => orphan.Blob)];

    /// <summary>When the blob was removed; null when it is not known to have been.</summary>
    public DateTimeOffset? RemovedAt(ArtifactHash blob) => _removed.TryGetValue(blob, out var at) ? at : null;

    internal void Hold(IEnumerable<BlobReference> blobs)
    {
        foreach (var blob in blobs)
        {
            _counts[blob.Hash] = _counts.GetValueOrDefault(blob.Hash) + 1;
            _orphans.Remove(blob.Hash);
        }
    }

    internal void Release(IEnumerable<BlobReference> blobs, DateTimeOffset at)
    {
        foreach (var blob in blobs)
        {
            if (--_counts[blob.Hash] > 0)
                continue;
            _counts.Remove(blob.Hash);
            _orphans[blob.Hash] = new OrphanedBlob(blob, at);
        }
    }

    internal void Removed(IEnumerable<BlobReference> blobs, DateTimeOffset at)
    {
        foreach (var blob in blobs)
        {
            _orphans.Remove(blob.Hash);
            _removed.Remove(blob.Hash);
            _removed.Add(blob.Hash, at);
        }

        while (_removed.Count > MaxRemovalsRemembered)
            _removed.RemoveAt(0);
    }

    internal void Restore(IEnumerable<OrphanedBlob> orphans)
    {
        foreach (var orphan in orphans)
            _orphans[orphan.Blob.Hash] = orphan;
    }
}
