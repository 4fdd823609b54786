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
        line.Append(", needs ").Append(Threshold);
        if (HeldUntil is { } until)
            line.Append(CultureInfo.InvariantCulture, $", and to stay so until {until:HH:mm:ss}Z");
        return Path.Length > 0 ? line.Append(CultureInfo.InvariantCulture, $" ({Setting})").ToString() : line.ToString();
    }
}
