using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Seed.Operations;
using Mesh.Seed.Routing;
using Mesh.Seed.Routing.Choice;
using Mesh.Seed.Routing.History;
using Mesh.Seed.Routing.Queries;
using Mesh.State.Tests.Routing;
using static Mesh.State.Tests.Routing.RouterDriver;

namespace Mesh.State.Tests.Operations;

/// <summary>What a seed says of vehicles, and why they get no work.</summary>
public sealed class VehicleExplanationTests
{
    private readonly RouterHistory _history = new();
    private readonly RouterDriver _router;

    public VehicleExplanationTests() => _router = new RouterDriver(history: _history);

    [Fact]
    public void Every_condition_has_its_state_and_its_reason()
    {
        var load = Load(loaded: "a");
        _router.Open("serves");
        _router.Open("leaves", load: load with { Draining = true, IsLeaving = true });
        _router.Open("held", load: load with { Draining = true, IsHeld = true, Consent = OwnerConsent.Nothing });
        _router.Open("batches", load: (load with { Consent = new OwnerConsent(false, true) }).ForInteractive);
        _router.Open("lost", load: load);
        _router.Run(new MemberChanged(Member("lost"), Serviceable: false));

        Assert.Equal(
            ["batches BatchOnly NO_CONSENT", "held Drained OPERATOR_DRAIN", "leaves Draining DRAINING", "lost Unreachable UNREACHABLE", "serves Serving "],
            All().Select(vehicle => $"{vehicle.Vehicle} {vehicle.Condition} {string.Join(',', Reasons(vehicle.Vehicle.Value).Select(reason => reason.Code))}"));
    }

    [Fact]
    public void One_without_room_and_one_that_fails_say_so()
    {
        _router.Open("full", load: Load(credits: 1, loaded: "a"));
        _router.Submit();
        Assert.Equal(("NO_CREDITS", VehicleCondition.Busy), (Assert.Single(Reasons("full")).Code, All()[0].Condition));

        var other = new RouterDriver(history: new RouterHistory());
        other.Open("fails");
        for (var i = 0; i < 3; i++)
            other.Report(other.Submit(), AttemptOutcome.Failed);
        var found = new GetVehicle(new VehicleId("fails")).Answer(other.View);
        Assert.Equal(VehicleCondition.Resting, found.View!.Condition);
        Assert.Contains(found.Reasons, reason => reason.Code == "CIRCUIT_OPEN" && reason.Detail.Contains("3 times in a row", StringComparison.Ordinal));
    }

    /// <summary>The words follow the policies: a vehicle is a taker exactly when no reason excludes it.</summary>
    [Fact]
    public void A_vehicle_without_an_excluding_reason_takes_work_and_no_other_does()
    {
        var random = new Random(5);
        for (var i = 0; i < 300; i++)
        {
            var load = Load(credits: random.Next(1, 3), draining: random.Next(4) == 0, loaded: random.Next(2) == 0 ? "a" : "") with
            {
                Consent = random.Next(3) == 0 ? new OwnerConsent(random.Next(2) == 0, true) : OwnerConsent.Everything,
            };
            _router.Open($"V-{i}", load: (load with { IsLeaving = load.Draining }).ForInteractive, memory: random.Next(3) == 0 ? 10 : 0);
            if (random.Next(5) == 0)
                _router.Run(new MemberChanged(Member($"V-{i}"), Serviceable: false));
            if (random.Next(2) == 0)
                _router.Submit(seconds: 1000);
        }

        var query = new ChoiceQuery(Model(), 100, Frankfurt, double.PositiveInfinity, null, new HashSet<VehicleId>());
        var takers = 0;
        foreach (var vehicle in _router.State.Vehicles.Values)
        {
            var takes = _router.State.Fleet.MayTake(vehicle, query, _router.Now);
            takers += takes ? 1 : 0;
            Assert.Equal(takes, !new GetVehicle(vehicle.Id, Model()).Answer(_router.View).Reasons.Any(reason => reason.Excludes));
        }

        Assert.InRange(takers, 1, 299);
    }

