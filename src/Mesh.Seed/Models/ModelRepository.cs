using System.Globalization;
using System.Security;
using Microsoft.Extensions.Logging;

namespace Mesh.Seed.Models;

/// <summary>
/// The models of a folder in Triton's layout, <c>name/version/model.onnx</c> with an optional <c>name/config.pbtxt</c>.
/// A version folder has a number without leading zeros as its name; everything else in the folder is ignored.
/// Lookups are lock-free and see one <see cref="RepositorySnapshot"/>; <see cref="Rescan"/> swaps it.
/// </summary>
public sealed partial class ModelRepository(string folder, ILogger<ModelRepository> logger)
{
    private const string ArtifactName = "model.onnx";
    private const string ConfigName = "config.pbtxt";

    private readonly ILogger _logger = logger;
    private readonly Lock _scanning = new();
    private Dictionary<(string Name, long Number), Scanned> _scanned = [];
    private HashSet<string> _unlistable = [];
    private volatile RepositorySnapshot _snapshot = RepositorySnapshot.Empty;

    public string Folder { get; } = Path.GetFullPath(folder);

    /// <summary>As of the last scan.</summary>
    public RepositorySnapshot Snapshot => _snapshot;

    /// <inheritdoc cref="RepositorySnapshot.Find"/>
    public ModelVersion? Find(string name, string? version = null) => _snapshot.Find(name, version);

    /// <summary>
    /// Brings the snapshot up to the folder's present content. Reads only files whose size or time changed, and those that
    /// could not be read last time. No content of the folder makes it throw.
    /// </summary>
    public void Rescan()
    {
        lock (_scanning)
        {
            var unlistable = new HashSet<string>();
            var scanned = new Dictionary<(string, long), Scanned>();
            foreach (var (name, number) in ListVersions(unlistable))
                scanned[(name, number)] = Scan(name, number);
            var before = _scanned;
            (_scanned, _unlistable) = (scanned, unlistable);
            if (before.Count == scanned.Count && scanned.All(entry => IsKnown(before, entry.Key, entry.Value)))
                return;
            // First served, then logged: who reads in the log that a version is READY may ask for it at once.
            _snapshot = new RepositorySnapshot([.. scanned.Values.Select(entry => entry.Version)]);
            LogTransitions(before, scanned);
        }
    }

    private IEnumerable<(string Name, long Number)> ListVersions(HashSet<string> unlistable)
    {
        if (!TryList(Folder, unlistable, out var models))
            return _scanned.Keys;
        var found = new List<(string, long)>();
        foreach (var name in models)
        {
            if (TryList(Path.Combine(Folder, name), unlistable, out var versions))
                found.AddRange(versions.Where(IsVersion).Select(version => (name, long.Parse(version, CultureInfo.InvariantCulture))));
            else
                found.AddRange(_scanned.Keys.Where(key => key.Name == name));
        }

        return found;
    }

    private static bool IsVersion(string folder) =>
        folder[0] is >= '1' and <= '9' && long.TryParse(folder, NumberStyles.None, CultureInfo.InvariantCulture, out _);

    /// <summary>Names of the folders in a folder. False when they cannot be told now, which is not the same as there being none.</summary>
    private bool TryList(string parent, HashSet<string> unlistable, out string[] names)
    {
        names = [];
        try
        {
            if (Directory.Exists(parent))
                names = [.. new DirectoryInfo(parent).EnumerateDirectories().Select(child => child.Name).Where(name => name[0] != '.')];
            return true;
        }
        catch (DirectoryNotFoundException)
        {
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SecurityException)
        {
            if (unlistable.Add(parent) && !_unlistable.Contains(parent))
                LogUnlistable(parent, e.Message);
            return false;
        }
    }

    private Scanned Scan(string name, long number)
    {
        var artifact = Path.Combine(Folder, name, number.ToString(CultureInfo.InvariantCulture), ArtifactName);
        var config = Path.Combine(Folder, name, ConfigName);
        var stamp = new Stamp(FileStamp.Of(artifact), FileStamp.Of(config));
        if (_scanned.TryGetValue((name, number), out var known) && known.Stamp == stamp)
            return known;
        try
        {
            var model = Read(name, number, artifact, config, stamp);
            // What was read may be older or newer than the stamp: then the next scan reads again.
            var settled = stamp == new Stamp(FileStamp.Of(artifact), FileStamp.Of(config));
            return new Scanned(settled ? stamp : null, ModelVersion.Ready(name, number, model));
        }
        catch (ModelUnavailableException e)
        {
            return new Scanned(stamp, ModelVersion.Unavailable(name, number, e.Message));
        }
        catch (Exception e)
        {
            // Whatever a file does to a reader must not stop the seed; not stamped, because it may pass (a lock, rights, memory).
            return new Scanned(null, ModelVersion.Unavailable(name, number, $"{ArtifactName} cannot be read: {e.Message}"));
        }
    }

    private ServedModel Read(string name, long number, string artifact, string configPath, Stamp stamp)
    {
        if (stamp.Artifact is null)
            throw new ModelUnavailableException($"The version folder holds no {ArtifactName}.");
        var version = number.ToString(CultureInfo.InvariantCulture);
        var model = OnnxModelReader.Read(artifact, name, version);
        if (stamp.Config is not null)
            model = Configure(model, configPath);
        return model with { Reference = model.Reference with { Batching = BatchingRules.For(model) } };
    }

    private ServedModel Configure(ServedModel model, string configPath)
    {
        var config = ModelConfigText.Parse(File.ReadAllText(configPath));
        if (config.IgnoredFields.Count > 0)
            LogIgnoredFields(configPath, string.Join(", ", config.IgnoredFields));
        return ModelConfigCheck.Apply(config, model);
    }

    private void LogTransitions(Dictionary<(string Name, long Number), Scanned> before, Dictionary<(string Name, long Number), Scanned> after)
    {
        foreach (var (key, entry) in after.Where(entry => !IsKnown(before, entry.Key, entry.Value)))
        {
            var version = entry.Version;
            if (version.Model is { Reference: var reference })
                LogReady(version.Name, version.Version, reference.Hash.Hex, reference.Size);
            else
                LogUnavailable(version.Name, version.Version, version.Reason);
        }

        foreach (var (key, entry) in before.Where(entry => !after.ContainsKey(entry.Key)))
            LogRemoved(key.Name, entry.Version.Version);
    }

    private static bool IsKnown(Dictionary<(string Name, long Number), Scanned> before, (string, long) key, Scanned entry) =>
        before.TryGetValue(key, out var old) && Same(old.Version, entry.Version);

    private static bool Same(ModelVersion old, ModelVersion now) =>
        ReferenceEquals(old, now) || (old.Model is null && now.Model is null && old.Reason == now.Reason);

    /// <summary>A version with the stamp it was read at; null = read again at the next scan.</summary>
    private sealed record Scanned(Stamp? Stamp, ModelVersion Version);

    private sealed record Stamp(FileStamp? Artifact, FileStamp? Config);

    /// <summary>Size and time of a file; null stands for no such file.</summary>
    private sealed record FileStamp(long Length, DateTime Written)
    {
        public static FileStamp? Of(string path)
        {
            var file = new FileInfo(path);
            return file.Exists ? new FileStamp(file.Length, file.LastWriteTimeUtc) : null;
        }
    }
}
