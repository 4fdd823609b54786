using Mesh.Messages;
using Mesh.Seed.Routing;
using Mesh.Seed.Routing.Choice;
using Mesh.Seed.Routing.History;
using static Mesh.State.Tests.Routing.RouterDriver;

namespace Mesh.State.Tests.Routing.Choice;

/// <summary>The choice in fleets of any size.</summary>
public sealed class GeographicChoiceTests
{
    private static readonly GeoPoint[] Cities = [Frankfurt, Berlin, Sydney, new(40.71, -74.01), new(35.68, 139.69), new(-23.55, -46.63)];
    private static readonly VehicleLoad WithModel = Load(loaded: "a");
    private static readonly VehicleLoad Without = Load();
    private readonly GeographicChoice _choice = new();
    private readonly Random _random = new(1);

    /// <summary>Also where each decision is kept for operators, as the Dispatcher keeps it.</summary>
    [Theory]
    [InlineData(1_000, false)]
    [InlineData(1_000, true)]
    [InlineData(1_000_000, true)]
    public void It_examines_a_constant_number_of_vehicles_and_allocates_nothing(int vehicles, bool kept)
    {
        var history = kept ? new RouterHistory() : null;
        var state = FleetOf(vehicles, i => i % 10 == 0 ? WithModel : Without, history: history);
        history?.Queued(new RequestQueued(new RequestId(1), AnyModel, 100, TimeSpan.MaxValue, 0, TimeSpan.Zero));
        var most = 0;
        for (var i = 0; i < 200; i++)
            Choose(state, Cities[i % Cities.Length]);
        long allocated;
        int collections;
        do
        {
            // A collection that other tests cause counts what is left of this thread's allocation buffer as allocated by it.
            (collections, var before) = (GC.CollectionCount(0), GC.GetAllocatedBytesForCurrentThread());
            for (var i = 0; i < 1000; i++)
            {
                history?.Choice.Begin(default);
                var chosen = Choose(state, Cities[i % Cities.Length]);
                history?.Decided(new RequestId(1), chosen, hedge: false, TimeSpan.Zero);
                most = Math.Max(most, _choice.Examined);
            }

            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }
        while (GC.CollectionCount(0) != collections);

        Assert.Equal(0, allocated);
        Assert.Equal(GeographicChoice.MaxExamined, most);
    }

    [Fact]
    public void A_small_fleet_is_examined_as_a_whole()
    {
        var state = FleetOf(GeographicChoice.MaxExamined, i => i == 11 ? WithModel : Without);
        Assert.Equal(11, Choose(state, Sydney)!.Stream.Value);
        Assert.Equal(GeographicChoice.MaxExamined, _choice.Examined);
    }

    [Fact]
    public void The_few_that_have_the_model_are_found_among_many()
    {
        var state = FleetOf(20_000, i => i is 78 or 15_678 ? WithModel : Without);
        var chosen = Enumerable.Range(0, 50).Select(_ => Choose(state, Berlin)!.Stream.Value).ToHashSet();
        Assert.Equal([78L, 15_678], chosen.Order());
    }

    [Fact]
    public void Nearest_holders_are_looked_at_first()
    {
        var state = FleetOf(6_000, _ => WithModel);
        Assert.All(Cities, city => Assert.Equal(city, Choose(state, city)!.Place));
    }

    [Fact]
    public void When_all_that_have_the_model_are_swamped_another_one_loads_it()
    {
        var swamped = Load(credits: 1000, queued: 900, loaded: "a");
        var state = FleetOf(2_000, i => i < 100 ? swamped : Without);
        Assert.True(Choose(state, Frankfurt)!.Stream.Value >= 100);
    }

