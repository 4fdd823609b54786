using Mesh.Seed.Models;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mesh.State.Tests.Models;

/// <summary>A model repository in a temporary folder that goes with the test.</summary>
internal sealed class RepositoryFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mesh-models-");
    private DateTime _written = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    public RepositoryFolder() => Repository = new ModelRepository(_folder.FullName, NullLogger<ModelRepository>.Instance);

    public string Path => _folder.FullName;

    public ModelRepository Repository { get; }

    /// <summary>Writes a file with a modification time of its own, so that no test depends on the clock's resolution.</summary>
    public string Write(string relative, byte[] content)
    {
        var path = System.IO.Path.Combine(Path, relative);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
        _written = _written.AddSeconds(1);
        File.SetLastWriteTimeUtc(path, _written);
        return path;
    }

    public string WriteModel(string name, byte[] content, string version = "1") => Write($"{name}/{version}/model.onnx", content);

    public string WriteConfig(string name, string text) => Write($"{name}/config.pbtxt", System.Text.Encoding.UTF8.GetBytes(text));

    public ModelVersion Rescanned(string name, string? version = null)
    {
        Repository.Rescan();
        return Repository.Find(name, version) ?? throw new InvalidOperationException($"{name}/{version} is not in the repository.");
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
