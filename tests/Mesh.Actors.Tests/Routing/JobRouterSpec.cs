using System.Data.Common;
using System.Globalization;
using Mesh.Messages.Control;
using Mesh.Seed;
using static Mesh.Actors.Tests.Routing.RouterLife;

namespace Mesh.Actors.Tests.Routing;

/// <summary>What the JobRouter promises about its journal, whichever database that is.</summary>
public abstract class JobRouterSpec : IAsyncLifetime
{
    private JournalSettings? _journal;

    private JournalSettings Journal => _journal!;

    public virtual async Task InitializeAsync()
    {
        _journal = await CreateJournalAsync();
        _journal.Prepare();
    }

    public virtual Task DisposeAsync() => Task.CompletedTask;

    [JournalFact]
    public async Task An_answered_report_is_in_the_database()
    {
        await using var router = new RouterLife(Journal);
        await router.AskAsync(Report("a", 1, Tally("V-1", 3)));
        // The term and the report; another connection sees only what is committed.
        Assert.Equal(2, await EventsAsync());
        await router.AskAsync(Report("a", 2, Tally("V-1", 4)));
        Assert.Equal(3, await EventsAsync());
    }

    [JournalFact]
    public async Task What_was_answered_survives_a_restart()
    {
        await using (var router = new RouterLife(Journal))
        {
            await router.AskAsync(Report("a", 1, Tally("V-1", 3), Tally("V-2", 5)));
            await router.AskAsync(Report("b", 1, Tally("V-1", 4)));
        }

        await using var next = new RouterLife(Journal);
        Assert.Equal(new Dictionary<string, long> { ["V-1"] = 7, ["V-2"] = 5 }, await next.AnsweredAsync());
    }

    [JournalFact]
    public async Task A_report_told_twice_counts_once_also_after_a_restart()
    {
        var report = Report("a", 1, Tally("V-1", 3));
        await using (var router = new RouterLife(Journal))
        {
            await router.AskAsync(report);
            await router.AskAsync(report);
            Assert.Equal(3, (await router.AnsweredAsync())["V-1"]);
        }

        await using var next = new RouterLife(Journal);
        await next.AskAsync(report);
        Assert.Equal(3, (await next.AnsweredAsync())["V-1"]);
    }

    [JournalFact]
    public async Task Each_incarnation_has_the_next_term()
    {
        long? before = null;
        for (var office = 1; office <= 3; office++)
        {
            await using var router = new RouterLife(Journal);
            var status = await router.StatusAsync();
            var term = before + 1 ?? status.Term;
            Assert.Equal((term, office, 0), (status.Term, status.JournalSequence, status.Vehicles));
            Assert.Equal(term, (await router.AskAsync(Report("a", 1))).Term);
            before = term;
        }
    }

    [JournalFact]
    public async Task Regions_that_share_a_database_share_nothing_else()
    {
        await using (var here = new RouterLife(Journal))
            await here.AskAsync(Report("a", 1, Tally("V-1", 3)));
        await using var there = new RouterLife(Journal, region: "other");
        Assert.Empty(await there.AnsweredAsync());
        Assert.Equal(1, (await there.StatusAsync()).JournalSequence);
    }

    [JournalFact]
    public async Task A_first_answer_has_every_record_also_when_it_was_lost_and_later_ones_those_touched()
    {
        await using var router = new RouterLife(Journal);
        await router.AskAsync(Report("a", 1, Tally("V-1", 1)));
        await router.AskAsync(Report("a", 2, Tally("V-2", 1)));

        Assert.Equal(["V-1", "V-2", "V-3"], Vehicles(await router.AskAsync(Report("b", 7, Tally("V-3", 1)))));
        Assert.Equal(["V-1", "V-2", "V-3"], Vehicles(await router.AskAsync(Report("b", 7, Tally("V-3", 1)))));
        Assert.Equal(["V-3"], Vehicles(await router.AskAsync(Report("b", 8, Tally("V-3", 1)))));
        Assert.Empty(Vehicles(await router.AskAsync(Report("b", 9))));
    }

