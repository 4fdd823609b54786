using System.Collections.Immutable;
using Mesh.Messages;
using Mesh.Seed.Routing.Choice;
using Mesh.Seed.Routing.Queueing;

namespace Mesh.Seed.Routing.History;

/// <summary>
/// The course of one request, in a place that is used again and again: <see cref="ToReport"/> is for keeping. What does not fit
/// is counted and dropped.
/// </summary>
internal sealed class RequestTrace
{
    /// <summary>The first ones and the last one are kept.</summary>
    public const int KeptDecisions = 4;
    public const int KeptAttempts = 8;

    private readonly Decision[] _decisions = new Decision[KeptDecisions];
    private readonly Candidate[] _candidates = new Candidate[KeptDecisions * ChoiceTrace.Kept];
    private readonly TracedAttempt[] _attempts = new TracedAttempt[KeptAttempts];
    private int _decisionsKept;
    private int _attemptsKept;

    /// <summary>0 = nothing is here yet.</summary>
    public ulong Id { get; private set; }

    public string ClientRequest { get; private set; } = "";

    public ModelReference? Model { get; private set; }

    public TimeSpan QueuedAt { get; private set; }

    public TimeSpan? EndedAt { get; private set; }

    private int Level { get; set; }

    private long PayloadBytes { get; set; }

    private TimeSpan Deadline { get; set; }

    private GeoPoint? Origin { get; set; }

    private double MaxDistanceKm { get; set; }

    private RequestOutcome? Outcome { get; set; }

    private string Error { get; set; } = "";

    private int Decisions { get; set; }

    private int Attempts { get; set; }

    public void Begin(RequestQueued queued)
    {
        (Id, ClientRequest, Model, QueuedAt, Deadline) = (queued.Request.Value, queued.ClientRequest, queued.Model, queued.At, queued.Deadline);
        (Level, PayloadBytes, Origin, MaxDistanceKm) = (PriorityLevel.Of(queued.Priority), queued.PayloadBytes, queued.Origin, queued.MaxDistanceKm);
        (EndedAt, Outcome, Error) = (null, null, "");
        (Decisions, Attempts, _decisionsKept, _attemptsKept) = (0, 0, 0, 0);
    }

    /// <param name="chosen">Null = nobody takes it now.</param>
    public void Decided(VehicleId? chosen, bool hedge, ChoiceTrace choice, TimeSpan at)
    {
        // A request that waits is looked at again and again: of looks in vain that follow each other the last one is kept.
        var repeats = chosen is null && _decisionsKept > 0 && _decisions[_decisionsKept - 1].Chosen is null;
        Decisions++;
        if (!repeats && _decisionsKept < KeptDecisions)
            _decisionsKept++;
        var slot = _decisionsKept - 1;
        var looks = repeats ? _decisions[slot].Looks + 1 : 1;
        choice.Candidates.CopyTo(_candidates.AsSpan(slot * ChoiceTrace.Kept));
        _decisions[slot] = new Decision(at, chosen, hedge, looks, choice.Fleet, choice.Examined, choice.Candidates.Length);
    }

    public void Started(AttemptId attempt, VehicleId vehicle, bool hedge, TimeSpan at)
    {
        Attempts++;
        if (_attemptsKept < KeptAttempts)
            _attemptsKept++;
        _attempts[_attemptsKept - 1] = new TracedAttempt(attempt.Number, vehicle, hedge, at, null, null, default, "");
    }

    public void Ended(AttemptId attempt, AttemptEnd end, AttemptTimings timings, string error, TimeSpan at)
    {
        for (var i = 0; i < _attemptsKept; i++)
        {
            if (_attempts[i].Number == attempt.Number)
                _attempts[i] = _attempts[i] with { End = end, EndedAt = at, Timings = timings, Error = error };
        }
    }

    public void Close(RequestOutcome outcome, string error, TimeSpan at)
    {
        (EndedAt, Outcome, Error) = (at, outcome, error);
        for (var i = 0; i < _attemptsKept; i++)
        {
            // Called off: another attempt answered, the deadline passed or the client went away.
            if (_attempts[i].EndedAt is null)
                _attempts[i] = _attempts[i] with { EndedAt = at };
        }
    }

    public RequestReport ToReport() => new(new RequestId(Id), ClientRequest, Model!, Level, PayloadBytes, QueuedAt, Deadline)
    {
        Origin = Origin is { } origin ? GeoCell.Of(origin) : null,
        MaxDistanceKm = double.IsPositiveInfinity(MaxDistanceKm) ? null : MaxDistanceKm,
        EndedAt = EndedAt,
        Outcome = Outcome,
        Error = Error,
        AttemptCount = Attempts,
        Attempts = [.. _attempts.AsSpan(0, _attemptsKept)],
        DecisionCount = Decisions,
        Decisions = [.. Enumerable.Range(0, _decisionsKept).Select(DecisionAt)],
    };

    private DecisionReport DecisionAt(int slot)
    {
        var decision = _decisions[slot];
        return new DecisionReport(
            decision.At, decision.Chosen, decision.Hedge, decision.Looks, decision.Fleet, decision.Examined,
            [.. _candidates.AsSpan(slot * ChoiceTrace.Kept, decision.Candidates)]);
    }

    private readonly record struct Decision(
        TimeSpan At, VehicleId? Chosen, bool Hedge, int Looks, FleetCounts Fleet, int Examined, int Candidates);
}

/// <summary>An attempt of a traced request.</summary>
/// <param name="End">Null while it is out, and when it was called off.</param>
/// <param name="EndedAt">Null while it is out.</param>
public readonly record struct TracedAttempt(
    int Number, VehicleId Vehicle, bool Hedge, TimeSpan At, AttemptEnd? End, TimeSpan? EndedAt, AttemptTimings Timings, string Error);

/// <summary>A decision about where a request goes, or a look in vain.</summary>
/// <param name="Chosen">Null = nobody took it.</param>
/// <param name="Looks">Looks in vain in a row that this one stands for.</param>
/// <param name="Examined">Vehicles; <paramref name="Candidates"/> has at most <see cref="ChoiceTrace.Kept"/> of them.</param>
public sealed record DecisionReport(
    TimeSpan At, VehicleId? Chosen, bool Hedge, int Looks, FleetCounts Fleet, int Examined, ImmutableArray<Candidate> Candidates);

/// <summary>The course of one request, as it is known at one moment. Times are on the router's clock.</summary>
public sealed record RequestReport(
    RequestId Request, string ClientRequest, ModelReference Model, int Level, long PayloadBytes, TimeSpan QueuedAt, TimeSpan Deadline)
{
    /// <summary>Where the client said it is, as coarse as any place is told; null = it did not say.</summary>
    internal GeoCell? Origin { get; init; }

    /// <summary>Null = no limit.</summary>
    public double? MaxDistanceKm { get; init; }

    public TimeSpan? EndedAt { get; init; }

    /// <summary>Null while it is open.</summary>
    public RequestOutcome? Outcome { get; init; }

    public string Error { get; init; } = "";

    public int AttemptCount { get; init; }

    /// <summary>The first ones, and the last one.</summary>
    public ImmutableArray<TracedAttempt> Attempts { get; init; } = [];

    public int DecisionCount { get; init; }

    /// <summary>The first ones, and the last one.</summary>
    public ImmutableArray<DecisionReport> Decisions { get; init; } = [];

    public bool Hedged => Attempts.Any(attempt => attempt.Hedge);
}
