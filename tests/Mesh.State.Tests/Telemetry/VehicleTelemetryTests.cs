using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Mesh.Messages;
using Mesh.Node.Telemetry;

namespace Mesh.State.Tests.Telemetry;

public sealed class VehicleTelemetryTests
{
    private const string Moving = "Vehicle.IsMoving";
    private const string Charge = "Vehicle.Powertrain.TractionBattery.StateOfCharge.Current";
    private const string OldCable = "Vehicle.Powertrain.TractionBattery.Charging.IsChargingCableConnected";
    private const string Port = "Vehicle.Powertrain.TractionBattery.Charging.ChargingPort.";

    private static VehicleTelemetry Nothing => VehicleTelemetry.Empty;

    [Fact]
    public void What_was_never_told_is_missing()
    {
        var state = Nothing.See(VssCatalogue.IsMoving, 0);
        Assert.Equal((UnknownCause.Missing, Moving, null), (state.Cause, state.Path, state.Truth));
    }

    [Fact]
    public void A_value_is_known_until_it_has_its_maximum_age()
    {
        var telemetry = Nothing.Tell(Moving, false, 0);
        var fresh = telemetry.See(VssCatalogue.IsMoving, 29.999);
        Assert.False(fresh.Truth);
        Assert.Equal(Signals.At(30), fresh.FreshUntil);
        var stale = telemetry.See(VssCatalogue.IsMoving, 30);
        Assert.Equal((UnknownCause.Stale, null, TimeSpan.FromSeconds(30)), (stale.Cause, stale.Truth, stale.Age));
    }

    [Fact]
    public void Age_counts_from_the_source_and_not_from_the_arrival() =>
        Assert.Equal(UnknownCause.Stale, Nothing.Tell(Moving, false, 0, received: 40).See(VssCatalogue.IsMoving, 40).Cause);

    [Theory]
    [InlineData(Charge, 101, UnknownCause.OutOfRange)]
    [InlineData(Charge, double.NaN, UnknownCause.OutOfRange)]
    [InlineData(Charge, "50", UnknownCause.WrongType)]
    [InlineData(Moving, 0, UnknownCause.WrongType)]
    [InlineData(Charge, null, UnknownCause.Absent)]
    public void A_value_that_cannot_be_believed_replaces_a_known_one(string path, object? value, UnknownCause cause)
    {
        var telemetry = Nothing.Tell(Charge, 60, 0).Tell(Moving, false, 0).Tell(path, value, 1);
        Assert.Equal(cause, telemetry.See(VssCatalogue.Find(path)!, 1).Cause);
    }

    [Theory]
    [InlineData("Vehicle.LowVoltageSystemState", "UNDEFINED", UnknownCause.OutOfRange)]
    [InlineData("Vehicle.PowerOptimizeLevel", 2.5, UnknownCause.WrongType)]
    [InlineData("Vehicle.Powertrain.TractionBattery.Charging.Timer.Time", "0000-01-01T00:00Z", UnknownCause.OutOfRange)]
    [InlineData("Vehicle.Powertrain.TractionBattery.Charging.Timer.Time", "2026-03-02T06:30:00Z", null)]
    public void Each_datatype_is_checked(string path, object value, UnknownCause? cause) =>
        Assert.Equal(cause, Nothing.Tell(path, value, 0).See(VssCatalogue.Find(path)!, 0).Cause);

    [Fact]
    public void A_reading_that_comes_late_does_not_replace_a_newer_one()
    {
        var telemetry = Nothing.Tell(Moving, true, 10).Tell(Moving, false, 9, received: 11);
        Assert.True(telemetry.See(VssCatalogue.IsMoving, 11).Truth);
    }

    [Fact]
    public void Of_two_readings_of_one_time_the_later_arrival_counts()
    {
        var telemetry = Nothing.Tell(Moving, false, 10).Tell(Moving, true, 10, received: 11);
        Assert.True(telemetry.See(VssCatalogue.IsMoving, 11).Truth);
    }

