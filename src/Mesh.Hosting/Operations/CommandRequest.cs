namespace Mesh.Hosting.Operations;

/// <summary>Who asks for a command, from where, and what it is.</summary>
/// <param name="Peer">Where the operator connects from.</param>
/// <param name="IsConfirmed">A person, or a script, has agreed to what does not come back.</param>
public sealed record CommandRequest(IReadOnlyList<string> Words, bool IsConfirmed, string Operator, string Peer);
