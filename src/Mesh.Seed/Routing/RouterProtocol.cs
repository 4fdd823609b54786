using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Seed.Routing.History;

namespace Mesh.Seed.Routing;

/// <summary>A request at this seed. Numbers are given out once in the life of the process.</summary>
public readonly record struct RequestId(ulong Value)
{
    public override string ToString() => $"request {Value}";
}

/// <summary>One dispatch of a request. Holds the request's number, so that a late result finds its request or nobody.</summary>
public readonly record struct AttemptId(ulong Value)
{
    /// <summary>The most attempts that one request can have.</summary>
    public const int MaxNumber = 255;

    public static AttemptId Of(RequestId request, int number) => new((request.Value << 8) | (uint)number);

    public RequestId Request => new(Value >> 8);

    public int Number => (int)(Value & MaxNumber);

    public override string ToString() => $"attempt {Number} of {Request}";
}

/// <summary>A registered work stream at this seed; a vehicle that dials again gets another one.</summary>
public readonly record struct StreamId(long Value);

/// <summary>What a vehicle tells about itself while its stream lasts.</summary>
/// <param name="Credits">Requests that this stream may have outstanding.</param>
/// <param name="Threads">Inferences that run at once.</param>
/// <param name="Queued">Waiting or running on the vehicle, from all seeds.</param>
public sealed record VehicleLoad(int Credits, int Threads, int Queued, bool Draining, IReadOnlySet<ArtifactHash> Loaded)
{
    /// <summary>Until the departure that the vehicle announced, from when it said so; null while it announced none.</summary>
    public TimeSpan? LeavesIn { get; init; }

    public OwnerConsent Consent { get; init; } = OwnerConsent.Everything;

    /// <summary>It said itself that it drains; <paramref name="Draining"/> also stands for what its owner does not consent to.</summary>
    public bool IsLeaving { get; init; }

    /// <summary>An operator drained it, and it stays to be resumed.</summary>
    public bool IsHeld { get; init; }

    /// <summary>What denies work there, for who asks why: nothing is decided by it. Null = it does not tell.</summary>
    public ToldDenials? Denials { get; init; }

    /// <summary>As a router of interactive requests sees it: where the owner does not consent to them, it takes none.</summary>
    public VehicleLoad ForInteractive => Consent.Interactive ? this : this with { Draining = true };

    /// <summary>As the router of batches sees it.</summary>
    public VehicleLoad ForBatch => Consent.Batch ? this : this with { Draining = true };
}

/// <summary>Something that happened, or is asked for. Times are since this process started, on its monotonic clock.</summary>
public interface IRouterCommand;

/// <summary>What changes the state, and nothing else does.</summary>
public interface IRouterStateEvent;

/// <summary>What the Dispatcher must do once the events are applied.</summary>
public interface IRouterEffect;

// --- Facts about vehicles: the command is the event. ---

public sealed record StreamOpened(StreamId Stream, VehicleId Vehicle, SessionEpoch Epoch, NodeAddress Member, GeoPoint Place, VehicleLoad Load)
    : IRouterCommand, IRouterStateEvent
{
    /// <summary>Names the hardware, e.g. "cpu-2"; empty = unknown.</summary>
    public string DeviceClass { get; init; } = "";

    /// <summary>What inference may use; 0 = unknown.</summary>
    public long MemoryBytes { get; init; }

    /// <summary>How long it had been parked and plugged in when it opened the stream.</summary>
    public TimeSpan ParkedFor { get; init; }

    /// <summary>Set by the router.</summary>
    public TimeSpan At { get; init; }
}

public sealed record LoadChanged(StreamId Stream, VehicleLoad Load) : IRouterCommand, IRouterStateEvent
{
    /// <summary>Set by the router.</summary>
    public TimeSpan At { get; init; }
}

public sealed record RoundTripMeasured(StreamId Stream, TimeSpan RoundTrip) : IRouterCommand, IRouterStateEvent;

/// <summary>Its attempts are lost with it.</summary>
public sealed record StreamClosed(StreamId Stream) : IRouterCommand, IRouterStateEvent
{
    /// <summary>Set by the router.</summary>
    public TimeSpan At { get; init; }
}

/// <summary>The cluster holds this very session's member unreachable, leaving, down or removed; or no longer unreachable.</summary>
public sealed record MemberChanged(NodeAddress Member, bool Serviceable) : IRouterCommand, IRouterStateEvent;

