using System.Collections.Immutable;

namespace Mesh.Node.Policy;

/// <summary>Whether the vehicle may work, and why not.</summary>
/// <param name="At">The moment that it was made for.</param>
/// <param name="Denials">Every rule that does not permit; none denies a kind exactly when that kind is allowed.</param>
/// <param name="PlannedEnd">The first known moment at which what is allowed will end; null = none is known.</param>
/// <param name="NextCheck">
/// When to judge anew at the latest, though no signal, policy or usage changes: a signal will be stale, a window opens or
/// ends, a hysteresis is over. Null = never.
/// </param>
public sealed record Verdict(
    DateTimeOffset At,
    ImmutableArray<Denial> Denials,
    PlannedEnd? PlannedEnd,
    DateTimeOffset? NextCheck)
{
    public WorkKinds Allowed { get; } = Denials.Aggregate(WorkKinds.All, (allowed, denial) => allowed & ~denial.Kinds);

    /// <summary>Operators have drained it.</summary>
    public bool IsDrained => Denials.Any(denial => denial.Code == ReasonCodes.OperatorDrain);

    /// <summary>
    /// It may be in its region: the owner allows work. One that operators drained stays there without any, for only there can
    /// they resume it.
    /// </summary>
    public bool MayStay => Denials.Where(denial => denial.Code != ReasonCodes.OperatorDrain)
        .Aggregate(WorkKinds.All, (allowed, denial) => allowed & ~denial.Kinds) != WorkKinds.None;

    public bool IsEligible => Allowed != WorkKinds.None;

    /// <summary>
    /// How fast a session must end when nothing is allowed: as its least urgent kind of work must. One that the owner never
    /// consented to is denied at once all the time, and that does not make an unplugged cable urgent for the other.
    /// </summary>
    public Urgency? SessionUrgency =>
        UrgencyOf(WorkKinds.Interactive) is { } interactive && UrgencyOf(WorkKinds.Batch) is { } batch
            ? (Urgency)Math.Min((int)interactive, (int)batch)
            : null;

    /// <summary>How fast a kind of work must end; null where it is allowed.</summary>
    public Urgency? UrgencyOf(WorkKinds kinds) =>
        Denials.Where(denial => (denial.Kinds & kinds) != 0).Select(denial => (Urgency?)denial.Urgency).Max();
}
