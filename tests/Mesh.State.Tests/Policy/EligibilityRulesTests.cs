using Mesh.Node.Policy;
using Mesh.Node.Policy.Rules;
using Mesh.Node.Telemetry;
using Mesh.State.Tests.Telemetry;
using static Mesh.State.Tests.Policy.Verdicts;

namespace Mesh.State.Tests.Policy;

public sealed class EligibilityRulesTests
{
    private static readonly OwnerPolicy Metered = Consenting with
    {
        Network = new NetworkPolicy { Allow = NetworkAllowance.Metered, DailyMeteredBytes = 1000 },
    };

    [Fact]
    public void A_vehicle_that_fulfils_everything_may_do_all_work()
    {
        var verdict = Judge(Tell(0));
        Assert.Equal(WorkKinds.All, verdict.Allowed);
        Assert.Empty(verdict.Denials);
        Assert.Null(verdict.UrgencyOf(WorkKinds.All));
    }

    [Fact]
    public void Without_consent_nothing_runs_and_each_reason_is_told()
    {
        var verdict = Judge(Tell(0), new OwnerPolicy());
        Assert.Equal(WorkKinds.None, verdict.Allowed);
        Assert.Equal(["NO_CONSENT", "NO_CONSENT", "NO_MODEL_CONSENT"], verdict.Denials.Select(denial => denial.Code));
        Assert.Equal(Urgency.Now, verdict.UrgencyOf(WorkKinds.Batch));
    }

    [Fact]
    public void Consent_is_for_each_kind_of_work()
    {
        var verdict = Judge(Tell(0), Consenting with { Consent = Consenting.Consent with { Kinds = WorkKinds.Interactive } });
        Assert.Equal(WorkKinds.Interactive, verdict.Allowed);
        Assert.Equal((null, (Urgency?)Urgency.Now), (verdict.UrgencyOf(WorkKinds.Interactive), verdict.UrgencyOf(WorkKinds.Batch)));
        Assert.Equal("consent.batch", Assert.Single(verdict.Denials).Setting);
    }

    /// <summary>What the owner never consented to is denied at once, always: it makes nothing urgent for the other kind.</summary>
    [Theory]
    [InlineData(WorkKinds.Interactive, Cable, false, Urgency.Soon)]
    [InlineData(WorkKinds.Batch, Cable, false, Urgency.Soon)]
    [InlineData(WorkKinds.Interactive, Moving, true, Urgency.Now)]
    [InlineData(WorkKinds.All, Cable, false, Urgency.Soon)]
    [InlineData(WorkKinds.None, Cable, false, Urgency.Now)]
    public void A_session_is_as_urgent_as_its_least_urgent_kind_of_work(WorkKinds consent, string path, bool value, Urgency expected)
    {
        var policy = Consenting with { Consent = Consenting.Consent with { Kinds = consent } };
        Assert.Equal(consent == WorkKinds.None ? Urgency.Now : null, Judge(Tell(0), policy).SessionUrgency);
        Assert.Equal(expected, Judge(But(path, value), policy).SessionUrgency);
    }

    public static TheoryData<string, Urgency, string, object> FailingSignals => new()
    {
        { "MOVING", Urgency.Now, Moving, true },
        { "TOO_FAST", Urgency.Now, "Vehicle.Speed", -1.5 },
        { "IN_USE", Urgency.Soon, "Vehicle.LowVoltageSystemState", "ON" },
        { "UNLOCKED", Urgency.Soon, "Vehicle.Cabin.Door.Row2.PassengerSide.IsLocked", false },
        { "SAVING_POWER", Urgency.Soon, "Vehicle.PowerOptimizeLevel", 4 },
        { "NOT_PLUGGED_IN", Urgency.Soon, Cable, false },
        { "LOW_CHARGE", Urgency.Planned, Charge, 49.9 },
        { "NOT_CHARGING", Urgency.Planned, Charging, false },
        { "BATTERY_HOT", Urgency.Now, Battery + "Temperature.Max", 40.5 },
        { "COMPUTER_HOT", Urgency.Now, "Vehicle.ControlUnit.Trunk.Health.Resources.Temperature", 81 },
        { "MEMORY_LOW", Urgency.Now, "Vehicle.Mesh.Memory.Available", 511 },
        { "NETWORK_NOT_ALLOWED", Urgency.Soon, "Vehicle.Mesh.Network.Kind", "CELLULAR" },
        { "NETWORK_METERED", Urgency.Soon, "Vehicle.Mesh.Network.IsMetered", true },
    };

