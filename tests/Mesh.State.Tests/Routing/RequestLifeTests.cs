using Mesh.Messages;
using Mesh.Seed.Routing;
using static Mesh.State.Tests.Routing.RouterDriver;

namespace Mesh.State.Tests.Routing;

/// <summary>From submission to the one outcome.</summary>
public sealed class RequestLifeTests
{
    private readonly RouterDriver _router = new();

    [Fact]
    public void An_answer_completes_its_request_with_who_gave_it_and_what_it_took()
    {
        _router.Open("V-1");
        var request = _router.Submit();
        var attempt = _router.Running(request);
        _router.Report(request, AttemptOutcome.Ok, inferMs: 7);
        Assert.Equal(
            new CompleteRequest(
                request,
                RequestOutcome.Ok,
                "",
                null,
                attempt,
                new VehicleId("V-1"),
                1,
                new AttemptTimings(default, default, TimeSpan.FromMilliseconds(7)))
            {
                Model = RouterDriver.Model(),
                Took = TimeSpan.FromMilliseconds(7),
            },
            _router.Outcome(request));
        Assert.Empty(_router.State.Requests);
        Assert.Null(_router.State.NextWake(_router.Now));
    }

    /// <summary>So wait, network and run add up to what the client waited for.</summary>
    [Fact]
    public void The_wait_of_an_answer_is_all_the_time_before_its_attempt()
    {
        var request = _router.Submit();
        _router.Advance(0.5);
        _router.Open("one");
        _router.Advance(0.2);
        _router.Report(request, AttemptOutcome.HandedBack);
        _router.Open("two");
        _router.Advance(0.1);
        _router.Report(request, AttemptOutcome.Ok, inferMs: 40);
        var outcome = _router.Outcome(request);
        Assert.Equal(
            (2, TimeSpan.FromSeconds(0.7), TimeSpan.FromMilliseconds(60)), (outcome.Attempts, outcome.Waited, outcome.Network));
    }

    [Fact]
    public void An_input_that_the_model_refuses_is_not_tried_elsewhere()
    {
        _router.Open("one");
        _router.Open("two");
        var request = _router.Submit();
        _router.Report(request, AttemptOutcome.Invalid, error: "wrong shape");
        Assert.Equal((RequestOutcome.Invalid, "wrong shape", 1), Summary(request));
    }

    [Theory]
    [InlineData(AttemptOutcome.Busy)]
    [InlineData(AttemptOutcome.Failed)]
    [InlineData(AttemptOutcome.HandedBack)]
    [InlineData(AttemptOutcome.Unknown)]
    public void What_one_vehicle_did_not_run_another_one_gets(AttemptOutcome outcome)
    {
        var (one, two) = (_router.Open("one"), _router.Open("two", Berlin));
        var request = _router.Submit();
        Assert.Equal(one, _router.StreamOf(request));
        _router.Report(request, outcome);
        Assert.Equal(two, _router.StreamOf(request));
        _router.Report(request, AttemptOutcome.Ok);
        Assert.Equal((RequestOutcome.Ok, "", 2), Summary(request));
        Assert.Equal([1, 2], _router.Sent.Select(sent => sent.Attempt.Number));
    }

    [Fact]
    public void A_lost_vehicles_requests_go_to_another_one()
    {
        var (one, two) = (_router.Open("one"), _router.Open("two", Berlin));
        var request = _router.Submit();
        Assert.Equal(one, _router.StreamOf(request));
        _router.Run(new StreamClosed(one));
        Assert.Equal(two, _router.StreamOf(request));
    }

    [Fact]
    public void An_attempt_that_never_left_goes_to_another_vehicle()
    {
        var (one, two) = (_router.Open("one"), _router.Open("two", Berlin));
        var request = _router.Submit();
        Assert.Equal(one, _router.StreamOf(request));
        var first = _router.Running(request).Attempt;
        _router.Run(new AttemptUndeliverable(first));
        Assert.Equal(two, _router.StreamOf(request));
        _router.Run(new AttemptUndeliverable(first));
        Assert.Equal(two, _router.StreamOf(request));
    }

    [Fact]
    public void A_vehicle_that_had_it_gets_it_again_only_when_nobody_else_has_room()
    {
        var (one, two) = (_router.Open("one", load: Load(credits: 1, loaded: "a")), _router.Open("two", Sydney, Load(credits: 1, loaded: "a")));
        var request = _router.Submit();
        _router.Report(request, AttemptOutcome.Failed);
        Assert.Equal(two, _router.StreamOf(request));
        _router.Report(request, AttemptOutcome.Failed);
        Assert.NotNull(_router.StreamOf(request));
        Assert.Equal(3, _router.Sent.Count());
        Assert.Equal(one, _router.StreamOf(request));
    }

