using System.Collections.Concurrent;
using System.Text.Json;
using Mesh.Demo;
using Mesh.Demo.Processes;

namespace Mesh.Process.Tests.Harness;

/// <summary>The parts of the demo that decide whether it succeeded; the demo as a whole has a test of its own.</summary>
public sealed class DemoTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly FashionPictures Pictures = FashionPictures.Load();
    private static readonly IReadOnlyList<float[]> Direct = RunDirectly();

    [Fact]
    public void Options_are_read_in_both_forms()
    {
        var (options, errors) = DemoOptions.Parse(["--vehicles", "7", "--requests=1000", "--keep", "--http-port", "18000"]);
        Assert.Empty(errors);
        Assert.Equal((7, 1000, true), (options.Vehicles, options.Requests, options.Keep));
        Assert.Equal(SeedPorts.Default with { Http = 18000 }, options.Ports);
    }

    [Fact]
    public void Every_wrong_option_is_named_at_once()
    {
        var (_, errors) = DemoOptions.Parse(["--vehicles", "1", "--speed", "--requests", "--http-port=8001"]);
        Assert.Contains("--vehicles needs a number from 2 to 12, not '1'.", errors);
        Assert.Contains("unknown option '--speed'.", errors);
        // The value that is missing is not taken from the next option.
        Assert.Contains(errors, error => error.StartsWith("--requests needs a number", StringComparison.Ordinal));
        Assert.Contains("--http-port and --grpc-port are both 8001: they must differ.", errors);
    }

    [Fact]
    public void A_scenario_takes_no_option_of_the_main_job()
    {
        var (options, errors) = DemoOptions.Parse(["--scenario", "day", "--any-ports"]);
        Assert.Empty(errors);
        Assert.Equal(DemoScenario.Day, options.Scenario);
        Assert.Equal(["--requests has no effect with --scenario day."], DemoOptions.Parse(["--requests=5", "--scenario=day"]).Errors);
        Assert.Equal(["--scenario needs 'day', not 'night'."], DemoOptions.Parse(["--scenario", "night"]).Errors);
        Assert.Equal(["--scenario needs 'day'."], DemoOptions.Parse(["--scenario"]).Errors);
    }

    [Fact]
    public void Any_ports_keeps_a_port_that_was_named()
    {
        var (options, errors) = DemoOptions.Parse(["--http-port", "18000", "--any-ports"]);
        Assert.Empty(errors);
        Assert.Equal(18000, options.Ports.Http);
        Assert.NotEqual(SeedPorts.Default.Grpc, options.Ports.Grpc);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(9)]
    [InlineData(500)]
    [InlineData(501)]
    public async Task Every_request_is_sent_once_and_the_last_part_waits_for_the_churn(int requests)
    {
        var plan = new RunPlan(requests, pacedPart: TimeSpan.Zero);
        var tally = new Tally([]);
        var sent = new ConcurrentBag<int>();
        var (inFlight, most) = (0, 0);
        var load = new PictureLoad(plan, tally, async (number, _) =>
        {
            sent.Add(number);
            InterlockedMax(ref most, Interlocked.Increment(ref inFlight));
            await Task.Yield();
            Interlocked.Decrement(ref inFlight);
            return Answer(number);
        }).RunAsync(CancellationToken.None);

        await plan.KillDue.WaitAsync(Limit);
        await plan.DrainDue.WaitAsync(Limit);
        if (plan.PacedRequests < requests)
            Assert.False(load.IsCompleted);
        Assert.InRange(sent.Count, 0, plan.PacedRequests);
        plan.StartLastPart();
        await load.WaitAsync(Limit);
        Assert.Equal(Enumerable.Range(0, requests), sent.Order());
        Assert.InRange(most, 1, RunPlan.Burst);
    }

    [Fact]
    public void A_run_in_which_everything_agrees_succeeds()
    {
        var verdict = Judge(Enumerable.Range(0, 1000).Select(Answer), requests: 1000);
        Assert.Empty(verdict.Failures);
        Assert.Equal((1000, 1000), (verdict.Answered, verdict.AgreeWithDirect));
        Assert.Equal(1, verdict.Retries);
        Assert.InRange(verdict.AgreeWithLabel, 880, 999);
    }

    [Fact]
    public void An_unanswered_request_fails_the_run()
    {
        var verdict = Judge([Answer(0), Answer(1) with { Probabilities = null, Failure = "HTTP 503: no vehicle" }], requests: 3);
        Assert.Contains("1 not answered, first request 1: HTTP 503: no vehicle", verdict.Failures);
        Assert.Contains("1 of 3 requests were not sent to their end.", verdict.Failures);
    }

    [Theory]
    [InlineData(2e-5f)]
    [InlineData(float.NaN)]
    public void A_value_that_differs_fails_the_run(float difference)
    {
        float[] differing = [.. Direct[0]];
        differing[3] += difference;
        var verdict = Judge([Answer(0) with { Probabilities = differing }], requests: 1);
        Assert.Equal(0, verdict.AgreeWithDirect);
        Assert.Equal(["Request 0 (picture 0, V-001) differs from the direct run."], verdict.Failures);
    }

    [Fact]
    public void A_vehicle_that_does_not_rejoin_fails_the_run()
    {
        var verdict = Judge([Answer(0)], requests: 1, new Departure("V-003", Drained: true, Left: false, "no line", 0));
        Assert.Contains("V-003 did not leave by itself after SIGTERM.", verdict.Failures);
        Assert.Contains("V-003 did not rejoin: no line", verdict.Failures);
    }

    [Fact]
    public void Percentiles_are_by_nearest_rank()
    {
        TimeSpan[] ordered = [.. Enumerable.Range(1, 200).Select(i => TimeSpan.FromMilliseconds(i))];
        Assert.Equal(100, Verdict.Percentile(ordered, 0.50).TotalMilliseconds);
        Assert.Equal(198, Verdict.Percentile(ordered, 0.99).TotalMilliseconds);
        Assert.Equal(TimeSpan.Zero, Verdict.Percentile([], 0.5));
    }

    [Fact]
    public void A_request_body_carries_the_picture_exactly()
    {
        using var json = JsonDocument.Parse(InferClient.RequestBody("one", Pictures.Image(3).Span));
        var input = json.RootElement.GetProperty("inputs")[0];
        Assert.Equal([1, 1, 28, 28], input.GetProperty("shape").EnumerateArray().Select(size => size.GetInt32()));
        Assert.Equal(Pictures.Image(3).ToArray(), input.GetProperty("data").EnumerateArray().Select(value => value.GetSingle()));
    }

    [Fact]
    public async Task Elsewhere_than_on_a_terminal_progress_is_plain_lines()
    {
        var output = new StringWriter();
        var view = new ProgressView(output, terminal: false, colour: true);
        var tally = new Tally(["V-001", "V-002"]);
        for (var i = 0; i < 50; i++)
            tally.Add(Answer(i));
        using var ended = new CancellationTokenSource();
        await ended.CancelAsync();
        await view.FollowAsync(tally, 100, ended.Token);
        view.Event("V-002 killed (SIGKILL)");
        Assert.Contains("[##########..........] 50/100", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("V-001 50  V-002 0", output.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain('\e', output.ToString());
    }

    [Fact]
    public void On_a_terminal_lines_are_redrawn_in_place_below_what_happened()
    {
        var output = new StringWriter();
        var view = new ProgressView(output, terminal: true, colour: false);
        view.Draw(["one", "two"]);
        view.Line("event");
        Assert.Equal("\r\e[2Kone\ntwo" + "\r\e[2K\e[1A\e[2K" + $"event{Environment.NewLine}" + "one\ntwo", output.ToString());
        view.Write("end");
        Assert.EndsWith($"two\r\e[2K\e[1A\e[2Kend{Environment.NewLine}", output.ToString(), StringComparison.Ordinal);
        Assert.Equal("good", view.Good("good"));
    }

    private static Verdict Judge(IEnumerable<PictureAnswer> answers, int requests, Departure? second = null)
    {
        var tally = new Tally(["V-001", "V-002", "V-003"]);
        foreach (var answer in answers)
            tally.Add(answer);
        return Verdict.Of(requests, tally, Pictures, Direct, [
            new Departure("V-002", Drained: false, Left: true, null, 0),
            second ?? new Departure("V-003", Drained: true, Left: true, null, 0)], []);
    }

    /// <summary>The right answer; request 5 needed a second vehicle.</summary>
    private static PictureAnswer Answer(int number) => new(
        number, number % 500, Direct[number % 500], "V-001", number == 5 ? 2 : 1, TimeSpan.FromMilliseconds(1), null);

    private static IReadOnlyList<float[]> RunDirectly()
    {
        using var run = new DirectRun();
        return run.ClassifyEach(Pictures);
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = most; value > seen; seen = most)
        {
            if (Interlocked.CompareExchange(ref most, value, seen) == seen)
                return;
        }
    }
}
