using System.Data.Common;
using Mesh.Seed;
using Mesh.Testing;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Mesh.Actors.Tests.Routing;

/// <summary>On the embedded default.</summary>
public sealed class JobRouterOnSqliteTests : JobRouterSpec
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mesh-journal-").FullName;

    public override Task DisposeAsync()
    {
        // The pool keeps the file open.
        SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
        return Task.CompletedTask;
    }

    protected override Task<JournalSettings> CreateJournalAsync() => Task.FromResult(JournalSettings.Sqlite(_folder));

    protected override DbConnection Connect(JournalSettings journal) => new SqliteConnection(journal.ConnectionString);
}

/// <summary>On what a region of several seeds uses.</summary>
[NeedsPostgres]
public sealed class JobRouterOnPostgresTests : JobRouterSpec
{
    protected override async Task<JournalSettings> CreateJournalAsync() =>
        JournalSettings.Parse(await (await PostgresServer.SharedAsync()).CreateDatabaseAsync());

    protected override DbConnection Connect(JournalSettings journal) => new NpgsqlConnection(journal.ConnectionString);
}
