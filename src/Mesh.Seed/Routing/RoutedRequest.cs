using Mesh.Messages;
using Mesh.Seed.Routing.Queueing;

namespace Mesh.Seed.Routing;

/// <summary>An attempt that is out on a vehicle.</summary>
/// <param name="Hedge">It was started while another one was out.</param>
public readonly record struct RunningAttempt(AttemptId Attempt, StreamId Stream, TimeSpan At, bool Hedge);

/// <summary>An open request: it waits, or has one or two attempts out. Changed only by <see cref="RouterState.Apply(IRouterStateEvent)"/>.</summary>
public sealed class RoutedRequest(RequestQueued queued)
{
    private readonly List<RunningAttempt> _running = new(1);

    public RequestId Id { get; } = queued.Request;

    public ModelReference Model { get; } = queued.Model;

    public long PayloadBytes { get; } = queued.PayloadBytes;

    public TimeSpan QueuedAt { get; } = queued.At;

    public TimeSpan Deadline { get; } = queued.Deadline;

    /// <inheritdoc cref="PriorityLevel"/>
    public int Level { get; } = PriorityLevel.Of(queued.Priority);

    public GeoPoint? Origin { get; } = queued.Origin;

    public double MaxDistanceKm { get; } = queued.MaxDistanceKm;

    internal ModelNeeds Needs => new(Model.Hash, Model.DeviceClasses, Model.Name, Model.Publisher);

    public bool HasRadius => !double.IsPositiveInfinity(MaxDistanceKm);

    public ulong Client { get; } = queued.Client;

    public TimeSpan? Work { get; } = queued.Work;

    public string ClientRequest { get; } = queued.ClientRequest;

    /// <summary>Until when it waits for a first vehicle while none may take it.</summary>
    public TimeSpan PatientUntil { get; internal set; }

    /// <summary>Attempts so far, those that ended included.</summary>
    public int Attempts { get; private set; }

    public int FailedAttempts { get; internal set; }

    /// <summary>The attempts that are out; none = it waits.</summary>
    public IReadOnlyList<RunningAttempt> Running => _running;

    public bool IsWaiting => _running.Count == 0 && !IsSettled;

    /// <summary>An attempt answered it; it is closed next.</summary>
    public bool IsSettled { get; internal set; }

    /// <summary>A hedge was started for it.</summary>
    public bool Hedged { get; private set; }

    /// <summary>When a hedge is to be started; null = none is planned.</summary>
    public TimeSpan? HedgeAt { get; internal set; }

    /// <summary>The vehicle that has it is about to leave.</summary>
    public bool Endangered { get; internal set; }

    /// <summary>Vehicles that have had it and did not answer: taken again only when nobody else is there.</summary>
    public HashSet<VehicleId> Tried { get; } = [];

    public RunningAttempt? Find(AttemptId attempt)
    {
        foreach (var running in _running)
        {
            if (running.Attempt == attempt)
                return running;
        }

        return null;
    }

    internal void Start(AttemptStarted started)
    {
        Attempts = started.Attempt.Number;
        Hedged |= started.Hedge;
        _running.Add(new RunningAttempt(started.Attempt, started.Stream, started.At, started.Hedge));
        Endangered = false;
    }

    internal void End(AttemptId attempt) => _running.RemoveAll(running => running.Attempt == attempt);
}
