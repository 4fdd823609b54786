using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Seed.WorkStreams;

namespace Mesh.State.Tests.WorkStreams;

public sealed class WorkStreamRegistryTests
{
    private readonly WorkStreamRegistry _registry = new();
    private readonly List<long> _announced = [];
    private readonly List<long> _aborted = [];

    [Fact]
    public void The_newest_session_wins_and_the_one_it_replaces_is_ended()
    {
        var (older, newer) = (Stream("V-1", 5), Stream("V-1", 6));
        Assert.Null(Register(older));
        Assert.Null(Register(newer));
        Assert.Equal([older.Id], _aborted);
        Assert.Equal("session 5 of V-1 is older than session 6, which is here", Register(Stream("V-1", 5)));
        Assert.Equal([older.Id, newer.Id], _announced);
        Assert.Equal([Entry(newer)], _registry.Sessions);
        Assert.Equal([newer], _registry.Streams);
    }

    [Fact]
    public void A_session_that_dials_again_replaces_its_own_stream()
    {
        var (first, second) = (Stream("V-1", 5), Stream("V-1", 5));
        Assert.Null(Register(first));
        Assert.Null(Register(second));
        Assert.Equal([first.Id], _aborted);
        // The first one's late end leaves the second registered.
        _registry.Unregister(first);
        Assert.Equal([Entry(second)], _registry.Sessions);
        Assert.Same(second, _registry.Find(second.Id));
        Assert.Null(_registry.Find(first.Id));
    }

    [Fact]
    public void A_leaving_seed_ends_its_streams_and_takes_no_more()
    {
        var stream = Stream("V-1", 1);
        Register(stream);
        _registry.Close();
        Assert.Equal([stream.Id], _aborted);
        Assert.Equal("this seed is leaving its region", Register(Stream("V-2", 1)));
    }

    /// <summary>Else the router could hold a stream that is ended already, and miss the one that lives.</summary>
    [Fact]
    public async Task Streams_are_announced_in_the_order_of_their_registration()
    {
        var (first, second) = (Stream("V-1", 1), Stream("V-1", 2));
        Task<string?>? other = null;
        _registry.TryRegister(first, () =>
        {
            using var running = new ManualResetEventSlim();
            other = Task.Run(() =>
            {
                running.Set();
                return Register(second);
            });
            running.Wait();
            // With registration and word apart, the second would be through by now or soon.
            SpinWait.SpinUntil(() => _announced.Count > 0, TimeSpan.FromMilliseconds(50));
            _announced.Add(first.Id);
        });
        Assert.Null(await other!);
        Assert.Equal([first.Id, second.Id], _announced);
    }

    private static StreamEntry Entry(WorkStreamConnection stream) => new(stream.Session.Vehicle, stream.Session.Epoch, stream.Session.Member);

    private string? Register(WorkStreamConnection stream) => _registry.TryRegister(stream, () => _announced.Add(stream.Id));

    private WorkStreamConnection Stream(string vehicle, ulong epoch)
    {
        var id = _registry.NextId();
        var member = new NodeAddress("akka.tcp://mesh@car:1", (int)epoch);
        var session = new StreamSession(new VehicleId(vehicle), new SessionEpoch(epoch), member, default, "");
        return new WorkStreamConnection(id, session, () => _aborted.Add(id));
    }
}
