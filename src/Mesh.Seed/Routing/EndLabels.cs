using Mesh.Hosting.Observability;

namespace Mesh.Seed.Routing;

/// <summary>How requests and attempts ended, as labels of metrics and attributes of spans. The same words for both.</summary>
internal static class EndLabels
{
    /// <summary>Of an attempt whose request was closed without it: another one answered, its client went away, or its time was up.</summary>
    public const string Dropped = "dropped";

    /// <param name="end">Null = dropped.</param>
    public static string Of(AttemptEnd? end) => end is { } ended ? Labels.Of(ended) : Dropped;

    public static string Of(RequestOutcome outcome) => Labels.Of(outcome);

    /// <summary>Null = no failure of the mesh: it was answered, the client's input was wrong, or the client went away.</summary>
    public static string? ErrorOf(RequestOutcome outcome) =>
        outcome is RequestOutcome.Ok or RequestOutcome.Invalid or RequestOutcome.Cancelled ? null : Of(outcome);

    /// <summary>Null = it did what it was for, or was not needed any more.</summary>
    public static string? ErrorOf(AttemptEnd? end) => end is null or AttemptEnd.Answered or AttemptEnd.Refused ? null : Of(end);
}
