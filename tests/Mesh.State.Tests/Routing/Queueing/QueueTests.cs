using Mesh.Messages;
using Mesh.Seed.Routing;
using static Mesh.State.Tests.Routing.RouterDriver;

namespace Mesh.State.Tests.Routing.Queueing;

/// <summary>Who waits, who is turned away, and whose turn it is.</summary>
public sealed class QueueTests
{
    private readonly RouterDriver _router = new(new RouterSettings { MaxWaiting = 12, HedgeShare = 0 }, choice: new InReach());

    [Fact]
    public void One_client_alone_gets_the_earliest_deadline_first()
    {
        var requests = new[] { 9.0, 5, 7, 6, 8 }.Select(seconds => _router.Submit(seconds: seconds, client: 1)).ToArray();
        _router.Open("one");
        Assert.Equal([requests[1], requests[3], requests[2], requests[4], requests[0]], Order());
    }

    [Fact]
    public void A_flooding_client_does_not_starve_the_others()
    {
        var flood = Enumerable.Range(0, 6).Select(_ => _router.Submit(seconds: 1, client: 1)).ToArray();
        var others = new[] { _router.Submit(client: 2), _router.Submit(client: 2), _router.Submit(client: 3) };
        _router.Open("one", load: Load(credits: 4, loaded: "a"));
        Assert.Equal([flood[0], others[0], others[2], flood[1]], Order().OrderBy(id => Array.IndexOf([flood[0], others[0], others[2], flood[1]], id)));
    }

    [Fact]
    public void Of_equal_clients_the_one_served_longest_ago_is_next()
    {
        var one = _router.Open("one", load: Load(credits: 1, loaded: "a"));
        var busy = _router.Submit(client: 9);
        // The flood's deadlines are always the earlier ones.
        var flood = Enumerable.Range(0, 4).Select(_ => _router.Submit(seconds: 5, client: 1)).ToArray();
        var other = Enumerable.Range(0, 2).Select(_ => _router.Submit(seconds: 9, client: 2)).ToArray();
        _router.Report(busy, AttemptOutcome.Ok);
        for (var i = 0; i < 6; i++)
            _router.Report(_router.State.Find(one)!.Outstanding.Single().Request, AttemptOutcome.Ok);
        Assert.Equal([busy, flood[0], other[0], flood[1], other[1], flood[2], flood[3]], Order());
    }

    [Fact]
    public void Priority_goes_before_fairness_and_levels_beyond_the_last_are_the_default()
    {
        var low = _router.Submit(priority: 0, seconds: 8, client: 1);
        var beyond = _router.Submit(priority: 17, seconds: 7, client: 1);
        var second = _router.Submit(priority: 16, seconds: 9, client: 1);
        var high = Enumerable.Range(0, 3).Select(_ => _router.Submit(priority: 2, client: 2)).ToArray();
        _router.Open("one");
        Assert.Equal([.. high, beyond, low, second], Order());
    }

    [Fact]
    public void While_the_queue_is_contended_a_client_gets_its_share_of_the_places()
    {
        for (var i = 0; i < 6; i++)
            Assert.True(Waits(_router.Submit(client: 1)));
        // Half full, two clients: six places for each.
        Assert.True(Waits(_router.Submit(client: 2)));
        var refused = _router.Outcome(_router.Submit(client: 1));
        Assert.Equal((RequestOutcome.Overloaded, RefusalReason.ShareFull), (refused.Outcome, refused.Refused));
        Assert.Equal(
            "6 requests of this client already wait for a vehicle at this seed, its share of 12 places among 2 clients", refused.Error);
        Assert.Equal(TimeSpan.FromSeconds(1), refused.RetryAfter);
        // A third one leaves four places for each.
        Assert.True(Waits(_router.Submit(client: 3)));
        for (var i = 0; i < 3; i++)
            Assert.True(Waits(_router.Submit(client: 2)));
        Assert.Equal(RefusalReason.ShareFull, _router.Outcome(_router.Submit(client: 2)).Refused);
        Assert.True(Waits(_router.Submit(client: 0)));
        Assert.Equal(RefusalReason.QueueFull, _router.Outcome(_router.Submit(client: 4)).Refused);
    }