/// <summary>What the JobRouter knows about vehicles from earlier sessions.</summary>
public sealed record RecordsLearned(IReadOnlyList<VehicleRecord> Records) : IRouterCommand, IRouterStateEvent
{
    /// <summary>When the fleet leaves; null = nothing new.</summary>
    public FleetDepartures? Departures { get; init; }
}

/// <summary>This seed is leaving: no new requests.</summary>
public sealed record SeedLeaving : IRouterCommand, IRouterStateEvent;

// --- Requests ---

public sealed record SubmitRequest(RequestId Request, ModelReference Model, long PayloadBytes, TimeSpan Deadline, uint Priority)
    : IRouterCommand
{
    /// <summary>Where the client says it is; null = at this seed.</summary>
    public GeoPoint? Origin { get; init; }

    /// <summary>Vehicles farther from <see cref="Origin"/> are not taken.</summary>
    public double MaxDistanceKm { get; init; } = double.PositiveInfinity;

    /// <summary>Whose share it counts for: a hash of the API key; 0 = without a key.</summary>
    public ulong Client { get; init; }

    /// <summary>How long it runs on an average vehicle, where that is known; null = one run of its model.</summary>
    public TimeSpan? Work { get; init; }

    /// <summary>The id that the client gave it, for operators to find it by; empty = none.</summary>
    public string ClientRequest { get; init; } = "";
}

/// <summary>The vehicle answered an attempt, for better or worse.</summary>
public sealed record AttemptReported(AttemptId Attempt, StreamId Stream, AttemptOutcome Outcome, string Error, AttemptTimings Timings)
    : IRouterCommand
{
    /// <summary>The vehicle exports spans of its times itself.</summary>
    public bool Traced { get; init; }
}

/// <summary>The attempt never reached its vehicle.</summary>
public sealed record AttemptUndeliverable(AttemptId Attempt) : IRouterCommand;

/// <summary>The client went away.</summary>
public sealed record CancelRequest(RequestId Request) : IRouterCommand;

/// <summary>Assign the first waiting request that can be. The Dispatcher asks until nothing comes back.</summary>
public sealed record DispatchNext : IRouterCommand
{
    public static DispatchNext Instance { get; } = new();
}

/// <summary>Time has passed.</summary>
public sealed record Tick : IRouterCommand
{
    public static Tick Instance { get; } = new();
}

public sealed record RequestQueued(RequestId Request, ModelReference Model, long PayloadBytes, TimeSpan Deadline, uint Priority, TimeSpan At)
    : IRouterStateEvent
{
    /// <inheritdoc cref="SubmitRequest.Origin"/>
    public GeoPoint? Origin { get; init; }

    /// <inheritdoc cref="SubmitRequest.MaxDistanceKm"/>
    public double MaxDistanceKm { get; init; } = double.PositiveInfinity;

    /// <inheritdoc cref="SubmitRequest.Client"/>
    public ulong Client { get; init; }

    /// <inheritdoc cref="SubmitRequest.Work"/>
    public TimeSpan? Work { get; init; }

    /// <inheritdoc cref="SubmitRequest.ClientRequest"/>
    public string ClientRequest { get; init; } = "";
}

public sealed record AttemptStarted(AttemptId Attempt, StreamId Stream, TimeSpan At) : IRouterStateEvent
{
    /// <summary>Another attempt of the request is out already.</summary>
    public bool Hedge { get; init; }

    /// <summary>When a hedge is due if it has not answered by then; null = never.</summary>
    public TimeSpan? HedgeAt { get; init; }
}

public sealed record AttemptEnded(AttemptId Attempt, StreamId Stream, AttemptEnd End, AttemptTimings Timings, TimeSpan At) : IRouterStateEvent
{
    /// <summary>As its vehicle said it; empty = nothing.</summary>
    public string Error { get; init; } = "";
    /// <inheritdoc cref="AttemptReported.Traced"/>
    public bool Traced { get; init; }
}

/// <summary>How an attempt ended for the router.</summary>
public enum AttemptEnd
{
    /// <summary>It settled its request.</summary>
    Answered,

    /// <summary>So it did: the model takes no such input. Says nothing of how fast the vehicle is.</summary>
    Refused,

    /// <summary>The vehicle could not run it.</summary>
    Failed,

