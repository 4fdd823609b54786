using Mesh.Messages;
using Mesh.Seed.Routing;
using static Mesh.State.Tests.Routing.RouterDriver;

namespace Mesh.State.Tests.Routing.Choice;

/// <summary>A vehicle that fails again and again is left alone, probed, and never missed when there is nobody else.</summary>
public sealed class CircuitBreakerTests
{
    private static readonly RouterSettings Settings = new()
    {
        MaxFailedAttempts = 1,
        CircuitFailures = 3,
        CircuitPause = TimeSpan.FromSeconds(1),
        MaxCircuitPause = TimeSpan.FromSeconds(5),
        WarmCopies = 1,
    };

    private readonly RouterDriver _router = new(Settings);

    [Fact]
    public void Failures_in_a_row_keep_work_away_until_a_probe_succeeds()
    {
        var failing = OpenFailing();
        var steady = _router.Open("steady", Sydney);
        Assert.All(Submit(4), request => Assert.Equal(steady, _router.StreamOf(request)));

        _router.Advance(1);
        var requests = Submit(3);
        Assert.Equal([failing, steady, steady], requests.Select(_router.StreamOf));
        _router.Report(requests[0], AttemptOutcome.Ok);
        Assert.All(Submit(3), request => Assert.Equal(failing, _router.StreamOf(request)));
    }

    [Fact]
    public void Each_failed_probe_doubles_the_pause_up_to_its_bound()
    {
        var failing = OpenFailing();
        _router.Open("steady", Sydney);
        foreach (var seconds in new[] { 1.0, 2, 4, 5, 5 })
        {
            _router.Advance(seconds - 0.01);
            Assert.NotEqual(failing, _router.StreamOf(_router.Submit(seconds: 1000)));
            _router.Advance(0.01);
            var probe = _router.Submit(seconds: 1000);
            Assert.Equal(failing, _router.StreamOf(probe));
            _router.Report(probe, AttemptOutcome.Failed);
        }
    }

    [Fact]
    public void A_success_in_between_starts_the_count_anew()
    {
        var one = _router.Open("one");
        _router.Open("steady", Sydney);
        for (var i = 0; i < 9; i++)
        {
            var request = _router.Submit();
            Assert.Equal(one, _router.StreamOf(request));
            _router.Report(request, i % 3 == 2 ? AttemptOutcome.Ok : AttemptOutcome.Failed);
            // Its share of misses must not be what keeps work away here.
            _router.Run(new RoundTripMeasured(one, TimeSpan.Zero));
        }
    }

    [Fact]
    public void When_every_circuit_is_open_the_least_bad_vehicle_is_used()
    {
        var worse = OpenFailing();
        _router.Advance(1);
        Fail(worse);
        var better = OpenFailing("better");
        Assert.Equal(better, _router.StreamOf(_router.Submit()));
        _router.Run(new StreamClosed(better));
        Assert.Equal(worse, _router.StreamOf(_router.Submit()));
    }

    [Fact]
    public void While_a_healthy_vehicle_is_only_full_a_request_waits_for_it()
    {
        OpenFailing();
        var steady = _router.Open("steady", load: Load(credits: 1, loaded: "a"));
        var (first, second) = (_router.Submit(), _router.Submit());
        Assert.Equal((steady, null), (_router.StreamOf(first), _router.StreamOf(second)));
        _router.Report(first, AttemptOutcome.Ok);
        Assert.Equal(steady, _router.StreamOf(second));
    }

    [Fact]
    public void Healthy_vehicles_that_could_never_take_it_are_not_waited_for()
    {
        var failing = OpenFailing();
        for (var i = 0; i < 20; i++)
        {
            _router.Run(new StreamOpened(
                new StreamId(100 + i), new VehicleId($"small-{i}"), new SessionEpoch(1), Member($"small-{i}"), Frankfurt, Load(credits: i % 2))
            {
                MemoryBytes = 1,
            });
        }

        Assert.Equal(failing, _router.StreamOf(_router.Submit()));
    }

    /// <summary>A model that fails wherever it runs must not take the fleet from all others.</summary>
    [Fact]
    public void A_model_that_fails_everywhere_opens_no_circuits_but_the_first()
    {
        var router = new RouterDriver(Settings with { MaxFailedAttempts = 3, WarmCopies = 1 });
        var streams = Enumerable.Range(0, 5).Select(i => router.Open($"V-{i}", load: Load(loaded: "ab"))).ToList();
        for (var i = 0; i < 30; i++)
        {
            var request = router.Submit(Model('b'));
            while (router.State.Requests.ContainsKey(request))
                router.Report(request, AttemptOutcome.Failed);
        }

        var tripped = streams.Count(stream => router.State.Find(stream)!.Circuit.IsTripped(Settings));
        Assert.InRange(tripped, 0, 1);
    }

    private StreamId OpenFailing(string vehicle = "failing")
    {
        var stream = _router.Open(vehicle);
        for (var i = 0; i < Settings.CircuitFailures; i++)
            Fail(stream);
        return stream;
    }

    private void Fail(StreamId stream)
    {
        var request = _router.Submit();
        Assert.Equal(stream, _router.StreamOf(request));
        _router.Report(request, AttemptOutcome.Failed);
    }

    private List<RequestId> Submit(int count) => [.. Enumerable.Range(0, count).Select(_ => _router.Submit(seconds: 1000))];
}
