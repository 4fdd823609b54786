using System.Collections.Immutable;
using Mesh.Messages;
using Mesh.Node.Policy;

namespace Mesh.Node.Sessions;

/// <summary>What a vehicle says of itself in the hello of each stream.</summary>
/// <param name="MemoryBytes">What inference may use.</param>
public sealed record SessionIdentity(VehicleId Vehicle, SessionEpoch Epoch, RegionName Region, NodeAddress Member, GeoPoint Place, long MemoryBytes)
{
    /// <summary>Names the hardware; empty = not told.</summary>
    public string DeviceClass { get; init; } = "";

    /// <summary>Since when the car is parked and plugged in; null = not told.</summary>
    public DateTimeOffset? ParkedAt { get; init; }

    /// <summary>When it will leave; null while nobody announced that.</summary>
    public Func<DateTimeOffset?> LeavesAt { get; init; } = () => null;

    /// <summary>Whether operators have drained it.</summary>
    public Func<bool> IsHeld { get; init; } = () => false;

    /// <summary>What the owner lets it run.</summary>
    public Func<OwnerConsent> Consent { get; init; } = () => OwnerConsent.Everything;

    /// <summary>What denies work.</summary>
    public Func<ImmutableArray<Denial>> Denials { get; init; } = () => [];
}
