using Mesh.Hosting.Operations;
using Mesh.Messages;
using Mesh.Seed.WorkStreams;

namespace Mesh.Seed.Membership;

/// <summary>What this seed tells vehicles of itself and of its cluster.</summary>
public sealed class SeedView(SeedNode node, SeedNodeOptions options, OperationsHost operators, OperationsSettings settings) : ISeedView
{
    public RegionName Region => node.Region;

    public IReadOnlyList<NodeAddress> Seeds => node.Seeds;

    /// <summary>Known once the operators' port is open, which is before the first work stream is.</summary>
    public string Operators => OperatorsAddress.Of(settings.Bind, operators.Port, options.Host);
}
