using Akka.Configuration;
using Akka.Persistence.Sql;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Mesh.Seed;

/// <summary>Where the JobRouter's journal and snapshots are.</summary>
/// <param name="Provider">linq2db's name of the database.</param>
/// <param name="IsShared">Every seed of a region can reach it.</param>
public sealed record JournalSettings(string Provider, string ConnectionString, bool IsShared)
{
    /// <summary>
    /// Once a lost database is back, Akka's circuit breakers would keep the router from it for half a minute (journal) or a
    /// whole one (snapshots). The router's supervisor already waits between its tries.
    /// </summary>
    private const string Breaker = "circuit-breaker.reset-timeout = 3s";

    /// <summary>The embedded default: one file in the seed's data folder.</summary>
    public static JournalSettings Sqlite(string folder) => new(
        "SQLite.MS",
        new SqliteConnectionStringBuilder { DataSource = Path.Combine(folder, "journal.db") }.ToString(),
        IsShared: false);

    /// <exception cref="FormatException">It is neither database's connection string; the message does not repeat it (it may hold a password).</exception>
    public static JournalSettings Parse(string connectionString)
    {
        try
        {
            if (connectionString.Contains("Data Source", StringComparison.OrdinalIgnoreCase))
                return new JournalSettings("SQLite.MS", new SqliteConnectionStringBuilder(connectionString).ToString(), IsShared: false);
            var postgres = new NpgsqlConnectionStringBuilder(connectionString);
            if (postgres.Host is { Length: > 0 } && postgres.Database is { Length: > 0 })
                return new JournalSettings("PostgreSQL.15", postgres.ToString(), IsShared: true);
        }
        catch (Exception e) when (e is ArgumentException or KeyNotFoundException)
        {
            // Said below.
        }

        throw new FormatException("needs a PostgreSQL connection string with Host and Database, or a SQLite one with Data Source");
    }

    /// <summary>Creates what the database cannot create by itself: the file's folder and its write-ahead log.</summary>
    public void Prepare()
    {
        if (IsShared)
            return;
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(new SqliteConnectionStringBuilder(ConnectionString).DataSource))!);
        using var connection = new SqliteConnection(ConnectionString);
        connection.Open();
        using var command = connection.CreateCommand();
        // Stays with the file. 'synchronous' is FULL in this build, which a connection string could not set anyway.
        command.CommandText = "PRAGMA journal_mode = WAL";
        command.ExecuteNonQuery();
    }

    public Config ToHocon() =>
        ConfigurationFactory.ParseString($$"""
            akka.persistence {
              journal {
                plugin = "akka.persistence.journal.sql"
                sql {
                  class = "Akka.Persistence.Sql.Journal.SqlWriteJournal, Akka.Persistence.Sql"
                  provider-name = "{{Provider}}"
                  connection-string = {{Quoted(ConnectionString)}}
                  auto-initialize = true
                  {{Breaker}}
                }
              }
              snapshot-store {
                plugin = "akka.persistence.snapshot-store.sql"
                sql {
                  class = "Akka.Persistence.Sql.Snapshot.SqlSnapshotStore, Akka.Persistence.Sql"
                  provider-name = "{{Provider}}"
                  connection-string = {{Quoted(ConnectionString)}}
                  auto-initialize = true
                  {{Breaker}}
                }
              }
            }
            """).WithFallback(SqlPersistence.DefaultConfiguration);

    private static string Quoted(string text) => "\"" + text.Replace("\\", "\\\\").Replace("\"", "\\\"") + "\"";
}
