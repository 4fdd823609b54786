using Mesh.Messages;
using Mesh.Seed.Routing;

namespace Mesh.Benchmarks.Policy;

/// <summary>What one run of one policy came to.</summary>
/// <param name="P50">Milliseconds from the request to its answer; one without an answer counts with its whole timeout.</param>
/// <param name="MissShare">Requests without a good answer before their deadline, refused ones included.</param>
/// <param name="WasteShare">Work done for attempts that did not give the answer, of all work.</param>
/// <param name="LeftShare">That part of it whose vehicle left; the rest was cancelled or came too late.</param>
/// <param name="LongestQueue">Of all cars present, in seconds that the car needs for it; average over time.</param>
/// <param name="Balance">Jain's index of the utilisation of the cars present, weighted by what they can do.</param>
/// <param name="Attempts">For each request.</param>
internal sealed record Measures(
    int Requests,
    double P50,
    double P99,
    double MissShare,
    double WasteShare,
    double LeftShare,
    double LongestQueue,
    double Balance,
    double Attempts);

/// <summary>Keeps the books of one run.</summary>
internal sealed class Measurement(Scenario scenario)
{
    /// <summary>A car that was there for less says nothing about balance.</summary>
    private const double LeastSeconds = 5;

    private readonly Dictionary<AttemptId, TimeSpan> _sent = [];
    private readonly Dictionary<AttemptId, AttemptWork> _work = [];
    private readonly Dictionary<RequestId, AttemptId> _answers = [];
    private readonly HashSet<RequestId> _closed = [];
    private readonly List<double> _latencies = [];
    private int _misses;
    private double _longestQueues;
    private int _samples;

    /// <summary>Requests that have come or are to come and have no outcome yet.</summary>
    public int Open { get; private set; } = scenario.Requests.Count;

    public void Sent(AttemptId attempt, TimeSpan now) => _sent.Add(attempt, now);

    public TimeSpan SentAt(AttemptId attempt) => _sent[attempt];

    public void Account(AttemptId attempt, double work, AttemptFate fate) => _work[attempt] = new AttemptWork(work, fate);

    public double CountedSeconds(TimeSpan from, TimeSpan to)
    {
        var begin = from > scenario.Work.WarmUp ? from : scenario.Work.WarmUp;
        var end = to < scenario.Work.Length ? to : scenario.Work.Length;
        return Math.Max(0, (end - begin).TotalSeconds);
    }

    public void Completed(CompleteRequest complete, TimeSpan now)
    {
        if (!_closed.Add(complete.Request))
            throw new InvalidOperationException($"{complete.Request} was completed twice.");
        Open--;
        var request = RequestOf(complete.Request);
        var good = complete.Outcome == RequestOutcome.Ok && now <= request.Deadline;
        if (complete.Outcome == RequestOutcome.Ok)
            _answers.Add(complete.Request, complete.Answer!.Value.Attempt);
        if (!IsCounted(request))
            return;
        _misses += good ? 0 : 1;
        _latencies.Add((good ? now - request.At : request.Timeout).TotalMilliseconds);
    }

    public void Queues(IReadOnlyCollection<SimVehicle> vehicles)
    {
        _samples++;
        _longestQueues += vehicles.Count == 0 ? 0 : vehicles.Max(vehicle => vehicle.QueuedSeconds);
    }

    public Measures Take(IEnumerable<SimVehicle> vehicles)
    {
        var (all, wasted, left) = (0.0, 0.0, 0.0);
        foreach (var (attempt, work) in _work)
        {
            if (!IsCounted(RequestOf(attempt.Request)))
                continue;
            all += work.Done;
            if (_answers.TryGetValue(attempt.Request, out var answer) && answer == attempt)
                continue;
            wasted += work.Done;
            left += work.Fate == AttemptFate.Left ? work.Done : 0;
        }

        var latencies = _latencies.ToArray();
        if (latencies.Length == 0)
            throw new InvalidOperationException($"No request was counted in the window at {scenario.Start:u}.");
        return new Measures(
            latencies.Length,
            Statistics.Quantile(latencies, 0.5),
            Statistics.Quantile(latencies, 0.99),
            (double)_misses / latencies.Length,
            all > 0 ? wasted / all : 0,
            all > 0 ? left / all : 0,
            _longestQueues / _samples,
            Statistics.Jain(vehicles.Select(Utilisation).OfType<(double, double)>()),
            (double)_sent.Keys.Count(attempt => IsCounted(RequestOf(attempt.Request))) / latencies.Length);
    }

    private (double Share, double Weight)? Utilisation(SimVehicle vehicle)
    {
        var present = CountedSeconds(vehicle.Stay.Opens, vehicle.Stay.Leaves);
        return present < LeastSeconds ? null
            : (vehicle.BusySeconds / (present * vehicle.Stay.Car.Device.Threads), vehicle.Stay.Car.Capacity * present);
    }

    private SimRequest RequestOf(RequestId request) => scenario.Requests[(int)request.Value - 1];

    private bool IsCounted(SimRequest request) => request.At >= scenario.Work.WarmUp;
}
