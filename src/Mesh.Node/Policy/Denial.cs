using System.Globalization;
using System.Text;
using Mesh.Node.Telemetry;

namespace Mesh.Node.Policy;

/// <summary>One rule that does not permit work, with all that the owner needs to see why.</summary>
/// <param name="Code">One of <see cref="ReasonCodes"/>.</param>
/// <param name="Rule">The code of the rule; differs from <paramref name="Code"/> where its signal is unknown.</param>
/// <param name="Kinds">The work that it denies.</param>
/// <param name="Setting">Key of the policy that asks for it, below <c>mesh.policy</c>.</param>
/// <param name="Path">VSS path of the signal; empty where no signal is asked.</param>
/// <param name="Value">As told last; empty where none was.</param>
/// <param name="Threshold">What it would have to be.</param>
/// <param name="Age">Of the value.</param>
/// <param name="Unknown">Why the signal is unknown; null where it is known.</param>
/// <param name="HeldUntil">Set when the value is good again and only has to stay so until then.</param>
public sealed record Denial(
    string Code,
    string Rule,
    WorkKinds Kinds,
    Urgency Urgency,
    string Setting,
    string Path,
    string Value,
    string Threshold,
    TimeSpan? Age,
    UnknownCause? Unknown,
    DateTimeOffset? HeldUntil)
{
    /// <summary>As it may be told beyond the vehicle: no value of a signal that says where it is.</summary>
    public Denial Told() => VssCatalogue.IsPlace(Path) ? this with { Value = "withheld" } : this;

    /// <summary>The threshold, and until when a value that is good again has to stay so.</summary>
    /// <param name="limit">Characters; it is the threshold that is cut.</param>
    public string Needs(int limit = int.MaxValue)
    {
        var hold = HeldUntil is { } until ? string.Create(CultureInfo.InvariantCulture, $", and to stay so until {until.UtcDateTime:HH:mm:ss}Z") : "";
        return Threshold[..Math.Min(Threshold.Length, limit - hold.Length)] + hold;
    }

    /// <summary>
    /// One line: <c>LOW_CHARGE: Vehicle.….StateOfCharge.Current is 42, needs at least 50 percent (charging.min-state-of-charge)</c>.
    /// </summary>
    public override string ToString()
    {
        var line = new StringBuilder(Code).Append(": ");
        if (Code != Rule)
            line.Append(CultureInfo.InvariantCulture, $"for {Rule}, ");
        line.Append(Path.Length > 0 ? Path : Setting).Append(" is ").Append(Value.Length > 0 ? Value : "not told");
        if (Unknown is { } cause)
            line.Append(CultureInfo.InvariantCulture, $" [{cause}{(Age is { } age ? $", {age.TotalSeconds:0} s old" : "")}]");
        line.Append(", needs ").Append(Needs());
        return Path.Length > 0 ? line.Append(CultureInfo.InvariantCulture, $" ({Setting})").ToString() : line.ToString();
    }
}
