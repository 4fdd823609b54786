using System.Collections.Immutable;
using System.Text.Json;
using Mesh.Messages.Work;
using Mesh.Node.Policy;

namespace Mesh.Node.Sessions;

/// <summary>What a vehicle tells its seeds when it leaves.</summary>
/// <param name="Cause">Of the departure, in snake_case; empty = none is to be told.</param>
/// <param name="Denials">The rules that permit no work; empty where some is allowed.</param>
public sealed record Farewell(string Cause, ImmutableArray<Denial> Denials)
{
    /// <summary>Says nothing of where the vehicle is.</summary>
    public Goodbye ToGoodbye(string reason)
    {
        var told = Denials.Select(denial => denial.Told()).ToList();
        return new Goodbye { Reason = reason, Cause = Cause, Denials = { told.Select(denial => denial.ToString()) }, Rules = { told.Select(RuleOf) } };
    }

    private static RuleDenial RuleOf(Denial denial)
    {
        var rule = new RuleDenial
        {
            Code = denial.Code,
            Rule = denial.Rule,
            Signal = denial.Path,
            Value = denial.Value,
            Threshold = denial.Threshold,
            Setting = denial.Setting,
            Unknown = denial.Unknown is { } unknown ? JsonNamingPolicy.SnakeCaseLower.ConvertName(unknown.ToString()) : "",
        };
        if (denial.Age is { } age)
            rule.AgeS = age.TotalSeconds;
        return rule;
    }
}
