using Mesh.Messages;
using Mesh.Seed.Routing;
using Mesh.State.Tests.Inference;
using static Mesh.State.Tests.Routing.RouterDriver;

namespace Mesh.State.Tests.Routing;

public sealed class FleetFactsTests
{
    [Fact]
    public void Who_comes_later_hears_of_spans_as_they_are_by_then()
    {
        var time = new ManualTime();
        var facts = new FleetFacts(time);
        facts.Opened(new StreamOpened(new StreamId(1), new VehicleId("V-1"), new SessionEpoch(1), Member("V-1"), Frankfurt, Load())
        {
            ParkedFor = TimeSpan.FromMinutes(1),
        });
        time.Advance(TimeSpan.FromMinutes(10));
        facts.Changed(new LoadChanged(new StreamId(1), Load() with { LeavesIn = TimeSpan.FromMinutes(30) }));
        time.Advance(TimeSpan.FromMinutes(20));
        var heard = new List<object>();
        facts.Attach(heard.Add);
        var opened = Assert.IsType<StreamOpened>(Assert.Single(heard));
        Assert.Equal((TimeSpan.FromMinutes(31), TimeSpan.FromMinutes(10)), (opened.ParkedFor, opened.Load.LeavesIn));
    }
}
