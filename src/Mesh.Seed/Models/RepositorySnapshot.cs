using System.Collections.Frozen;
using Mesh.Messages;

namespace Mesh.Seed.Models;

/// <summary>
/// What the repository held at one scan. Immutable, so that a request sees one state of it from its lookup to its answer.
/// </summary>
public sealed class RepositorySnapshot
{
    public static readonly RepositorySnapshot Empty = new([]);

    private readonly FrozenDictionary<ArtifactHash, ServedModel> _byHash;

    public RepositorySnapshot(IReadOnlyCollection<ModelVersion> versions)
    {
        Models = versions
            .GroupBy(version => version.Name, StringComparer.Ordinal)
            .OrderBy(group => group.Key, StringComparer.Ordinal)
            .ToDictionary(
                group => group.Key,
                group => (IReadOnlyList<ModelVersion>)[.. group.OrderBy(version => version.Number)],
                StringComparer.Ordinal)
            .AsReadOnly();
        // Two versions may hold the same bytes: either file answers for the hash.
        _byHash = versions
            .Where(version => version.Model is not null)
            .DistinctBy(version => version.Model!.Reference.Hash)
            .ToFrozenDictionary(version => version.Model!.Reference.Hash, version => version.Model!);
    }

    /// <summary>All versions by model name, oldest version first; a model has at least one.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<ModelVersion>> Models { get; }

    /// <summary>Every version of every model, by name, then by number.</summary>
    public IEnumerable<ModelVersion> Versions =>
        Models.OrderBy(model => model.Key, StringComparer.Ordinal).SelectMany(model => model.Value);

    /// <summary>
    /// The version asked for, whatever its state; without one the newest READY, or the newest when none is.
    /// Null when there is no such model or version.
    /// </summary>
    public ModelVersion? Find(string name, string? version = null)
    {
        if (!Models.TryGetValue(name, out var versions))
            return null;
        if (!string.IsNullOrEmpty(version))
            return versions.FirstOrDefault(candidate => candidate.Version == version);
        return versions.LastOrDefault(candidate => candidate.State == ModelState.READY) ?? versions[^1];
    }

    /// <summary>A READY model whose artifact has this hash.</summary>
    public ServedModel? FindArtifact(ArtifactHash hash) => _byHash.GetValueOrDefault(hash);
}