    [Fact]
    public void Vehicles_that_cannot_take_work_are_no_candidates()
    {
        var state = FleetOf(2_000, i => i == 1234 ? WithModel : Load(draining: true, loaded: "a"));
        Assert.Equal((1234, 1), (Choose(state, Sydney)!.Stream.Value, _choice.Examined));
        state.Apply(new StreamClosed(new StreamId(1234)));
        Assert.Null(Choose(state, Sydney));
        state.Apply(new LoadChanged(new StreamId(3), WithModel));
        Assert.Equal(3, Choose(state, Sydney)!.Stream.Value);
    }

    [Fact]
    public void Within_the_radius_asked_for_or_not_at_all()
    {
        var state = FleetOf(3_000, _ => WithModel);
        var near = new GeoPoint(Berlin.Latitude + 0.2, Berlin.Longitude);
        Assert.Equal(Berlin, Choose(state, near, maxKm: 50)!.Place);
        Assert.Null(Choose(state, new GeoPoint(0, 0), maxKm: 50));
    }

    [Fact]
    public void Of_the_hardware_class_that_the_model_demands()
    {
        var state = FleetOf(3_000, _ => Without, i => i % 1000 == 5 ? "gpu-1" : "cpu-2");
        var model = Model() with { DeviceClasses = "tpu-9, GPU-1" };
        Assert.All(Enumerable.Range(0, 20), _ => Assert.Equal("gpu-1", Choose(state, Berlin, model: model)!.DeviceClass));
        Assert.Null(Choose(state, Berlin, model: model with { DeviceClasses = "tpu-9" }));
    }

    [Fact]
    public void Where_those_that_had_the_work_are_the_nearest_it_goes_farther_away()
    {
        var state = FleetOf(600, _ => WithModel);
        var had = state.Vehicles.Values.Where(vehicle => vehicle.Stream.Value >= 6).Select(vehicle => vehicle.Id).ToHashSet();
        var query = new ChoiceQuery(AnyModel, 100, Frankfurt, double.PositiveInfinity, TimeSpan.FromSeconds(5), had);
        Assert.All(
            Enumerable.Range(0, 50).Select(_ => _choice.Choose(state.Fleet, query, TimeSpan.Zero, _random)!.Stream.Value), chosen => Assert.InRange(chosen, 0, 5));
        // Nobody else is there: then those again.
        had.UnionWith(state.Vehicles.Keys);
        Assert.NotNull(_choice.Choose(state.Fleet, query, TimeSpan.Zero, _random));
    }

    [Theory]
    [InlineData("")]
    [InlineData("gpu-1")]
    public void The_few_with_memory_for_it_are_found_behind_many_small_ones_and_warmed(string demanded)
    {
        var state = new RouterState(new RouterSettings(), Frankfurt);
        for (var i = 0; i < 60; i++)
        {
            var large = i >= 57;
            state.Apply(Opened(i, large ? Berlin : Frankfurt, Without, "gpu-1") with { MemoryBytes = large ? 8L << 30 : 1 << 30 });
        }

        var model = Model(size: 1L << 30) with { DeviceClasses = demanded };
        var chosen = Choose(state, Frankfurt, model: model)!;
        Assert.InRange(chosen.Stream.Value, 57, 59);
        Assert.Equal(2, state.Fleet.ToWarm(model, chosen).Count(vehicle => vehicle.Stream.Value >= 57));
    }

    /// <summary>Beside looking at every vehicle, in a region as large as one is meant to be: the time expected is the same but for noise.</summary>
    [Theory]
    [InlineData(20)]
    [InlineData(150)]
    public void At_high_load_little_is_lost_by_not_looking_at_everybody(int vehicles)
    {
        var (sampled, everybody) = (MeanScore(new GeographicChoice(), vehicles), MeanScore(new EveryVehicle(), vehicles));
        Assert.True(sampled <= everybody * 1.03, $"{sampled:0.000} ms with a bounded choice, {everybody:0.000} ms over all");
    }

