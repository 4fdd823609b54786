namespace Mesh.Seed.Routing.Queueing;

/// <summary>
/// The requests that wait for a vehicle, and whose turn it is: the highest priority level first; within it the client with
/// the fewest requests out on vehicles, then the one served longest ago; of one client the earliest deadline. So a client
/// that floods the seed delays itself, and a client alone gets plain earliest-deadline-first. Requests stand in lanes by
/// what they need (level, client, model, with or without a radius): one that no vehicle can take now holds up its own lane
/// only. Pure; each change in O(log n) for one client's few lanes.
/// </summary>
internal sealed class WaitingRoom
{
    /// <summary>Requests with a radius that are looked at in one lane, and in all lanes of one model: each may be in reach of another vehicle.</summary>
    private const int LaneLooks = 4;

    private const int GroupLooks = 16;

    private readonly Level[] _levels = [.. Enumerable.Range(0, PriorityLevel.Lowest + 1).Select(_ => new Level())];
    private readonly Dictionary<ulong, Client> _clients = [];
    private long _turn;

    public int Count { get; private set; }

    /// <summary>Clients that have a request waiting or out on a vehicle.</summary>
    public int Clients => _clients.Count;

    public int CountAt(int level) => _levels[level].Count;

    public int WaitingOf(ulong client) => _clients.TryGetValue(client, out var known) ? known.Waiting : 0;

    public bool Knows(ulong client) => _clients.ContainsKey(client);

    public void Enter(RoutedRequest request)
    {
        var client = ClientOf(request);
        var key = (request.Level, Group.Of(request));
        if (!client.Lanes.TryGetValue(key, out var lane))
            client.Lanes.Add(key, lane = new Lane(client));
        var level = _levels[request.Level];
        level.Unlink(key.Item2, lane);
        lane.Requests.Add(KeyOf(request));
        level.Link(key.Item2, lane);
        if (client.WaitingAt[request.Level]++ == 0)
            level.Clients++;
        level.Count++;
        client.Waiting++;
        Count++;
    }

    /// <summary>Its turn has come: it counts as out on a vehicle until it is released or enters again.</summary>
    public void Dispatch(RoutedRequest request)
    {
        Take(request);
        var client = ClientOf(request);
        UnlinkAll(client);
        client.Outstanding++;
        client.Served = ++_turn;
        LinkAll(client);
    }

    /// <summary>A request that was out on a vehicle is not any more.</summary>
    public void Release(RoutedRequest request)
    {
        var client = ClientOf(request);
        UnlinkAll(client);
        client.Outstanding--;
        LinkAll(client);
        Forget(client);
    }

    /// <summary>It ends without having had its turn.</summary>
    public void Leave(RoutedRequest request)
    {
        Take(request);
        Forget(ClientOf(request));
    }

    /// <summary>Requests that get their turn before one with this deadline would, as far as fair turns tell.</summary>
    public int Ahead(int level, ulong client, TimeSpan deadline)
    {
        var ahead = 0;
        for (var better = 1; better < level; better++)
            ahead += _levels[better].Count;
        var own = 0;
        var present = false;
        if (_clients.TryGetValue(client, out var known))
        {
            present = known.WaitingAt[level] > 0;
            foreach (var (key, lane) in known.Lanes)
                own += key.Level == level ? lane.Requests.CountUntil(deadline) : 0;
        }

        // While it and its own earlier ones get their turns, every other client gets as many.
        var others = _levels[level].Clients - (present ? 1 : 0);
        return ahead + (int)Math.Min(_levels[level].Count, own + (own + 1L) * others);
    }

    /// <summary>
    /// Requests to try, in order: for each level and model the first one, and of those with a radius the first few. The
    /// number depends on the levels and models that wait, not on the requests.
    /// </summary>
    public IEnumerable<RequestId> Candidates()
    {
        for (var level = 1; level <= PriorityLevel.Lowest; level++)
        {
            foreach (var id in _levels[level].Candidates())
                yield return new RequestId(id);
        }
    }

    private static (TimeSpan, ulong) KeyOf(RoutedRequest request) => (request.Deadline, request.Id.Value);

    private Client ClientOf(RoutedRequest request)
    {
        if (!_clients.TryGetValue(request.Client, out var client))
            _clients.Add(request.Client, client = new Client(request.Client));
        return client;
    }