    [Fact]
    public void One_that_is_away_tells_when_and_why_it_left()
    {
        var vehicle = new VehicleId("V-1");
        var at = _router.View.Wall;
        var farewell = new Farewell("soon", ["UNLOCKED: Vehicle.Cabin.Door.Row1.DriverSide.IsLocked is false, needs true"]);
        _history.Departures.Add(new Departure(vehicle, new SessionEpoch(3), DepartureKind.Planned, at, "cpu-2", Frankfurt, farewell));
        var found = new GetVehicle(vehicle).Answer(_router.View);
        Assert.Equal((VehicleCondition.Away, "cpu-2"), (found.View!.Condition, found.View.DeviceClass));
        var explained = VehicleDocument.Explain(found.View, found.Reasons, at + TimeSpan.FromSeconds(30));
        Assert.Equal(
            "it left 30 s ago: it said goodbye (soon), because of UNLOCKED: Vehicle.Cabin.Door.Row1.DriverSide.IsLocked is false, needs true",
            (string)explained["summary"]!);
        Assert.Equal("soon", (string)explained["departures"]![0]!["cause"]!);
    }

    [Fact]
    public void An_unknown_id_is_answered_with_near_ones()
    {
        _router.Open("V-001");
        _router.Open("V-002");
        _router.Open("truck");
        Assert.Equal(["V-001", "V-002"], new GetVehicle(new VehicleId("v-00")).Answer(_router.View).Near.Select(id => id.Value));
    }

    [Fact]
    public void Vehicles_are_found_by_place_model_and_state_within_the_limit()
    {
        for (var i = 0; i < 10; i++)
            _router.Open($"V-{i}", i % 2 == 0 ? Berlin : Sydney, Load(loaded: i < 4 ? "a" : "b"));
        var near = new FindVehicles(3) { Near = Sydney }.Answer(_router.View);
        Assert.All(near, vehicle => Assert.InRange(vehicle.DistanceKm!.Value, 0, 4));
        Assert.Equal(3, near.Length);
        Assert.Equal(4, new FindVehicles(100) { Loaded = [Model('a').Hash] }.Answer(_router.View).Length);
        Assert.Empty(new FindVehicles(100) { Condition = VehicleCondition.Busy }.Answer(_router.View));
    }

    [Fact]
    public void Known_vehicles_without_a_stream_are_away_and_come_last()
    {
        _router.Open("here");
        var record = new VehicleRecord(new VehicleId("a-gone"), new SessionEpoch(1), new SessionEpoch(1), _router.View.Wall, _router.View.Wall, 1, 1, 0, 9, 1, 2);
        _router.Run(new RecordsLearned([record]));
        Assert.Equal(["here", "a-gone"], All().Select(vehicle => vehicle.Vehicle.Value));
        Assert.Equal((9, 1, 2), (All()[1].Answered, All()[1].Failed, All()[1].Lost));
    }

    [Fact]
    public void The_cell_of_a_place_is_its_geohash()
    {
        Assert.Equal(
            ["u0yjj", "u33db", "r3gx2", "u4pru"],
            new[] { Frankfurt, Berlin, Sydney, new GeoPoint(57.64911, 10.40744) }.Select(place => GeoCell.Of(place).Geohash));
        var random = new Random(1);
        for (var i = 0; i < 1000; i++)
        {
            var cell = GeoCell.Of(new GeoPoint(random.NextDouble() * 180 - 90, random.NextDouble() * 360 - 180));
            Assert.Equal(cell, GeoCell.Of(cell.Centre));
        }
    }

    private IReadOnlyList<VehicleView> All() => new FindVehicles(100).Answer(_router.View);

    private IReadOnlyList<VehicleReason> Reasons(string vehicle) => new GetVehicle(new VehicleId(vehicle)).Answer(_router.View).Reasons;
}
