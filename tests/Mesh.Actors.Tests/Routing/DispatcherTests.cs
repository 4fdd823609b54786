using Akka.Actor;
using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Messages.Work;
using Mesh.Seed.Routing;
using Mesh.Seed.Routing.Queries;

namespace Mesh.Actors.Tests.Routing;

public sealed class DispatcherTests
{
    [Fact]
    public async Task A_request_goes_to_a_vehicle_and_its_answer_comes_back()
    {
        await using var seed = new DispatcherFixture();
        await seed.StartedAsync();
        var vehicle = seed.Connect("V-1");
        var answer = seed.InferAsync();
        var request = await vehicle.RequestAsync();
        Assert.Equal([1, 2, 3], request.Inputs[0].Data.ToByteArray());
        Assert.InRange(request.BudgetUs, 1u, 60_000_000u);
        vehicle.Answer(request, content: 42);
        var outcome = await answer;
        Assert.Equal((RequestOutcome.Ok, new VehicleId("V-1"), 1), (outcome.Outcome, outcome.Vehicle, outcome.Attempts));
        Assert.Equal(42, Assert.Single(outcome.Outputs).Data.Span[0]);
        Assert.Equal(0, seed.Table.Count);
    }

    [Fact]
    public async Task Without_a_vehicle_a_request_ends_unavailable_by_the_dispatchers_own_timer()
    {
        await using var seed = new DispatcherFixture(new RouterSettings { NoVehicleWait = TimeSpan.FromMilliseconds(30) });
        await seed.StartedAsync();
        var outcome = await seed.InferAsync();
        Assert.Equal((RequestOutcome.Unavailable, 0), (outcome.Outcome, outcome.Attempts));
        Assert.Equal(0, seed.Table.Count);
    }

    [Fact]
    public async Task A_deadline_ends_a_request_and_cancels_its_attempt()
    {
        await using var seed = new DispatcherFixture();
        await seed.StartedAsync();
        var vehicle = seed.Connect("V-1");
        var answer = seed.InferAsync(seconds: 2);
        var request = await vehicle.RequestAsync();
        Assert.Equal(RequestOutcome.DeadlineExceeded, (await answer).Outcome);
        Assert.Equal(request.Attempt, await vehicle.CancelAsync());
        // Too late, and nobody is harmed.
        vehicle.Answer(request, content: 1);
        Assert.Equal(RequestOutcome.Ok, await AnswerOneAsync(seed, vehicle));
    }

    [Fact]
    public async Task An_operator_asks_beside_the_traffic_and_a_question_that_fails_costs_nothing_but_itself()
    {
        await using var seed = new DispatcherFixture();
        await seed.StartedAsync();
        var vehicle = seed.Connect("V-1");
        var answer = seed.InferAsync();
        var request = await vehicle.RequestAsync();

        var open = Assert.Single(await AskAsync(seed, new FindRequests(10, WithEnded: true)));
        Assert.Equal((new VehicleId("V-1"), false, null), (open.Vehicle, open.IsWaiting, open.Outcome));
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => AskAsync(seed, new Failing()));
        Assert.Equal("no answer", failure.Message);

        vehicle.Answer(request, content: 1);
        var outcome = await answer;
        var found = await AskAsync(seed, new GetRequest(outcome.Request!.Value.Request, ""));
        Assert.Equal((RequestOutcome.Ok, new VehicleId("V-1")), (found.Report!.Outcome, found.Report.Decisions[0].Chosen));
        Assert.Equal(1, (await AskAsync(seed, new GetRouter())).Recent.Totals.Answered);
        Assert.Equal(VehicleCondition.Serving, Assert.Single(await AskAsync(seed, new FindVehicles(10))).Condition);

