using System.Data.Common;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Mesh.Seed.Health;

/// <summary>One look at the journal's database.</summary>
public interface IJournalProbe
{
    /// <summary>Null when it can be written; else why not, for anybody to read.</summary>
    /// <exception cref="Exception">Of its driver, when it cannot be reached.</exception>
    Task<string?> LookAsync(CancellationToken cancellation);
}

/// <summary>Asks the database that the journal is in, over one connection that it keeps.</summary>
public sealed class JournalProbe(JournalSettings journal) : IJournalProbe, IAsyncDisposable
{
    private readonly NpgsqlDataSource? _postgres = journal.IsShared ? PostgresOf(journal) : null;

    public async Task<string?> LookAsync(CancellationToken cancellation)
    {
        if (_postgres is not null)
        {
            await using var connection = await _postgres.OpenConnectionAsync(cancellation);
            // A server that takes no writes, like a standby, answers everything else.
            return await AskAsync(connection, "select current_setting('transaction_read_only')", cancellation) is "off" ? null : "it is read-only";
        }

        // Not created anew when it is gone.
        var settings = new SqliteConnectionStringBuilder(journal.ConnectionString) { Mode = SqliteOpenMode.ReadWrite, Pooling = false };
        await using var file = new SqliteConnection(settings.ToString());
        await file.OpenAsync(cancellation);
        await AskAsync(file, "pragma schema_version", cancellation);
        return null;
    }

    public ValueTask DisposeAsync() => _postgres?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static async Task<object?> AskAsync(DbConnection connection, string question, CancellationToken cancellation)
    {
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Fixed texts, above.
        command.CommandText = question;
#pragma warning restore CA2100
        return await command.ExecuteScalarAsync(cancellation);
    }

    private static NpgsqlDataSource PostgresOf(JournalSettings journal) => NpgsqlDataSource.Create(
        new NpgsqlConnectionStringBuilder(journal.ConnectionString) { Pooling = true, MinPoolSize = 0, MaxPoolSize = 1, ApplicationName = "mesh-health" });
}
