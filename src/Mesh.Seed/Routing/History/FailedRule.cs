using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Mesh.Messages.Work;

namespace Mesh.Seed.Routing.History;

/// <summary>A rule that did not permit work, as its vehicle told it. Texts are empty where there is nothing to tell.</summary>
/// <param name="Signal">Its VSS path.</param>
/// <param name="AgeSeconds">Of the value.</param>
/// <param name="Unknown">Why the signal was unknown.</param>
public sealed record FailedRule(
    string Code, string Rule, string Signal, string Value, string Threshold, double? AgeSeconds, string Setting, string Unknown)
{
    /// <summary>The work that it denied: interactive, batch or all; empty = the vehicle's version did not tell.</summary>
    public string Denies { get; init; } = "";

    /// <summary>So many of them, and so much of each, as are kept, whatever a vehicle says.</summary>
    public static ImmutableArray<FailedRule> Of(IEnumerable<RuleDenial> rules) =>
    [
        .. rules.Take(WorkProtocol.MaxDenials).Select(rule => new FailedRule(
            Cut(rule.Code),
            Cut(rule.Rule),
            Cut(rule.Signal),
            Cut(rule.Value),
            Cut(rule.Threshold),
            rule.HasAgeS && double.IsFinite(rule.AgeS) ? rule.AgeS : null,
            Cut(rule.Setting),
            Cut(rule.Unknown))
        {
            Denies = Cut(rule.Denies),
        }),
    ];

    public static string Cut(string text) => text.Length <= WorkProtocol.MaxDenialText ? text : text[..WorkProtocol.MaxDenialText];

    public bool IsAbout(bool batch) => Denies is not ("interactive" or "batch") || Denies == (batch ? "batch" : "interactive");

    /// <summary>As the vehicle's own line: <c>LOW_CHARGE: Vehicle.….StateOfCharge.Current is 42, needs at least 50 percent (charging.min-state-of-charge)</c>.</summary>
    public override string ToString()
    {
        var line = new StringBuilder(Code).Append(": ");
        if (Rule.Length > 0 && Rule != Code)
            line.Append(CultureInfo.InvariantCulture, $"for {Rule}, ");
        line.Append(Signal.Length > 0 ? Signal : Setting).Append(" is ").Append(Value.Length > 0 ? Value : "not told");
        if (Unknown.Length > 0)
            line.Append(CultureInfo.InvariantCulture, $" [{Unknown}{(AgeSeconds is { } age ? $", {age:0} s old" : "")}]");
        line.Append(", needs ").Append(Threshold);
        return Signal.Length > 0 ? line.Append(CultureInfo.InvariantCulture, $" ({Setting})").ToString() : line.ToString();
    }
}

/// <summary>What denied work at a connected vehicle when it told so last. Values and ages are those of that moment.</summary>
/// <param name="At">By this seed's clock.</param>
public sealed record ToldDenials(ImmutableArray<FailedRule> Rules, DateTimeOffset At)
{
    /// <summary>Rules that one sentence names.</summary>
    private const int Named = 3;

    public static ToldDenials Of(PolicyDenials denials, DateTimeOffset at) => new(FailedRule.Of(denials.Rules), at);

    /// <summary>Those that deny this kind of work, for a sentence; empty = none was told.</summary>
    public string Because(bool batch)
    {
        var rules = Rules.Where(rule => rule.IsAbout(batch)).ToList();
        return string.Join("; ", rules.Take(Named)) + (rules.Count > Named ? $"; and {rules.Count - Named} more" : "");
    }
}
