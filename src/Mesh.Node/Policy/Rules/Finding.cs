using Mesh.Node.Telemetry;

namespace Mesh.Node.Policy.Rules;

internal enum Outcome
{
    /// <summary>The owner has switched the rule off.</summary>
    NotAsked,

    Passes,

    Fails,

    /// <summary>Its signal is unknown, which never counts as permission.</summary>
    Unknown,
}

/// <summary>What one rule says, before hysteresis.</summary>
/// <param name="Signal">The signal that decided; null where none was asked.</param>
/// <param name="Value">What the rule looked at, for messages.</param>
/// <param name="Recheck">When it may say otherwise though nothing is told anew.</param>
/// <param name="PlannedEnd">When it is going to fail, as far as that is known ahead.</param>
internal sealed record Finding(
    Outcome Outcome,
    string Value = "",
    string Threshold = "",
    SignalState? Signal = null,
    DateTimeOffset? Recheck = null,
    DateTimeOffset? PlannedEnd = null)
{
    public static readonly Finding NotAsked = new(Outcome.NotAsked);

    public static Finding Of(bool passes, string value, string threshold, DateTimeOffset? recheck = null) =>
        new(passes ? Outcome.Passes : Outcome.Fails, value, threshold, Recheck: recheck);

    public static Finding Of(SignalState state, Limit limit) => new(
        !state.IsKnown ? Outcome.Unknown : limit.Permits(state) ? Outcome.Passes : Outcome.Fails,
        state.LastValue?.ToString() ?? "",
        limit.Text,
        state,
        state.FreshUntil);
}
