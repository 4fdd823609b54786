using System.Collections.Immutable;
using System.Text.Json;
using Mesh.Messages.Work;
using Mesh.Node.Policy;

namespace Mesh.Node.Sessions;

/// <summary>How a vehicle tells its seeds which rules deny work. Says nothing of where it is. Pure.</summary>
internal static class RuleTelling
{
    public static PolicyDenials ToWire(ImmutableArray<Denial> denials) => new() { Rules = { denials.Take(WorkProtocol.MaxDenials).Select(ToWire) } };

    public static RuleDenial ToWire(Denial denial)
    {
        var told = denial.Told();
        var rule = new RuleDenial
        {
            Code = Cut(told.Code),
            Rule = Cut(told.Rule),
            Denies = Word(told.Kinds),
            Signal = Cut(told.Path),
            Value = Cut(told.Value),
            Threshold = told.Needs(WorkProtocol.MaxDenialText),
            Setting = Cut(told.Setting),
            Unknown = told.Unknown is { } unknown ? Word(unknown) : "",
        };
        if (told.Age is { } age)
            rule.AgeS = age.TotalSeconds;
        return rule;
    }

    /// <summary>
    /// The same rules deny the same work by the same limits. A value that changes meanwhile is no news: a status goes to each seed
    /// several times a second, and most signals have a new value by then.
    /// </summary>
    public static bool IsSame(ImmutableArray<Denial> one, ImmutableArray<Denial> other) =>
        one == other || one.Select(Substance).SequenceEqual(other.Select(Substance));

    private static (string Code, string Rule, WorkKinds Kinds, string Setting, string Threshold, string Value) Substance(Denial denial) =>
        (denial.Code, denial.Rule, denial.Kinds, denial.Setting, denial.Threshold, ValueOf(denial));

    /// <summary>An operator's drain tells by its value until when, and only operators change that.</summary>
    private static string ValueOf(Denial denial) => denial.Code == ReasonCodes.OperatorDrain ? denial.Value : "";

    private static string Cut(string text) => text.Length <= WorkProtocol.MaxDenialText ? text : text[..WorkProtocol.MaxDenialText];

    private static string Word<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());
}
