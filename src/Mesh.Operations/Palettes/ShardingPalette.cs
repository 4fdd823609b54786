namespace Mesh.Operations.Palettes;

/// <summary>Where vehicles' inference actors live.</summary>
public static class ShardingPalette
{
    public static CommandPalette Palette { get; } = new(
        "sharding",
        "Cluster sharding: a vehicle's inference actor is one shard, which lives on that vehicle",
        [
            new("regions", "Each member's shard region with its number of shards"),
            new("shards", "Each shard with the member that hosts it"),
            new("entity", "Where one entity lives, or why nowhere")
            {
                Arguments = [new("id", ArgumentKind.Positional, "an entity's id: a vehicle's") { IsRequired = true, Completes = [ValueKinds.Vehicle] }],
            },
        ]);
}
