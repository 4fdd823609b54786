using Mesh.Messages;
using Mesh.Seed.Routing;
using Mesh.Seed.Routing.Choice;
using Mesh.Seed.Routing.Policies;
using static Mesh.State.Tests.Routing.RouterDriver;

namespace Mesh.State.Tests.Routing;

/// <summary>What keeps work from a vehicle, policy by policy, and what makes one better than another.</summary>
public sealed class VehiclePolicyTests
{
    private static readonly RouterSettings Settings = new() { WarmCopies = 1 };
    private readonly RouterDriver _router = new(Settings);

    [Theory]
    [InlineData(0, 1000, true)]
    [InlineData(3000, 1000, true)]
    [InlineData(2999, 1000, false)]
    public void Memory_must_hold_the_model_where_it_is_known(long memory, long size, bool fits) =>
        Assert.Equal(fits, MemoryPolicy.Allows(Vehicle(Opening() with { MemoryBytes = memory }), Model(size: size), Settings));

    /// <summary>An artifact that the router thinks will fit and the vehicle does not would fail there each time.</summary>
    [Fact]
    public void Router_and_vehicle_count_a_models_memory_alike() =>
        Assert.Equal(new Mesh.Node.Inference.InferenceEngineOptions().MemoryFactor, new RouterSettings().MemoryFactor);

    [Theory]
    [InlineData("", "", true)]
    [InlineData("cpu-2", "", true)]
    [InlineData("cpu-2", "cpu-2", true)]
    [InlineData("CPU-2", "gpu-1, cpu-2", true)]
    [InlineData("cpu-2", "gpu-1", false)]
    [InlineData("cpu", "cpu-2", false)]
    [InlineData("", "cpu-2", false)]
    public void The_hardware_must_be_of_a_class_that_the_model_demands(string has, string demanded, bool allowed) =>
        Assert.Equal(
            allowed, HardwareClassPolicy.Allows(Vehicle(Opening() with { DeviceClass = has }), Model() with { DeviceClasses = demanded }));

    [Theory]
    [InlineData(double.PositiveInfinity, true)]
    [InlineData(430, true)]
    [InlineData(400, false)]
    [InlineData(0, false)]
    public void A_radius_is_from_the_client(double km, bool allowed)
    {
        var vehicle = Vehicle(Opening() with { Place = Frankfurt });
        Assert.Equal(allowed, RadiusPolicy.Allows(vehicle, new ChoiceQuery(Model(), 0, Berlin, km, null, new HashSet<VehicleId>())));
    }

    [Theory]
    [InlineData("model-a", "", true)]
    [InlineData("model-b", "acme", true)]
    [InlineData("model-b", "", false)]
    [InlineData("model-b", "other", false)]
    public void The_owner_must_consent_to_the_model_or_its_publisher_loaded_or_not(string name, string publisher, bool allowed)
    {
        var consent = OwnerConsent.Everything with { Models = new ConsentedModels(["model-a"], ["acme"]) };
        var vehicle = Open("V-1", vehicle => vehicle with { Load = Load(loaded: "a") with { Consent = consent } });
        var request = _router.Submit(Model() with { Name = name, Publisher = publisher });
        Assert.Equal(allowed ? vehicle : null, _router.StreamOf(request));
        _router.Run(new LoadChanged(vehicle, Load(loaded: "a")));
        Assert.Equal(vehicle, _router.StreamOf(request));
    }

    [Fact]
    public void A_loaded_model_needs_no_more_memory()
    {
        var stream = Open("small", vehicle => vehicle with { MemoryBytes = 10, Load = Load() });
        var request = _router.Submit(Model('a', 1000));
        Assert.Null(_router.StreamOf(request));
        _router.Run(new LoadChanged(stream, Load(loaded: "a")));
        Assert.Equal(stream, _router.StreamOf(request));
    }

    [Fact]
    public void A_request_passes_by_vehicles_that_cannot_take_its_model()
    {
        Open("small", vehicle => vehicle with { MemoryBytes = 100, Load = Load(loaded: "b") });
        Open("wrong", vehicle => vehicle with { DeviceClass = "cpu-2", Load = Load(loaded: "b") });
        var large = Open("large", vehicle => vehicle with { DeviceClass = "gpu-1", Load = Load(loaded: "b", queued: 5), Place = Sydney });
        Assert.Equal(large, _router.StreamOf(_router.Submit(Model('a', 1000) with { DeviceClasses = "gpu-1" })));
    }

