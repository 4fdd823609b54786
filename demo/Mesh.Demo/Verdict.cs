namespace Mesh.Demo;

/// <summary>What a run proved. Pure: answers in, figures and failures out.</summary>
internal sealed record Verdict
{
    /// <summary>How far a value may be from the direct run's.</summary>
    public const float Tolerance = 1e-5f;

    public required int Requests { get; init; }

    public required int Answered { get; init; }

    public required int AgreeWithLabel { get; init; }

    /// <summary>Same class as the direct run, and every value within <see cref="Tolerance"/>.</summary>
    public required int AgreeWithDirect { get; init; }

    public required TimeSpan P50 { get; init; }

    public required TimeSpan P99 { get; init; }

    public required long Retries { get; init; }

    public required IReadOnlyList<(string Vehicle, int Answers)> PerVehicle { get; init; }

    public required IReadOnlyList<Departure> Departures { get; init; }

    /// <summary>Empty when the run proved what it should; else each says what was wrong.</summary>
    public required IReadOnlyList<string> Failures { get; init; }

    public static Verdict Of(
        int requests,
        Tally tally,
        FashionPictures pictures,
        IReadOnlyList<float[]> direct,
        IReadOnlyList<Departure> departures,
        IEnumerable<string> crashes)
    {
        var answers = tally.Answers();
        var answered = answers.Where(answer => answer.Probabilities is not null).ToList();
        var disagreeing = answered.Where(answer => !Agrees(answer.Probabilities!, direct[answer.Picture])).ToList();
        var latencies = answered.Select(answer => answer.Latency).Order().ToList();
        return new Verdict
        {
            Requests = requests,
            Answered = answered.Count,
            AgreeWithLabel = answered.Count(answer => DirectRun.ClassOf(answer.Probabilities) == pictures.Label(answer.Picture)),
            AgreeWithDirect = answered.Count - disagreeing.Count,
            P50 = Percentile(latencies, 0.50),
            P99 = Percentile(latencies, 0.99),
            Retries = answered.Sum(answer => answer.Attempts - 1),
            PerVehicle = tally.Snapshot().PerVehicle,
            Departures = departures,
            Failures = [.. Failed(requests, answers, disagreeing, departures), .. crashes],
        };
    }

    /// <summary>The value that a share of all values does not exceed (nearest rank); zero when there are none.</summary>
    public static TimeSpan Percentile(IReadOnlyList<TimeSpan> ordered, double share) => ordered.Count == 0
        ? TimeSpan.Zero
        : ordered[Math.Clamp((int)Math.Ceiling(share * ordered.Count) - 1, 0, ordered.Count - 1)];

    private static IEnumerable<string> Failed(
        int requests,
        IReadOnlyList<PictureAnswer> answers,
        List<PictureAnswer> disagreeing,
        IReadOnlyList<Departure> departures)
    {
        foreach (var group in answers.Where(answer => answer.Failure is not null).GroupBy(answer => answer.Failure))
            yield return $"{group.Count()} not answered, first request {group.First().Number}: {group.Key}";
        if (answers.Count < requests)
            yield return $"{requests - answers.Count} of {requests} requests were not sent to their end.";
        foreach (var answer in disagreeing.Take(3))
            yield return $"Request {answer.Number} (picture {answer.Picture}, {answer.Vehicle}) differs from the direct run.";
        if (disagreeing.Count > 3)
            yield return $"{disagreeing.Count - 3} more differ from the direct run.";

        if (departures.Count < 2)
            yield return "The run ended before two vehicles had left and rejoined.";
        foreach (var departure in departures.Where(departure => !departure.Left))
            yield return $"{departure.Vehicle} did not leave by itself after SIGTERM.";
        foreach (var departure in departures.Where(departure => departure.Problem is not null))
            yield return $"{departure.Vehicle} did not rejoin: {departure.Problem}";
    }

    /// <summary>Same class, and every value within <see cref="Tolerance"/>.</summary>
    public static bool Agrees(float[] answer, float[] direct)
    {
        if (answer.Length != direct.Length || DirectRun.ClassOf(answer) != DirectRun.ClassOf(direct))
            return false;
        // Written so that a NaN disagrees.
        return answer.Zip(direct, (ours, theirs) => Math.Abs(ours - theirs) <= Tolerance).All(close => close);
    }
}
