using Mesh.Operations;

namespace Mesh.Node.Operations;

/// <summary>The palette <c>mesh</c> of a vehicle: what it knows of itself, which no seed can. Its fields: docs/explain.md.</summary>
public static class VehiclePalette
{
    public static CommandPalette Palette { get; } = new(
        "mesh",
        "This vehicle: whether it works and why not, its telemetry and its usage",
        [
            new CommandDefinition("explain", "Whether the vehicle may work now: every rule that denies it, with signal, value, threshold and age"),
            new CommandDefinition("vehicle", "The vehicle, its session and its engine"),
            new CommandDefinition("telemetry", "The signals as they are known now; with --telemetry manual they can be set, for drills")
            {
                Arguments =
                [
                    new CommandArgument("signal", ArgumentKind.Positional, "a VSS path, e.g. Vehicle.Speed; or 'lost' (nothing is heard any more) or 'restore'"),
                    new CommandArgument("value", ArgumentKind.Positional, "the signal's new value; 'unknown' = it has none")
                    {
                        // It may be where the vehicle is.
                        IsSecret = true,
                    },
                ],
                Changes = true,
            },
            new CommandDefinition("drain", "Lets the vehicle finish what it has and takes no more work until it is resumed, or the time is over")
            {
                Arguments = [new CommandArgument("for", ArgumentKind.Option, "how long, e.g. 30m or 2h, at most 7 days") { Default = "24h" }],
                Changes = true,
            },
            new CommandDefinition("resume", "Lets the drained vehicle work again") { Changes = true },
            new CommandDefinition("usage", "What the vehicle used today, and the owner's caps"),
        ]);
}