    [Fact]
    public void A_value_told_again_does_not_become_younger()
    {
        // Its time lies ahead of our clock; a broker that lost its provider repeats it at each re-read.
        var telemetry = Nothing.Tell(Moving, false, 4, received: 0).Tell(Moving, false, 4, received: 29);
        Assert.True(telemetry.See(VssCatalogue.IsMoving, 29).IsKnown);
        Assert.Equal(UnknownCause.Stale, telemetry.See(VssCatalogue.IsMoving, 30).Cause);
    }

    [Fact]
    public void A_time_far_ahead_makes_the_value_unknown_and_does_not_shut_out_later_ones()
    {
        var telemetry = Nothing.Tell(Moving, false, 0).Tell(Moving, false, 3600, received: 1);
        Assert.Equal(UnknownCause.ClockAhead, telemetry.See(VssCatalogue.IsMoving, 1).Cause);
        Assert.False(telemetry.Tell(Moving, false, 2).See(VssCatalogue.IsMoving, 2).Truth);
    }

    [Theory]
    [InlineData(5, null)]
    [InlineData(5.001, UnknownCause.ClockAhead)]
    [InlineData(3600, UnknownCause.ClockAhead)]
    public void After_a_clock_was_set_back_a_value_is_neither_younger_than_new_nor_believed(double seconds, UnknownCause? cause)
    {
        var state = Nothing.Tell(Moving, false, seconds).See(VssCatalogue.IsMoving, 0);
        Assert.Equal((cause, TimeSpan.Zero), (state.Cause, state.Age));
    }

    [Fact]
    public void A_clock_that_is_set_back_hides_nothing_that_is_told_after()
    {
        var parked = Nothing.Tell(Moving, false, 3600); // Both clocks an hour ahead, then set right.
        var moving = parked.Tell(Moving, true, 5).See(VssCatalogue.IsMoving, 5);
        Assert.Equal((true, TimeSpan.Zero), (moving.Truth, moving.Age));
    }

    [Fact]
    public void A_lost_source_makes_everything_unknown_until_it_is_told_anew()
    {
        var lost = Nothing.Tell(Moving, false, 0).Apply(new TelemetryEvent.Lost("no answer"));
        Assert.Equal(UnknownCause.SourceLost, lost.See(VssCatalogue.IsMoving, 1).Cause);
        Assert.Equal(UnknownCause.SourceLost, lost.See(VssCatalogue.StateOfCharge, 1).Cause);
        Assert.Equal("no answer", lost.LostReason);
        var back = lost.Apply(new TelemetryEvent.Connected());
        Assert.Equal(UnknownCause.SourceLost, back.See(VssCatalogue.IsMoving, 2).Cause);
        // The source's clock was set back meanwhile.
        Assert.False(back.Tell(Moving, false, -5, received: 3).See(VssCatalogue.IsMoving, 3).Truth);
    }

    [Fact]
    public void A_cable_in_any_port_counts_and_the_older_path_too()
    {
        var none = Nothing.Tell(Port + "FrontLeft.IsChargingCableConnected", false, 0).Tell(Port + "RearLeft.IsChargingCableConnected", null, 0);
        Assert.False(Decide(none).Truth);
        Assert.True(Decide(none.Tell(Port + "RearLeft.IsChargingCableConnected", true, 1)).Truth);
        Assert.True(Decide(Nothing.Tell(OldCable, true, 0)).Truth);
        // The port that had the cable is not heard of any more.
        var stale = Nothing.Tell(Port + "FrontLeft.IsChargingCableConnected", true, -300).Tell(Port + "RearLeft.IsChargingCableConnected", false, 0);
        Assert.False(Decide(stale).Truth);

        static SignalState Decide(VehicleTelemetry telemetry) =>
            telemetry.At(Signals.At(2)).Deciding(VssCatalogue.IsPluggedIn, state => state.Truth == true);
    }

