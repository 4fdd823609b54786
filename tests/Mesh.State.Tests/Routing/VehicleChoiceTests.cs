using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Seed.Routing;
using static Mesh.State.Tests.Routing.RouterDriver;

namespace Mesh.State.Tests.Routing;

/// <summary>Who gets a request: the vehicle with the earliest expected good answer. Each test differs in one thing only.</summary>
public sealed class VehicleChoiceTests
{
    private readonly RouterDriver _router = new();

    [Fact]
    public void The_nearer_vehicle_while_no_round_trip_is_measured()
    {
        _router.Open("far", Sydney);
        var near = _router.Open("near", Berlin);
        Assert.Equal(near, _router.StreamOf(_router.Submit()));
    }

    [Fact]
    public void A_measured_round_trip_counts_more_than_the_distance()
    {
        var far = _router.Open("far", Sydney);
        var near = _router.Open("near", Berlin);
        _router.MeasureRoundTrip(far, 10);
        _router.MeasureRoundTrip(near, 400);
        Assert.Equal(far, _router.StreamOf(_router.Submit()));
    }

    [Fact]
    public void The_shorter_queue_of_other_seeds_requests()
    {
        _router.Open("busy", load: Load(loaded: "a", queued: 5));
        var idle = _router.Open("idle", load: Load(loaded: "a"));
        Assert.Equal(idle, _router.StreamOf(_router.Submit()));
    }

    [Fact]
    public void A_queue_is_shared_by_a_vehicles_threads()
    {
        _router.Open("narrow", load: Load(loaded: "a", queued: 6, threads: 1));
        var wide = _router.Open("wide", load: Load(loaded: "a", queued: 8, threads: 4));
        Assert.Equal(wide, _router.StreamOf(_router.Submit()));
    }

    [Fact]
    public void Requests_spread_over_equal_vehicles()
    {
        _router.Open("one");
        _router.Open("two");
        var streams = Enumerable.Range(0, 8).Select(_ => _router.StreamOf(_router.Submit())).ToList();
        Assert.Equal([4, 4], streams.GroupBy(stream => stream).Select(group => group.Count()));
    }

    [Fact]
    public void Equal_vehicles_are_chosen_by_the_randomness_given()
    {
        var firsts = Enumerable.Range(1, 40).Select(seed =>
        {
            var router = new RouterDriver(seed: seed);
            router.Open("one");
            router.Open("two");
            router.Open("three");
            return router.StreamOf(router.Submit());
        });
        Assert.Equal(3, firsts.Distinct().Count());
    }

    [Fact]
    public void The_vehicle_that_has_the_model_loaded_even_with_a_queue()
    {
        _router.Open("cold", load: Load());
        var warm = _router.Open("warm", load: Load(loaded: "a", queued: 3));
        Assert.Equal(warm, _router.StreamOf(_router.Submit()));
    }

    [Fact]
    public void A_cold_load_of_a_large_model_costs_more()
    {
        // 200 ms for a small model are less than the queue; with 100 MB to fetch they are not.
        var cold = _router.Open("cold", load: Load());
        var queued = _router.Open("queued", load: Load(loaded: "ab", queued: 60));
        Assert.Equal(cold, _router.StreamOf(_router.Submit(Model('a', size: 1000))));
        Assert.Equal(queued, _router.StreamOf(_router.Submit(Model('b', size: 100_000_000))));
    }

    [Fact]
    public void The_faster_vehicle_once_both_are_measured()
    {
        var slow = _router.Open("slow");
        _router.Answer(inferMs: 80);
        _router.Run(new LoadChanged(slow, Load(credits: 8, draining: true, loaded: "a")));
        var fast = _router.Open("fast");
        _router.Answer(inferMs: 8);
        _router.Run(new LoadChanged(slow, Load(loaded: "a")));
        Assert.Equal(fast, _router.StreamOf(_router.Submit()));
    }

    [Fact]
    public void The_more_reliable_vehicle_by_the_record_of_earlier_sessions()
    {
        _router.Open("flaky");
        var steady = _router.Open("steady");
        _router.Run(new RecordsLearned([Record("flaky", answered: 100, lost: 50), Record("steady", answered: 100, lost: 0)]));
        Assert.All(Enumerable.Range(0, 5), _ => Assert.Equal(steady, _router.StreamOf(_router.Submit())));
    }

