using System.Net;
using Akka.Actor;
using Akka.TestKit.Xunit2;
using Mesh.Hosting;
using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Seed;
using Mesh.Seed.Routing;

namespace Mesh.Actors.Tests.Routing;

/// <summary>One incarnation of the JobRouter in an ActorSystem of its own, built as a seed builds it, over a journal.</summary>
internal sealed class RouterLife : IAsyncDisposable
{
    // Generous: only a test that is about to fail waits for so long.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly RegionName Region = new("spec");

    private readonly ActorSystem _system;
    private readonly TestKit _kit;
    private readonly IActorRef _router;

    public RouterLife(JournalSettings journal, string region = "spec")
    {
        var options = new MemberOptions("127.0.0.1", IPAddress.Loopback, 0, MeshSystem.SeedRoles(Region), []);
        _system = MeshSystem.Create(options, journal.ToHocon());
        _kit = new TestKit(_system);
        var seed = new NodeAddress("akka.tcp://mesh@seed:4053", _system.GetHashCode());
        var parts = new JobRouterParts(
            new RegionName(region), seed, default, new RouterSettings(), new MonotonicClock(TimeProvider.System), new Random(1), new FleetFacts(), Work);
        _router = _system.ActorOf(Props.Create(() => new JobRouter(parts)), "router");
        _kit.Watch(_router);
    }

    public RecordedWork Work { get; } = new();

    public static FleetReport Report(string seed, long sequence, params SessionTally[] tallies) =>
        new(new NodeAddress($"akka.tcp://mesh@{seed}:4053", 1), sequence, new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero), tallies);

    public static SessionTally Tally(string vehicle, long answered) => new(new VehicleId(vehicle), new SessionEpoch(1), answered, 0, 0, null);

    public void Tell(FleetReport report) => _router.Tell(report, _kit.TestActor);

    public async Task<FleetRecords> AskAsync(FleetReport report)
    {
        Tell(report);
        return await AnswerAsync(report.Sequence);
    }

    /// <summary>The answer to this report, which is the next one.</summary>
    public async Task<FleetRecords> AnswerAsync(long sequence)
    {
        var records = await _kit.ExpectMsgAsync<FleetRecords>(Limit);
        Assert.Equal(sequence, records.Sequence);
        return records;
    }

    public async Task<RouterStatus> StatusAsync()
    {
        _router.Tell(GetRouterStatus.Instance, _kit.TestActor);
        return await _kit.ExpectMsgAsync<RouterStatus>(Limit);
    }

    /// <summary>All records, as a Dispatcher gets them that is new to this term.</summary>
    public async Task<IReadOnlyDictionary<string, long>> AnsweredAsync()
    {
        var records = await AskAsync(Report("newcomer-" + Guid.NewGuid().ToString("N"), 1));
        return records.Records.ToDictionary(record => record.Vehicle.Value, record => record.Answered);
    }

    /// <summary>The router stopped, and said nothing before it did.</summary>
    public async Task StoppedWithoutAnswerAsync()
    {
        await _kit.ExpectTerminatedAsync(_router, Limit);
        Assert.False(_kit.HasMessages);
    }

    public async ValueTask DisposeAsync() => await _system.Terminate();
}
