using Mesh.Node.Policy;

namespace Mesh.Node.Sessions;

/// <summary>How long a vehicle's departures and arrivals take.</summary>
/// <param name="DrainGrace">How long running work may finish.</param>
/// <param name="JoinJitter">Sessions begin within this time of the clearance for them.</param>
/// <param name="LongestBackOff">After sessions that no seed ever saw, the next one comes this late at most.</param>
public sealed record VehiclePace(TimeSpan DrainGrace, TimeSpan JoinJitter, TimeSpan LongestBackOff)
{
    /// <summary>An announced departure that moves by less is not announced anew.</summary>
    public TimeSpan AnnounceStep { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>After the last seed was restarted all vehicles are due at once, and must not all be away at once.</summary>
    public TimeSpan RenewalSpread { get; init; } = TimeSpan.FromSeconds(10);

    public static VehiclePace Default { get; } = new(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30));
}

/// <summary>
/// A vehicle's life: Away → Joining → Serving → Draining → Away, driven by what its owner's policy permits. Pure: time and
/// randomness are arguments. <see cref="VehicleHost"/> carries out what it decides. Times are on any clock that never goes back.
/// </summary>
public sealed class VehicleState(VehiclePace pace)
{
    private Clearance _clearance = Clearance.Unknown;
    private TimeSpan? _joinAt;
    private TimeSpan? _renewAt;
    private TimeSpan? _leaveBy;
    private TimeSpan? _announced;
    private bool _leaving;
    private bool _stopping;
    private bool _opened;
    private int _failures;

    public VehiclePhase Phase { get; private set; }

    /// <summary>Why it drains; null while it does not.</summary>
    public DepartureCause? Cause { get; private set; }

    public Clearance Clearance => _clearance;

    /// <summary>When it is to be asked again with a <see cref="VehicleTick"/>; null = not before something happens.</summary>
    public TimeSpan? NextWake => Phase switch
    {
        VehiclePhase.Away => _joinAt,
        VehiclePhase.Serving => _renewAt < DrainAt || DrainAt is null ? _renewAt : DrainAt,
        VehiclePhase.Draining when !_leaving => _leaveBy,
        _ => null,
    };

    /// <summary>So early that what runs can finish before the clearance ends.</summary>
    private TimeSpan? DrainAt => _clearance.EndsAt - pace.DrainGrace;

    /// <param name="random">For the jitter of joins and renewals.</param>
    public VehicleDecision Decide(IVehicleCommand command, TimeSpan now, Random random) => command switch
    {
        ClearanceChanged changed => DecideClearance(changed, now, random),
        SessionOpened opened when Phase == VehiclePhase.Joining => Opened(opened),
        SessionOver over when Phase != VehiclePhase.Away => DecideOver(over, now, random),
        StopRequested stop when !_stopping => DecideStop(stop, now),
        RenewalDue when Phase == VehiclePhase.Serving && _renewAt is null => Of([new RenewalPlanned(now + pace.RenewalSpread * random.NextDouble())]),
        Drained when Phase == VehiclePhase.Draining && !_leaving => Of([new LeavingBegan(Cause!.Value)], new LeaveSession()),
        VehicleTick => DecideTick(now),
        SessionOpened or SessionOver or StopRequested or RenewalDue or Drained => VehicleDecision.Nothing,
        _ => throw new ArgumentOutOfRangeException(nameof(command), command, "A vehicle knows no such command."),
    };

    public void Apply(IVehicleEvent change)
    {
        switch (change)
        {
            case ClearanceChanged changed: _clearance = changed.Clearance; break;
            case StopRequested: _stopping = true; break;
            case JoinPlanned planned: _joinAt = planned.At; break;
            case JoinDropped: _joinAt = null; break;
            case RenewalPlanned planned: _renewAt = planned.At; break;
            case SessionBegan: (Phase, _joinAt, _renewAt, _opened) = (VehiclePhase.Joining, null, null, false); break;
            case SessionOpened: (Phase, _opened) = (VehiclePhase.Serving, true); break;
            case DepartureAnnounced announced: _announced = announced.At; break;
            case DrainingBegan draining: (Phase, Cause, _leaveBy) = (VehiclePhase.Draining, draining.Cause, draining.Until); break;
            case LeavingBegan leaving: (Phase, Cause, _leaving) = (VehiclePhase.Draining, leaving.Cause, true); break;
            case SessionOver: Ended(); break;
            default: throw new ArgumentOutOfRangeException(nameof(change), change, "A vehicle knows no such event.");
        }
    }

    private void Ended()
    {
        // One that was made to leave before a seed saw it did not fail.
        _failures = _opened || _leaving ? 0 : _failures + 1;
        (Phase, Cause, _leaveBy, _leaving) = (VehiclePhase.Away, null, null, false);
    }