    [Theory]
    [MemberData(nameof(FailingSignals))]
    public void A_signal_beyond_its_limit_is_the_only_reason_and_says_all(string code, Urgency urgency, string path, object value)
    {
        var verdict = Judge(But(path, value), now: 2);
        var denial = Assert.Single(verdict.Denials);
        Assert.Equal((code, code, path, Signals.Value(value).ToString()), (denial.Code, denial.Rule, denial.Path, denial.Value));
        Assert.Equal((TimeSpan.FromSeconds(2), null, urgency), (denial.Age, denial.Unknown, denial.Urgency));
        Assert.NotEqual("", denial.Threshold);
        Assert.Equal(WorkKinds.None, verdict.Allowed);
        Assert.Equal(urgency, verdict.UrgencyOf(WorkKinds.Interactive));
    }

    [Theory]
    [MemberData(nameof(FailingSignals))]
    public void A_signal_that_is_unknown_is_the_only_reason(string code, Urgency urgency, string path, object value)
    {
        _ = value;
        var known = Good.Keys.Single(key => VssCatalogue.Find(key) == VssCatalogue.Find(path));
        var denial = Assert.Single(Judge(But(known, null)).Denials);
        Assert.Equal(("SIGNAL_UNKNOWN", code, known, UnknownCause.Absent), (denial.Code, denial.Rule, denial.Path, denial.Unknown));
        Assert.Equal(urgency == Urgency.Now ? Urgency.Soon : urgency, denial.Urgency);
    }

    public static TheoryData<string, OwnerPolicy, UsageToday, double> FailingOtherwise => new()
    {
        { "NO_MODEL_CONSENT", Consenting with { Consent = Consenting.Consent with { Models = [] } }, UsageToday.None, 0 },
        { "BYTE_QUOTA_USED", Metered, new(1000, 0), 0 },
        { "ENERGY_CAP_USED", Consenting, new(0, 1), 0 },
        { "OUTSIDE_HOURS", Consenting with { Hours = new() { Allowed = WeeklyWindows.EveryDay([new DailyWindow(600, 720)]) } }, UsageToday.None, 0 },
        { "QUIET_HOURS", Consenting, UsageToday.None, 12.5 * 3600 },
        { "PRICE_TOO_HIGH", Consenting, UsageToday.None, 6 * 3600 },
    };

    [Theory]
    [MemberData(nameof(FailingOtherwise))]
    public void What_is_no_signal_can_be_the_only_reason_too(string code, OwnerPolicy policy, UsageToday usage, double now)
    {
        var telemetry = Tell(now);
        if (policy == Metered)
            telemetry = telemetry.Tell("Vehicle.Mesh.Network.IsMetered", true, now);
        var denial = Assert.Single(Judge(telemetry, policy, usage, now).Denials);
        Assert.Equal((code, ""), (denial.Code, denial.Path));
        Assert.NotEqual("", denial.Value);
        Assert.NotEqual("", denial.Threshold);
    }

    [Fact]
    public void The_tables_above_and_departures_cover_every_rule()
    {
        var tested = FailingSignals.Select(row => (string)row[0]).Concat(FailingOtherwise.Select(row => (string)row[0]))
            .Concat(["NO_CONSENT", "DEPARTING"]);
        Assert.Equal(EligibilityRules.All.Select(rule => rule.Code).Distinct().Order(), tested.Distinct().Order());
    }

    [Fact]
    public void Under_the_demo_policy_nothing_needs_to_be_known()
    {
        var verdict = Judge(VehicleTelemetry.Empty, OwnerPolicy.Demo, new UsageToday(long.MaxValue, double.MaxValue));
        Assert.Equal((WorkKinds.All, null, null), (verdict.Allowed, verdict.NextCheck, verdict.PlannedEnd));
        Assert.True(OwnerPolicy.Demo.Consent.Allows(WorkKinds.Batch, "any", publisher: null));
    }

    [Theory]
    [InlineData(-99.0, true)]
    [InlineData(-101.0, false)]
    [InlineData(null, false)]
    public void A_full_battery_from_which_nothing_flows_permits(double? watts, bool permits) =>
        Assert.Equal(permits, Judge(But(Charging, false).Tell(Battery + "CurrentPower", watts, 0)).IsEligible);

    [Theory]
    [InlineData(true, 999, true)]
    [InlineData(true, 1000, false)]
    [InlineData(null, 1000, false)]
    [InlineData(false, 1000, true)]
    public void The_quota_counts_where_the_network_is_or_may_be_metered(bool? metered, long used, bool permits) =>
        Assert.Equal(permits, Judge(But("Vehicle.Mesh.Network.IsMetered", metered), Metered, new UsageToday(used, 0)).IsEligible);

