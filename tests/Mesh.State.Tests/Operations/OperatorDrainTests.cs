using Mesh.Messages;
using Mesh.Node.Operations;
using Mesh.Node.Policy;
using Mesh.Node.Sessions;
using Mesh.Node.Telemetry;
using Mesh.State.Tests.Inference;
using Mesh.State.Tests.Policy;
using Mesh.State.Tests.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mesh.State.Tests.Operations;

/// <summary>An operator's drain at the vehicle: how long it holds, and how it shows.</summary>
public sealed class OperatorDrainTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mesh-drain-").FullName;
    private readonly ManualTime _time = new();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void It_outlives_the_process_until_its_time_is_over()
    {
        using (var before = Start())
            before.Drain(TimeSpan.FromHours(2), "ann");
        using var after = Start();
        Assert.Equal(("ann", _time.GetUtcNow() + TimeSpan.FromHours(2)), (after.Current!.By, after.Current.Until));
        var changes = 0;
        after.Changed += () => changes++;
        _time.Advance(TimeSpan.FromHours(2) - TimeSpan.FromSeconds(1));
        Assert.NotNull(after.Current);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal((null, 1), (after.Current, changes));
        using var last = Start();
        Assert.Null(last.Current);
    }

    [Fact]
    public void Whoever_hears_that_its_time_is_over_holds_nobody_up()
    {
        using var drain = Start();
        drain.Drain(TimeSpan.FromHours(2), "ann");
        bool? free = null;
        drain.Changed += () =>
        {
            // Once: the drain below is told as well.
            if (free is not null)
                return;
            free = false;
            free = Task.Run(() => drain.Drain(TimeSpan.FromHours(1), "bob")).Wait(TimeSpan.FromSeconds(10));
        };
        _time.Advance(TimeSpan.FromHours(2) + TimeSpan.FromSeconds(1));
        Assert.True(free);
        Assert.Equal("bob", drain.Current!.By);
    }

    [Fact]
    public void A_resume_ends_it_also_for_the_next_process()
    {
        using var drain = Start();
        drain.Drain(TimeSpan.Zero, "ann");
        Assert.Equal(_time.GetUtcNow() + OperatorDrain.Usual, drain.Current!.Until);
        drain.Resume();
        using var after = Start();
        Assert.Equal((null, null), (drain.Current, after.Current));
    }

    [Fact]
    public void It_is_bounded_whatever_is_asked_for_or_on_the_disk()
    {
        using var drain = Start();
        drain.Drain(TimeSpan.FromDays(400), new string('x', 5000));
        Assert.Equal((_time.GetUtcNow() + OperatorDrain.Longest, 100), (drain.Current!.Until, drain.Current.By.Length));
        File.WriteAllText(Path.Combine(_folder, "operator-drain.json"), """{"since":"2026-01-01T00:00:00Z","until":"2999-01-01T00:00:00Z","by":"?"}""");
        using var after = Start();
        Assert.Null(after.Current);
        File.WriteAllText(Path.Combine(_folder, "operator-drain.json"), "no json");
        using var damaged = Start();
        Assert.Null(damaged.Current);
    }

    [Fact]
    public void One_that_cannot_be_kept_is_not_in_force()
    {
        var file = Path.Combine(_folder, "a-file");
        File.WriteAllText(file, "");
        using var drain = new OperatorDrain(file, _time, NullLogger<OperatorDrain>.Instance);
        Assert.Throws<IOException>(() => drain.Drain(TimeSpan.FromHours(1), "ann"));
        Assert.Null(drain.Current);
    }

    [Fact]
    public async Task It_denies_all_work_and_lets_the_vehicle_stay()
    {
        await using var telemetry = new ManualTelemetry(_time);
        using var drain = Start();
        var watch = new EligibilityWatch(
            telemetry, new FixedOwnerPolicy(OwnerPolicy.Demo), (_, _) => UsageToday.None, NullLogger<EligibilityWatch>.Instance, drain);
        using var ended = new CancellationTokenSource();
        var running = watch.RunAsync(ended.Token);
        drain.Drain(TimeSpan.FromHours(1), "ann");
        var verdict = watch.Latest!.Verdict;
        Assert.Equal((false, true, true, Urgency.Planned), (verdict.IsEligible, verdict.IsDrained, verdict.MayStay, verdict.SessionUrgency));
        var explained = Mesh.Node.Operations.VehicleExplanation.Of(
            new VehicleId("V-1"), new VehicleStanding(VehiclePhase.Serving, null, null), watch.Latest, drain.Current, [], _time.GetUtcNow());
        Assert.Contains("OPERATOR_DRAIN: mesh drain is in force until 1970-01-01 01:00:00Z, asked for by ann", (string)explained["summary"]!, StringComparison.Ordinal);
        drain.Resume();
        Assert.True(watch.Latest.Verdict.IsEligible);
        await ended.CancelAsync();
        await running;
    }

    [Fact]
    public void A_denial_by_the_owner_sends_it_away_whether_drained_or_not()
    {
        var denied = Verdicts.Judge(Verdicts.But(Verdicts.Cable, false));
        Assert.False(denied.MayStay);
    }

    [Fact]
    public void Each_denial_is_explained_with_signal_value_threshold_and_age()
    {
        var telemetry = Verdicts.But(Verdicts.Charge, 42);
        var judgement = new Judgement(Verdicts.Judge(telemetry, now: 20), Verdicts.Consenting, telemetry.At(Signals.At(20)), null);
        var steps = new[] { new LifeEntry(Signals.At(0), VehiclePhase.Draining, DepartureCause.Soon, WorkKinds.None, ["LOW_CHARGE: …"], 12.34) };
        var explained = VehicleExplanation.Of(new VehicleId("V-1"), new VehicleStanding(VehiclePhase.Away, null, null), judgement, null, steps, Signals.At(20));
        var denial = Assert.Single(explained["denials"]!.AsArray())!;
        Assert.Equal(
            (ReasonCodes.LowCharge, Verdicts.Charge, "42", "charging.min-state-of-charge", 20.0),
            ((string)denial["code"]!, (string)denial["signal"]!, (string)denial["value"]!, (string)denial["setting"]!, (double)denial["age_s"]!));
        Assert.Contains("50", (string)denial["threshold"]!, StringComparison.Ordinal);
        Assert.Equal(("draining", "soon", 12.3), ((string)explained["last_steps"]![0]!["phase"]!, (string)explained["last_steps"]![0]!["cause"]!, (double)explained["last_steps"]![0]!["freed_ms"]!));
    }

    [Fact]
    public void A_place_is_told_to_nobody()
    {
        var denial = Verdicts.Judge(Verdicts.But(Verdicts.Charge, 42)).Denials[0] with { Path = "Vehicle.CurrentLocation.Latitude", Value = "50.110922" };
        Assert.DoesNotContain("50.110922", denial.Told().ToString(), StringComparison.Ordinal);
    }

    private OperatorDrain Start() => new(_folder, _time, NullLogger<OperatorDrain>.Instance);
}
