using System.Diagnostics;
using System.Globalization;
using Mesh.Messages;
using Mesh.Seed.Routing;
using Mesh.Seed.Routing.Choice;
using Mesh.Seed.Routing.History;

namespace Mesh.Benchmarks.Router;

/// <summary>What a decision of the router costs in fleets of a thousand to a million vehicles, in interleaved rounds.</summary>
internal static class RouterRun
{
    private const double MaxMicroseconds = 5;

    private static readonly int[] Sizes = [1_000, 10_000, 100_000, 1_000_000];

    public static int Run(RouterOptions options, TextWriter output)
    {
        output.WriteLine($"{Report.Machine}");
        var fleets = Sizes.Where(size => size <= options.MaxVehicles).Select(size => new BenchFleet(size)).ToList();
        for (var round = 0; round <= options.Rounds; round++)
        {
            // The first round warms up and does not count.
            foreach (var fleet in fleets)
                fleet.Measure(options.Duration, counts: round > 0);
        }

        Print(fleets, options, output);
        return options.Strict && fleets.Any(fleet => !fleet.Meets(MaxMicroseconds)) ? 1 : 0;
    }

    private static void Print(List<BenchFleet> fleets, RouterOptions options, TextWriter output)
    {
        output.WriteLine($"medians of {options.Rounds} interleaved rounds; requests from 40 cities, a tenth of the vehicles have the model");
        output.WriteLine();
        output.WriteLine("   vehicles   decision, us   to the least   examined   bytes allocated   whole request, us");
        var least = fleets[0].Decision.Median;
        foreach (var fleet in fleets)
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{fleet.Vehicles,11:#,0}{fleet.Decision.Median,15:0.00}{fleet.Decision.Median / least,15:0.00}{fleet.Examined,11}{fleet.BytesADecision.Median,18:0.##}{fleet.WholeRequest.Median,20:0.00}"));
        }

        output.WriteLine();
        foreach (var fleet in fleets)
        {
            var met = fleet.Meets(MaxMicroseconds) ? "pass" : "MISS";
            output.WriteLine($"  {fleet.Vehicles:#,0} vehicles: at most {MaxMicroseconds} us, {GeographicChoice.MaxExamined} examined, nothing allocated: {met}");
        }
    }
}

/// <summary>Values of the rounds.</summary>
internal sealed class Rounds
{
    private readonly List<double> _values = [];

    public double Median => LoadLoop.Median(_values);

    public void Add(double value) => _values.Add(value);
}

/// <summary>A fleet of one size in a router of its own.</summary>
internal sealed class BenchFleet
{
    private const int Batch = 64;

    private static readonly IReadOnlySet<VehicleId> Nobody = new HashSet<VehicleId>();

    private readonly Action _choose;
    private readonly Action _runRequest;
    private readonly double[] _batches = new double[100_000];
    private readonly GeographicChoice _choice = new();
    private readonly RouterState _state;
    private readonly Random _random = new(1);
    private readonly GeoPoint[] _cities;
    private readonly ModelReference _model = new("model", "1", new ArtifactHash(new string('a', 64)), 100_000);
    private TimeSpan _now = TimeSpan.FromSeconds(10);
    private ulong _lastRequest;

    public BenchFleet(int vehicles)
    {
        Vehicles = vehicles;
        // Made once: one a measurement would count as allocated by the decisions.
        (_choose, _runRequest) = (Choose, RunRequest);
        _cities = [.. Enumerable.Range(0, 40).Select(_ => new GeoPoint(_random.NextDouble() * 120 - 50, _random.NextDouble() * 360 - 180))];
        // As a seed runs it: each decision is kept for operators who ask why.
        _state = new RouterState(
            new RouterSettings(), _cities[0], _choice, new DateTimeOffset(2026, 3, 2, 7, 0, 0, TimeSpan.Zero), new RouterHistory());
        var with = new VehicleLoad(8, 1, 0, false, new HashSet<ArtifactHash> { _model.Hash });
        var without = new VehicleLoad(8, 1, 0, false, new HashSet<ArtifactHash>());
        for (var i = 0; i < vehicles; i++)
        {
            var stream = new StreamId(i);
            _state.Apply(new StreamOpened(
                stream, new VehicleId($"V-{i}"), new SessionEpoch(1), new NodeAddress("node", i), Near(_cities[i % _cities.Length]), i % 10 == 0 ? with : without)
            {
                DeviceClass = i % 3 == 0 ? "gpu-1" : "cpu-2",
                ParkedFor = TimeSpan.FromMinutes(i % 600),
                At = _now,
            });
            _state.Apply(new RoundTripMeasured(stream, TimeSpan.FromMilliseconds(5 + _random.NextDouble() * 50)));
        }

        Busy(vehicles);
    }

