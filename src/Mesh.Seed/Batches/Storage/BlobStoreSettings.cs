namespace Mesh.Seed.Batches.Storage;

public enum BlobPlace
{
    /// <summary>A folder of the seed's own data folder.</summary>
    Data = 1,

    /// <summary>The journal's PostgreSQL.</summary>
    Journal = 2,

    /// <summary>A folder that every seed of the region reaches.</summary>
    Folder = 3,
}

/// <summary>Where a region keeps files and batches' results.</summary>
/// <param name="Path">Null unless <paramref name="Place"/> is Folder.</param>
public sealed record BlobStoreSettings(BlobPlace Place, string? Path = null)
{
    /// <summary>Where each seed reaches it, if the journal is there.</summary>
    public static BlobStoreSettings Beside(JournalSettings journal) => new(journal.IsShared ? BlobPlace.Journal : BlobPlace.Data);

    public static BlobStoreSettings? Parse(string text) => text switch
    {
        "" => null,
        "data" => new BlobStoreSettings(BlobPlace.Data),
        "journal" => new BlobStoreSettings(BlobPlace.Journal),
        _ => new BlobStoreSettings(BlobPlace.Folder, System.IO.Path.GetFullPath(text)),
    };

    /// <param name="data">The seed's data folder.</param>
    public IBlobStore Create(string data, JournalSettings journal) => Place switch
    {
        BlobPlace.Data => new FolderBlobStore(System.IO.Path.Combine(data, "blobs")),
        BlobPlace.Journal => new PostgresBlobStore(journal.ConnectionString),
        BlobPlace.Folder => new FolderBlobStore(Path!),
        _ => throw new InvalidOperationException($"There is no blob store {Place}."),
    };
}
