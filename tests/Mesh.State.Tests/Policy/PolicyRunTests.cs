using Mesh.Benchmarks.Policy;
using Mesh.Messages;
using Mesh.Seed.Routing;

namespace Mesh.State.Tests.Policy;

public class PolicyRunTests
{
    private static readonly Lazy<ChargingTrace> Trace = new(() => ChargingTrace.Read(ChargingTrace.DefaultFile));

    [Fact]
    public void The_same_seed_gives_the_same_output_and_another_one_another()
    {
        var first = Output(1);
        Assert.Equal(first, Output(1));
        Assert.NotEqual(first, Output(2));
        Assert.Contains("seed 1;", first, StringComparison.Ordinal);
        Assert.Contains("CC BY 4.0", first, StringComparison.Ordinal);
        foreach (var policy in ChoicePolicy.All)
            Assert.Contains($"  {policy.Name} ", first, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_policy_gets_the_same_cars_and_requests_and_answers_at_a_low_load()
    {
        var scenario = Scenario(load: 0.3, announcing: 0.3);
        Assert.InRange(scenario.Requests.Count, 500, 100_000);
        foreach (var policy in ChoicePolicy.All)
        {
            var measures = new Simulation(scenario, policy.Router(Morning)).Run(Nothing);
            Assert.Equal(scenario.Requests.Count(request => request.At >= scenario.Work.WarmUp), measures.Requests);
            Assert.InRange(measures.MissShare, 0, 0.6);
            Assert.InRange(measures.Attempts, 1, 2);
            Assert.InRange(measures.Balance, 0, 1);
            Assert.True(measures.P50 <= measures.P99);
        }
    }

    [Fact]
    public void Requests_come_at_the_load_that_was_asked_for()
    {
        var scenario = Scenario(load: 0.6, announcing: 0);
        var from = (int)scenario.Work.WarmUp.TotalSeconds;
        var work = scenario.Requests.Where(request => request.At.TotalSeconds >= from).Sum(request => request.Demand.TotalSeconds);
        var seconds = Enumerable.Range(from, (int)scenario.Work.Length.TotalSeconds - from);
        var capacity = seconds.Sum(second => Mesh.Benchmarks.Policy.Scenario.CapacityAt(scenario.Stays, TimeSpan.FromSeconds(second)));
        Assert.Equal(0.6, work / capacity, 0.05);
    }

    [Fact]
    public void Work_is_wasted_only_where_cars_leave_with_it()
    {
        var scenario = Scenario(load: 0.3, announcing: 0) with { };
        var staying = scenario with { Stays = [.. scenario.Stays.Select(stay => stay with { Leaves = TimeSpan.FromDays(30) })] };
        var units = Work.Units(60, 1);
        var busy = Mesh.Benchmarks.Policy.Scenario.Create(Trace.Value, units, 0.6, Morning, 0, 1, 1);
        Assert.Equal(0, new Simulation(staying, ChoicePolicy.Baselines[0].Router(Morning)).Run(Nothing).LeftShare);
        var lossy = new Simulation(busy, ChoicePolicy.Baselines[0].Router(Morning)).Run(Nothing);
        Assert.InRange(lossy.LeftShare, 1e-6, 0.05);
        Assert.True(lossy.WasteShare >= lossy.LeftShare);
    }

    [Fact]
    public void A_forecast_is_asked_only_about_what_it_has_not_seen()
    {
        var recorder = new Recorder();
        var calibrations = Calibration.Measure(Trace.Value, recorder, new ConstantHazard(), PolicyRun.From, PolicyRun.To);
        Assert.True(recorder.LastLeft <= PolicyRun.From);
        Assert.True(recorder.FirstAsked >= PolicyRun.From);
        Assert.True(recorder.Learned > 20_000);
        // Certain that nobody leaves: its Brier score is the share that left, which the source gives as 0.0131, 0.0766 and 0.270.
        Assert.Equal(0.0131, calibrations[0].Brier, 0.003);
        Assert.Equal(0.0766, calibrations[1].Brier, 0.015);
        Assert.Equal(0.270, calibrations[2].Brier, 0.04);
        Assert.All(calibrations, one => Assert.True(one.ConstantBrier < one.Brier));
        Assert.All(calibrations, one => Assert.Equal(10, one.Deciles.Count));
    }

    [Theory]
    [InlineData("--seed", "-1", "--seed needs a number from 0 to 2147483647.")]
    [InlineData("--windows", "1", "--windows needs a number from 2 to 200.")]
    [InlineData("--only", "all", "--only needs one of interactive, batch, calibration.")]
    [InlineData("--fast", "", "unknown option '--fast'.")]
    public void A_wrong_option_is_named(string option, string value, string error) =>
        Assert.Contains(error, PolicyOptions.Parse([option, value]).Errors);

    private static RecordsLearned Nothing { get; } = new([]);

    private static DateTimeOffset Morning => new(2020, 1, 7, 5, 30, 0, TimeSpan.Zero);

    private static Scenario Scenario(double load, double announcing) =>
        Mesh.Benchmarks.Policy.Scenario.Create(Trace.Value, Work.Interactive(0.2), load, Morning, announcing, 1, 1);

    private static string Output(int seed)
    {
        using var output = new StringWriter();
        PolicyRun.Run(new PolicyOptions { Seed = seed, Quick = true, Windows = 2 }, Trace.Value, output);
        return output.ToString();
    }

    private sealed class Recorder : IStayForecast
    {
        public int Learned { get; private set; }

        public DateTimeOffset LastLeft { get; private set; } = DateTimeOffset.MinValue;

        public DateTimeOffset FirstAsked { get; private set; } = DateTimeOffset.MaxValue;

        public void Observed(VehicleId vehicle, DateTimeOffset parkedAt, DateTimeOffset leftAt)
        {
            Learned++;
            LastLeft = leftAt > LastLeft ? leftAt : LastLeft;
        }

        public double Stay(VehicleId vehicle, DateTimeOffset parkedAt, DateTimeOffset now, TimeSpan horizon)
        {
            FirstAsked = now < FirstAsked ? now : FirstAsked;
            return 1;
        }
    }
}
