using Mesh.Hosting.Downing;
using Mesh.Messages;
using Mesh.Messages.Control;

namespace Mesh.State.Tests.Hosting;

/// <summary>A region as one seed's downing rules see it, on a clock of our own: seeds 'S0'… and vehicles 'V-1'….</summary>
internal sealed class DowningRegion
{
    private readonly List<ClusterMember> _members;
    private readonly DowningRules _rules;
    private readonly HashSet<NodeAddress> _downed = [];
    private TimeSpan _now;

    /// <param name="counting">The first so many seeds are Up, the others still joining.</param>
    public DowningRegion(int seeds, string self = "S0", int? counting = null)
    {
        _rules = new DowningRules(Seed(self), new DowningSettings());
        _members = [.. Enumerable.Range(0, seeds).Select(i => SeedMember($"S{i}", i < (counting ?? seeds), age: i))];
        _rules.MembersChanged(_members, TimeSpan.Zero);
    }

    public SeedMajority Majority => _rules.Majority(_now);

    public DowningVerdict Verdict => _rules.Decide(_now);

    public static NodeAddress Seed(string name) => new($"akka.tcp://mesh@{name}:4053", 1);

    public static ClusterMember SeedMember(string name, bool counts = true, int age = 0) => new(Seed(name), null, counts, age);

    public static ClusterMember Vehicle(int number, ulong epoch) => new(
        new NodeAddress($"akka.tcp://mesh@car{number}:{epoch}", (int)epoch), (new VehicleId($"V-{number}"), new SessionEpoch(epoch)), true, 100 + number);

    public void Join(double seconds, params ClusterMember[] members)
    {
        _members.AddRange(members);
        Changed(seconds);
    }

    public void Leave(double seconds, ClusterMember member)
    {
        _members.Remove(member);
        Changed(seconds);
    }

    public void Hear(double seconds, params string[] seeds)
    {
        foreach (var seed in seeds)
            HearStreams(seconds, seed);
    }

    public void HearStreams(double seconds, string seed, params ClusterMember[] vehicles) =>
        _rules.Reported(
            new SeedReport(Seed(seed), [.. vehicles.Select(v => new StreamEntry(v.Session!.Value.Vehicle, v.Session.Value.Epoch, v.Node))]),
            TimeSpan.FromSeconds(seconds));

    /// <summary>Lets the time pass, with reports of these seeds and a verdict every half second, as the actor does; the last verdict.</summary>
    public DowningVerdict Until(double seconds, string[] hear, NodeAddress? alsoHear = null)
    {
        var end = TimeSpan.FromSeconds(seconds);
        while (true)
        {
            Hear(_now.TotalSeconds, hear);
            if (alsoHear is { } other)
                _rules.Reported(new SeedReport(other, []), _now);
            var verdict = Verdict;
            if (_now >= end)
                return verdict;
            _now = TimeSpan.FromTicks(Math.Min(end.Ticks, (_now + TimeSpan.FromSeconds(0.5)).Ticks));
        }
    }

    /// <summary>The same with the streams of these vehicles at seed S1, all seeds reporting, and what failure detectors say meanwhile.</summary>
    public DowningVerdict Until(double seconds, ClusterMember[] streams, NodeAddress[] unreachable, NodeAddress[]? mute = null)
    {
        var verdict = DowningVerdict.Nothing;
        for (var end = TimeSpan.FromSeconds(seconds); _now < end;)
        {
            _now += TimeSpan.FromSeconds(0.5);
            Hear(_now.TotalSeconds, "S0", "S2");
            HearStreams(_now.TotalSeconds, "S1", streams);
            _rules.Observed(unreachable.ToHashSet(), (mute ?? []).ToHashSet(), _now);
            verdict = Verdict;
            _downed.UnionWith(verdict.Down.Select(down => down.Node));
        }

        return verdict;
    }

    public bool HasDowned(NodeAddress node) => _downed.Contains(node);

    /// <summary>The seed's process is suspended until then.</summary>
    public void StandStill(double seconds) => _now = TimeSpan.FromSeconds(seconds);

    private void Changed(double seconds) => _rules.MembersChanged(_members, TimeSpan.FromSeconds(seconds));
}