    [Fact]
    public void A_failure_of_this_session_counts_too()
    {
        var failing = _router.Open("failing");
        var request = _router.Submit();
        var steady = _router.Open("steady");
        _router.Report(request, AttemptOutcome.Failed);
        _router.Report(request, AttemptOutcome.Ok);
        var next = _router.StreamOf(_router.Submit());
        Assert.Equal((steady, true), (next, next != failing));
    }

    [Fact]
    public void An_idle_vehicle_before_a_wait_at_a_faster_one()
    {
        _router.Open("fast");
        _router.Answer(inferMs: 10);
        var slow = _router.Open("slow");
        var (busy, second) = (_router.Submit(), _router.Submit());
        Assert.NotEqual(_router.StreamOf(busy), _router.StreamOf(second));
        _router.Report(_router.StreamOf(busy) == slow ? busy : second, AttemptOutcome.Ok, 40);
        // The slow one is known to take four times as long, and is idle: waiting would end sooner, but leave it idle.
        Assert.Equal(slow, _router.StreamOf(_router.Submit()));
    }

    [Fact]
    public void A_model_whose_vehicles_are_swamped_is_loaded_on_one_more_at_a_time()
    {
        var router = new RouterDriver(new RouterSettings { WarmCopies = 1 });
        router.Open("has-it");
        router.Answer(inferMs: 100);
        var (b, c) = (router.Open("b", load: Load()), router.Open("c", load: Load()));
        router.Submit();
        router.Submit();
        Assert.Empty(router.Effects.OfType<WarmModel>());
        for (var i = 0; i < 4; i++)
            router.Submit();
        var warmed = Assert.Single(router.Effects.OfType<WarmModel>()).Stream;
        Assert.Contains(warmed, new[] { b, c });
        // It never says that it has it: after a while another one is asked.
        router.Advance(new RouterSettings().WarmingLimit.TotalSeconds + 1);
        for (var i = 0; i < 6; i++)
            router.Submit();
        Assert.Equal(2, router.Effects.OfType<WarmModel>().Count());
    }

    /// <summary>Measured before: of two equal vehicles one had 6,769 answers and the other one.</summary>
    [Fact]
    public void Work_done_so_far_and_a_slow_first_run_do_not_starve_an_equal_vehicle()
    {
        var veteran = _router.Open("veteran");
        for (var i = 0; i < 500; i++)
            _router.Answer(inferMs: 1);
        var newcomer = _router.Open("newcomer");
        _router.MeasureRoundTrip(veteran, 1);
        _router.MeasureRoundTrip(newcomer, 40);
        for (var i = 0; i < 8; i++)
            _router.MeasureRoundTrip(newcomer, 1);
        var requests = Enumerable.Range(0, 10).Select(_ => _router.Submit()).ToList();
        Assert.Equal(5, requests.Count(request => _router.StreamOf(request) == newcomer));
        // Its first run is slow, as first runs are; half of the next ten are still its.
        foreach (var request in requests)
            _router.Report(request, AttemptOutcome.Ok, inferMs: _router.StreamOf(request) == newcomer && request == requests[1] ? 60 : 1);
        Assert.InRange(Enumerable.Range(0, 10).Count(_ => _router.StreamOf(_router.Submit()) == newcomer), 4, 5);
    }

    [Fact]
    public void Nobody_beyond_its_credits()
    {
        var one = _router.Open("one", load: Load(credits: 2, loaded: "a"));
        var requests = Enumerable.Range(0, 3).Select(_ => _router.Submit()).ToList();
        Assert.Equal([one, one, null], requests.Select(_router.StreamOf));
        _router.Report(requests[1], AttemptOutcome.Ok);
        Assert.Equal(one, _router.StreamOf(requests[2]));
    }

