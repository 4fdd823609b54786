using System.Collections.Immutable;

namespace Mesh.Node.Sessions;

/// <summary>What a vehicle tells its seeds when it leaves.</summary>
/// <param name="Cause">Of the departure, in snake_case; empty = none is to be told.</param>
/// <param name="Denials">The rules that permit no work, a line each; empty where some is allowed.</param>
public sealed record Farewell(string Cause, ImmutableArray<string> Denials);
