using Mesh.Messages;
using Mesh.Seed.Routing;
using Mesh.Seed.Routing.Choice;
using static Mesh.State.Tests.Routing.RouterDriver;

namespace Mesh.State.Tests.Routing.Hedging;

/// <summary>Second attempts: when, where, how many, and what becomes of the loser.</summary>
public sealed class HedgingTests
{
    private readonly RouterDriver _router = new(choice: new InReach());
    private readonly StreamId _one;

    public HedgingTests() => _one = _router.Open("one");

    [Fact]
    public void An_attempt_beyond_the_models_95th_percentile_gets_a_second_one_elsewhere()
    {
        Measure(count: 50, seconds: 0.1);
        var two = _router.Open("two", Berlin, Load(credits: 1, loaded: "a"));
        var request = SubmitTo(_one);
        _router.Advance(0.099);
        Assert.Null(_router.HedgeOf(request));
        _router.Advance(0.011);
        Assert.Equal(two, _router.HedgeOf(request));
        Assert.True(_router.Sent.Last().Hedge);
    }

    [Fact]
    public void Nothing_is_hedged_before_enough_is_measured()
    {
        Measure(count: 49, seconds: 0.1);
        _router.Open("two");
        var request = SubmitTo(_one);
        _router.Advance(9);
        Assert.Single(_router.State.Requests[request].Running);
    }

    [Fact]
    public void The_second_ones_answer_is_delivered_and_the_first_one_cancelled()
    {
        var (request, first, hedge) = Hedged();
        _router.Advance(0.05);
        _router.Report(hedge.Attempt, hedge.Stream, AttemptOutcome.Ok, inferMs: 20);
        var outcome = _router.Outcome(request);
        Assert.Equal((RequestOutcome.Ok, new VehicleId("two"), 2, true, true), (outcome.Outcome, outcome.Vehicle, outcome.Attempts, outcome.Hedged, outcome.HedgeWon));
        Assert.Equal((hedge.Attempt, hedge.Stream), outcome.Answer);
        Assert.Equal(TimeSpan.FromMilliseconds(30), outcome.Network);
        Assert.Equal([new CancelAttempt(first.Attempt, first.Stream)], _router.Effects.OfType<CancelAttempt>());
        AssertIdle();
        Assert.Empty(_router.Report(first.Attempt, first.Stream, AttemptOutcome.Ok));
    }

    [Fact]
    public void The_first_ones_answer_cancels_the_second()
    {
        var (request, first, hedge) = Hedged();
        _router.Report(first.Attempt, first.Stream, AttemptOutcome.Ok);
        Assert.Equal((new VehicleId("one"), true, false), (_router.Outcome(request).Vehicle, _router.Outcome(request).Hedged, _router.Outcome(request).HedgeWon));
        Assert.Equal([new CancelAttempt(hedge.Attempt, hedge.Stream)], _router.Effects.OfType<CancelAttempt>());
        AssertIdle();
    }

    /// <summary>It may have been about to answer: losing a race says nothing against a vehicle.</summary>
    [Fact]
    public void A_cancelled_loser_is_no_miss_and_no_measurement()
    {
        var (_, first, hedge) = Hedged();
        var loser = _router.State.Find(first.Stream)!;
        var before = (loser.Answered, loser.Failed, loser.Service(Model().Hash), Score(loser));
        _router.Report(hedge.Attempt, hedge.Stream, AttemptOutcome.Ok);
        var after = (loser.Answered, loser.Failed, loser.Service(Model().Hash), Score(loser));
        Assert.Equal(before with { Item4 = default }, after with { Item4 = default });
        Assert.True(after.Item4 <= before.Item4, "its score became worse");
    }

    private TimeSpan Score(RoutedVehicle vehicle) => _router.State.Fleet.Score(
        vehicle, new ChoiceQuery(Model(), 0, Frankfurt, double.PositiveInfinity, null, new HashSet<VehicleId>()), _router.Now);

    [Theory]
    [InlineData(true, AttemptOutcome.Failed)]
    [InlineData(true, AttemptOutcome.HandedBack)]
    [InlineData(true, AttemptOutcome.Busy)]
    [InlineData(true, AttemptOutcome.Expired)]
    [InlineData(false, AttemptOutcome.Failed)]
    [InlineData(false, AttemptOutcome.HandedBack)]
    [InlineData(false, null)]
    [InlineData(true, null)]
    public void While_one_attempt_runs_the_others_failure_or_loss_changes_nothing(bool firstFails, AttemptOutcome? outcome)
    {
        var (request, first, hedge) = Hedged();
        var (failing, remaining) = firstFails ? (first, hedge) : (hedge, first);
        if (outcome is { } reported)
            _router.Report(failing.Attempt, failing.Stream, reported);
        else
            _router.Run(new StreamClosed(failing.Stream));
        Assert.DoesNotContain(_router.Completed, completed => completed.Request == request);
        Assert.Equal([remaining], _router.State.Requests[request].Running);
        Assert.Equal(0, _router.State.Waiting);
        _router.Report(remaining.Attempt, remaining.Stream, AttemptOutcome.Ok);
        Assert.Equal((RequestOutcome.Ok, 2), (_router.Outcome(request).Outcome, _router.Outcome(request).Attempts));
    }

