using System.Collections.Immutable;

namespace Mesh.Operations.Palettes;

/// <summary>What this process logs.</summary>
public static class LogPalette
{
    /// <summary>From the most to the least that is said.</summary>
    public static ImmutableArray<string> Levels { get; } = ["trace", "debug", "information", "warning", "error", "critical"];

    private static readonly CommandArgument Least = new("level", ArgumentKind.Option, "the least level that is shown") { Choices = Levels, Default = "trace" };
    private static readonly CommandArgument Category = new("category", ArgumentKind.Option, "only categories that begin like this, e.g. Mesh.Seed.Routing");

    public static CommandPalette Palette { get; } = new(
        "log",
        "What this process logs",
        [
            new("tail", "What is logged, as it happens") { Arguments = [Least, Category], IsEndless = true },
            new("history", "What was logged last")
            {
                Arguments = [Least, Category, new("limit", ArgumentKind.Option, "lines, 1 to 1000") { Default = "100" }],
            },
            new("level", "The least level that is logged, or a new one until the process ends")
            {
                Arguments = [new("new", ArgumentKind.Positional, "the least level to log from now on") { Choices = Levels }],
                Changes = true,
                ChangesWith = "new",
            },
        ]);
}
