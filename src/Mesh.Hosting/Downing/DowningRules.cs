using System.Globalization;
using Mesh.Messages;
using Mesh.Messages.Control;

namespace Mesh.Hosting.Downing;

/// <summary>How long each kind of member may be unheard of (docs/ARCHITECTURE.md, "Who is downed").</summary>
public sealed record DowningSettings
{
    /// <summary>Seeds report to each other once in this time.</summary>
    public TimeSpan ReportInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>A seed unheard of for this long is unreachable.</summary>
    public TimeSpan SeedUnreachableAfter { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>An unreachable seed is downed after this time; a minority downs itself.</summary>
    public TimeSpan SeedDownAfter { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A vehicle without a work stream to any reachable seed is downed after this time.</summary>
    public TimeSpan VehicleDownAfter { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>A newly joined vehicle has this time to open its first work stream.</summary>
    public TimeSpan VehicleGrace { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A member that lives, but does not hear another one or is not heard by it, is downed after this time.</summary>
    public TimeSpan MuteDownAfter { get; init; } = TimeSpan.FromSeconds(20);
}

/// <summary>A cluster member as the rules see it.</summary>
/// <param name="Session">Null for a seed.</param>
/// <param name="Counts">It is Up or Leaving: a seed that does counts towards the majority.</param>
/// <param name="Age">Its place among the members by age, 0 the oldest.</param>
public sealed record ClusterMember(NodeAddress Node, (VehicleId Vehicle, SessionEpoch Epoch)? Session, bool Counts, int Age);

/// <summary>Members to down, each with its reason; or, when set, why this seed must down itself.</summary>
public sealed record DowningVerdict(IReadOnlyList<(NodeAddress Node, string Reason)> Down, string? DownSelf)
{
    public static DowningVerdict Nothing { get; } = new([], null);
}

/// <summary>How many of the seeds that count a seed reaches, itself included, and whether that makes it one of a majority.</summary>
public sealed record SeedMajority(bool Holds, int Reached, int Of)
{
    public static SeedMajority Unknown { get; } = new(true, 0, 0);
}

/// <summary>
/// Decides who is downed. Pure: fed with membership, seeds' reports and the time (since any fixed start).
/// <para>
/// Seeds are judged by seeds alone: what vehicles observe, and how often they come and go, changes nothing for a seed.
/// A vehicle is judged by its work stream, which breaks at once when it is gone, and by newer sessions of its id.
/// </para>
/// <para>
/// A connection between two members that live may be mute for good. While one of them counts as unreachable the ring agrees on nothing:
/// one has to go, a vehicle, which is back in a new session within seconds, or the younger of two seeds. What vehicles observe is
/// never a reason for a seed to go.
/// </para>
/// Told by <see cref="DowningActor"/>; why not Akka's resolver: docs/adr/0002-own-downing.md.
/// </summary>
public sealed class DowningRules(NodeAddress self, DowningSettings settings)
{
    private readonly Dictionary<NodeAddress, Known> _members = [];
    private readonly Dictionary<VehicleId, SessionEpoch> _newest = [];
    private TimeSpan? _minoritySince;
    private TimeSpan? _lastDecided;

    /// <summary>Vehicles that were downed because a member did not reach them.</summary>
    private readonly Dictionary<VehicleId, TimeSpan> _muted = [];

    /// <summary>Where it is a seed that reaches nobody, not everybody must go at once, nor again and again.</summary>
    private static readonly TimeSpan BetweenMutes = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan MuteAgain = TimeSpan.FromMinutes(10);

    /// <summary>The membership changed. Members that are Down, Exiting or Removed are not in it any more.</summary>
    public void MembersChanged(IEnumerable<ClusterMember> members, TimeSpan now)
    {
        var current = members.ToDictionary(member => member.Node);
        foreach (var gone in _members.Keys.Where(node => !current.ContainsKey(node)).ToList())
            _members.Remove(gone);
        foreach (var member in current.Values)
        {
            if (_members.TryGetValue(member.Node, out var known))
                known.Member = member;
            else
                _members[member.Node] = new Known { Member = member, FirstSeen = now };
            if (member.Session is { } session)
                NoteSession(session.Vehicle, session.Epoch);
        }

        var vehicles = current.Values.Where(m => m.Session is not null).Select(m => m.Session!.Value.Vehicle).ToHashSet();
        foreach (var gone in _newest.Keys.Where(vehicle => !vehicles.Contains(vehicle)).ToList())
            _newest.Remove(gone);
    }

    /// <summary>A seed, this one included, told that it lives and which streams it has.</summary>
    public void Reported(SeedReport report, TimeSpan now)
    {
        if (_members.TryGetValue(report.Seed, out var seed))
            seed.LastHeard = now;
        foreach (var (node, silence) in report.Heard)
        {
            if (_members.TryGetValue(node, out var other))
                other.HeardByOther = Later(other.HeardByOther, now - (silence > TimeSpan.Zero ? silence : TimeSpan.Zero));
        }

        foreach (var stream in report.Streams)
        {
            if (!_members.TryGetValue(stream.Member, out var member))
                continue;
            member.LastHeard = now;
            NoteSession(stream.Vehicle, stream.Epoch);
        }
    }

    /// <summary>What failure detectors say now.</summary>
    /// <param name="unreachable">Members that any other one cannot reach.</param>
    /// <param name="mute">Seeds that this one cannot.</param>
    public void Observed(IReadOnlySet<NodeAddress> unreachable, IReadOnlySet<NodeAddress> mute, TimeSpan now)
    {
        foreach (var (node, known) in _members)
        {
            known.UnreachableSince = unreachable.Contains(node) ? known.UnreachableSince ?? now : null;
            known.MuteSince = mute.Contains(node) ? known.MuteSince ?? now : null;
        }
    }

    /// <summary>To be asked at least twice in a <see cref="DowningSettings.SeedUnreachableAfter"/>.</summary>
    public DowningVerdict Decide(TimeSpan now)
    {
        if (_lastDecided is { } last && now - last >= settings.SeedUnreachableAfter)
            ForgiveSilence(now - last, now);
        _lastDecided = now;
        if (!_members.TryGetValue(self, out var me))
            return DowningVerdict.Nothing;
        var seeds = _members.Values.Where(known => known.Member.Session is null).ToList();
        if (!MajorityOf(seeds, now).Holds)
        {
            _minoritySince ??= now;
            return now - _minoritySince < settings.SeedDownAfter
                ? DowningVerdict.Nothing
                : new DowningVerdict([], $"this seed has reached no majority of the {seeds.Count} seeds for {Seconds(settings.SeedDownAfter)}");
        }

        _minoritySince = null;
        var mute = seeds.Where(seed => MuteFor(seed, now) >= settings.MuteDownAfter).ToList();
        var (counting, unreached) = (seeds.Count(seed => seed.Member.Counts), mute.Count(seed => seed.Member.Counts));
        if ((counting - unreached) * 2 < counting)
            return new DowningVerdict([], $"{unreached} of the {counting} seeds live, but this one and they have not reached each other for {Seconds(settings.MuteDownAfter)}");
        // Of two the younger goes, and the older says so. It may not see what the younger does: then that goes by itself.
        var older = mute.Where(seed => seed.Member.Age < me.Member.Age).ToList();
        if (older.Exists(seed => MuteFor(seed, now) >= 2 * settings.MuteDownAfter))
            return new DowningVerdict([], $"this seed and an older one, which lives, have not reached each other for {Seconds(2 * settings.MuteDownAfter)}");
        List<(NodeAddress Node, string Reason)> down = [];
        if (older.Count == 0)
            down.AddRange(mute.Select(seed => (seed.Member.Node, $"seed lives, but this one and it have not reached each other for {Seconds(MuteFor(seed, now))}")));
        // One seed acts, so that a verdict is logged once; two acting at the edge of a change do no harm.
        var acting = seeds.Where(known => known.Member.Counts && (known.Member.Node == self || SilenceToAll(known, now) < settings.SeedUnreachableAfter + settings.ReportInterval))
            .Min(known => Order(known.Member.Node));
        if (acting == Order(self))
        {
            down.AddRange(seeds.Where(seed => IsLostSeed(seed, now)).Select(seed => (seed.Member.Node, $"seed unheard of for {Seconds(Silence(seed, now))}")));
            down.AddRange(_members.Values.Select(known => (known.Member.Node, Reason: WhyDownVehicle(known, now)))
                .Where(verdict => verdict.Reason is not null)
                .Select(verdict => (verdict.Node, verdict.Reason!)));
            if (MuteVehicle(down, now) is { } vehicle)
                down.Add(vehicle);
        }

        return down.Count == 0 ? DowningVerdict.Nothing : new DowningVerdict(down, null);
    }

    /// <summary>Whether this seed reaches a majority now. While it does not it will down itself.</summary>
    public SeedMajority Majority(TimeSpan now) =>
        _members.ContainsKey(self) ? MajorityOf([.. _members.Values.Where(known => known.Member.Session is null)], now) : SeedMajority.Unknown;

    /// <summary>More than half of the seeds that count, or half of them with the one that sorts first.</summary>
    private SeedMajority MajorityOf(List<Known> seeds, TimeSpan now)
    {
        var counting = seeds.Where(known => known.Member.Counts).ToList();
        if (counting.Count == 0)
            return SeedMajority.Unknown; // Still joining: nobody to be a majority of.
        var here = counting.Count(known => !IsUnreachable(known, now));
        var holds = here * 2 > counting.Count
            || (here * 2 == counting.Count && !IsUnreachable(counting.MinBy(known => Order(known.Member.Node), StringComparer.Ordinal)!, now));
        return new SeedMajority(holds, here, counting.Count);
    }

    /// <summary>
    /// This process itself stood still (a suspended machine): reports that came meanwhile are still to be read, so nobody's
    /// silence in that time means anything.
    /// </summary>
    private void ForgiveSilence(TimeSpan gap, TimeSpan now)
    {
        foreach (var known in _members.Values)
        {
            known.FirstSeen = Forgiven(known.FirstSeen);
            known.LastHeard = Forgive(known.LastHeard);
            known.HeardByOther = Forgive(known.HeardByOther);
            known.UnreachableSince = Forgive(known.UnreachableSince);
            known.MuteSince = Forgive(known.MuteSince);
        }

        _minoritySince = Forgive(_minoritySince);

        // What was noted after it stood still is no older for that.
        TimeSpan Forgiven(TimeSpan since) => since + gap < now ? since + gap : now;

        TimeSpan? Forgive(TimeSpan? since) => since is { } at ? Forgiven(at) : null;
    }

    private bool IsUnreachable(Known seed, TimeSpan now) =>
        seed.Member.Node != self && Silence(seed, now) >= settings.SeedUnreachableAfter;

    /// <summary>Nobody hears it, as far as this seed is told.</summary>
    private bool IsLostSeed(Known seed, TimeSpan now) =>
        seed.Member.Node != self && SilenceToAll(seed, now) >= settings.SeedUnreachableAfter + settings.SeedDownAfter;

    /// <summary>A seed, by this one's own ears and by what others report.</summary>
    private static TimeSpan SilenceToAll(Known seed, TimeSpan now) => now - Later(seed.HeardByOther, seed.LastHeard ?? seed.FirstSeen);

    /// <summary>How long this seed and another have not reached each other: by the failure detector, which goes both ways, or by its reports.</summary>
    private TimeSpan MuteFor(Known seed, TimeSpan now)
    {
        if (seed.Member.Node == self)
            return TimeSpan.Zero;
        var (detected, silence) = (now - seed.MuteSince ?? TimeSpan.Zero, Silence(seed, now));
        return detected > silence ? detected : silence;
    }

    /// <summary>
    /// The one of those with a work stream that has been unreachable to somebody for longest, if it is time for one. Each vehicle once in a
    /// while: one whose next session is as mute is not to blame, but whoever does not reach it.
    /// </summary>
    private (NodeAddress Node, string Reason)? MuteVehicle(List<(NodeAddress Node, string Reason)> others, TimeSpan now)
    {
        foreach (var (vehicle, at) in _muted.ToList())
        {
            if (now - at >= MuteAgain)
                _muted.Remove(vehicle);
        }

        if (_muted.Count > 0 && now - _muted.Values.Max() < BetweenMutes)
            return null;
        var mute = _members.Values
            .Where(known => known.Member.Session is { } session && known.LastHeard is not null && now - known.UnreachableSince >= settings.MuteDownAfter
                && !_muted.ContainsKey(session.Vehicle) && !others.Exists(other => other.Node == known.Member.Node))
            .MinBy(known => known.UnreachableSince);
        if (mute is null)
            return null;
        var id = mute.Member.Session!.Value.Vehicle;
        _muted[id] = now;
        return (mute.Member.Node, $"{id} has its work stream, but another member has not reached it for {Seconds(now - mute.UnreachableSince!.Value)}");
    }

    private string? WhyDownVehicle(Known known, TimeSpan now)
    {
        if (known.Member.Session is not { } session)
            return null;
        if (_newest.TryGetValue(session.Vehicle, out var newest) && session.Epoch < newest)
            return $"session {session.Epoch} of {session.Vehicle} was superseded by session {newest}";
        var silence = Silence(known, now);
        if (known.LastHeard is null)
        {
            return silence < settings.VehicleGrace
                ? null
                : $"{session.Vehicle} joined {Seconds(silence)} ago and opened no work stream";
        }

        return silence < settings.VehicleDownAfter
            ? null
            : $"no reachable seed has had the work stream of {session.Vehicle} for {Seconds(silence)}";
    }

    private void NoteSession(VehicleId vehicle, SessionEpoch epoch)
    {
        if (!_newest.TryGetValue(vehicle, out var newest) || newest < epoch)
            _newest[vehicle] = epoch;
    }

    private static TimeSpan Later(TimeSpan? one, TimeSpan other) => one > other ? one.Value : other;

    private static TimeSpan Silence(Known known, TimeSpan now) => now - (known.LastHeard ?? known.FirstSeen);

    private static string Order(NodeAddress node) => string.Create(CultureInfo.InvariantCulture, $"{node.Address}#{node.Uid}");

    private static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.#} s");

    private sealed class Known
    {
        public required ClusterMember Member { get; set; }

        public required TimeSpan FirstSeen { get; set; }

        public TimeSpan? LastHeard { get; set; }

        /// <summary>A seed, by another seed's report.</summary>
        public TimeSpan? HeardByOther { get; set; }

        /// <summary>To any member.</summary>
        public TimeSpan? UnreachableSince { get; set; }

        /// <summary>To this seed.</summary>
        public TimeSpan? MuteSince { get; set; }
    }
}