    [Fact]
    public void With_both_attempts_lost_the_request_waits_again()
    {
        var (request, first, hedge) = Hedged();
        _router.Run(new StreamClosed(first.Stream));
        _router.Run(new StreamClosed(hedge.Stream));
        Assert.True(_router.State.Requests[request].IsWaiting);
        var three = _router.Open("three");
        Assert.Equal(three, _router.StreamOf(request));
    }

    [Fact]
    public void A_deadline_and_a_client_that_leaves_cancel_both()
    {
        var (_, first, hedge) = Hedged();
        _router.Advance(20);
        Assert.Equal(
            new HashSet<AttemptId> { first.Attempt, hedge.Attempt }, _router.Effects.OfType<CancelAttempt>().Select(cancel => cancel.Attempt).ToHashSet());
        AssertIdle();
    }

    [Fact]
    public void No_hedge_where_no_other_vehicle_has_room_until_one_has()
    {
        Measure(count: 50, seconds: 0.1);
        var two = _router.Open("two", load: Load(credits: 0, loaded: "a"));
        var request = SubmitTo(_one);
        _router.Advance(0.15);
        Assert.Null(_router.HedgeOf(request));
        _router.Run(new LoadChanged(two, Load(loaded: "a")));
        // Tried again once the attempt has been out for twice as long.
        _router.Advance(0.12);
        Assert.Equal(two, _router.HedgeOf(request));
    }

    [Fact]
    public void No_hedge_on_a_vehicle_that_had_the_request()
    {
        Measure(count: 50, seconds: 0.1);
        var request = SubmitTo(_one);
        _router.Report(request, AttemptOutcome.Failed);
        Assert.Equal(_one, _router.StreamOf(request));
        _router.Open("two", load: Load(credits: 0, loaded: "a"));
        _router.Advance(5);
        Assert.Single(_router.State.Requests[request].Running);
    }

    [Fact]
    public void Hedges_are_at_most_a_twentieth_of_the_first_attempts_and_a_burst()
    {
        Measure(count: 50, seconds: 0.1);
        _router.Open("two", load: Load(credits: 500, loaded: "a"));
        _router.Run(new LoadChanged(_one, Load(credits: 500, loaded: "a")));
        var before = _router.Sent.Count(sent => !sent.Hedge);
        for (var i = 0; i < 200; i++)
            _router.Submit(seconds: 100);
        _router.Advance(90);
        // 4 saved up; 250 first attempts would have earned 12, but no more than 4 are kept: those that came after the last hedge count.
        var hedges = _router.Sent.Count(sent => sent.Hedge);
        Assert.Equal(4, hedges);
        Assert.True(hedges <= (0.05 * (before + 200)) + 4);
        // A twentieth each: 20 more first attempts earn one more.
        for (var i = 0; i < 19; i++)
            _router.Submit(seconds: 100);
        _router.Advance(9);
        Assert.Equal(4, _router.Sent.Count(sent => sent.Hedge));
        _router.Submit(seconds: 100);
        _router.Advance(90);
        Assert.Equal(5, _router.Sent.Count(sent => sent.Hedge));
    }

    [Fact]
    public void Without_a_share_there_are_none()
    {
        var router = new RouterDriver(new RouterSettings { HedgeShare = 0 }, choice: new InReach());
        var one = router.Open("one");
        var request = router.Submit();
        router.Open("two");
        router.Run(new LoadChanged(one, Load(draining: true, loaded: "a")));
        router.Advance(5);
        Assert.Single(router.State.Requests[request].Running);
    }

    [Fact]
    public void A_vehicle_that_drains_or_whose_member_is_unreachable_has_its_requests_hedged_at_once()
    {
        var first = SubmitTo(_one);
        var two = _router.Open("two", load: Load(credits: 1, loaded: "a"));
        _router.Run(new LoadChanged(_one, Load(draining: true, loaded: "a")));
        Assert.Equal(two, _router.HedgeOf(first));

        var three = _router.Open("three", load: Load(credits: 1, loaded: "a"));
        var second = _router.Submit();
        Assert.Equal(three, _router.StreamOf(second));
        var four = _router.Open("four");
        _router.Run(new MemberChanged(Member("three"), Serviceable: false));
        Assert.Equal(four, _router.HedgeOf(second));
    }