    [Fact]
    public void A_model_is_warmed_only_where_it_can_run()
    {
        var router = new RouterDriver(new RouterSettings { WarmCopies = 3 });
        router.Run(Opening("used", 1) with { Load = Load(loaded: "a") });
        router.Run(Opening("small", 2) with { MemoryBytes = 10, Load = Load() });
        router.Run(Opening("large", 3) with { MemoryBytes = 10_000, Load = Load() });
        router.Submit();
        Assert.Equal([new StreamId(3)], router.Effects.OfType<WarmModel>().Select(warm => warm.Stream));
    }

    [Fact]
    public void A_large_payload_goes_where_the_bandwidth_is()
    {
        var (slow, fast) = (_router.Open("slow"), _router.Open("fast"));
        foreach (var stream in new[] { slow, fast })
        {
            // A megabyte that took a second to one of them, and a tenth of that to the other.
            Drain(stream == slow ? fast : slow, true);
            var request = _router.Submit(bytes: 1_000_000);
            _router.Now += TimeSpan.FromSeconds(stream == slow ? 1 : 0.1);
            _router.Report(request, AttemptOutcome.Ok, inferMs: 1);
            Drain(stream == slow ? fast : slow, false);
        }

        Assert.Equal(1e-3, _router.State.Find(slow)!.MsPerByte!.Value, 1e-5);
        Assert.Equal(fast, _router.StreamOf(_router.Submit(bytes: 1_000_000)));
    }

    [Fact]
    public void A_long_piece_of_work_goes_to_who_will_stay_and_a_short_one_need_not()
    {
        var leaving = _router.Open("leaving", load: Load(loaded: "a") with { LeavesIn = TimeSpan.FromMinutes(5) });
        var staying = _router.Open("staying", Berlin);
        Assert.Equal(leaving, _router.State.Fleet.Choose(Query(null), _router.Now, new Random(1))!.Stream);
        Assert.Equal(staying, _router.State.Fleet.Choose(Query(TimeSpan.FromMinutes(10)), _router.Now, new Random(1))!.Stream);
    }

    [Fact]
    public void A_slow_class_of_hardware_is_known_before_its_newcomer_has_run_anything()
    {
        var (slow, fast) = (Open("slow", v => v with { DeviceClass = "cpu-1" }), Open("fast", v => v with { DeviceClass = "gpu-1" }));
        for (var i = 0; i < 200; i++)
        {
            var request = _router.Submit();
            _router.Report(request, AttemptOutcome.Ok, inferMs: _router.StreamOf(request) == slow ? 40 : 4);
            Drain(i % 2 == 0 ? fast : slow, true);
            Drain(i % 2 == 0 ? slow : fast, false);
        }

        _router.Run(new StreamClosed(slow));
        _router.Run(new StreamClosed(fast));
        Open("slow newcomer".Replace(' ', '-'), v => v with { DeviceClass = "cpu-1" });
        var newcomer = Open("fast-newcomer", v => v with { DeviceClass = "gpu-1" });
        Assert.Equal(newcomer, _router.StreamOf(_router.Submit()));
        Assert.Equal(newcomer, _router.State.Fleet.Choose(Query(TimeSpan.FromMinutes(1)), _router.Now, new Random(1))!.Stream);
    }

    [Fact]
    public void Long_work_under_way_counts_by_its_length()
    {
        var (one, two) = (_router.Open("one"), _router.Open("two"));
        var long1 = Submit(1001, TimeSpan.FromSeconds(60));
        var other = _router.StreamOf(long1) == one ? two : one;
        // Sixty requests of a few milliseconds are less than what is left of a minute.
        var load = _router.State.Find(other)!.Load;
        _router.Run(new LoadChanged(other, load with { Queued = 60 }));
        Assert.Equal(other, _router.StreamOf(_router.Submit()));
    }

    private RequestId Submit(ulong number, TimeSpan work)
    {
        _router.Run(new SubmitRequest(new RequestId(number), Model(), 100, _router.Now + TimeSpan.FromMinutes(5), 0) { Work = work });
        return new RequestId(number);
    }

    private static ChoiceQuery Query(TimeSpan? work) =>
        new(Model(), 100, Frankfurt, double.PositiveInfinity, work, new HashSet<VehicleId>());

    private void Drain(StreamId stream, bool draining) =>
        _router.Run(new LoadChanged(stream, _router.State.Find(stream)!.Load with { Draining = draining }));

    private StreamId Open(string vehicle, Func<StreamOpened, StreamOpened> with)
    {
        var opened = with(Opening(vehicle, _router.State.Vehicles.Count + 100 + vehicle.Length * 1000));
        _router.Run(opened);
        return opened.Stream;
    }

    private static StreamOpened Opening(string vehicle = "V-1", long stream = 1) =>
        new(new StreamId(stream), new VehicleId(vehicle), new SessionEpoch(1), Member(vehicle), Frankfurt, Load(loaded: "a"));

    private static RoutedVehicle Vehicle(StreamOpened opened) => new(opened, null);
}
