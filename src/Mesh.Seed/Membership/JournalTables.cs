using Akka.Actor;
using Akka.Configuration;
using Mesh.Messages;
using Mesh.Seed.Routing;
using Npgsql;

namespace Mesh.Seed.Membership;

/// <summary>
/// The tables of a journal that seeds share, on the very first start. Akka's plugin creates them itself, but not when the seeds of a
/// new region start at once: 'create table if not exists' lets two of them try, and one fails with an error in its log.
/// </summary>
public static class JournalTables
{
    /// <summary>PostgreSQL's advisory lock: any number that nobody else uses.</summary>
    private const long Turn = 7238462020;

    /// <summary>So long a seed waits for a database that does not answer, before it starts without: requests need none.</summary>
    private const int PatienceSeconds = 3;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>The seed's own journal says in its log what is wrong.</summary>
    private const string Silent = "akka { loggers = [], loglevel = OFF, stdout-loglevel = OFF }";

    /// <summary>Lets the plugin create them, one seed after the other. A database that does not answer is left to the plugin, which tries again.</summary>
    /// <returns>Whether it was this one.</returns>
    public static async Task<bool> CreateAsync(JournalSettings journal, RegionName region)
    {
        if (!journal.IsShared)
            return false;
        try
        {
            // Not pooled: only the end of its session gives the turn back.
            var own = new NpgsqlConnectionStringBuilder(journal.ConnectionString)
            {
                Pooling = false,
                Timeout = PatienceSeconds,
                CommandTimeout = PatienceSeconds,
            };
            await using var connection = new NpgsqlConnection(own.ConnectionString);
            await connection.OpenAsync();
            if (await AreThereAsync(connection))
                return false;
            await using var turn = new NpgsqlCommand($"select pg_advisory_lock({Turn})", connection) { CommandTimeout = (int)Limit.TotalSeconds };
            await turn.ExecuteNonQueryAsync();
            if (await AreThereAsync(connection))
                return false;
            await UseOnceAsync(journal, region);
            return true;
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException)
        {
            return false;
        }
    }

    private static async Task<bool> AreThereAsync(NpgsqlConnection connection)
    {
        await using var look = new NpgsqlCommand(
            "select to_regclass('journal') is not null and to_regclass('tags') is not null and to_regclass('snapshot') is not null", connection);
        return await look.ExecuteScalarAsync() is true;
    }

    private static async Task UseOnceAsync(JournalSettings journal, RegionName region)
    {
        using var system = ActorSystem.Create("journal-tables", ConfigurationFactory.ParseString(Silent).WithFallback(journal.ToHocon()));
        try
        {
            var used = system.ActorOf(Props.Create(() => new JournalWarmUp(region)));
            await used.WatchAsync().WaitAsync(Limit);
        }
        finally
        {
            await system.Terminate();
        }
    }
}