    [Fact]
    public void A_request_that_vehicles_cannot_run_fails_after_three()
    {
        _router.Open("one");
        var request = _router.Submit();
        for (var i = 0; i < 3; i++)
            _router.Report(request, AttemptOutcome.Failed, error: $"out of memory {i}");
        Assert.Equal((RequestOutcome.Failed, "out of memory 2", 3), Summary(request));
    }

    [Fact]
    public void A_busy_vehicle_is_left_alone_for_the_pause_and_then_asked_again()
    {
        var one = _router.Open("one");
        var request = _router.Submit();
        _router.Report(request, AttemptOutcome.Busy);
        Assert.Null(_router.StreamOf(request));
        Assert.Equal(_router.Now + TimeSpan.FromMilliseconds(20), _router.State.NextWake(_router.Now));
        _router.Advance(0.019);
        Assert.Null(_router.StreamOf(request));
        _router.Advance(0.001);
        Assert.Equal(one, _router.StreamOf(request));
    }

    [Fact]
    public void A_busy_vehicle_that_answers_something_is_asked_again_at_once()
    {
        var one = _router.Open("one");
        var (first, second) = (_router.Submit(), _router.Submit());
        _router.Report(second, AttemptOutcome.Busy);
        Assert.Null(_router.StreamOf(second));
        _router.Report(first, AttemptOutcome.Ok);
        Assert.Equal(one, _router.StreamOf(second));
    }

    [Fact]
    public void The_deadline_ends_a_running_request_and_tells_its_vehicle()
    {
        var one = _router.Open("one");
        var request = _router.Submit(seconds: 1);
        var attempt = _router.Running(request).Attempt;
        _router.Advance(0.999);
        Assert.Empty(_router.Completed);
        _router.Advance(0.001);
        Assert.Equal((RequestOutcome.DeadlineExceeded, "the deadline passed before a vehicle answered", 1), Summary(request));
        Assert.Equal([new CancelAttempt(attempt, one)], _router.Effects.OfType<CancelAttempt>());
        // Its room is free again.
        Assert.Empty(_router.State.Find(one)!.Outstanding);
    }

    [Fact]
    public void An_expiry_in_the_vehicles_queue_is_the_deadline_too()
    {
        _router.Open("one");
        var request = _router.Submit();
        _router.Report(request, AttemptOutcome.Expired);
        Assert.Equal((RequestOutcome.DeadlineExceeded, "the deadline passed in the vehicle's queue", 1), Summary(request));
    }

    [Fact]
    public void A_client_that_goes_away_ends_its_request_waiting_or_running()
    {
        var waiting = _router.Submit();
        _router.Run(new CancelRequest(waiting));
        Assert.Equal((RequestOutcome.Cancelled, "the client went away", 0), Summary(waiting));
        Assert.Empty(_router.Effects.OfType<CancelAttempt>());

        var one = _router.Open("one");
        var running = _router.Submit();
        _router.Run(new CancelRequest(running));
        Assert.Equal(RequestOutcome.Cancelled, _router.Outcome(running).Outcome);
        Assert.Equal(one, Assert.Single(_router.Effects.OfType<CancelAttempt>()).Stream);
        Assert.Empty(_router.Run(new CancelRequest(running)));
    }

    [Fact]
    public void Without_any_vehicle_a_request_is_refused_after_2_s_and_not_before()
    {
        var request = _router.Submit();
        Assert.Equal(_router.Now + TimeSpan.FromSeconds(2), _router.State.NextWake(_router.Now));
        _router.Advance(1.999);
        Assert.Empty(_router.Completed);
        _router.Advance(0.001);
        var outcome = _router.Outcome(request);
        Assert.Equal((RequestOutcome.Unavailable, "no vehicle is there to take the request", 0), Summary(request));
        Assert.Equal(TimeSpan.FromSeconds(2), outcome.RetryAfter);
    }

    [Fact]
    public void A_vehicle_that_comes_within_the_2_s_gets_the_request()
    {
        var request = _router.Submit();
        _router.Advance(1.9);
        var one = _router.Open("one");
        Assert.Equal(one, _router.StreamOf(request));
    }