    [Fact]
    public void More_clients_than_places_have_one_place_each()
    {
        for (var client = 1ul; client <= 12; client++)
            Assert.True(Waits(_router.Submit(client: client)));
        _router.Open("one", load: Load(credits: 2, loaded: "a"));
        // Twelve clients are active, of which two wait for nothing any more.
        Assert.True(Waits(_router.Submit(client: 1)));
        Assert.Equal(RefusalReason.ShareFull, _router.Outcome(_router.Submit(client: 1)).Refused);
    }

    [Fact]
    public void A_client_is_forgotten_with_its_last_request()
    {
        _router.Open("one");
        for (var client = 1ul; client <= 50; client++)
            _router.Report(_router.Submit(client: client), AttemptOutcome.Ok);
        _router.Open("one", load: Load(credits: 0));
        for (var i = 0; i < 12; i++)
            Assert.True(Waits(_router.Submit(client: 7)));
    }

    [Fact]
    public void One_that_no_vehicle_in_reach_can_take_does_not_hold_up_those_behind_it()
    {
        _router.Open("sydney", Sydney, Load(credits: 1, loaded: "a"));
        _router.Open("berlin", Berlin);
        var blocking = _router.Submit(Near(Sydney, 50, priority: 1));
        var blocked = Enumerable.Range(0, 3).Select(_ => _router.Submit(Near(Sydney, 50, priority: 1))).ToList();
        Assert.NotNull(_router.StreamOf(blocking));
        Assert.All(blocked, request => Assert.True(Waits(request)));
        Assert.NotNull(_router.StreamOf(_router.Submit(Near(Berlin, 50, priority: 1))));
        Assert.NotNull(_router.StreamOf(_router.Submit(priority: 5)));
    }

    [Fact]
    public void Nobody_within_the_radius_is_nobody_at_all()
    {
        var berlin = _router.Open("berlin", Berlin);
        var request = _router.Submit(Near(Sydney, 50));
        _router.Advance(1.999);
        Assert.Empty(_router.Completed);
        _router.Advance(0.001);
        var refused = _router.Outcome(request);
        Assert.Equal(
            (RequestOutcome.Unavailable, RefusalReason.NoVehicle, "no vehicle is within 50 km of -33.87,151.21 to take the request"),
            (refused.Outcome, refused.Refused, refused.Error));
        Assert.Equal(TimeSpan.FromSeconds(2), refused.RetryAfter);

        // One that has no room is somebody, and is waited for.
        _router.Run(new LoadChanged(berlin, Load(credits: 0)));
        var waiting = _router.Submit(Near(Berlin, 1));
        _router.Advance(9.9);
        Assert.True(Waits(waiting));
        _router.Run(new LoadChanged(berlin, Load()));
        Assert.Equal(berlin, _router.StreamOf(waiting));
    }

    [Fact]
    public void A_request_that_the_queue_ahead_would_outlast_is_refused_at_once()
    {
        Steady(dispatches: 20);
        // Four wait, 100 ms each, and a run takes 100 ms and 10 ms of network.
        var refused = _router.Outcome(_router.Submit(seconds: 0.5));
        Assert.Equal((RequestOutcome.DeadlineExceeded, RefusalReason.QueueTooLong), (refused.Outcome, refused.Refused));
        Assert.Equal(
            "4 requests go before it, about 400 ms, and no vehicle answers model-a/1 in less than 110 ms: more than the timeout leaves", refused.Error);
        Assert.InRange(refused.RetryAfter!.Value, TimeSpan.FromMilliseconds(9), TimeSpan.FromMilliseconds(11));
        Assert.True(Waits(_router.Submit(seconds: 0.52)));
        // One that goes before the others need not wait for them: by its priority, its client's turn, or its deadline.
        Assert.True(Waits(_router.Submit(seconds: 0.2, priority: 1)));
        Assert.True(Waits(_router.Submit(seconds: 0.4, client: 5)));
    }

    [Fact]
    public void An_earlier_deadline_does_not_count_those_behind_it()
    {
        Steady(dispatches: 20);
        _router.Submit(seconds: 100);
        _router.Submit(seconds: 100);
        Assert.True(Waits(_router.Submit(seconds: 0.6)));
    }