    [Fact]
    public void A_metered_network_is_allowed_where_the_owner_says_so() =>
        Assert.True(Judge(But("Vehicle.Mesh.Network.Kind", "CELLULAR").Tell("Vehicle.Mesh.Network.IsMetered", true, 0), Metered).IsEligible);

    [Fact]
    public void The_end_of_charging_is_announced_from_when_it_was_told()
    {
        var telemetry = But(Battery + "Charging.TimeToComplete", 500, at: 0).Tell(Charging, true, 10);
        Assert.Equal(new PlannedEnd(Signals.At(500), "NOT_CHARGING"), Judge(telemetry, now: 20).PlannedEnd);
    }

    [Theory]
    [InlineData("Charging.Timer.Mode", "END_TIME", "Charging.Timer.Time")]
    [InlineData("BatteryConditioning.RequestedMode", "DRIVING_PREPARATION", "BatteryConditioning.TargetTime")]
    public void A_departure_is_announced_and_then_keeps_the_vehicle_free_for_a_while(string modePath, string mode, string timePath)
    {
        var telemetry = But(Battery + modePath, mode).Tell(Battery + timePath, "2026-03-02T12:00:20Z", 0);
        Assert.Equal(new PlannedEnd(Signals.At(20), "DEPARTING"), Judge(telemetry, now: 1).PlannedEnd);
        var verdict = Judge(telemetry, now: 20);
        Assert.Equal(("DEPARTING", Urgency.Planned), (Assert.Single(verdict.Denials).Code, verdict.Denials[0].Urgency));
        Assert.Equal(Battery + timePath, verdict.Denials[0].Path);
        Assert.True(Judge(Tell(1820, Good).Tell(Battery + modePath, mode, 0).Tell(Battery + timePath, "2026-03-02T12:00:20Z", 0), now: 1820).IsEligible);
        Assert.Equal("PRICE_TOO_HIGH", Judge(telemetry.Tell(Battery + modePath, "INACTIVE", 1), now: 1).PlannedEnd?.Rule);
    }

    [Fact]
    public void The_earliest_end_is_the_one_that_is_announced()
    {
        var policy = Consenting with { Hours = Consenting.Hours with { Allowed = WeeklyWindows.EveryDay([new DailyWindow(600, 1000)]) } };
        Assert.Equal(new PlannedEnd(Signals.At((1000 - 720) * 60), "OUTSIDE_HOURS"), Judge(Tell(0), policy).PlannedEnd);
        Assert.Equal(new PlannedEnd(Signals.At(6 * 3600), "PRICE_TOO_HIGH"), Judge(Tell(0)).PlannedEnd);
        Assert.Null(Judge(But(Moving, true)).PlannedEnd);
    }

    [Fact]
    public void The_next_check_is_when_the_first_signal_becomes_stale()
    {
        var verdict = Judge(Tell(0), now: 3);
        Assert.Equal(Signals.At(30), verdict.NextCheck);
        Assert.Equal(UnknownCause.Stale, Judge(Tell(0), now: 30).Denials[0].Unknown);
    }

    [Fact]
    public void The_next_check_of_a_closed_vehicle_is_when_it_opens()
    {
        var policy = OwnerPolicy.Demo with { Hours = new HoursPolicy { Allowed = WeeklyWindows.EveryDay([new DailyWindow(780, 800)]) } };
        Assert.Equal(Signals.At(3600), Judge(VehicleTelemetry.Empty, policy).NextCheck);
        var capped = OwnerPolicy.Demo with { Energy = new EnergyPolicy { DailyCapKwh = 1 } };
        Assert.Equal(Signals.At(12 * 3600), Judge(VehicleTelemetry.Empty, capped, new UsageToday(0, 1)).NextCheck);
    }

    [Fact]
    public void A_reason_reads_as_one_line()
    {
        Assert.Equal(
            "LOW_CHARGE: Vehicle.Powertrain.TractionBattery.StateOfCharge.Current is 42, needs at least 50 percent (charging.min-state-of-charge)",
            Judge(But(Charge, 42)).Denials[0].ToString());
        Assert.Equal(
            "SIGNAL_UNKNOWN: for MOVING, Vehicle.IsMoving is false [Stale, 45 s old], needs false (parked)",
            Judge(Tell(45).Tell(Moving, null, 45).Apply(new TelemetryEvent.Connected()).Tell(Moving, false, 0, 45), now: 45).Denials[0].ToString());
        Assert.Equal(
            "QUIET_HOURS: quiet-hours is Tue 00:30 in UTC, needs a time from Tue 01:00 on", Judge(Tell(45000), now: 45000).Denials[0].ToString());
        Assert.Equal("NO_CONSENT: consent.batch is false, needs true", Judge(Tell(0), new OwnerPolicy()).Denials[1].ToString());
    }
}
