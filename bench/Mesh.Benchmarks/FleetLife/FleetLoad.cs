using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Mesh.Demo;
using Mesh.Messages;
using Mesh.Seed.Routing;

namespace Mesh.Benchmarks.FleetLife;

/// <summary>How one request ended, as its client sees it.</summary>
/// <param name="Outcome">Null: it had no end.</param>
/// <param name="Error">Empty when it was answered.</param>
/// <param name="Took">From the call to its end.</param>
/// <param name="Right">The answer is what a direct run says; true as well where there is none.</param>
internal sealed record RequestEnd(RequestOutcome? Outcome, string Error, TimeSpan Took, int Attempts, bool Hedged, bool Right);

/// <summary>
/// The clients: pictures and slow runs at steady rates, and slow runs that meet a car which is about to leave. Every answer is
/// held against a direct run.
/// </summary>
internal sealed class FleetLoad(FleetRegion region, long slowTrips, FashionPictures pictures, IReadOnlyList<float[]> probabilities)
{
    /// <summary>Each request's deadline.</summary>
    public static readonly TimeSpan Budget = TimeSpan.FromSeconds(5);

    /// <summary>A request that has not ended so long after its deadline never will.</summary>
    private static readonly TimeSpan LostAfter = TimeSpan.FromSeconds(5);

    /// <summary>Beyond the cars that a radius reaches: owners tell their place by 5 km only.</summary>
    private const double MarginKm = 20;

    /// <summary>Slow runs that meet a departure: enough for the car and its neighbours.</summary>
    private const int Meeting = 3;

    private readonly ConcurrentQueue<RequestEnd> _ends = new();
    private readonly ConcurrentDictionary<Task, bool> _out = new();
    private readonly ModelReference _picture = region.Model(DirectRun.Model);
    private readonly ModelReference _slow = region.Model(SlowModel.Name);
    private int _sent;
    private long _number;

    public IReadOnlyCollection<RequestEnd> Ends => _ends;

    public int Sent => Volatile.Read(ref _sent);

    /// <summary>Sends until cancelled.</summary>
    public Task RunAsync(double picturesPerSecond, double slowPerSecond, CancellationToken stop)
    {
        var picture = 0;
        return Task.WhenAll(
            SteadilyAsync(picturesPerSecond, () => Send(Picture(picture++)), stop),
            SteadilyAsync(slowPerSecond, () => Send(Slow()), stop));
    }

    /// <summary>Completes when every request that was sent has ended or is lost.</summary>
    public Task WhenAllEndedAsync() => Task.WhenAll(_out.Keys);

    /// <summary>Slow runs for the car and the two others nearest to it: it will have one of them when it leaves.</summary>
    public void Meet(FleetCar car)
    {
        var others = region.Serving.Where(other => other != car).Select(other => other.Place.DistanceKm(car.Place)).Order().ToList();
        var radius = others.Count >= Meeting - 1 ? others[Meeting - 2] + MarginKm : double.PositiveInfinity;
        for (var i = 0; i < Meeting; i++)
            Send(Slow().Within(car.Place, radius));
    }

    /// <summary>The car answers one request of each model, so that it has both loaded.</summary>
    /// <exception cref="TimeoutException">It does not.</exception>
    public async Task WarmAsync(FleetCar car)
    {
        foreach (var request in new[] { Picture(0), Slow() })
        {
            var call = request.Within(car.Place, MarginKm).Call with { Budget = TimeSpan.FromSeconds(60) };
            var outcome = await region.Gateway.InferAsync(call, CancellationToken.None);
            if (outcome.Outcome != RequestOutcome.Ok)
                throw new TimeoutException($"{car.Id} does not answer: {outcome.Error}");
        }
    }

    private static async Task SteadilyAsync(double perSecond, Action send, CancellationToken stop)
    {
        var start = Stopwatch.GetTimestamp();
        for (var number = 1; !stop.IsCancellationRequested; number++)
        {
            send();
            // A machine that lags behind catches up: the rate is the clients', not the machine's.
            if (TimeSpan.FromSeconds(number / perSecond) - Stopwatch.GetElapsedTime(start) is var wait && wait > TimeSpan.Zero)
                await Task.Delay(wait, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Send(Request request)
    {
        Interlocked.Increment(ref _sent);
        var sending = Task.Run(() => SendAsync(request));
        _out[sending] = true;
        sending.ContinueWith(done => _out.TryRemove(done, out _), TaskScheduler.Default);
    }

    private async Task SendAsync(Request request)
    {
        var (number, journey) = ((ulong)Interlocked.Increment(ref _number), new Journey());
        region.Tap.Expect(number, journey);
        var start = Stopwatch.GetTimestamp();
        try
        {
            var outcome = await region.Gateway
                .InferAsync(journey.Follow(request.Call with { Client = number }), CancellationToken.None)
                .WaitAsync(Budget + LostAfter);
            var took = Stopwatch.GetElapsedTime(start);
            journey.Hedged = outcome.Hedged;
            var right = outcome.Outcome != RequestOutcome.Ok || IsRight(outcome, request.Expected);
            _ends.Enqueue(new RequestEnd(outcome.Outcome, outcome.Error, took, outcome.Attempts, outcome.Hedged, right));
        }
        catch (TimeoutException)
        {
            _ends.Enqueue(new RequestEnd(null, "no end", Stopwatch.GetElapsedTime(start), 0, false, true));
        }
    }

    private Request Picture(int number)
    {
        var picture = number % pictures.Count;
        var tensor = new RawTensor(
            [1, 1, FashionPictures.Height, FashionPictures.Width], MemoryMarshal.AsBytes(pictures.Image(picture).Span).ToArray());
        return new Request(new InferenceCall(_picture, [tensor], [], Budget), probabilities[picture]);
    }

    private Request Slow()
    {
        var x = new RawTensor([SlowModel.Input.Length], MemoryMarshal.AsBytes<float>(SlowModel.Input).ToArray());
        return new Request(new InferenceCall(_slow, [x, new RawTensor([], BitConverter.GetBytes(slowTrips))], [], Budget), SlowModel.Expected);
    }

    private static bool IsRight(InferenceOutcome outcome, float[] expected) =>
        outcome.Outputs is [var output]
        && MemoryMarshal.Cast<byte, float>(output.Data.Span).ToArray() is var answer
        && answer.Length == expected.Length
        && answer.Zip(expected).All(pair => pair.Item1 == pair.Item2 || Math.Abs(pair.Item1 - pair.Item2) <= 1e-5);

    private sealed record Request(InferenceCall Call, float[] Expected)
    {
        public Request Within(GeoPoint place, double radiusKm) => this with { Call = Call with { Origin = place, MaxDistanceKm = radiusKm } };
    }
}
