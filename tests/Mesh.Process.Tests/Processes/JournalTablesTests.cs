using Mesh.Messages;
using Mesh.Seed;
using Mesh.Seed.Health;
using Mesh.Seed.Membership;
using Mesh.Testing;
using Npgsql;

namespace Mesh.Process.Tests.Processes;

public sealed class JournalTablesTests
{
    private static readonly RegionName Region = new("test");

    [PostgresFact]
    public async Task Of_seeds_that_start_at_once_one_creates_the_tables()
    {
        var database = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
        // As seeds have it: a pool keeps connections, and with them what their sessions hold.
        var journal = JournalSettings.Parse(new NpgsqlConnectionStringBuilder(database) { Pooling = true }.ConnectionString);

        var seeds = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(() => JournalTables.CreateAsync(journal, Region))));

        Assert.Single(seeds, created => created);
        Assert.False(await JournalTables.CreateAsync(journal, Region));
        Assert.Equal(0L, await TurnsHeldAsync(database));
        await using var probe = new JournalProbe(journal);
        Assert.Null(await probe.LookAsync(CancellationToken.None));
    }

    private static async Task<object?> TurnsHeldAsync(string database)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        await using var count = new NpgsqlCommand(
            "select count(*) from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())", connection);
        return await count.ExecuteScalarAsync();
    }

    [Fact]
    public async Task A_database_that_does_not_answer_keeps_no_seed_from_starting() =>
        Assert.False(await JournalTables.CreateAsync(JournalSettings.Parse("Host=127.0.0.1;Port=1;Database=mesh;Username=mesh"), Region));
}