    [Fact]
    public void Nobody_is_refused_for_a_wait_that_is_not_measured()
    {
        Steady(dispatches: 12);
        Assert.True(Waits(_router.Submit(seconds: 0.5)));
    }

    [Fact]
    public void Vehicles_that_come_shorten_the_wait_at_once()
    {
        Steady(dispatches: 20);
        _router.Run(new LoadChanged(new StreamId(1), Load(credits: 1, threads: 10, loaded: "a")));
        Assert.True(Waits(_router.Submit(seconds: 0.5)));
    }

    [Fact]
    public void A_warming_that_never_ends_is_forgotten()
    {
        var router = new RouterDriver(new RouterSettings { WarmCopies = 2 }, choice: new InReach());
        router.Open("a", load: Load(loaded: "a"));
        var b = router.Open("b", load: Load(loaded: ""));
        router.Report(router.Submit(), AttemptOutcome.Ok);
        router.Report(router.Submit(), AttemptOutcome.Ok);
        Assert.Equal([b], router.Effects.OfType<WarmModel>().Select(warm => warm.Stream));
        router.Advance(60);
        router.Report(router.Submit(), AttemptOutcome.Ok);
        Assert.Equal([b, b], router.Effects.OfType<WarmModel>().Select(warm => warm.Stream));
    }

    /// <summary>A queue of four that one vehicle serves at a steady pace of 100 ms; each of them is due within 490 ms.</summary>
    private void Steady(int dispatches)
    {
        var one = _router.Open("one", load: Load(credits: 1, loaded: "a"));
        _router.MeasureRoundTrip(one, 10);
        for (var i = 0; i < 5; i++)
            _router.Submit(seconds: 0.56);
        for (var i = 0; i < dispatches; i++)
        {
            _router.Advance(0.1);
            _router.Report(_router.State.Find(one)!.Outstanding.Single().Request, AttemptOutcome.Ok, inferMs: 100);
            _router.Submit(seconds: 0.56);
        }

        _router.Advance(0.07);
        Assert.Equal(4, _router.State.Waiting);
    }

    [Fact]
    public void A_client_whose_radius_is_empty_at_every_priority_keeps_nobody_else_waiting()
    {
        var router = new RouterDriver(new RouterSettings { HedgeShare = 0 }, choice: new InReach());
        for (uint priority = 1; priority <= 12; priority++)
        {
            for (var i = 0; i < 4; i++)
                router.Submit(Near(Sydney, 1, priority));
        }

        var plain = router.Submit(client: 2);
        var other = router.Submit(Near(Berlin, 50) with { Client = 3 });
        var berlin = router.Open("berlin", Berlin);
        Assert.Equal([berlin, berlin], new[] { plain, other }.Select(router.StreamOf));
    }

    [Fact]
    public void Two_models_of_one_artifact_do_not_hold_each_other_up()
    {
        var router = new RouterDriver(new RouterSettings { HedgeShare = 0 });
        router.Submit(Model() with { DeviceClasses = "gpu-9" }, priority: 1);
        var any = router.Submit(Model(), priority: 2);
        var elsewhere = router.Submit(Model() with { DeviceClasses = "gpu-8" }, priority: 1);
        router.Run(new StreamOpened(
            new StreamId(1), new VehicleId("V-1"), new SessionEpoch(1), Member("V-1"), Frankfurt, Load(loaded: ""))
        {
            DeviceClass = "gpu-8",
        });
        Assert.Equal([new StreamId(1), new StreamId(1)], new[] { any, elsewhere }.Select(router.StreamOf));
    }

    private SubmitRequest Near(GeoPoint origin, double km, uint priority = 0) =>
        new(default, Model(), 100, _router.Now + TimeSpan.FromSeconds(10), priority) { Origin = origin, MaxDistanceKm = km };

    private bool Waits(RequestId request) => _router.State.Requests.TryGetValue(request, out var open) && open.IsWaiting;

    private IEnumerable<RequestId> Order() => _router.Sent.Select(sent => sent.Attempt.Request);
}
