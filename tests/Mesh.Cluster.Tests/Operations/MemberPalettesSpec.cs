using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Sharding;
using Mesh.Cluster.Tests.Hosting;
using Mesh.Hosting.Sharding;
using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Operations;

namespace Mesh.Cluster.Tests.Operations;

/// <summary>The palettes that every member serves, asked of a seed and of a vehicle in a region.</summary>
public sealed class MemberPalettesSpec : IAsyncLifetime
{
    private InProcessRegion _region = null!;

    public async Task InitializeAsync() => _region = await InProcessRegion.StartAsync("V-1");

    public async Task DisposeAsync() => await _region.DisposeAsync();

    [Fact]
    public async Task Members_are_shown_alike_by_a_seed_and_by_a_vehicle()
    {
        await AllUpAsync();
        var seen = await _region.AskSeedAsync("cluster show");
        Assert.True(Assert.IsType<CommandOutput.Table>(seen[0]).IsBare);
        var rows = Rows(seen);
        Assert.Contains($"{_region.Address} | [seed] | up |  | 0.1.0", rows);
        Assert.Contains(rows, row => row.EndsWith(" | [vehicle, V-1] | up |  | 0.1.0", StringComparison.Ordinal));
        Assert.Equal("Count: 2 nodes", Assert.IsType<CommandOutput.Line>(seen[^1]).Text);
        Assert.Equal(rows, Rows(await _region.AskVehicleAsync("V-1", "cluster show")));
        Assert.Contains(Rows(await _region.AskSeedAsync("cluster show", "all-roles", "true")), row => row.Contains("[mesh, region-test, seed]", StringComparison.Ordinal));

        var status = Rows(await _region.AskVehicleAsync("V-1", "cluster status"));
        Assert.Contains($"oldest seed | {_region.Address}", status);
        Assert.Contains("vehicles | 1", status);
        Assert.Contains("members up | 2", status);
    }

    [Fact]
    public async Task A_vehicle_that_is_let_leave_or_downed_comes_back_with_a_new_session_and_a_tail_tells_of_it()
    {
        var first = await _region.SessionAsync("V-1");
        await using var tail = _region.Palette("cluster").RunAsync(new CommandCall("tail", new Dictionary<string, string>(), "test"), CancellationToken.None)
            .GetAsyncEnumerator();
        await TailUntilAsync(tail, "up", "[vehicle, V-1]");

        Assert.EndsWith("leaves: 'cluster tail' shows when it has left", Line(await _region.AskSeedAsync("cluster leave", "address", "V-1")), StringComparison.Ordinal);
        await TailUntilAsync(tail, "leaving", "[vehicle, V-1]");
        var second = await _region.SessionAsync("V-1", after: first.Epoch);
        await TailUntilAsync(tail, "up", "[vehicle, V-1]");

        Assert.EndsWith("[vehicle, V-1] is downed", Line(await _region.AskSeedAsync("cluster down", "address", "V-1")), StringComparison.Ordinal);
        await TailUntilAsync(tail, "down", "[vehicle, V-1]");
        await _region.SessionAsync("V-1", after: second.Epoch);
    }

