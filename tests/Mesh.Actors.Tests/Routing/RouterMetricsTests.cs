using Mesh.Messages.Control;
using Mesh.Messages.Work;
using Mesh.Seed.Routing;
using Mesh.Seed.Routing.History;

namespace Mesh.Actors.Tests.Routing;

public sealed class RouterMetricsTests
{
    [Fact]
    public async Task Attempts_are_counted_by_their_end_and_departures_by_their_kind()
    {
        await using var seed = new DispatcherFixture();
        await seed.StartedAsync();
        var first = seed.Connect("V-1");
        var asking = seed.InferAsync();
        first.Refuse(await first.RequestAsync(), AttemptStatus.AttemptHandedBack);
        await first.RequestAsync();
        first.Disconnect();
        var second = seed.Connect("V-2");
        second.Refuse(await second.RequestAsync(), AttemptStatus.AttemptFailed);
        second.Answer(await second.RequestAsync(), 1);
        await asking;
        second.Stream.Farewell = new Farewell("soon", []);
        second.Disconnect(DepartureKind.Planned);
        var third = seed.Connect("V-3");
        using var away = new CancellationTokenSource();
        var dropped = seed.InferAsync(cancellation: away.Token);
        await third.RequestAsync();
        await away.CancelAsync();
        await dropped;

        // What failed has a class of failure beside the end.
        foreach (var end in new[] { "returned|returned", "lost|lost", "failed|failed", "answered", "dropped" })
            Assert.Equal(1, seed.Counted[$"mesh.attempts{{{end}}}"]);
        Assert.Equal((1, 1), (seed.Counted["mesh.vehicle.departures{vanished}"], seed.Counted["mesh.vehicle.departures{soon}"]));
    }

    [Fact]
    public async Task Streams_that_a_seed_ends_as_it_leaves_are_no_departures()
    {
        await using var seed = new DispatcherFixture();
        await seed.StartedAsync();
        var (first, second) = (seed.Connect("V-1"), seed.Connect("V-2"));
        seed.Table.Leave();
        first.Disconnect();
        second.Disconnect(DepartureKind.Planned);
        await seed.Kit.AwaitConditionAsync(() => Task.FromResult(seed.Counted.ContainsKey("mesh.vehicle.departures{planned}")), TimeSpan.FromSeconds(60));
        Assert.DoesNotContain("mesh.vehicle.departures{vanished}", seed.Counted.Keys);
    }

    [Fact]
    public async Task Whom_the_request_table_turns_away_is_counted()
    {
        await using var seed = new DispatcherFixture(limits: new RequestTableLimits(MaxRequests: 1));
        await seed.StartedAsync();
        var vehicle = seed.Connect("V-1");
        var taken = seed.InferAsync();
        await vehicle.RequestAsync();
        Assert.Equal(RequestOutcome.Overloaded, (await seed.InferAsync()).Outcome);
        seed.Table.FailAll("ended");
        Assert.Equal(RequestOutcome.Unavailable, (await taken).Outcome);
        Assert.Equal(RequestOutcome.Unavailable, (await seed.InferAsync()).Outcome);

        Assert.Equal((1, 1), (seed.Counted["mesh.requests.refused{table_full}"], seed.Counted["mesh.requests.refused{not_member}"]));
        Assert.Equal((1, 2), (seed.Counted["mesh.requests{overloaded|overloaded}"], seed.Counted["mesh.requests{unavailable|unavailable}"]));
    }
}