    private void Take(RoutedRequest request)
    {
        var client = ClientOf(request);
        var key = (request.Level, Group.Of(request));
        var (lane, level) = (client.Lanes[key], _levels[request.Level]);
        level.Unlink(key.Item2, lane);
        if (!lane.Requests.Remove(KeyOf(request)))
            throw new InvalidOperationException($"{request.Id} does not wait.");
        level.Link(key.Item2, lane);
        if (lane.Requests.Count == 0)
            client.Lanes.Remove(key);
        if (--client.WaitingAt[request.Level] == 0)
            level.Clients--;
        level.Count--;
        client.Waiting--;
        Count--;
    }

    private void UnlinkAll(Client client)
    {
        foreach (var (key, lane) in client.Lanes)
            _levels[key.Level].Unlink(key.Group, lane);
    }

    private void LinkAll(Client client)
    {
        foreach (var (key, lane) in client.Lanes)
            _levels[key.Level].Link(key.Group, lane);
    }

    private void Forget(Client client)
    {
        if (client is { Waiting: 0, Outstanding: 0 })
            _clients.Remove(client.Id);
    }

    /// <summary>What a request needs of a vehicle: those of a group without a radius are alike.</summary>
    private readonly record struct Group(ModelNeeds Model, bool WithRadius)
    {
        public static Group Of(RoutedRequest request) => new(request.Needs, request.HasRadius);
    }

    private sealed class Client(ulong id)
    {
        public ulong Id { get; } = id;

        public int Waiting { get; set; }

        /// <summary>Requests out on vehicles.</summary>
        public int Outstanding { get; set; }

        /// <summary>Number of its last turn; 0 before the first.</summary>
        public long Served { get; set; }

        public int[] WaitingAt { get; } = new int[PriorityLevel.Lowest + 1];

        public Dictionary<(int Level, Group Group), Lane> Lanes { get; } = [];
    }

    /// <summary>One client's waiting requests of one level and group. Its place among others changes only while it is unlinked.</summary>
    private sealed class Lane(Client client)
    {
        public RankedSet Requests { get; } = new();

        public (int Outstanding, long Served, TimeSpan Deadline, ulong Client) Place =>
            (client.Outstanding, client.Served, Requests.Min.Deadline, client.Id);
    }

    private sealed class Level
    {
        private static readonly Comparer<Lane> ByPlace = Comparer<Lane>.Create((x, y) => x.Place.CompareTo(y.Place));

        private readonly Dictionary<Group, SortedSet<Lane>> _lanes = [];

        public int Count { get; set; }

        /// <summary>Clients with a request waiting at this level.</summary>
        public int Clients { get; set; }

        public void Link(Group group, Lane lane)
        {
            if (lane.Requests.Count == 0)
                return;
            if (!_lanes.TryGetValue(group, out var lanes))
                _lanes.Add(group, lanes = new SortedSet<Lane>(ByPlace));
            lanes.Add(lane);
        }

        public void Unlink(Group group, Lane lane)
        {
            if (lane.Requests.Count == 0 || !_lanes.TryGetValue(group, out var lanes))
                return;
            lanes.Remove(lane);
            if (lanes.Count == 0)
                _lanes.Remove(group);
        }

        public IEnumerable<ulong> Candidates()
        {
            if (_lanes.Count == 0)
                return [];
            var heads = new List<((int Outstanding, long Served, TimeSpan Deadline, ulong Client) Place, ulong Id)>();
            foreach (var (group, lanes) in _lanes)
            {
                if (!group.WithRadius)
                    heads.Add((lanes.Min!.Place, lanes.Min.Requests.Min.Id));
                else
                    heads.AddRange(lanes.SelectMany(Few).Take(GroupLooks));
            }

            heads.Sort();
            return heads.Select(head => head.Id);
        }

        private static IEnumerable<((int Outstanding, long Served, TimeSpan Deadline, ulong Client) Place, ulong Id)> Few(Lane lane)
        {
            var place = lane.Place;
            foreach (var (deadline, id) in lane.Requests.First(LaneLooks))
                yield return (place with { Deadline = deadline }, id);
        }
    }
}