    /// <summary>Poisson arrivals at nine tenths of what the fleet can do; mean time from arrival to answer in milliseconds.</summary>
    private static double MeanScore(IVehicleChoice choice, int vehicles)
    {
        var random = new Random(5);
        var state = new RouterState(new RouterSettings { WarmCopies = 1 }, Frankfurt, choice);
        for (var i = 0; i < vehicles; i++)
            state.Apply(Opened(i, i % 2 == 0 ? Frankfurt : Berlin, Load(credits: 64, loaded: "a"), ""));
        var ends = new PriorityQueue<(AttemptId Attempt, StreamId Stream, double Ran, double Came), double>();
        var free = new double[vehicles];
        var (now, total, answers) = (0.0, 0.0, 0);
        const double Service = 10;
        for (ulong request = 1; request <= 20_000; request++)
        {
            now += -Math.Log(1 - random.NextDouble()) * Service / (0.9 * vehicles);
            while (ends.TryPeek(out var done, out var at) && at <= now)
            {
                ends.Dequeue();
                Run(new AttemptReported(done.Attempt, done.Stream, AttemptOutcome.Ok, "", new AttemptTimings(default, default, Ms(done.Ran))), at);
                (total, answers) = (total + at - done.Came, answers + 1);
            }

            Run(new SubmitRequest(new RequestId(request), Model(), 100, Ms(now + 60_000), 0), now);
            var dispatch = state.Decide(DispatchNext.Instance, Ms(now), random);
            Apply(dispatch);
            var send = Assert.Single(dispatch.Effects.OfType<SendAttempt>());
            var vehicle = (int)send.Stream.Value;
            var ran = Service * (0.5 + random.NextDouble());
            free[vehicle] = Math.Max(free[vehicle], now) + ran;
            ends.Enqueue((send.Attempt, send.Stream, ran, now), free[vehicle]);
        }

        return total / answers;

        void Run(IRouterCommand command, double at) => Apply(state.Decide(command, Ms(at), random));

        void Apply(RouterDecision decision)
        {
            foreach (var change in decision.Events)
                state.Apply(change);
        }
    }

    private static TimeSpan Ms(double milliseconds) => TimeSpan.FromMilliseconds(milliseconds);

    private static RouterState FleetOf(int vehicles, Func<int, VehicleLoad> load, Func<int, string>? deviceClass = null, RouterHistory? history = null)
    {
        var state = new RouterState(new RouterSettings(), Frankfurt, history: history);
        for (var i = 0; i < vehicles; i++)
            state.Apply(Opened(i, Cities[i % Cities.Length], load(i), deviceClass?.Invoke(i) ?? ""));
        return state;
    }

    private static StreamOpened Opened(int number, GeoPoint place, VehicleLoad load, string deviceClass) =>
        new(new StreamId(number), new VehicleId($"V-{number}"), new SessionEpoch(1), new NodeAddress("node", number), place, load)
        {
            DeviceClass = deviceClass,
        };

    private RoutedVehicle? Choose(RouterState state, GeoPoint origin, double maxKm = double.PositiveInfinity, ModelReference? model = null) =>
        _choice.Choose(state.Fleet, new ChoiceQuery(model ?? AnyModel, 100, origin, maxKm, null, Nobody), TimeSpan.Zero, _random);

    private static readonly ModelReference AnyModel = Model();
    private static readonly IReadOnlySet<VehicleId> Nobody = new HashSet<VehicleId>();

    /// <summary>The least expected time over all vehicles.</summary>
    private sealed class EveryVehicle : IVehicleChoice
    {
        public RoutedVehicle? Choose(Fleet fleet, in ChoiceQuery query, TimeSpan now, Random random)
        {
            var (best, least) = (default(RoutedVehicle), TimeSpan.MaxValue);
            foreach (var vehicle in fleet.Vehicles.Values)
            {
                if (!fleet.MayTake(vehicle, query, now) || fleet.Score(vehicle, query, now) is var score && score >= least)
                    continue;
                (best, least) = (vehicle, score);
            }

            return best;
        }
    }
}
