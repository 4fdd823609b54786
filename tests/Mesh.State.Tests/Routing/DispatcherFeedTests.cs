using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Messages.Work;
using Mesh.Seed.Routing;
using Mesh.Seed.Routing.History;
using Mesh.Seed.WorkStreams;
using WireConsent = Mesh.Messages.Work.OwnerConsent;

namespace Mesh.State.Tests.Routing;

/// <summary>What routers hear of a vehicle's status.</summary>
public sealed class DispatcherFeedTests
{
    private readonly DispatcherFeed _feed = new(new RequestTable(new MonotonicClock(TimeProvider.System), new RequestTableLimits()));
    private readonly List<object> _dispatcher = [];
    private readonly List<object> _jobRouter = [];

    public DispatcherFeedTests()
    {
        _feed.Attach(_dispatcher.Add);
        _feed.Facts.Attach(_jobRouter.Add);
    }

    /// <summary>A vehicle without consent to a kind of work is, for that kind's router, one that takes none.</summary>
    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public void Each_router_hears_of_the_consent_to_its_kind_of_work(bool interactive, bool batch)
    {
        var consent = new WireConsent { Interactive = interactive, Batch = batch, AnyModel = true };
        var stream = Stream();
        _feed.Opened(stream, Status(null));
        _feed.StatusChanged(stream, Status(consent));
        _feed.StatusChanged(stream, Status(null));
        Assert.Equal([false, !interactive, false], Drains(_dispatcher));
        // Told only where something changed.
        Assert.Equal(interactive && batch ? [false] : [false, !batch, false], Drains(_jobRouter));
    }

    [Fact]
    public void Consent_names_models_and_publishers()
    {
        _feed.Opened(Stream(), Status(new WireConsent { Interactive = true, Batch = true, Models = { "fashion", "fashion" }, Publishers = { "acme" } }));
        var consent = Assert.IsType<StreamOpened>(Assert.Single(_dispatcher)).Load.Consent;
        var model = new ModelReference("fashion", "1", new ArtifactHash(new string('a', 64)), 1);
        Assert.True(consent.Allows(model));
        Assert.True(consent.Allows(model with { Name = "other", Publisher = "acme" }));
        Assert.False(consent.Allows(model with { Name = "other" }));
    }

    [Fact]
    public void Both_routers_hear_which_rules_deny_work_and_again_when_they_are_others()
    {
        var stream = Stream();
        var denials = new ToldDenials([new FailedRule("LOW_CHARGE", "LOW_CHARGE", "", "42", "50", null, "", "")], default);
        stream.Denials = denials;
        _feed.Opened(stream, Status(null));
        _feed.StatusChanged(stream, Status(null));
        stream.Denials = ToldDenials.Of(new PolicyDenials(), default);
        _feed.StatusChanged(stream, Status(null));
        Assert.Equal([denials, denials, stream.Denials], Denials(_dispatcher));
        Assert.Equal([denials, stream.Denials], Denials(_jobRouter));

        static IEnumerable<ToldDenials?> Denials(List<object> heard) =>
            heard.Select(fact => fact is StreamOpened opened ? opened.Load.Denials : Assert.IsType<LoadChanged>(fact).Load.Denials);
    }

    private static bool[] Drains(List<object> heard) => [.. heard.Select(fact => fact switch
    {
        StreamOpened opened => opened.Load.Draining,
        LoadChanged changed => changed.Load.Draining,
        _ => throw new InvalidOperationException($"{fact} was not told."),
    })];

    private static VehicleStatus Status(WireConsent? consent) => new() { Credits = 1, Threads = 1, Consent = consent };

    private static WorkStreamConnection Stream() => new(
        1, new StreamSession(new VehicleId("V-1"), new SessionEpoch(1), new NodeAddress("akka.tcp://mesh@V-1:1", 1), default, ""), () => { });
}