    private VehicleDecision DecideClearance(ClearanceChanged changed, TimeSpan now, Random random)
    {
        var clearance = changed.Clearance;
        var next = Phase switch
        {
            VehiclePhase.Away when IsWorthJoining(clearance, now) && _joinAt is null && !_stopping => Of([JoinAfter(0, now, random)]),
            VehiclePhase.Away when !IsWorthJoining(clearance, now) && _joinAt is not null => Of([new JoinDropped()]),
            VehiclePhase.Joining when !clearance.IsGiven => Leave(CauseOf(clearance.Urgency)),
            VehiclePhase.Serving => DecideServing(clearance, now),
            VehiclePhase.Draining when !clearance.IsGiven && !_leaving => Hurry(clearance.Urgency, now),
            _ => VehicleDecision.Nothing,
        };
        // What runs must not wait for the leave that has begun; it was terminated already if the clearance was gone before.
        if (Phase == VehiclePhase.Draining && _leaving && IsOver(clearance) && !IsOver(_clearance))
            next = Of([], new Preempt());
        return next with { Events = [changed, .. next.Events] };
    }

    private static bool IsOver(Clearance clearance) => clearance is { IsGiven: false, Urgency: Urgency.Now };

    private VehicleDecision DecideServing(Clearance clearance, TimeSpan now)
    {
        if (!clearance.IsGiven)
            return clearance.Urgency == Urgency.Now ? Leave(DepartureCause.Now) : BeginDraining(CauseOf(clearance.Urgency), now + pace.DrainGrace);
        if (clearance.EndsAt is { } end && end - pace.DrainGrace <= now)
            return EndAsPlanned(end, now);
        return IsAnnounced(clearance.EndsAt) ? VehicleDecision.Nothing : Announce(clearance.EndsAt);
    }

    /// <summary>Estimates change with every reading: what differs by less is no news to the seeds.</summary>
    private bool IsAnnounced(TimeSpan? end) =>
        end is { } at && _announced is { } before ? (at - before).Duration() < pace.AnnounceStep : end == _announced;

    private VehicleDecision Hurry(Urgency urgency, TimeSpan now)
    {
        if (urgency == Urgency.Now)
            return Leave(DepartureCause.Now);
        var until = now + pace.DrainGrace;
        return until < _leaveBy ? Of([new DrainingBegan(CauseOf(urgency), until)]) : VehicleDecision.Nothing;
    }

    private VehicleDecision DecideTick(TimeSpan now) => Phase switch
    {
        VehiclePhase.Away when _joinAt <= now && !IsWorthJoining(_clearance, now) => Of([new JoinDropped()]),
        VehiclePhase.Away when _joinAt <= now => Of([new SessionBegan()], new StartSession()),
        VehiclePhase.Serving when DrainAt <= now => EndAsPlanned(_clearance.EndsAt!.Value, now),
        VehiclePhase.Serving when _renewAt <= now => BeginDraining(DepartureCause.Renewal, now + pace.DrainGrace),
        VehiclePhase.Draining when !_leaving && _leaveBy <= now => Leave(Cause!.Value),
        _ => VehicleDecision.Nothing,
    };

    private VehicleDecision DecideStop(StopRequested stop, TimeSpan now)
    {
        var next = Phase switch
        {
            VehiclePhase.Away => Of([], new Exit()),
            VehiclePhase.Joining => Leave(DepartureCause.Stop),
            VehiclePhase.Serving => BeginDraining(DepartureCause.Stop, now + pace.DrainGrace),
            _ => VehicleDecision.Nothing,
        };
        return next with { Events = [stop, .. Phase == VehiclePhase.Away && _joinAt is not null ? [new JoinDropped()] : next.Events] };
    }

    private VehicleDecision DecideOver(SessionOver over, TimeSpan now, Random random)
    {
        if (_stopping)
            return Of([over], new Exit());
        if (!IsWorthJoining(_clearance, now))
            return Of([over]);
        var failures = _opened || _leaving ? 0 : _failures + 1;
        return Of([over, JoinAfter(failures, now, random)]);
    }

    /// <summary>A session that would have to drain at once is not begun.</summary>
    private bool IsWorthJoining(Clearance clearance, TimeSpan now) =>
        clearance.IsGiven && !(clearance.EndsAt - pace.DrainGrace <= now);

    private JoinPlanned JoinAfter(int failures, TimeSpan now, Random random)
    {
        var longest = pace.JoinJitter * Math.Pow(2, Math.Min(failures, 16));
        return new JoinPlanned(now + (longest < pace.LongestBackOff ? longest : pace.LongestBackOff) * random.NextDouble());
    }

    private static VehicleDecision EndAsPlanned(TimeSpan end, TimeSpan now) =>
        end > now ? BeginDraining(DepartureCause.Planned, end) : Leave(DepartureCause.Planned);

    private static VehicleDecision BeginDraining(DepartureCause cause, TimeSpan until) => Of([new DrainingBegan(cause, until)], new Drain());

    private static VehicleDecision Leave(DepartureCause cause) => Of([new LeavingBegan(cause)], new Preempt(), new LeaveSession());

    private VehicleDecision Opened(SessionOpened opened)
    {
        var announce = Announce(_clearance.EndsAt);
        return announce with { Events = [opened, .. announce.Events] };
    }

    private static VehicleDecision Announce(TimeSpan? end) => Of([new DepartureAnnounced(end)], new AnnounceDeparture(end));

    private static DepartureCause CauseOf(Urgency urgency) => urgency switch
    {
        Urgency.Planned => DepartureCause.Planned,
        Urgency.Soon => DepartureCause.Soon,
        _ => DepartureCause.Now,
    };

    private static VehicleDecision Of(IReadOnlyList<IVehicleEvent> events, params IVehicleEffect[] effects) => new(events, effects);
}