    [JournalFact]
    public async Task A_snapshot_and_the_events_after_it_are_the_state()
    {
        Dictionary<string, long> expected = [];
        long term;
        await using (var router = new RouterLife(Journal))
        {
            for (var i = 1; i <= 1010; i++)
            {
                router.Tell(Report("a", i, Tally($"V-{i % 7}", i)));
                expected[$"V-{i % 7}"] = expected.GetValueOrDefault($"V-{i % 7}") + i;
            }

            for (var i = 1; i <= 1010; i++)
                await router.AnswerAsync(i);
            await WaitForAsync("select count(*) from snapshot", 1);
            term = (await router.StatusAsync()).Term;
        }

        // Without what the snapshot stands for, so that recovery cannot do without it.
        Assert.Equal(1000, await ExecuteAsync("delete from journal where sequence_number <= 1000"));
        await using var next = new RouterLife(Journal);
        Assert.Equal(expected, await next.AnsweredAsync());
        Assert.Equal((term + 1, 1012), ((await next.StatusAsync()).Term, (await next.StatusAsync()).JournalSequence));
        Assert.Equal(expected["V-1"], Answered(await next.AskAsync(Report("a", 1010, Tally("V-1", 9))), "V-1"));
    }

    [JournalFact]
    public async Task A_failed_write_stops_the_router_and_acknowledges_nothing()
    {
        var lost = Report("a", 2, Tally("V-1", 4));
        await using (var router = new RouterLife(Journal))
        {
            await router.AskAsync(Report("a", 1, Tally("V-1", 3)));
            await ExecuteAsync("alter table journal rename to away");
            router.Tell(lost);
            await router.StoppedWithoutAnswerAsync();
        }

        await ExecuteAsync("alter table away rename to journal");
        await using var next = new RouterLife(Journal);
        Assert.Equal(3, (await next.AnsweredAsync())["V-1"]);
        await next.AskAsync(lost);
        Assert.Equal(7, (await next.AnsweredAsync())["V-1"]);
    }

    /// <summary>The last fence when two seeds both believe to hold the singleton: the journal's unique sequence number.</summary>
    [JournalFact]
    public async Task Of_two_incarnations_the_older_one_cannot_write_any_more()
    {
        await using var older = new RouterLife(Journal);
        await older.AskAsync(Report("a", 1, Tally("V-1", 3)));
        await using (var newer = new RouterLife(Journal))
        {
            Assert.Equal((await older.StatusAsync()).Term + 1, (await newer.StatusAsync()).Term);
            older.Tell(Report("a", 2, Tally("V-1", 100)));
            await older.StoppedWithoutAnswerAsync();
            await newer.AskAsync(Report("a", 2, Tally("V-1", 4)));
            Assert.Equal(7, (await newer.AnsweredAsync())["V-1"]);
        }

        await using var last = new RouterLife(Journal);
        Assert.Equal(7, (await last.AnsweredAsync())["V-1"]);
    }

    protected abstract Task<JournalSettings> CreateJournalAsync();

    protected abstract DbConnection Connect(JournalSettings journal);

    private static IEnumerable<string> Vehicles(FleetRecords records) =>
        records.Records.Select(record => record.Vehicle.Value).Order(StringComparer.Ordinal);

    private static long Answered(FleetRecords records, string vehicle) => records.Records.Single(record => record.Vehicle.Value == vehicle).Answered;

    private async Task<long> EventsAsync() => await ScalarAsync("select count(*) from journal where persistence_id = 'job-router-spec'");

    /// <summary>For what happens after the last answer: a snapshot is saved beside the router's work.</summary>
    private async Task WaitForAsync(string sql, long expected)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await ScalarAsync(sql) != expected)
            await Task.Delay(20, limit.Token);
    }

    private async Task<long> ScalarAsync(string sql)
    {
        await using var connection = Connect(Journal);
        await connection.OpenAsync();
        await using var command = Command(connection, sql);
        return Convert.ToInt64(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
    }

    private async Task<int> ExecuteAsync(string sql)
    {
        await using var connection = Connect(Journal);
        await connection.OpenAsync();
        await using var command = Command(connection, sql);
        return await command.ExecuteNonQueryAsync();
    }

    private static DbCommand Command(DbConnection connection, string sql)
    {
        var command = connection.CreateCommand();
#pragma warning disable CA2100 // Constants of this file.
        command.CommandText = sql;
#pragma warning restore CA2100
        return command;
    }
}
