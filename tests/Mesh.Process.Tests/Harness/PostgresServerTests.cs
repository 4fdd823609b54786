using Mesh.Testing;
using Npgsql;

namespace Mesh.Process.Tests.Harness;

public sealed class PostgresServerTests
{
    [PostgresFact]
    public async Task It_answers_in_a_fresh_database_with_fsync_on()
    {
        var server = await PostgresServer.SharedAsync();
        var first = await server.CreateDatabaseAsync();
        Assert.Equal("1", await ScalarAsync(first, "select 1"));
        Assert.Equal("on", await ScalarAsync(first, "show fsync"));
        Assert.Equal("on", await ScalarAsync(first, "show synchronous_commit"));
        await ScalarAsync(first, "create table only_here (n int)");

        var second = await server.CreateDatabaseAsync();
        Assert.Equal("0", await ScalarAsync(second, "select count(*) from pg_tables where tablename = 'only_here'"));
    }

    [PostgresFact]
    public async Task It_is_shared_by_a_test_process() =>
        Assert.Same(await PostgresServer.SharedAsync(), await PostgresServer.SharedAsync());

    [PostgresFact]
    public async Task A_private_one_does_not_survive_its_killed_parent()
    {
        if ((await PostgresServer.SharedAsync()).WatchdogId is null)
            return; // Someone else's server.
        await using var parent = ManagedProcessTests.Start("parent-postgres");
        using var watchdog = await ManagedProcessTests.ChildOfAsync(parent);
        var line = await parent.WaitForLineAsync(l => l.StartsWith("server ", StringComparison.Ordinal), TimeSpan.FromSeconds(30));
        var connectionString = line["server ".Length..];
        Assert.Equal("1", await ScalarAsync(connectionString, "select 1"));
        var folder = await ScalarAsync(connectionString, "show data_directory");
        Assert.True(Directory.Exists(folder));

        parent.Kill();
        await watchdog.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));
        await Assert.ThrowsAsync<NpgsqlException>(() => ScalarAsync(connectionString, "select 1"));
        Assert.False(Directory.Exists(folder));
    }

    private static async Task<string?> ScalarAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
#pragma warning disable CA2100 // Constants of this file.
        await using var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
        return (await command.ExecuteScalarAsync())?.ToString();
    }
}
