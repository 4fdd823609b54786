using Mesh.Messages.Control;
using Mesh.Messages.Work;
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

        foreach (var end in new[] { "Returned", "Lost", "Failed", "Answered", "Dropped" })
            Assert.Equal(1, seed.Counted[$"mesh.attempts{{{end}}}"]);
        Assert.Equal((1, 1), (seed.Counted["mesh.vehicle.departures{Vanished}"], seed.Counted["mesh.vehicle.departures{Soon}"]));
    }
}
