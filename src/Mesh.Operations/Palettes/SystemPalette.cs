namespace Mesh.Operations.Palettes;

/// <summary>One process and its ActorSystem.</summary>
public static class SystemPalette
{
    public static CommandPalette Palette { get; } = new(
        "system",
        "This process and its ActorSystem",
        [
            new("uptime", "Since when the process runs, its version, memory and threads"),
            new("config", "The ActorSystem's configuration in effect; what may be secret is not shown")
            {
                Arguments = [new("path", ArgumentKind.Positional, "a HOCON path, e.g. akka.cluster") { IsRequired = true }],
            },
        ]);
}
