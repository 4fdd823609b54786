namespace Mesh.Seed;

/// <summary>A seed's data folder, locked while the seed lives, so that two never write one journal.</summary>
public sealed class DataFolder : IDisposable
{
    private readonly FileStream _lock;

    /// <exception cref="IOException">Another seed uses the folder, or it cannot be written to; the message says which.</exception>
    public DataFolder(string path)
    {
        try
        {
            Directory.CreateDirectory(path);
            _lock = new FileStream(
                System.IO.Path.Combine(path, "seed.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"The data folder {path} cannot be used: {e.Message} Is another seed running with it? --data names another one.", e);
        }
    }

    public void Dispose() => _lock.Dispose();
}
