using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Seed.Routing;
using Mesh.Seed.Routing.History;
using Mesh.Seed.Routing.Queries;
using Mesh.State.Tests.Routing;

namespace Mesh.State.Tests.Operations;

/// <summary>Vehicles' ids for completion.</summary>
public sealed class ListVehicleIdsTests
{
    private readonly RouterDriver _router = new(history: new RouterHistory());

    [Theory]
    [InlineData("", false, 10, "V-1 V-2 truck V-0")]
    [InlineData("V", false, 10, "V-1 V-2 V-0")]
    [InlineData("V", true, 10, "V-1 V-2")]
    [InlineData("V-0", true, 10, "")]
    [InlineData("V", false, 1, "V-1")]
    [InlineData("v", false, 10, "")]
    public void Those_that_are_connected_come_first_and_the_others_where_they_are_asked_for(string prefix, bool connectedOnly, int limit, string ids)
    {
        foreach (var id in new[] { "V-2", "truck", "V-1" })
            _router.Open(id);
        var wall = _router.View.Wall;
        _router.Run(new RecordsLearned([.. new[] { "V-0", "V-1" }.Select(id =>
            new VehicleRecord(new VehicleId(id), new SessionEpoch(1), new SessionEpoch(1), wall, wall, 1, 1, 0, 9, 1, 2))]));
        Assert.Equal(ids, string.Join(' ', new ListVehicleIds(prefix, connectedOnly, limit).Answer(_router.View)));
    }
}
