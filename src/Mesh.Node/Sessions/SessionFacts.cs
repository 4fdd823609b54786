using System.Collections.Immutable;
using Mesh.Messages;
using Mesh.Node.Operations;
using Mesh.Node.Policy;

namespace Mesh.Node.Sessions;

/// <summary>What a session tells of its vehicle.</summary>
/// <param name="Place">As coarse as the owner wants it told.</param>
/// <param name="ParkedAt">Since when it stands and is plugged in; null = not told.</param>
/// <param name="MemoryBytes">What inference may use.</param>
/// <param name="Consent">What the owner lets it run, at the moment.</param>
/// <param name="Drain">Operators' drain.</param>
/// <param name="Denials">What denies work, at the moment.</param>
/// <param name="Farewell">What it says when it leaves, at the moment.</param>
public sealed record SessionFacts(
    GeoPoint Place,
    DateTimeOffset? ParkedAt,
    long MemoryBytes,
    Func<OwnerConsent> Consent,
    OperatorDrain Drain,
    Func<ImmutableArray<Denial>> Denials,
    Func<Farewell> Farewell);
