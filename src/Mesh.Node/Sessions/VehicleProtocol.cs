using Mesh.Node.Policy;

namespace Mesh.Node.Sessions;

/// <summary>Where a vehicle is in its life.</summary>
public enum VehiclePhase
{
    /// <summary>In no region: it may not work, or waits for its turn to join.</summary>
    Away,

    /// <summary>A session has begun; no seed can send it work yet.</summary>
    Joining,

    /// <summary>At least one seed has had its work stream: it is given work.</summary>
    Serving,

    /// <summary>It takes no new work; its session ends next.</summary>
    Draining,
}

/// <summary>Why a session is brought to its end.</summary>
public enum DepartureCause
{
    /// <summary>A rule ends work at a moment that was known ahead, or lets running work finish.</summary>
    Planned,

    /// <summary>The car is needed in a moment: what can be finished within the grace period is.</summary>
    Soon,

    /// <summary>The computer is needed at once: running inference is terminated.</summary>
    Now,

    /// <summary>The session has become the oldest of its region, which a seed must be: another one follows.</summary>
    Renewal,

    /// <summary>The process was asked to stop.</summary>
    Stop,
}

/// <summary>Whether the vehicle may work, as the owner's policy judges its telemetry.</summary>
/// <param name="IsGiven">At least one kind of work is allowed.</param>
/// <param name="Urgency">How fast work must end when it is not given.</param>
/// <param name="EndsAt">When it will end by itself, as far as that is known, on the machine's clock; null = not known.</param>
public sealed record Clearance(bool IsGiven, Urgency Urgency, TimeSpan? EndsAt)
{
    public static Clearance Given { get; } = new(true, Urgency.Planned, null);

    /// <summary>Before anything is known nothing is allowed.</summary>
    public static Clearance Unknown { get; } = new(false, Urgency.Now, null);
}

public interface IVehicleCommand;

public interface IVehicleEvent;

public interface IVehicleEffect;

public sealed record ClearanceChanged(Clearance Clearance) : IVehicleCommand, IVehicleEvent;

/// <summary>A seed has the session's work stream.</summary>
public sealed record SessionOpened : IVehicleCommand, IVehicleEvent;

/// <summary>Nothing is queued or running, and every kept result is acknowledged.</summary>
public sealed record Drained : IVehicleCommand;

/// <summary>The session is no more, by itself or because it was to leave.</summary>
public sealed record SessionOver(SessionEnd End) : IVehicleCommand, IVehicleEvent;

/// <summary>The session is older than every seed of its region.</summary>
public sealed record RenewalDue : IVehicleCommand;

/// <summary>SIGTERM, or the like.</summary>
public sealed record StopRequested : IVehicleCommand, IVehicleEvent;

/// <summary>Time has passed.</summary>
public sealed record VehicleTick : IVehicleCommand;

/// <summary>A session is to begin at <paramref name="At"/>: jittered, so that a fleet does not join in step.</summary>
public sealed record JoinPlanned(TimeSpan At) : IVehicleEvent;

public sealed record RenewalPlanned(TimeSpan At) : IVehicleEvent;

public sealed record JoinDropped : IVehicleEvent;

public sealed record SessionBegan : IVehicleEvent;

/// <summary>What the seeds know of its departure; null = none is expected.</summary>
public sealed record DepartureAnnounced(TimeSpan? At) : IVehicleEvent;

/// <param name="Until">When it leaves at the latest, finished or not.</param>
public sealed record DrainingBegan(DepartureCause Cause, TimeSpan Until) : IVehicleEvent;

/// <summary>Drained, out of time, or in a hurry: the session takes its leave.</summary>
public sealed record LeavingBegan(DepartureCause Cause) : IVehicleEvent;

/// <summary>Open a session; answered by <see cref="SessionOpened"/> and, in the end, <see cref="SessionOver"/>.</summary>
public sealed record StartSession : IVehicleEffect;

/// <summary>Tell the seeds when the vehicle leaves; null = it is not known any more.</summary>
public sealed record AnnounceDeparture(TimeSpan? At) : IVehicleEffect;

/// <summary>Take no new work, hand back what has not begun, let the rest finish; answered by <see cref="Drained"/>.</summary>
public sealed record Drain : IVehicleEffect;

/// <summary>Terminate what runs and hand it back.</summary>
public sealed record Preempt : IVehicleEffect;

/// <summary>Say goodbye to seeds and cluster; answered by <see cref="SessionOver"/>.</summary>
public sealed record LeaveSession : IVehicleEffect;

/// <summary>The process may end.</summary>
public sealed record Exit : IVehicleEffect;

/// <summary>Events to apply and effects to carry out, in order.</summary>
public sealed record VehicleDecision(IReadOnlyList<IVehicleEvent> Events, IReadOnlyList<IVehicleEffect> Effects)
{
    public static VehicleDecision Nothing { get; } = new([], []);
}
