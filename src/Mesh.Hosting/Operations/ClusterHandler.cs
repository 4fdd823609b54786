using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Akka.Actor;
using Akka.Cluster;
using Mesh.Messages;
using Mesh.Operations;
using Mesh.Operations.Palettes;

namespace Mesh.Hosting.Operations;

/// <summary>Answers <see cref="ClusterPalette"/>.</summary>
public sealed class ClusterHandler(IClusterMember self, TimeProvider time) : ICommandHandler, ICompletionSource
{
    /// <summary>Changes that wait for a slow operator; beyond, the oldest are left out.</summary>
    private const int MaxWaiting = 1000;

    public CommandPalette Palette => ClusterPalette.Palette;

    public IAsyncEnumerable<CommandOutput> RunAsync(CommandCall call, CancellationToken cancellation)
    {
        var cluster = Cluster.Get(self.Running());
        return call.Command switch
        {
            "show" => Show(cluster, call.Has("all-roles")).ToAsyncEnumerable(),
            "status" => Status(cluster).ToAsyncEnumerable(),
            "join" => Join(cluster, call["address"]).ToAsyncEnumerable(),
            "leave" => Leave(cluster, call.Find("address")).ToAsyncEnumerable(),
            "down" => Down(cluster, [Find(cluster, call["address"])]).ToAsyncEnumerable(),
            "down-unreachable" => Down(cluster, [.. cluster.State.Unreachable]).ToAsyncEnumerable(),
            "tail" => TailAsync(cluster, cancellation),
            _ => throw new CommandFailedException($"'{call.Command}' is no command of this palette"),
        };
    }

    /// <summary>Addresses as they are shown, vehicles' names, and for who begins an address without its scheme, that.</summary>
    public Task<IEnumerable<string>> CompleteAsync(SoughtValue sought, CancellationToken cancellation)
    {
        var members = Cluster.Get(self.Running()).State.Members;
        var names = members.Select(member => member.Address.ToString()).Concat(MeshSystem.VehiclesOf(members));
        return Task.FromResult(sought.Begun.Length > 0 ? names.Concat(members.Select(member => member.Address.HostPort())) : names);
    }

    private static IEnumerable<CommandOutput> Show(Cluster cluster, bool allRoles)
    {
        var state = cluster.State;
        yield return new CommandOutput.Table(["address", "roles", "status", "reachability", "version"]) { IsBare = true };
        // Where not all are looked at, those come first that matter most.
        foreach (var member in state.Members.OrderBy(member => member.HasRole(MeshSystem.SeedRole) ? 0 : state.Unreachable.Contains(member) ? 1 : 2))
        {
            yield return CommandOutput.RowOf(
                member.Address.ToString(),
                Roles(member, allRoles),
                NameOf(member.Status),
                state.Unreachable.Contains(member) ? "unreachable" : "",
                member.AppVersion.Version);
        }

        yield return new CommandOutput.Line($"Count: {state.Members.Count} {(state.Members.Count == 1 ? "node" : "nodes")}");
    }

    /// <summary>Every member also has the roles of the mesh, of its region and of its session, which tell none from another.</summary>
    private static string Roles(Member member, bool all)
    {
        IEnumerable<string> roles = all ? member.Roles.Order(StringComparer.Ordinal)
            : MeshSystem.SessionOf(member) is { } session ? [MeshSystem.VehicleRole, session.Vehicle.Value]
            : [MeshSystem.SeedRole];
        return $"[{string.Join(", ", roles)}]";
    }

    private static IEnumerable<CommandOutput> Status(Cluster cluster)
    {
        var state = cluster.State;
        var seeds = state.Members.Where(member => member.HasRole(MeshSystem.SeedRole)).ToList();
        yield return new CommandOutput.Table(["member", "value"]);
        yield return Fact("address", cluster.SelfAddress.ToString());
        yield return Fact("status", NameOf(cluster.SelfMember.Status));
        yield return Fact("roles", Roles(cluster.SelfMember, all: true));
        yield return Fact("version", cluster.SelfMember.AppVersion.Version);
        yield return Fact("leader", state.Leader?.ToString() ?? "none: not all members agree");
        // The cluster's singletons, the job router among them, are at the oldest.
        yield return Fact("oldest seed", seeds.OrderBy(seed => seed, Member.AgeOrdering).FirstOrDefault()?.Address.ToString() ?? "none");
        yield return Fact("seeds", seeds.Count);
        yield return Fact("vehicles", state.Members.Count - seeds.Count);
        yield return Fact("unreachable", state.Unreachable.Count);
        foreach (var group in state.Members.GroupBy(member => member.Status).OrderBy(group => group.Key))
            yield return Fact($"members {NameOf(group.Key)}", group.Count());

        static CommandOutput Fact(string name, JsonNode value) => CommandOutput.RowOf(name, value);
    }