    /// <summary>The vehicle had no room, or hands it back because it leaves: nobody's fault.</summary>
    Returned,

    /// <summary>The vehicle vanished with it.</summary>
    Lost,
}

/// <summary>Attempts that are still out end with it, and count nowhere.</summary>
public sealed record RequestClosed(RequestId Request, RequestOutcome Outcome, TimeSpan At) : IRouterStateEvent
{
    public string Error { get; init; } = "";

    /// <summary>It was given up though no vehicle failed it.</summary>
    public bool Refused { get; init; }
}

/// <summary>The request's hedge was due and could not be started: it is tried again then; null = not any more.</summary>
public sealed record HedgePutOff(RequestId Request, TimeSpan? At) : IRouterStateEvent;

/// <summary>The vehicle that has the request is about to leave: its hedge is due now.</summary>
public sealed record RequestEndangered(RequestId Request, TimeSpan At) : IRouterStateEvent;

/// <summary>Vehicles are in the request's radius, though none has room: it waits on.</summary>
public sealed record PatienceRenewed(RequestId Request, TimeSpan Until) : IRouterStateEvent;

/// <summary>The model is being loaded on a vehicle ahead of its first request there.</summary>
public sealed record WarmingStarted(StreamId Stream, ArtifactHash Hash, TimeSpan At) : IRouterStateEvent;

/// <summary>The first warmings have lasted too long to be believed in.</summary>
public sealed record WarmingsForgotten(int Count) : IRouterStateEvent;

// --- Effects ---

public sealed record SendAttempt(AttemptId Attempt, StreamId Stream) : IRouterEffect
{
    /// <inheritdoc cref="AttemptStarted.Hedge"/>
    public bool Hedge { get; init; }
}

public sealed record CancelAttempt(AttemptId Attempt, StreamId Stream) : IRouterEffect;

public sealed record WarmModel(StreamId Stream, ModelReference Model) : IRouterEffect;

/// <summary>The request's one outcome. <paramref name="Answer"/> names the attempt whose outputs are delivered.</summary>
public sealed record CompleteRequest(
    RequestId Request,
    RequestOutcome Outcome,
    string Error,
    TimeSpan? RetryAfter,
    (AttemptId Attempt, StreamId Stream)? Answer,
    VehicleId? Vehicle,
    int Attempts,
    AttemptTimings Timings) : IRouterEffect
{
    public required ModelReference Model { get; init; }

    /// <summary>From the request's arrival until now.</summary>
    public TimeSpan Took { get; init; }

    /// <summary>A hedge was started for it.</summary>
    public bool Hedged { get; init; }

    /// <summary>The hedge gave the answer.</summary>
    public bool HedgeWon { get; init; }

    /// <summary>From the request's arrival until the attempt that answered was dispatched; attempts that failed before it included.</summary>
    public TimeSpan Waited { get; init; }

    /// <summary>Of the attempt that answered, from dispatch to answer, less what it spent on the vehicle.</summary>
    public TimeSpan Network { get; init; }

    /// <summary>Why it was not even tried; null when it was, or when its client went away first.</summary>
    public RefusalReason? Refused { get; init; }
}

/// <summary>Why the router turned a request away.</summary>
public enum RefusalReason
{
    /// <summary>This seed is leaving its region.</summary>
    Leaving,

    /// <summary>Its deadline had passed.</summary>
    Expired,

    /// <summary>As many requests wait as may.</summary>
    QueueFull,

    /// <summary>Its client has its share of the places.</summary>
    ShareFull,

    /// <summary>No vehicle is fast enough for its deadline.</summary>
    TooSlow,

    /// <summary>Those that wait before it take longer than its deadline.</summary>
    QueueTooLong,

    /// <summary>No vehicle came in time.</summary>
    NoVehicle,

    /// <summary>As many requests, or bytes of them, are under way at this seed as may.</summary>
    TableFull,

    /// <summary>This seed is not a member of its region, not yet or no more.</summary>
    NotMember,
}

/// <summary>Events to apply and effects to carry out, in order.</summary>
public sealed record RouterDecision(IReadOnlyList<IRouterStateEvent> Events, IReadOnlyList<IRouterEffect> Effects)
{
    public static RouterDecision Nothing { get; } = new([], []);

    public static RouterDecision Of(IRouterStateEvent fact) => new([fact], []);

    public bool IsNothing => Events.Count == 0 && Effects.Count == 0;
}
