using System.Collections.Immutable;
using Mesh.Messages.Work;
using Mesh.Node.Policy;

namespace Mesh.Node.Sessions;

/// <summary>What a vehicle tells its seeds when it leaves.</summary>
/// <param name="Cause">Of the departure, in snake_case; empty = none is to be told.</param>
/// <param name="Denials">The rules that permit no work; empty where some is allowed.</param>
public sealed record Farewell(string Cause, ImmutableArray<Denial> Denials)
{
    /// <summary>Says nothing of where the vehicle is.</summary>
    public Goodbye ToGoodbye(string reason) => new()
    {
        Reason = reason,
        Cause = Cause,
        Denials = { Denials.Select(denial => denial.Told().ToString()) },
        Rules = { Denials.Select(RuleTelling.ToWire) },
    };
}
