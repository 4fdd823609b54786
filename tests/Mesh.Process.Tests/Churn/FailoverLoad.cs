using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using Mesh.Demo;

namespace Mesh.Process.Tests.Churn;

/// <summary>What became of a load: every request is in <paramref name="Answers"/> or in <paramref name="Lost"/>.</summary>
/// <param name="Answers">Who gave it, and how long it took from the first try at any seed to the right answer.</param>
/// <param name="Lost">Not answered within the client's patience, or wrongly; each with the reason.</param>
/// <param name="Elsewhere">Tries that were refused or broke, after which the next seed was asked.</param>
/// <param name="Gap">The longest time from one answer to the next, whoever got them.</param>
internal sealed record FailoverResult(IReadOnlyList<(string Vehicle, TimeSpan Latency)> Answers, IReadOnlyList<string> Lost, int Elsewhere, TimeSpan Gap)
{
    public int Answered => Answers.Count;

    public TimeSpan Percentile(double part) =>
        Answers.Select(answer => answer.Latency).Order().ElementAt((int)Math.Min(Answers.Count - 1, part * Answers.Count));

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"answered {Answered}, lost {Lost.Count}, asked another seed {Elsewhere} times; latency p50 {Percentile(0.5).TotalMilliseconds:0} ms, "
        + $"p99 {Percentile(0.99).TotalMilliseconds:0} ms, longest {Percentile(1).TotalMilliseconds:0} ms; longest gap without an answer {Gap.TotalMilliseconds:0} ms");
}

/// <summary>
/// Clients that know all seeds of a region, as a fleet's back ends do: each asks one seed for picture after picture at an even
/// pace, and the next seed when that one refuses for now (429, 503) or cannot be reached.
/// </summary>
internal sealed class FailoverLoad : IAsyncDisposable
{
    /// <summary>A request that no seed has answered by then is lost.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(50);

    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<(string Vehicle, TimeSpan Latency)> _answers = [];
    private readonly ConcurrentQueue<string> _lost = [];
    private readonly List<Task> _clients;
    private readonly List<int> _expected;
    private readonly Lock _lock = new();
    private int _elsewhere;
    private int _asked;
    private long? _lastAnswer;
    private TimeSpan _gap;

    /// <param name="pace">Between two requests of one client.</param>
    public FailoverLoad(HttpClient http, IReadOnlyList<Uri> seeds, int clients, TimeSpan pace)
    {
        var pictures = FashionPictures.Load();
        using (var direct = new DirectRun())
            _expected = [.. direct.ClassifyEach(pictures).Select(probabilities => DirectRun.ClassOf(probabilities))];
        var ask = seeds.Select(seed => new InferClient(http, seed, pictures)).ToList();
        _clients = [.. Enumerable.Range(0, clients).Select(client => RunAsync(ask, client % seeds.Count, pace))];
    }

    public int Answered => _answers.Count;

    /// <summary>Waits for the requests under way, and answers for all.</summary>
    public async Task<FailoverResult> StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_clients);
        return new FailoverResult([.. _answers], [.. _lost], _elsewhere, _gap);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private async Task RunAsync(List<InferClient> seeds, int seed, TimeSpan pace)
    {
        using var beat = new PeriodicTimer(pace);
        while (!_stop.IsCancellationRequested)
        {
            seed = await AskAsync(seeds, seed, Interlocked.Increment(ref _asked));
            await beat.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    /// <summary>One request until its end; the seed that answered it is asked first for the next one.</summary>
    private async Task<int> AskAsync(List<InferClient> seeds, int seed, int number)
    {
        var started = Stopwatch.GetTimestamp();
        using var again = new PeriodicTimer(BetweenTries);
        while (true)
        {
            var answer = await seeds[seed].ClassifyAsync(number, CancellationToken.None);
            if (answer.Probabilities is { } probabilities && DirectRun.ClassOf(probabilities) == _expected[answer.Picture])
            {
                Answer(answer.Vehicle!, Stopwatch.GetElapsedTime(started));
                return seed;
            }

            var forNow = answer.Probabilities is null && answer.Status is null or HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable;
            if (!forNow || Stopwatch.GetElapsedTime(started) > Patience)
            {
                _lost.Enqueue($"{DateTime.UtcNow:HH:mm:ss.fff} request {number}: {answer.Failure ?? "a wrong answer"}");
                return seed;
            }

            Interlocked.Increment(ref _elsewhere);
            seed = (seed + 1) % seeds.Count;
            await again.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    private void Answer(string vehicle, TimeSpan latency)
    {
        _answers.Enqueue((vehicle, latency));
        lock (_lock)
        {
            var now = Stopwatch.GetTimestamp();
            var gap = Stopwatch.GetElapsedTime(_lastAnswer ?? now, now);
            _gap = gap > _gap ? gap : _gap;
            _lastAnswer = now;
        }
    }
}