    [Fact]
    public void Waiting_requests_go_by_priority_then_deadline_then_arrival()
    {
        RequestId[] requests =
        [
            _router.Submit(seconds: 1.5), _router.Submit(seconds: 1.2, priority: 2), _router.Submit(seconds: 1.9, priority: 1),
            _router.Submit(seconds: 1.4, priority: 1), _router.Submit(seconds: 1.4, priority: 1), _router.Submit(seconds: 1.3),
        ];
        _router.Open("one");
        Assert.Equal(new[] { 3, 4, 2, 1, 5, 0 }.Select(i => requests[i]), _router.Sent.Select(sent => sent.Attempt.Request));
    }

    [Fact]
    public void A_draining_vehicle_gets_nothing_until_it_resumes()
    {
        var one = _router.Open("one", load: Load(draining: true, loaded: "a"));
        var request = _router.Submit();
        Assert.Null(_router.StreamOf(request));
        _router.Run(new LoadChanged(one, Load(loaded: "a")));
        Assert.Equal(one, _router.StreamOf(request));
    }

    [Fact]
    public void An_unserviceable_member_gets_nothing_even_when_the_cluster_knew_before_the_stream_came()
    {
        _router.Run(new MemberChanged(Member("one"), Serviceable: false));
        var one = _router.Open("one");
        var request = _router.Submit();
        Assert.Null(_router.StreamOf(request));
        _router.Run(new MemberChanged(Member("one"), Serviceable: true));
        Assert.Equal(one, _router.StreamOf(request));
    }

    [Fact]
    public void A_former_session_that_the_ring_has_not_forgotten_does_not_hold_the_new_one_back()
    {
        _router.Run(new MemberChanged(Member("one", epoch: 1), Serviceable: false));
        var one = _router.Open("one", epoch: 2);
        Assert.Equal(one, _router.StreamOf(_router.Submit()));
    }

    [Fact]
    public void A_member_that_comes_and_goes_stays_excluded_while_it_is_away()
    {
        // More events than are remembered, with one member among them that flaps and ends away.
        _router.Open("one");
        for (var i = 0; i < 3000; i++)
        {
            _router.Run(new MemberChanged(Member("one"), Serviceable: true));
            _router.Run(new MemberChanged(Member("one"), Serviceable: false));
            _router.Run(new MemberChanged(Member($"other-{i}"), Serviceable: false));
        }

        Assert.Null(_router.StreamOf(_router.Submit()));
    }

    [Fact]
    public void A_used_model_is_warmed_on_the_next_best_vehicles()
    {
        _router.Open("used", load: Load(loaded: "a"));
        var near = _router.Open("near", Berlin, Load());
        var far = _router.Open("far", Sydney, Load());
        var nearest = _router.Open("nearest", Frankfurt, Load());
        _router.Submit();
        Assert.Equal(new HashSet<StreamId> { near, nearest }, _router.Effects.OfType<WarmModel>().Select(warm => warm.Stream).ToHashSet());
        Assert.DoesNotContain(far, _router.Effects.OfType<WarmModel>().Select(warm => warm.Stream));

        // Asked once, whether it is loaded by now or still loading; when a copy is lost, another vehicle is asked.
        _router.Submit();
        Assert.Equal(2, _router.Effects.OfType<WarmModel>().Count());
        _router.Run(new LoadChanged(near, Load(loaded: "a")));
        _router.Run(new StreamClosed(nearest));
        _router.Submit();
        Assert.Equal(far, _router.Effects.OfType<WarmModel>().Last().Stream);
    }

    [Fact]
    public void As_many_copies_as_set_and_none_on_a_vehicle_that_leaves()
    {
        var router = new RouterDriver(new RouterSettings { WarmCopies = 2 });
        router.Open("used", load: Load(loaded: "a"));
        router.Open("leaving", load: Load(draining: true));
        router.Run(new MemberChanged(Member("gone"), false));
        router.Open("gone", load: Load());
        router.Submit();
        Assert.Empty(router.Effects.OfType<WarmModel>());
        var stays = router.Open("stays", load: Load());
        router.Submit();
        Assert.Equal([stays], router.Effects.OfType<WarmModel>().Select(warm => warm.Stream));
    }

    private static VehicleRecord Record(string vehicle, long answered, long lost) => new(
        new VehicleId(vehicle), new SessionEpoch(1), new SessionEpoch(1), default, default, 1, 0, 1, answered, 0, lost);
}
