using Mesh.Seed;

namespace Mesh.State.Tests.Hosting;

public sealed class DataFolderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mesh-data-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_folder_has_one_seed_at_a_time_and_the_error_names_the_folder_and_the_way_out()
    {
        var path = Path.Combine(_folder, "seed");
        using (new DataFolder(path))
        {
            var refusal = Assert.Throws<IOException>(() => new DataFolder(path));
            Assert.StartsWith($"The data folder {path} cannot be used: ", refusal.Message, StringComparison.Ordinal);
            Assert.EndsWith("Is another seed running with it? --data names another one.", refusal.Message, StringComparison.Ordinal);
        }

        using var next = new DataFolder(path);
    }

    [Fact]
    public void A_path_that_is_a_file_is_refused_the_same_way()
    {
        var file = Path.Combine(_folder, "file");
        File.WriteAllText(file, "");
        Assert.Contains("cannot be used", Assert.Throws<IOException>(() => new DataFolder(file)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_embedded_journal_has_its_folder_and_its_write_ahead_log()
    {
        var journal = JournalSettings.Sqlite(Path.Combine(_folder, "new"));
        journal.Prepare();
        using var connection = new Microsoft.Data.Sqlite.SqliteConnection(journal.ConnectionString + ";Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA journal_mode";
        Assert.Equal("wal", command.ExecuteScalar());
        command.CommandText = "PRAGMA synchronous";
        Assert.Equal(2L, command.ExecuteScalar());
    }
}
