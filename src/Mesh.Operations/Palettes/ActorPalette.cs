namespace Mesh.Operations.Palettes;

/// <summary>The actors of one process.</summary>
public static class ActorPalette
{
    public static CommandPalette Palette { get; } = new(
        "actor",
        "The actors of this process",
        [
            new("hierarchy", "The tree of actors, each with its class and the number of its messages that wait")
            {
                Arguments =
                [
                    new("path", ArgumentKind.Positional, "where to begin, e.g. /user/router") { Default = "/", Completes = [ValueKinds.Actor] },
                    new("depth", ArgumentKind.Option, "levels below it, 1 to 32") { Default = "8" },
                ],
            },
        ]);
}