    [Fact]
    public async Task A_tail_that_is_cancelled_leaves_no_listener()
    {
        using var cancel = new CancellationTokenSource();
        await using var tail = _region.Palette("cluster").RunAsync(new CommandCall("tail", new Dictionary<string, string>(), "test"), cancel.Token)
            .GetAsyncEnumerator();
        await TailUntilAsync(tail, "up", "[vehicle, V-1]");
        Assert.Single(await ListenersAsync());
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            while (await tail.MoveNextAsync().AsTask().WaitAsync(InProcessRegion.Limit))
            {
                // What was heard before.
            }
        });

        // It stops on its own thread.
        using var deadline = new CancellationTokenSource(InProcessRegion.Limit);
        while ((await ListenersAsync()).Count > 0)
            Assert.False(deadline.IsCancellationRequested);

        async Task<List<string>> ListenersAsync() =>
            [.. Rows(await _region.AskSeedAsync("actor hierarchy", "path", "/user", "depth", "1")).Where(row => row.Contains(" | Listener | ", StringComparison.Ordinal))];
    }

    [Fact]
    public async Task What_cannot_be_done_to_the_cluster_is_said()
    {
        Assert.Equal("'V-9' is no member: 'cluster show' lists the 2 there are", await FailureAsync("cluster down", "address", "V-9"));
        Assert.StartsWith("'nowhere' is no address of a member", await FailureAsync("cluster join", "address", "nowhere"), StringComparison.Ordinal);
        Assert.StartsWith("this process is a member already", await FailureAsync("cluster join", "address", "akka.tcp://mesh@127.0.0.1:1"), StringComparison.Ordinal);
        Assert.Equal("every member is reachable from here: nothing to down", Line(await _region.AskSeedAsync("cluster down-unreachable")));
    }

    [Fact]
    public async Task A_vehicles_shard_is_found_on_the_vehicle()
    {
        Assert.StartsWith("vehicle V-1 is a member", await FailureAsync("sharding entity", "id", "V-1"), StringComparison.Ordinal);
        Assert.StartsWith("there is no entity 'V-9'", await FailureAsync("sharding entity", "id", "V-9"), StringComparison.Ordinal);
        await _region.Seed.InferenceActors.Ask<VehicleStatistics>(new GetVehicleStatistics(new VehicleId("V-1")), InProcessRegion.Limit);

        var session = await _region.SessionAsync("V-1");
        var place = session.Member.Address;
        Assert.Equal([$"inference | V-1 | {place} | 1"], Rows(await _region.AskSeedAsync("sharding shards")));
        Assert.Equal([$"inference | V-1 | {place} | 1"], Rows(await _region.AskVehicleAsync("V-1", "sharding shards")));
        Assert.Equal([$"V-1 | V-1 | {place} | 1 | true"], Rows(await _region.AskSeedAsync("sharding entity", "id", "V-1")));
        Assert.Equal(
            new[] { $"inference | {_region.Address} | 0 | 0", $"inference | {place} | 1 | 1" }.Order(),
            Rows(await _region.AskSeedAsync("sharding regions")).Order());
    }

    [Fact]
    public async Task A_silent_member_takes_no_other_shard_region_with_it()
    {
        await AllUpAsync();
        var silent = _region.Member("V-1")!;
        silent.Stop(ClusterSharding.Get(silent).ShardRegion(InferenceSharding.TypeName));

        var answer = await _region.AskSeedAsync("sharding regions");
        Assert.Equal([$"inference | {_region.Address} | 0 | 0"], Rows(answer));
        Assert.Equal($"no answer within 3 s from {Akka.Cluster.Cluster.Get(silent).SelfAddress}", Assert.IsType<CommandOutput.Line>(answer[^1]).Text);
    }

    [Fact]
    public async Task Actors_are_listed_with_their_class()
    {
        var all = Rows(await _region.AskSeedAsync("actor hierarchy"));
        Assert.Contains(all, row => row.StartsWith("/user/dispatcher | Dispatcher | 0 | ", StringComparison.Ordinal));
        Assert.Contains(all, row => row.StartsWith("/user/job-router/singleton/router | JobRouter | ", StringComparison.Ordinal));
        Assert.All(Rows(await _region.AskSeedAsync("actor hierarchy", "path", "/user/job-router", "depth", "1")), row => Assert.StartsWith("/user/job-router", row, StringComparison.Ordinal));
        Assert.StartsWith("there is no actor /user/none: /user has ", await FailureAsync("actor hierarchy", "path", "/user/none"), StringComparison.Ordinal);
        Assert.Equal("--depth is '0': needs a whole number, 1 to 32", await FailureAsync("actor hierarchy", "depth", "0"));
        Assert.NotEmpty(Rows(await _region.AskVehicleAsync("V-1", "actor hierarchy", "path", "/user")));
    }

    [Fact]
    public async Task A_process_tells_of_itself_and_hides_its_secrets()
    {
        var facts = Rows(await _region.AskVehicleAsync("V-1", "system uptime"));
        Assert.Contains("version | 0.1.0", facts);
        Assert.Contains($"process id | {Environment.ProcessId}", facts);

        var journal = (await _region.AskSeedAsync("system config", "path", "akka.persistence.journal")).OfType<CommandOutput.Document>().Single().Content.ToJsonString();
        Assert.Contains("\"connection-string\":\"(not shown)\"", journal, StringComparison.Ordinal);
        Assert.DoesNotContain("Data Source", journal, StringComparison.Ordinal);
        Assert.Equal("the configuration has nothing at 'akka.no-such-thing'", await FailureAsync("system config", "path", "akka.no-such-thing"));
    }

    /// <summary>At the vehicle too.</summary>
    private async Task AllUpAsync()
    {
        await InProcessRegion.UntilAsync(() => AreUp(_region.System), "all to be up");
        await InProcessRegion.UntilAsync(() => AreUp(_region.Member("V-1")), "the vehicle to see so");

        static bool AreUp(ActorSystem? system) =>
            system is not null && Akka.Cluster.Cluster.Get(system).State.Members is { Count: 2 } members && members.All(member => member.Status == MemberStatus.Up);
    }

    [Fact]
    public async Task A_seed_that_is_let_leave_ends_its_program_and_does_not_ask_to_be_started_again()
    {
        // Of the whole process: another spec may have set it.
        Environment.ExitCode = 0;
        var stopping = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = _region.SeedStopping.Register(stopping.SetResult);
        await _region.AskSeedAsync("cluster leave");
        await stopping.Task.WaitAsync(InProcessRegion.Limit);
        Assert.True(_region.Seed.IsLeaving);
        Assert.Equal(0, Environment.ExitCode);
    }

    private static async Task TailUntilAsync(IAsyncEnumerator<CommandOutput> tail, string change, string roles)
    {
        while (true)
        {
            Assert.True(await tail.MoveNextAsync().AsTask().WaitAsync(InProcessRegion.Limit));
            if (tail.Current is CommandOutput.Row row && $"{row.Cells[1]}" == change && $"{row.Cells[3]}" == roles)
                return;
        }
    }

    private async Task<string> FailureAsync(string command, params string[] arguments) =>
        (await Assert.ThrowsAsync<CommandFailedException>(() => _region.AskSeedAsync(command, arguments))).Message;

    private static string Line(List<CommandOutput> answer) => Assert.IsType<CommandOutput.Line>(Assert.Single(answer)).Text;

    private static List<string> Rows(List<CommandOutput> answer) =>
        [.. answer.OfType<CommandOutput.Row>().Select(row => string.Join(" | ", row.Cells.Select(cell => $"{cell}")))];
}
