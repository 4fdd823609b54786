using Mesh.Messages;

namespace Mesh.Seed.Batches;

/// <summary>What went wrong with lines that have no outcome yet; lines of the same fate share it. Immutable, compared by value.</summary>
public sealed class LineTrouble : IEquatable<LineTrouble>
{
    /// <summary>Lines that were lost this often go out in small units …</summary>
    private const int SplitFrom = 2;

    /// <summary>… and at last alone, so that a line that takes its vehicle down is told from those beside it.</summary>
    private const int AloneFrom = 4;

    private readonly VehicleId[] _failedAt;
    private readonly LoneLoss[] _lostAlone;

    private LineTrouble(VehicleId[] failedAt, int failures, int losses, LoneLoss[] lostAlone) =>
        (_failedAt, Failures, Losses, _lostAlone) = (failedAt, failures, losses, lostAlone);

    public static LineTrouble None { get; } = new([], 0, 0, []);

    /// <summary>Vehicles that could not run it, each once.</summary>
    public IReadOnlyList<VehicleId> FailedAt => _failedAt;

    /// <summary>How often it failed, at whichever vehicle.</summary>
    public int Failures { get; }

    /// <summary>Units that had it and were lost with their vehicle.</summary>
    public int Losses { get; }

    /// <summary>Vehicles that were lost while they had nothing but this line.</summary>
    public IReadOnlyList<LoneLoss> LostAlone => _lostAlone;

    /// <summary>It goes to a vehicle that has nothing else, and that gets nothing else meanwhile.</summary>
    public bool IsAlone => Losses >= AloneFrom;

    /// <summary>Lines that a unit of such ones may have.</summary>
    public int MaxUnitLines => Losses switch
    {
        >= AloneFrom => 1,
        >= SplitFrom => 16 >> (2 * (Losses - SplitFrom)),
        _ => int.MaxValue,
    };

    public LineTrouble Failed(VehicleId vehicle) =>
        new(_failedAt.Contains(vehicle) ? _failedAt : [.. _failedAt.Append(vehicle).OrderBy(v => v.Value, StringComparer.Ordinal)], Failures + 1, Losses, _lostAlone);

    /// <param name="alone">Null when it had other lines as well.</param>
    public LineTrouble Lost(LoneLoss? alone) => new(_failedAt, Failures, Losses + 1, alone is { } loss ? [.. _lostAlone, loss] : _lostAlone);

    public bool Equals(LineTrouble? other) =>
        other is not null
        && (Failures, Losses) == (other.Failures, other.Losses)
        && _failedAt.AsSpan().SequenceEqual(other._failedAt)
        && _lostAlone.AsSpan().SequenceEqual(other._lostAlone);

    public override bool Equals(object? obj) => Equals(obj as LineTrouble);

    public override int GetHashCode() => HashCode.Combine(Failures, Losses, _failedAt.Length, _lostAlone.Length);
}

/// <summary>A vehicle was lost with a single line.</summary>
/// <param name="Seconds">That it had it, or that the line would have taken, whichever is longer.</param>
public readonly record struct LoneLoss(VehicleId Vehicle, double Seconds);