        static Task<T> AskAsync<T>(DispatcherFixture seed, IRouterQuery<T> query)
            where T : notnull => seed.Dispatcher.Ask<T>(query, TimeSpan.FromSeconds(60));
    }

    private sealed record Failing : IRouterQuery<string>
    {
        public string Answer(RouterView view) => throw new InvalidOperationException("no answer");
    }

    [Fact]
    public async Task A_client_that_goes_away_cancels_its_attempt()
    {
        await using var seed = new DispatcherFixture();
        await seed.StartedAsync();
        var vehicle = seed.Connect("V-1");
        using var client = new CancellationTokenSource();
        var answer = seed.InferAsync(cancellation: client.Token);
        var request = await vehicle.RequestAsync();
        await client.CancelAsync();
        Assert.Equal(RequestOutcome.Cancelled, (await answer).Outcome);
        Assert.Equal(request.Attempt, await vehicle.CancelAsync());
    }

    [Fact]
    public async Task A_request_on_a_lost_stream_is_retried_on_another()
    {
        await using var seed = new DispatcherFixture();
        await seed.StartedAsync();
        var lost = seed.Connect("V-1");
        var answer = seed.InferAsync();
        await lost.RequestAsync();
        lost.Disconnect();
        var other = seed.Connect("V-2");
        other.Answer(await other.RequestAsync(), content: 7);
        var outcome = await answer;
        Assert.Equal((RequestOutcome.Ok, new VehicleId("V-2"), 2), (outcome.Outcome, outcome.Vehicle, outcome.Attempts));
    }

    [Fact]
    public async Task A_request_that_a_vehicle_hands_back_is_retried_on_another()
    {
        await using var seed = new DispatcherFixture();
        await seed.StartedAsync();
        var leaving = seed.Connect("V-1");
        var answer = seed.InferAsync();
        var request = await leaving.RequestAsync();
        var other = seed.Connect("V-2");
        leaving.Refuse(request, AttemptStatus.AttemptHandedBack);
        other.Answer(await other.RequestAsync(), content: 7);
        Assert.Equal(new VehicleId("V-2"), (await answer).Vehicle);
    }

    [Fact]
    public async Task A_request_on_a_vehicle_that_will_leave_is_hedged_and_the_loser_cancelled()
    {
        await using var seed = new DispatcherFixture();
        await seed.StartedAsync();
        var leaving = seed.Connect("V-1");
        var answer = seed.InferAsync();
        var first = await leaving.RequestAsync();
        var other = seed.Connect("V-2");
        leaving.Drain();
        var second = await other.RequestAsync();
        Assert.NotEqual(first.Attempt, second.Attempt);
        Assert.Equal([1, 2, 3], second.Inputs[0].Data.ToByteArray());
        other.Answer(second, content: 7);
        var outcome = await answer;
        Assert.Equal(
            (RequestOutcome.Ok, new VehicleId("V-2"), 2, true, (byte)7),
            (outcome.Outcome, outcome.Vehicle, outcome.Attempts, outcome.Hedged, outcome.Outputs[0].Data.Span[0]));
        Assert.Equal(first.Attempt, await leaving.CancelAsync());
        // Its answer comes all the same, and changes nothing.
        leaving.Answer(first, content: 1);
        Assert.Equal(RequestOutcome.Ok, await AnswerOneAsync(seed, other));
        Assert.Equal((1, 1, 2), (seed.Counted["mesh.hedges"], seed.Counted["mesh.hedges.won"], seed.Counted["mesh.requests{ok}"]));
        Assert.Equal(2 * 5, seed.Counted["mesh.energy{model} in thousandths"]); // the late one's is on the vehicle's own record
    }

    [Fact]
    public async Task What_is_turned_away_is_counted_by_reason()
    {
        await using var seed = new DispatcherFixture(new RouterSettings { NoVehicleWait = TimeSpan.FromMilliseconds(30) });
        await seed.StartedAsync();
        await seed.InferAsync();
        await seed.InferAsync(seconds: 0);
        Assert.Equal((1, 1), (seed.Counted["mesh.requests.refused{no_vehicle}"], seed.Counted["mesh.requests.refused{expired}"]));
    }

    [Fact]
    public async Task A_newer_session_takes_over_and_the_older_stream_is_ended()
    {
        await using var seed = new DispatcherFixture();
        await seed.StartedAsync();
        var older = seed.Connect("V-1", epoch: 1);
        var answer = seed.InferAsync();
        await older.RequestAsync();
        var newer = seed.Connect("V-1", epoch: 2);
        await older.Aborted;
        newer.Answer(await newer.RequestAsync(), content: 7);
        Assert.Equal(RequestOutcome.Ok, (await answer).Outcome);
    }

    [Fact]
    public async Task What_happened_on_the_streams_is_reported_once()
    {
        await using var seed = new DispatcherFixture();
        seed.Acknowledge(await seed.StartedAsync());
        var vehicle = seed.Connect("V-1");
        Assert.Equal(RequestOutcome.Ok, await AnswerOneAsync(seed, vehicle));
        using var gone = new CancellationTokenSource();
        var lost = seed.InferAsync(cancellation: gone.Token);
        await vehicle.RequestAsync();
        vehicle.Disconnect(DepartureKind.Planned);

        var report = await seed.NextReportAsync();
        while (report.Tallies.Count == 0)
        {
            seed.Acknowledge(report);
            report = await seed.NextReportAsync();
        }

        var tally = Assert.Single(report.Tallies);
        Assert.True(tally.ParkedAt <= tally.LeftAt, $"parked at {tally.ParkedAt}, left at {tally.LeftAt}");
        Assert.Equal(
            new SessionTally(new VehicleId("V-1"), new SessionEpoch(1), 1, 0, 1, DepartureKind.Planned),
            tally with { ParkedAt = null, LeftAt = null });
        // Nobody acknowledged it: told again as it was.
        Assert.Equal(report.Sequence, (await seed.NextReportAsync()).Sequence);
        await gone.CancelAsync();
        await lost;
    }

    [Fact]
    public async Task The_seed_is_ready_once_the_job_router_answered()
    {
        await using var seed = new DispatcherFixture();
        var report = await seed.StartedAsync();
        Assert.False(seed.Readiness.FirstAnswer.IsCompleted);
        seed.Dispatcher.Tell(new FleetRecords(7, report.Sequence, []));
        await seed.Readiness.FirstAnswer.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(7, seed.Readiness.Term);
    }

    [Fact]
    public async Task A_dispatcher_that_fails_tells_whoever_waits_ends_the_streams_and_serves_again()
    {
        await using var seed = new DispatcherFixture();
        var first = await seed.StartedAsync();
        var vehicle = seed.Connect("V-1");
        var answer = seed.InferAsync();
        await vehicle.RequestAsync();

        seed.Dispatcher.Tell(new UnknownCommand());
        var outcome = await answer;
        Assert.Equal((RequestOutcome.Unavailable, "this seed's dispatcher ended"), (outcome.Outcome, outcome.Error));
        Assert.NotNull(outcome.RetryAfter);
        await vehicle.Aborted;
        vehicle.Disconnect();

        // The numbers of its reports go on, or the JobRouter would take new ones for old.
        Assert.Equal(first.Sequence, (await seed.NextReportAsync()).Sequence);
        seed.Acknowledge(first);
        Assert.Equal(first.Sequence + 1, (await seed.NextReportAsync()).Sequence);
        Assert.Equal(RequestOutcome.Ok, await AnswerOneAsync(seed, seed.Connect("V-1")));
    }

    /// <summary>The JobRouter tells all records once a term; a Dispatcher that starts afresh within it must not have lost them.</summary>
    [Fact]
    public async Task A_dispatcher_that_starts_afresh_still_knows_the_vehicles_records()
    {
        await using var seed = new DispatcherFixture();
        var report = await seed.StartedAsync();
        seed.Dispatcher.Tell(new FleetRecords(1, report.Sequence, [Record("flaky", lost: 500), Record("steady", lost: 0)]));
        seed.Dispatcher.Tell(new UnknownCommand());
        // The report of its new life shows that it goes on.
        Assert.Equal(report.Sequence + 1, (await seed.NextReportAsync()).Sequence);
        seed.Connect("flaky");
        var steady = seed.Connect("steady");
        // Of two equal vehicles each would get some of these.
        var answers = Enumerable.Range(0, 3).Select(_ => seed.InferAsync()).ToList();
        for (var i = 0; i < 3; i++)
            steady.Answer(await steady.RequestAsync(), content: 1);
        Assert.All(await Task.WhenAll(answers), outcome => Assert.Equal(new VehicleId("steady"), outcome.Vehicle));
    }

    [Fact]
    public async Task A_request_after_the_dispatchers_end_is_refused_and_never_hangs()
    {
        await using var seed = new DispatcherFixture();
        await seed.StartedAsync();
        seed.Kit.Watch(seed.Dispatcher);
        seed.Dispatcher.Tell(PoisonPill.Instance);
        await seed.Kit.FishForMessageAsync(message => message is Terminated, TimeSpan.FromSeconds(60));
        Assert.Equal(RequestOutcome.Unavailable, (await seed.InferAsync()).Outcome);
        Assert.Equal(0, seed.Table.Count);
    }

    private static async Task<RequestOutcome> AnswerOneAsync(DispatcherFixture seed, FakeVehicle vehicle)
    {
        var answer = seed.InferAsync();
        vehicle.Answer(await vehicle.RequestAsync(), content: 1);
        return (await answer).Outcome;
    }

    private static VehicleRecord Record(string vehicle, long lost) => new(
        new VehicleId(vehicle), new SessionEpoch(1), new SessionEpoch(1), default, default, 1, 0, 1, 500, 0, lost);

    private sealed record UnknownCommand : IRouterCommand;
}
