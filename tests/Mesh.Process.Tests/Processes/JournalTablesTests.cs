using Mesh.Messages;
using Mesh.Seed;
using Mesh.Seed.Health;
using Mesh.Seed.Membership;
using Mesh.Testing;

namespace Mesh.Process.Tests.Processes;

public sealed class JournalTablesTests
{
    private static readonly RegionName Region = new("test");

    [PostgresFact]
    public async Task Of_seeds_that_start_at_once_one_creates_the_tables()
    {
        var journal = JournalSettings.Parse(await (await PostgresServer.SharedAsync()).CreateDatabaseAsync());

        var seeds = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(() => JournalTables.CreateAsync(journal, Region))));

        Assert.Single(seeds, created => created);
        Assert.False(await JournalTables.CreateAsync(journal, Region));
        await using var probe = new JournalProbe(journal);
        Assert.Null(await probe.LookAsync(CancellationToken.None));
    }

    [Fact]
    public async Task A_database_that_does_not_answer_keeps_no_seed_from_starting() =>
        Assert.False(await JournalTables.CreateAsync(JournalSettings.Parse("Host=127.0.0.1;Port=1;Database=mesh;Username=mesh"), Region));
}
