namespace Mesh.Operations.Palettes;

/// <summary>The region's cluster as this member sees it.</summary>
public static class ClusterPalette
{
    private static readonly CommandArgument Address = new(
        "address", ArgumentKind.Positional, "a member's address as 'cluster show' prints it, or the name of a vehicle")
    { IsRequired = true, Completes = [ValueKinds.Member, ValueKinds.Vehicle] };

    public static CommandPalette Palette { get; } = new(
        "cluster",
        "Membership of the region: who is in, and who is not reachable",
        [
            new("show", "Members with their roles, status, reachability and version")
            {
                Arguments = [new("all-roles", ArgumentKind.Switch, "also the roles that each member has")],
            },
            new("status", "This member: status, leader, oldest seed, members by status"),
            new("join", "Join the cluster of the member at an address; only for a member that is in none")
            {
                Arguments = [Address with { Description = "the Akka address of a member, e.g. akka.tcp://mesh@10.0.0.1:4053", Completes = [] }],
                Changes = true,
            },
            new("leave", "Let a member leave in order; a seed finishes its requests first, a vehicle comes back with a new session")
            {
                Arguments = [Address with { IsRequired = false, Description = Address.Description + "; without one, this member" }],
                Changes = true,
                IsDestructive = true,
            },
            new("down", "Remove a member at once that cannot leave in order: what it had is lost to it")
            {
                Arguments = [Address],
                Changes = true,
                IsDestructive = true,
            },
            new("down-unreachable", "Remove all members that are not reachable from here") { Changes = true, IsDestructive = true },
            new("tail", "Changes of membership and reachability as they happen") { IsEndless = true },
        ]);
}