    [Fact]
    public void A_request_that_was_attempted_waits_for_a_vehicle_until_its_deadline()
    {
        var one = _router.Open("one");
        var request = _router.Submit(seconds: 10);
        _router.Run(new StreamClosed(one));
        _router.Advance(9.9);
        Assert.Empty(_router.Completed);
        _router.Open("two");
        _router.Report(request, AttemptOutcome.Ok);
        Assert.Equal((RequestOutcome.Ok, "", 2), Summary(request));
    }

    [Fact]
    public void A_vehicle_without_room_is_a_vehicle_and_its_queue_is_waited_for()
    {
        _router.Open("one", load: Load(credits: 1, loaded: "a"));
        _router.Submit();
        var request = _router.Submit(seconds: 10);
        _router.Advance(9.9);
        Assert.Empty(_router.Completed);
        _router.Advance(0.1);
        Assert.Equal(RequestOutcome.DeadlineExceeded, _router.Outcome(request).Outcome);
    }

    [Fact]
    public void A_full_waiting_room_refuses_newcomers_with_a_time_to_retry()
    {
        var router = new RouterDriver(new RouterSettings { MaxWaiting = 2 });
        var waiting = new[] { router.Submit(), router.Submit() };
        var refused = router.Submit();
        var outcome = router.Outcome(refused);
        Assert.Equal(
            (RequestOutcome.Overloaded, "2 requests already wait for a vehicle at this seed, as many as may"), (outcome.Outcome, outcome.Error));
        Assert.Equal(TimeSpan.FromSeconds(1), outcome.RetryAfter);
        router.Open("one");
        Assert.All(waiting, request => Assert.NotNull(router.StreamOf(request)));
        Assert.NotNull(router.StreamOf(router.Submit()));
    }

    [Fact]
    public void A_deadline_that_no_vehicle_can_meet_is_refused_at_once()
    {
        var one = _router.Open("one");
        _router.Answer(inferMs: 50);
        // Without a round trip measured the router only guesses, and tries.
        var tried = _router.Submit(seconds: 0.01);
        Assert.NotNull(_router.StreamOf(tried));
        _router.MeasureRoundTrip(one, 30);
        var refused = _router.Submit(seconds: 0.079);
        Assert.Equal(
            (RequestOutcome.DeadlineExceeded, "no vehicle answers model-a/1 in less than 80 ms, more than the timeout leaves", 0), Summary(refused));
        Assert.NotNull(_router.StreamOf(_router.Submit(seconds: 0.081)));
        // A vehicle of which nothing is known may be faster.
        var two = _router.Open("two", load: Load());
        Assert.NotNull(_router.StreamOf(_router.Submit(seconds: 0.01)));
        // Until its way alone is known to take longer.
        _router.MeasureRoundTrip(two, 40);
        Assert.Equal(RefusalReason.TooSlow, _router.Outcome(_router.Submit(seconds: 0.029)).Refused);
        Assert.NotNull(_router.StreamOf(_router.Submit(seconds: 0.05)));
    }

    [Fact]
    public void A_vehicle_that_hangs_beyond_the_deadline_counts_as_one_that_failed()
    {
        var one = _router.Open("one");
        for (var i = 0; i < 60; i++)
            _router.Answer(inferMs: 10);
        for (var i = 1; i <= 3; i++)
        {
            _router.Submit(seconds: 1);
            _router.Advance(1);
            Assert.Equal(i, _router.State.Find(one)!.Failed);
        }

        Assert.True(_router.State.Find(one)!.Circuit.IsTripped(new RouterSettings()));
        Assert.Equal(3, _router.Effects.OfType<CancelAttempt>().Count());
        // One whose client had no patience says nothing.
        _router.Submit(seconds: 0.001);
        _router.Advance(0.001);
        Assert.Equal(3, _router.State.Find(one)!.Failed);
    }

    [Fact]
    public void A_run_is_not_believed_to_have_taken_longer_than_its_attempt_was_out()
    {
        var one = _router.Open("one");
        var request = _router.Submit();
        var (attempt, stream) = _router.Running(request);
        _router.Advance(0.01);
        _router.Run(new AttemptReported(attempt, stream, AttemptOutcome.Ok, "", new AttemptTimings(default, default, TimeSpan.FromDays(30))));
        Assert.Equal(TimeSpan.FromMilliseconds(10), _router.State.Find(one)!.Service(Model().Hash));
    }