    private static IEnumerable<CommandOutput> Join(Cluster cluster, string text)
    {
        if (!Address.TryParse(text, out var address) || address.Host is null)
            throw new CommandFailedException($"'{text}' is no address of a member: it looks like {cluster.SelfAddress}");
        if (cluster.State.Members.Any(member => member.UniqueAddress == cluster.SelfUniqueAddress))
            throw new CommandFailedException("this process is a member already: it must leave first, and starts anew to join another cluster");
        cluster.Join(address);
        yield return new CommandOutput.Line($"asked {address} to take this member in: 'cluster tail' shows what comes of it");
    }

    private static IEnumerable<CommandOutput> Leave(Cluster cluster, string? text)
    {
        var member = text is null ? cluster.SelfMember : Find(cluster, text);
        if (member.Status is not (MemberStatus.Up or MemberStatus.WeaklyUp or MemberStatus.Joining))
            throw new CommandFailedException($"{member.Address} is {NameOf(member.Status)} already");
        cluster.Leave(member.Address);
        yield return new CommandOutput.Line($"{member.Address} leaves: 'cluster tail' shows when it has left");
    }

    private static IEnumerable<CommandOutput> Down(Cluster cluster, IReadOnlyList<Member> members)
    {
        foreach (var member in members)
        {
            cluster.Down(member.Address);
            yield return new CommandOutput.Line($"{member.Address} {Roles(member, all: false)} is downed");
        }

        if (members.Count == 0)
            yield return new CommandOutput.Line("every member is reachable from here: nothing to down");
    }

    /// <summary>By address, with or without its scheme, or by a vehicle's name.</summary>
    private static Member Find(Cluster cluster, string text)
    {
        var members = cluster.State.Members;
        return members.FirstOrDefault(member => member.Address.ToString() == text || member.Address.HostPort() == text)
            ?? members.Where(member => MeshSystem.SessionOf(member)?.Vehicle.Value == text).MaxBy(member => MeshSystem.SessionOf(member)!.Value.Epoch)
            ?? throw new CommandFailedException($"'{text}' is no member: 'cluster show' lists the {members.Count} there are");
    }

    private async IAsyncEnumerable<CommandOutput> TailAsync(Cluster cluster, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var changes = Channel.CreateBounded<Change>(
            new BoundedChannelOptions(MaxWaiting) { FullMode = BoundedChannelFullMode.DropOldest });
        var listener = cluster.System.ActorOf(Props.Create(() => new Listener(cluster, time, changes.Writer)));
        try
        {
            yield return new CommandOutput.Table(["time", "change", "address", "roles"]);
            await foreach (var change in changes.Reader.ReadAllAsync(cancellation))
            {
                if (Row(change) is { } row)
                    yield return row;
            }

            yield return new CommandOutput.Line("this member has left its cluster");
        }
        finally
        {
            cluster.System.Stop(listener);
        }
    }

    private static CommandOutput.Row? Row(Change change)
    {
        var time = change.At.UtcDateTime.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);
        return change.Event switch
        {
            ClusterEvent.IMemberEvent happened => CommandOutput.RowOf(
                time, NameOf(happened.Member.Status), happened.Member.Address.ToString(), Roles(happened.Member, all: false)),
            ClusterEvent.UnreachableMember lost => CommandOutput.RowOf(time, "unreachable", lost.Member.Address.ToString(), Roles(lost.Member, all: false)),
            ClusterEvent.ReachableMember found => CommandOutput.RowOf(time, "reachable", found.Member.Address.ToString(), Roles(found.Member, all: false)),
            ClusterEvent.LeaderChanged leader => CommandOutput.RowOf(time, "leader", leader.Leader?.ToString() ?? "none", ""),
            _ => null,
        };
    }

    private static string NameOf(MemberStatus status) => status == MemberStatus.WeaklyUp ? "weakly-up" : status.ToString().ToLowerInvariant();

    /// <param name="At">When this process heard of it.</param>
    private readonly record struct Change(DateTimeOffset At, ClusterEvent.IClusterDomainEvent Event);

    /// <summary>Hears of the state of now first, as one event a member.</summary>
    private sealed class Listener : ReceiveActor
    {
        private readonly Cluster _cluster;
        private readonly ChannelWriter<Change> _changes;

        public Listener(Cluster cluster, TimeProvider time, ChannelWriter<Change> changes)
        {
            (_cluster, _changes) = (cluster, changes);
            Receive<ClusterEvent.IClusterDomainEvent>(change => _changes.TryWrite(new Change(time.GetUtcNow(), change)));
        }

        protected override void PreStart() => _cluster.Subscribe(
            Self,
            ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents,
            [typeof(ClusterEvent.IMemberEvent), typeof(ClusterEvent.IReachabilityEvent), typeof(ClusterEvent.LeaderChanged)]);

        protected override void PostStop()
        {
            _cluster.Unsubscribe(Self);
            _changes.TryComplete();
        }
    }
}
