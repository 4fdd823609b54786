namespace Mesh.Node.Policy;

/// <summary>When work will have to end, known ahead.</summary>
/// <param name="Rule">Code of the rule that will fail then.</param>
public sealed record PlannedEnd(DateTimeOffset At, string Rule);