    [Fact]
    public void An_announced_departure_counts_when_it_comes_before_the_answer()
    {
        Measure(count: 50, seconds: 1);
        var request = SubmitTo(_one);
        var two = _router.Open("two");
        _router.Advance(0.2);
        _router.Run(new LoadChanged(_one, Load(loaded: "a") with { LeavesIn = TimeSpan.FromSeconds(2) }));
        Assert.Null(_router.HedgeOf(request));
        _router.Run(new LoadChanged(_one, Load(loaded: "a") with { LeavesIn = TimeSpan.FromSeconds(0.5) }));
        Assert.Equal(two, _router.HedgeOf(request));
    }

    [Fact]
    public void A_request_that_only_a_leaving_vehicle_could_take_is_hedged_as_soon_as_another_one_can()
    {
        Measure(count: 50, seconds: 1);
        _router.Run(new LoadChanged(_one, Load(loaded: "a") with { LeavesIn = TimeSpan.FromSeconds(0.5) }));
        var request = SubmitTo(_one);
        var two = _router.Open("two");
        _router.Advance(0.1);
        Assert.Equal(two, _router.HedgeOf(request));
    }

    /// <summary>Cars that all leave within minutes, and an answer that takes longer.</summary>
    [Theory]
    [InlineData(600, true)]
    [InlineData(5, false)]
    public void A_vehicle_that_mostly_leaves_before_it_could_answer_is_not_waited_for(double seconds, bool hedged)
    {
        for (var i = 0; i < 500; i++)
        {
            var parked = _router.State.Fleet.WallClock(_router.Now).AddHours(i);
            _router.State.Fleet.Departures.Observed(new VehicleId($"V-{i}"), parked, parked.AddMinutes(3));
        }

        Measure(count: 50, seconds);
        var two = _router.Open("two", Berlin, Load(credits: 1, loaded: "a"));
        var request = SubmitTo(_one, 3600);
        Assert.Equal(hedged ? two : null, _router.HedgeOf(request));
    }

    /// <summary>Its length is its own: nothing that the model's short runs tell applies to it, nor the other way round.</summary>
    [Fact]
    public void Long_work_is_neither_hedged_nor_measured_nor_refused_for_time()
    {
        Measure(count: 49, seconds: 0.1);
        _router.MeasureRoundTrip(_one, 1);
        var work = new SubmitRequest(default, Model(), 100, _router.Now + TimeSpan.FromMilliseconds(20), 0) { Work = TimeSpan.FromMinutes(1) };
        Assert.NotNull(_router.StreamOf(_router.Submit(work)));
        var request = _router.Submit(work with { Deadline = _router.Now + TimeSpan.FromHours(1) });
        _router.Open("two");
        _router.Run(new LoadChanged(_one, Load(draining: true, loaded: "a")));
        _router.Advance(600);
        Assert.Single(_router.State.Requests[request].Running);
        _router.Report(request, AttemptOutcome.Ok);

        // The fiftieth measurement is still missing.
        var next = _router.Submit();
        _router.Open("three");
        _router.Advance(9);
        Assert.Single(_router.State.Requests[next].Running);
    }

    /// <summary>Where each hedge hid how long its first attempt would have taken, the percentile would sink and call for more.</summary>
    [Fact]
    public void The_percentile_does_not_sink_by_its_own_hedges()
    {
        var router = new RouterDriver(new RouterSettings { HedgeShare = 1, HedgeBurst = 1000 }, choice: new InReach());
        router.Open("one", load: Load(credits: 1, loaded: "a"));
        router.Open("two", load: Load(credits: 1, loaded: "a"));
        for (var i = 0; i < 3000; i++)
        {
            // One in ten takes 100 ms instead of 10; its hedge takes 10.
            var request = router.Submit();
            router.Advance(0.01);
            if (i % 10 == 0)
                router.Advance(0.09);
            var running = router.State.Requests[request].Running;
            router.Report(running[^1].Attempt, running[^1].Stream, AttemptOutcome.Ok);
        }

        var last = router.Submit();
        router.Advance(0.05);
        Assert.Null(router.HedgeOf(last));
    }

    private void Measure(int count, double seconds)
    {
        for (var i = 0; i < count; i++)
        {
            var request = _router.Submit(seconds: 3600);
            _router.Advance(seconds);
            _router.Report(request, AttemptOutcome.Ok);
        }
    }

    private RequestId SubmitTo(StreamId stream, double seconds = 10)
    {
        var request = _router.Submit(seconds: seconds);
        Assert.Equal(stream, _router.StreamOf(request));
        return request;
    }

    private (RequestId Request, RunningAttempt First, RunningAttempt Hedge) Hedged()
    {
        var request = SubmitTo(_one);
        _router.Open("two");
        _router.Run(new MemberChanged(Member("one"), Serviceable: false));
        var running = _router.State.Requests[request].Running;
        Assert.Equal(2, running.Count);
        return (request, running[0], running[1]);
    }

    private void AssertIdle()
    {
        Assert.Empty(_router.State.Requests);
        Assert.All(_router.State.Vehicles.Values, vehicle => Assert.Empty(vehicle.Outstanding));
        Assert.Null(_router.State.NextWake(_router.Now));
    }
}