    [Theory]
    [InlineData("DriverSide", "PassengerSide")]
    [InlineData("Left", "Right")]
    public void One_door_that_is_not_locked_or_not_known_decides(string one, string other)
    {
        var both = Door(Door(Door(Nothing, 1, one, true), 1, other, true), 2, one, null);
        Assert.True(Decide(both).Truth);
        Assert.False(Decide(Door(both, 1, other, false)).Truth);
        Assert.Equal(UnknownCause.Absent, Decide(Door(both, 1, other, null)).Cause);
        var withheld = both.Apply(new TelemetryEvent.Readings(
            [new SignalReading($"Vehicle.Cabin.Door.Row2.{other}.IsLocked", null, Signals.At(2), Signals.At(2), UnknownCause.Withheld)]));
        Assert.Equal(UnknownCause.Withheld, Decide(withheld).Cause);

        static VehicleTelemetry Door(VehicleTelemetry telemetry, int row, string side, bool? locked) =>
            telemetry.Tell($"Vehicle.Cabin.Door.Row{row}.{side}.IsLocked", locked, 1);
        static SignalState Decide(VehicleTelemetry telemetry) =>
            telemetry.At(Signals.At(2)).Deciding(VssCatalogue.DoorIsLocked, state => state.Truth == true);
    }

    [Fact]
    public void A_hot_control_unit_decides_even_beside_one_that_is_not_known()
    {
        const string Unit = "Vehicle.ControlUnit.{0}.Health.Resources.Temperature";
        var telemetry = Nothing.Tell(Unit.Replace("{0}", "Central", StringComparison.Ordinal), 40, 0)
            .Tell(Unit.Replace("{0}", "Trunk", StringComparison.Ordinal), 40, -400);
        Assert.Equal(UnknownCause.Stale, Decide(telemetry).Cause);
        Assert.Equal(90, Decide(telemetry.Tell(Unit.Replace("{0}", "FrontLeft", StringComparison.Ordinal), 90, 0)).Number);

        static SignalState Decide(VehicleTelemetry telemetry) =>
            telemetry.At(Signals.At(2)).Deciding(VssCatalogue.ComputerTemperature, state => state.Number < 80);
    }

    [Fact]
    public void A_place_needs_both_halves_of_about_one_time()
    {
        var north = Nothing.Tell("Vehicle.CurrentLocation.Latitude", 52.5, 0);
        Assert.Null(north.At(Signals.At(0)).Place);
        Assert.Equal(new GeoPoint(52.5, 13.4), north.Tell("Vehicle.CurrentLocation.Longitude", 13.4, 60).At(Signals.At(60)).Place);
        Assert.Null(north.Tell("Vehicle.CurrentLocation.Longitude", 13.4, 61).At(Signals.At(61)).Place);
    }

    [Fact]
    public void Paths_that_no_rule_asks_for_take_no_room_and_the_others_are_bounded()
    {
        var telemetry = Nothing.Tell("Vehicle.AverageSpeed", 3, 0);
        for (var row = 0; row < 2 * VehicleTelemetry.MaxPaths; row++)
            telemetry = telemetry.Tell($"Vehicle.Cabin.Door.Row{row}.Left.IsLocked", true, 0);
        Assert.Equal(VehicleTelemetry.MaxPaths, telemetry.States(VssCatalogue.DoorIsLocked, Signals.At(0)).Count);
        Assert.True(telemetry.Tell("Vehicle.Cabin.Door.Row1.Left.IsLocked", false, 1)
            .At(Signals.At(1)).Deciding(VssCatalogue.DoorIsLocked, state => state.Truth == true).Truth == false);
    }

    /// <summary>The newest believable reading decides, in whatever order readings of different times come.</summary>
    [Property(MaxTest = 200)]
    public Property The_order_of_arrival_does_not_matter() =>
        Prop.ForAll(Gen.Choose(1, int.MaxValue - 1).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            var readings = Enumerable.Range(0, 8).Select(i => Signals.Reading(Charge, random.Next(3) switch
            {
                0 => null,
                1 => (object)random.Next(0, 101),
                _ => 500,
            }, i, received: 10)).ToArray();
            var inOrder = Nothing.Apply(new TelemetryEvent.Readings([.. readings])).See(VssCatalogue.StateOfCharge, 11);
            random.Shuffle(readings);
            Assert.Equal(inOrder, Nothing.Apply(new TelemetryEvent.Readings([.. readings])).See(VssCatalogue.StateOfCharge, 11));
        });
}
