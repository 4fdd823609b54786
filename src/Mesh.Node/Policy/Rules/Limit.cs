using System.Globalization;
using Mesh.Node.Telemetry;

namespace Mesh.Node.Policy.Rules;

/// <summary>What a known signal must be.</summary>
/// <param name="Text">The same in words, after "needs".</param>
internal sealed record Limit(string Text, Func<SignalState, bool> Permits)
{
    /// <param name="asked">False: no limit.</param>
    public static Limit? Is(bool value, bool asked) => asked ? new(value ? "true" : "false", state => state.Truth == value) : null;

    /// <param name="most">Null: no limit.</param>
    public static Limit? AtMost(double? most, VssSignal signal) =>
        most is { } limit ? new("at most " + Show(limit, signal), state => state.Number <= limit) : null;

    /// <param name="least">Null: no limit.</param>
    public static Limit? AtLeast(double? least, VssSignal signal) =>
        least is { } limit ? new("at least " + Show(limit, signal), state => state.Number >= limit) : null;

    public static Limit OneOf(params string[] texts) =>
        new(string.Join(" or ", texts), state => state.Text is { } text && texts.Contains(text, StringComparer.Ordinal));

    private static string Show(double limit, VssSignal signal) => string.Create(CultureInfo.InvariantCulture, $"{limit} {signal.Unit}").TrimEnd();
}
