using System.Net;
using Mesh.Node.Sessions;

namespace Mesh.Demo.Scenarios;

/// <summary>What became of one car.</summary>
/// <param name="Life">Every step of its life.</param>
/// <param name="Joules">What its meter counted of its sessions.</param>
/// <param name="ErrorJoules">By how much that may be off, either way.</param>
internal sealed record CarReport(EveningCar Car, string City, int Answers, IReadOnlyList<LifeEntry> Life, double Joules, double ErrorJoules);

/// <summary>What an evening proved. Pure: answers and lives in, figures and failures out.</summary>
internal sealed record DayVerdict
{
    public required int Requests { get; init; }

    public required int Answered { get; init; }

    /// <summary>429, 503 or 504, with a text that says why; by status.</summary>
    public required IReadOnlyList<(int Status, int Count)> Refused { get; init; }

    /// <summary>Neither answered nor refused with a clear error.</summary>
    public required int Lost { get; init; }

    public required int AgreeWithDirect { get; init; }

    public required TimeSpan P50 { get; init; }

    public required TimeSpan P99 { get; init; }

    public required long Retries { get; init; }

    public required IReadOnlyList<CarReport> Cars { get; init; }

    /// <summary>Empty when the evening proved what it should; else each says what was wrong.</summary>
    public required IReadOnlyList<string> Failures { get; init; }

    /// <param name="requests">That were sent.</param>
    /// <param name="moment">How long a step may take to be followed by the one that it brings about, by the cars' clocks.</param>
    public static DayVerdict Of(
        int requests,
        IReadOnlyList<PictureAnswer> answers,
        IReadOnlyList<float[]> direct,
        IReadOnlyList<CarReport> cars,
        TimeSpan moment,
        IEnumerable<string> crashes)
    {
        var answered = answers.Where(answer => answer.Probabilities is not null).ToList();
        var refused = answers.Where(IsRefused).ToList();
        var disagreeing = answered.Where(answer => !Verdict.Agrees(answer.Probabilities!, direct[answer.Picture])).ToList();
        var latencies = answered.Select(answer => answer.Latency).Order().ToList();
        return new DayVerdict
        {
            Requests = requests,
            Answered = answered.Count,
            Refused = [.. refused.CountBy(answer => (int)answer.Status!).OrderBy(count => count.Key).Select(count => (count.Key, count.Value))],
            Lost = requests - answered.Count - refused.Count,
            AgreeWithDirect = answered.Count - disagreeing.Count,
            P50 = Verdict.Percentile(latencies, 0.50),
            P99 = Verdict.Percentile(latencies, 0.99),
            Retries = answered.Sum(answer => answer.Attempts - 1),
            Cars = cars,
            Failures = [.. Lose(requests, answers), .. Disagree(disagreeing), .. cars.SelectMany(car => Outside(car, moment)), .. crashes],
        };
    }

    public static bool IsRefused(PictureAnswer answer) => answer.Failure?.Contains("\"error\"", StringComparison.Ordinal) == true
        && answer.Status is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;

    private static IEnumerable<string> Lose(int requests, IReadOnlyList<PictureAnswer> answers)
    {
        foreach (var group in answers.Where(answer => answer.Failure is not null && !IsRefused(answer)).GroupBy(answer => answer.Failure))
            yield return $"{group.Count()} lost, first request {group.First().Number}: {group.Key}";
        if (answers.Count < requests)
            yield return $"{requests - answers.Count} of {requests} requests came to no end.";
        if (!answers.Any(answer => answer.Probabilities is not null))
            yield return "No request was answered.";
    }

    private static IEnumerable<string> Disagree(List<PictureAnswer> disagreeing)
    {
        foreach (var answer in disagreeing.Take(3))
            yield return $"Request {answer.Number} (picture {answer.Picture}, {answer.Vehicle}) differs from the direct run.";
        if (disagreeing.Count > 3)
            yield return $"{disagreeing.Count - 3} more differ from the direct run.";
    }

    /// <summary>
    /// A session may open just when its clearance ends: that step has reasons, and its end must follow at once.
    /// </summary>
    private static IEnumerable<string> Outside(CarReport car, TimeSpan moment)
    {
        for (var i = 0; i < car.Life.Count; i++)
        {
            var step = car.Life[i];
            if (step.Phase != VehiclePhase.Serving || step.Reasons.Length == 0)
                continue;
            var next = i + 1 < car.Life.Count ? car.Life[i + 1] : null;
            if (next is null || next.Phase == VehiclePhase.Serving || next.At - step.At > moment)
                yield return $"{car.Car.Id} served at {Evening.Clock(step.At)} although {step.Reasons[0]}";
        }
    }
}