    [Fact]
    public void A_deadline_in_the_past_is_refused()
    {
        _router.Open("one");
        Assert.Equal((RequestOutcome.DeadlineExceeded, "the deadline has passed", 0), Summary(_router.Submit(seconds: 0)));
    }

    [Fact]
    public void A_leaving_seed_finishes_what_it_has_and_takes_nothing_new()
    {
        _router.Open("one");
        var former = _router.Submit();
        _router.Run(new SeedLeaving());
        Assert.Equal((RequestOutcome.Unavailable, "this seed is leaving its region", 0), Summary(_router.Submit()));
        _router.Report(former, AttemptOutcome.Ok);
        Assert.Equal(RequestOutcome.Ok, _router.Outcome(former).Outcome);
    }

    [Fact]
    public void A_newer_session_replaces_the_older_one_and_takes_its_requests()
    {
        var older = _router.Open("one", epoch: 1);
        var request = _router.Submit();
        var late = _router.Running(request);
        var newer = _router.Open("one", epoch: 2);
        Assert.Null(_router.State.Find(older));
        Assert.Equal((newer, new SessionEpoch(2)), (_router.State.Vehicles[new VehicleId("one")].Stream, _router.State.Find(newer)!.Epoch));
        Assert.Equal(newer, _router.StreamOf(request));
        // The former session's word counts no more, and its end is not the newer one's.
        Assert.Empty(_router.Run(new AttemptReported(late.Attempt, late.Stream, AttemptOutcome.Ok, "", default)));
        _router.Run(new StreamClosed(older));
        Assert.NotNull(_router.State.Find(newer));
    }

    [Fact]
    public void A_report_that_is_late_foreign_or_told_twice_changes_nothing()
    {
        var (one, two) = (_router.Open("one"), _router.Open("two", Berlin));
        var request = _router.Submit();
        var (first, stream) = _router.Running(request);
        Assert.Equal(one, stream);
        Ignored(first, two);
        _router.Report(request, AttemptOutcome.Failed);
        Ignored(first, one);
        Ignored(AttemptId.Of(request, 3), two);
        Ignored(AttemptId.Of(new RequestId(99), 1), two);
        Ignored(first, new StreamId(99));
        _router.Report(request, AttemptOutcome.Ok);
        Ignored(AttemptId.Of(request, 2), two);

        void Ignored(AttemptId attempt, StreamId from) => Assert.True(
            _router.State.Decide(new AttemptReported(attempt, from, AttemptOutcome.Ok, "", default), _router.Now, Random.Shared).IsNothing);
    }

    [Fact]
    public void News_of_a_stream_that_is_gone_change_nothing()
    {
        var gone = new StreamId(9);
        IRouterCommand[] news = [new StreamClosed(gone), new LoadChanged(gone, Load()), new RoundTripMeasured(gone, default)];
        Assert.All(news, late => Assert.True(_router.State.Decide(late, _router.Now, Random.Shared).IsNothing));
    }

    /// <summary>An attempt's number has eight bits; one more would name an attempt of the next request.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_request_ends_with_its_last_attempt_number_however_that_attempt_ends(bool vanishes)
    {
        var stream = _router.Open("one");
        var request = _router.Submit(seconds: 1000);
        for (var i = 1; i < AttemptId.MaxNumber; i++)
        {
            _router.Report(request, AttemptOutcome.HandedBack);
            _router.Advance(1);
        }

        if (vanishes)
            _router.Run(new StreamClosed(stream));
        else
            _router.Report(request, AttemptOutcome.HandedBack);
        _router.Open("two");
        Assert.All(_router.Sent, sent => Assert.Equal(request, sent.Attempt.Request));
        Assert.Equal((RequestOutcome.Failed, 255), (_router.Outcome(request).Outcome, _router.Outcome(request).Attempts));
    }

    [Fact]
    public void Unknown_commands_and_events_throw()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => _router.State.Decide(new UnknownCommand(), _router.Now, Random.Shared));
        Assert.Throws<ArgumentOutOfRangeException>(() => _router.State.Apply(new UnknownEvent()));
    }

    private (RequestOutcome Outcome, string Error, int Attempts) Summary(RequestId request)
    {
        var completed = _router.Outcome(request);
        return (completed.Outcome, completed.Error, completed.Attempts);
    }

    private sealed record UnknownCommand : IRouterCommand;

    private sealed record UnknownEvent : IRouterStateEvent;
}