    public int Vehicles { get; }

    /// <summary>Microseconds to choose a vehicle.</summary>
    public Rounds Decision { get; } = new();

    /// <summary>Microseconds to submit, dispatch and settle a request, its events applied.</summary>
    public Rounds WholeRequest { get; } = new();

    /// <summary>The most vehicles that one choice looked at.</summary>
    public int Examined { get; private set; }

    public Rounds BytesADecision { get; } = new();

    public bool Meets(double microseconds) =>
        Decision.Median <= microseconds && BytesADecision.Median == 0 && Examined <= GeographicChoice.MaxExamined;

    public void Measure(TimeSpan duration, bool counts)
    {
        var bytes = GC.GetAllocatedBytesForCurrentThread();
        var decision = Time(duration, _choose, out var decisions);
        bytes = GC.GetAllocatedBytesForCurrentThread() - bytes;
        var whole = Time(duration, _runRequest, out _);
        if (!counts)
            return;
        Decision.Add(decision);
        BytesADecision.Add((double)bytes / decisions);
        WholeRequest.Add(whole);
    }

    /// <summary>The median of short batches: what others do on the machine for a moment falls on few of them.</summary>
    private double Time(TimeSpan duration, Action run, out long runs)
    {
        var start = Stopwatch.GetTimestamp();
        var count = 0;
        while (Stopwatch.GetElapsedTime(start) < duration && count < _batches.Length)
        {
            var began = Stopwatch.GetTimestamp();
            for (var i = 0; i < Batch; i++)
                run();
            _batches[count++] = Stopwatch.GetElapsedTime(began).TotalMicroseconds / Batch;
        }

        runs = count * (long)Batch;
        Array.Sort(_batches, 0, count);
        return _batches[count / 2];
    }

    private void Choose()
    {
        var query = new ChoiceQuery(_model, 10_000, _cities[_random.Next(_cities.Length)], double.PositiveInfinity, null, Nobody);
        _ = _state.Fleet.Choose(query, _now, _random) ?? throw new InvalidOperationException("Nobody takes the work.");
        Examined = Math.Max(Examined, _choice.Examined);
    }

    private void RunRequest()
    {
        var request = new RequestId(++_lastRequest);
        _now += TimeSpan.FromMicroseconds(100);
        Apply(_state.Decide(
            new SubmitRequest(request, _model, 10_000, _now + TimeSpan.FromSeconds(10), 0) { Origin = _cities[_random.Next(_cities.Length)] },
            _now,
            _random));
        SendAttempt? sent = null;
        while (_state.Decide(DispatchNext.Instance, _now, _random) is { IsNothing: false } next)
        {
            Apply(next);
            sent ??= next.Effects.OfType<SendAttempt>().FirstOrDefault(send => send.Attempt.Request == request);
        }

        if (sent is null)
            throw new InvalidOperationException($"Nobody takes {request}.");
        var timings = new AttemptTimings(default, default, TimeSpan.FromMilliseconds(2));
        Apply(_state.Decide(new AttemptReported(sent.Attempt, sent.Stream, AttemptOutcome.Ok, "", timings), _now, _random));
    }

    /// <summary>Half of the vehicles have a request of another model: idle and busy ones everywhere, as in a fleet at work.</summary>
    private void Busy(int vehicles)
    {
        var other = new ModelReference("other", "1", new ArtifactHash(new string('b', 64)), 100_000);
        for (var i = 0; i < vehicles; i += 2)
        {
            var request = new RequestId(++_lastRequest);
            _state.Apply(new RequestQueued(request, other, 1000, TimeSpan.FromDays(1), 0, _now));
            _state.Apply(new AttemptStarted(AttemptId.Of(request, 1), new StreamId(i), _now));
        }
    }

    private GeoPoint Near(GeoPoint city) => new(city.Latitude + _random.NextDouble() * 0.6 - 0.3, city.Longitude + _random.NextDouble() * 0.6 - 0.3);

    private void Apply(RouterDecision decision)
    {
        foreach (var change in decision.Events)
            _state.Apply(change);
    }
}
