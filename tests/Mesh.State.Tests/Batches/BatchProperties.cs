using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Mesh.Messages.Control;

namespace Mesh.State.Tests.Batches;

/// <summary>What must hold of batches whatever happens, in whatever order.</summary>
public sealed class BatchProperties
{
    private const int Steps = 400;

    [Property(MaxTest = 150)]
    public Property Every_accepted_line_is_answered_once_also_when_the_router_dies_at_any_event() =>
        Prop.ForAll(Gen.Choose(1, int.MaxValue - 1).ToArbitrary(), seed => Play(seed).Finish());

    [Property(MaxTest = 20)]
    public Property The_same_seed_gives_the_same_journal() =>
        Prop.ForAll(Gen.Choose(1, int.MaxValue - 1).ToArbitrary(), seed => Assert.Equal(Play(seed).Transcript, Play(seed).Transcript));

    /// <summary>That the property above walks the ways it claims to.</summary>
    [Fact]
    public void The_simulation_reaches_every_way()
    {
        var happened = new Dictionary<string, int>();
        var journaled = new HashSet<Type>();
        for (var seed = 1; seed <= 60; seed++)
        {
            var region = Play(seed, 3 * Steps);
            region.Finish();
            journaled.UnionWith(region.Journal.Select(change => change.GetType()));
            foreach (var (what, count) in region.Happened)
                happened[what] = happened.GetValueOrDefault(what) + count;
        }

        string[] ways =
        [
            "router died", "router died in recovery", "run failed", "vehicle Vanished", "vehicle Planned", "handed back", "line given up", "line failed for good",
            "vehicle killed by a line", "killer stopped", "model away", "counted for its end",
            "result Accepted", "result Duplicate", "result stale", "created", "created before", "blobs removed", "refused Conflict",
            "ended Completed", "ended Cancelled", "ended Expired", "ended Failed",
        ];
        Assert.Empty(ways.Except(happened.Keys));
        var events = typeof(IBatchEvent).Assembly.GetTypes().Where(type => type is { IsInterface: false } && type.IsAssignableTo(typeof(IBatchEvent)));
        Assert.Empty(events.Except(journaled));
    }

    private static SimulatedRegion Play(int seed, int steps = Steps)
    {
        var region = new SimulatedRegion(seed);
        for (var step = 0; step < steps; step++)
            region.Step();
        return region;
    }
}
