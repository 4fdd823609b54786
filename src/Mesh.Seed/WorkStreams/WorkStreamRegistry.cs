using System.Collections.Concurrent;
using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Messages.Work;

namespace Mesh.Seed.WorkStreams;

/// <summary>Who hears what happens on the work streams of this seed. Called on the streams' own threads; must not block.</summary>
public interface IWorkStreamListener
{
    void Opened(WorkStreamConnection stream, VehicleStatus status);

    void StatusChanged(WorkStreamConnection stream, VehicleStatus status);

    void RoundTripMeasured(WorkStreamConnection stream, TimeSpan roundTrip);

    void ResultArrived(WorkStreamConnection stream, WorkResult result);

    /// <summary>The last word of a stream that was <see cref="Opened"/>.</summary>
    void Closed(WorkStreamConnection stream, DepartureKind kind);
}

/// <summary>The work streams that end at this seed, one a vehicle: the newest session wins, and its newest stream.</summary>
public sealed class WorkStreamRegistry
{
    private readonly ConcurrentDictionary<VehicleId, WorkStreamConnection> _byVehicle = new();
    private readonly ConcurrentDictionary<long, WorkStreamConnection> _byId = new();
    private readonly Lock _registering = new();
    private long _lastId;
    private bool _closed;
    private ulong _currentTerm;

    /// <summary>Sessions with a registered stream, for the reports to other seeds.</summary>
    public IReadOnlyList<StreamEntry> Sessions =>
        [.. _byVehicle.Values.Select(s => new StreamEntry(s.Session.Vehicle, s.Session.Epoch, s.Session.Member))];

    public StreamTraffic Traffic { get; } = new();

    /// <summary>Each vehicle's present one; not those that are replaced and have not ended yet.</summary>
    public ICollection<WorkStreamConnection> Streams => _byVehicle.Values;

    /// <summary>The term of the JobRouter at this seed; 0 while it is elsewhere.</summary>
    public ulong CurrentTerm => Volatile.Read(ref _currentTerm);

    public long NextId() => Interlocked.Increment(ref _lastId);

    public WorkStreamConnection? Find(long id) => _byId.GetValueOrDefault(id);

    /// <summary>The vehicle's present stream; null while it has none here.</summary>
    public WorkStreamConnection? Find(VehicleId vehicle) => _byVehicle.GetValueOrDefault(vehicle);

    /// <summary>Registers a stream; the one that it replaces is ended.</summary>
    /// <param name="announce">Tells of the stream, in the order of registration: whoever hears of two knows that the later one counts.</param>
    /// <returns>Null; or why not: an older session, or this seed is leaving.</returns>
    public string? TryRegister(WorkStreamConnection stream, Action announce)
    {
        WorkStreamConnection? replaced;
        lock (_registering)
        {
            replaced = null;
            if (_closed)
                return "this seed is leaving its region";
            if (_byVehicle.TryGetValue(stream.Session.Vehicle, out var current))
            {
                if (stream.Session.Epoch < current.Session.Epoch)
                    return $"session {stream.Session.Epoch} of {stream.Session.Vehicle} is older than session {current.Session.Epoch}, which is here";
                replaced = current;
            }

            _byVehicle[stream.Session.Vehicle] = stream;
            _byId[stream.Id] = stream;
            announce();
            if (_currentTerm != 0)
                stream.TryAnnounceTerm(_currentTerm);
        }

        replaced?.Abort();
        return null;
    }

    /// <summary>
    /// The JobRouter took office here, in a term that its journal holds already: every stream is told, and each later one as
    /// it opens. 0 when it left.
    /// </summary>
    public void AnnounceTerm(ulong term)
    {
        lock (_registering)
        {
            _currentTerm = term;
            if (term == 0)
                return;
            foreach (var stream in _byVehicle.Values)
                stream.TryAnnounceTerm(term);
        }
    }

    public void Unregister(WorkStreamConnection stream)
    {
        lock (_registering)
        {
            _byId.TryRemove(stream.Id, out _);
            // Its successor may have taken the vehicle's place already.
            _byVehicle.TryRemove(KeyValuePair.Create(stream.Session.Vehicle, stream));
        }
    }

    /// <summary>Ends every stream and takes no more.</summary>
    public void Close()
    {
        lock (_registering)
            _closed = true;
        foreach (var stream in _byId.Values)
            stream.Abort();
    }
}
