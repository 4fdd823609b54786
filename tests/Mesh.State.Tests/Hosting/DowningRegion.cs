using Mesh.Hosting.Downing;
using Mesh.Messages;
using Mesh.Messages.Control;

namespace Mesh.State.Tests.Hosting;

/// <summary>A region as one seed's downing rules see it, on a clock of our own: seeds 'S0'… and vehicles 'V-1'….</summary>
internal sealed class DowningRegion
{
    private readonly List<ClusterMember> _members;
    private readonly DowningRules _rules;
    private readonly NodeAddress _self;
    private readonly HashSet<NodeAddress> _downed = [];
    private bool _ended;
    private TimeSpan _now;

    /// <param name="counting">The first so many seeds are Up, the others still joining.</param>
    public DowningRegion(int seeds, string self = "S0", int? counting = null)
    {
        _self = Seed(self);
        _rules = new DowningRules(_self, new DowningSettings());
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
            new SeedReport(Seed(seed), [.. vehicles.Select(v => new StreamEntry(v.Session!.Value.Vehicle, v.Session.Value.Epoch, v.Node))], []),
            TimeSpan.FromSeconds(seconds));

    /// <summary>Lets the time pass, with reports of these seeds and a verdict every half second, as the actor does; the last verdict.</summary>
    public DowningVerdict Until(double seconds, string[] hear, NodeAddress? alsoHear = null)
    {
        var end = TimeSpan.FromSeconds(seconds);
        while (true)
        {
            Hear(_now.TotalSeconds, hear);
            if (alsoHear is { } other)
                _rules.Reported(new SeedReport(other, [], []), _now);
            var verdict = Verdict;
            if (_now >= end)
                return verdict;
            _now = TimeSpan.FromTicks(Math.Min(end.Ticks, (_now + TimeSpan.FromSeconds(0.5)).Ticks));
        }
    }

    /// <summary>The same with the streams of these vehicles at seed S1, or S2 where that is mute, the other seeds reporting, and what failure detectors say meanwhile.</summary>
    /// <param name="mute">Seeds that this one neither hears nor reaches, while the others do.</param>
    public DowningVerdict Until(double seconds, ClusterMember[] streams, NodeAddress[] unreachable, NodeAddress[]? mute = null)
    {
        var verdict = DowningVerdict.Nothing;
        NodeAddress[] silent = mute ?? [];
        for (var end = TimeSpan.FromSeconds(seconds); _now < end;)
        {
            _now += TimeSpan.FromSeconds(0.5);
            foreach (var seed in _members.Where(member => member.Session is null && !silent.Contains(member.Node)))
            {
                var entries = seed.Node == Seed(silent.Contains(Seed("S1")) ? "S2" : "S1") ? streams : [];
                _rules.Reported(
                    new SeedReport(
                        seed.Node,
                        [.. entries.Select(v => new StreamEntry(v.Session!.Value.Vehicle, v.Session.Value.Epoch, v.Node))],
                        seed.Node == _self ? [] : [.. silent.Select(other => new HeardSeed(other, TimeSpan.FromSeconds(0.5)))]),
                    _now);
            }

            _rules.Observed(unreachable.ToHashSet(), silent.ToHashSet(), _now);
            verdict = Verdict;
            _downed.UnionWith(verdict.Down.Select(down => down.Node));
            _ended |= verdict.DownSelf is not null;
        }

        return verdict;
    }

    /// <summary>In any step so far, this seed itself included.</summary>
    public bool HasDownedAnybody => _downed.Count > 0 || _ended;

    public bool HasDowned(NodeAddress node) => _downed.Contains(node);

    public bool HasEnded => _ended;

    /// <summary>Another seed's report of which seeds it hears, and how long ago.</summary>
    public void HearOf(double seconds, string reporter, params (string Seed, double Silence)[] heard) =>
        _rules.Reported(
            new SeedReport(Seed(reporter), [], [.. heard.Select(other => new HeardSeed(Seed(other.Seed), TimeSpan.FromSeconds(other.Silence)))]),
            TimeSpan.FromSeconds(seconds));

    public void Observed(double seconds, params NodeAddress[] mute) => _rules.Observed(mute.ToHashSet(), mute.ToHashSet(), TimeSpan.FromSeconds(seconds));

    /// <summary>The seed's process is suspended until then.</summary>
    public void StandStill(double seconds) => _now = TimeSpan.FromSeconds(seconds);

    private void Changed(double seconds) => _rules.MembersChanged(_members, TimeSpan.FromSeconds(seconds));
}
