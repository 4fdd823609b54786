using System.Diagnostics;
using Mesh.Messages;

namespace Mesh.Seed.Routing;

/// <summary>
/// Where every ingress (REST, gRPC, later batches) hands in an interactive request, and gets its one outcome.
/// </summary>
public interface IInferenceGateway
{
    /// <summary>
    /// Runs a validated call on a vehicle of the region. Never throws for what happens to the request: the outcome says
    /// it. Always completes by the call's budget, give or take a scheduler tick.
    /// </summary>
    /// <param name="call">What to run; its tensors must stay untouched until the task completes.</param>
    /// <param name="cancellation">The client went away: the attempt is cancelled, the outcome is Cancelled.</param>
    Task<InferenceOutcome> InferAsync(InferenceCall call, CancellationToken cancellation);
}

/// <summary>A request whose form was checked against its model.</summary>
/// <param name="Inputs">One tensor for each of the model's inputs, in the model's order.</param>
/// <param name="Outputs">Positions of the wanted outputs among the model's outputs; none = all of them, in order.</param>
/// <param name="Budget">Time until the deadline, counted from the call.</param>
/// <param name="Priority">1 highest; 0 the default (<see cref="Queueing.PriorityLevel"/>).</param>
public sealed record InferenceCall(
    ModelReference Model,
    IReadOnlyList<RawTensor> Inputs,
    IReadOnlyList<int> Outputs,
    TimeSpan Budget,
    uint Priority = 0)
{
    /// <inheritdoc cref="SubmitRequest.Origin"/>
    public GeoPoint? Origin { get; init; }

    /// <inheritdoc cref="SubmitRequest.MaxDistanceKm"/>
    public double MaxDistanceKm { get; init; } = double.PositiveInfinity;

    /// <inheritdoc cref="SubmitRequest.Client"/>
    public ulong Client { get; init; }

    /// <inheritdoc cref="SubmitRequest.ClientRequest"/>
    public string ClientRequest { get; init; } = "";
    /// <summary>Where the request is traced; default = nowhere. Set by the gateway itself.</summary>
    public ActivityContext Trace { get; init; }

    /// <summary>Bytes of all input tensors.</summary>
    public long PayloadBytes { get; } = Inputs.Sum(tensor => (long)tensor.Data.Length);
}

/// <summary>The one way in which a request ended.</summary>
public enum RequestOutcome
{
    /// <summary>Answered. HTTP 200, gRPC OK.</summary>
    Ok,

    /// <summary>The model itself refused the input. HTTP 400, gRPC INVALID_ARGUMENT.</summary>
    Invalid,

    /// <summary>A queue or a share is full. HTTP 429, gRPC RESOURCE_EXHAUSTED; with RetryAfter.</summary>
    Overloaded,

    /// <summary>No vehicle, or this seed is leaving. HTTP 503, gRPC UNAVAILABLE; with RetryAfter.</summary>
    Unavailable,

    /// <summary>The deadline passed or cannot be met. HTTP 504, gRPC DEADLINE_EXCEEDED; with RetryAfter when it was refused at once.</summary>
    DeadlineExceeded,

    /// <summary>The client went away. gRPC CANCELLED.</summary>
    Cancelled,

    /// <summary>Several vehicles tried and could not run it. HTTP 500, gRPC INTERNAL.</summary>
    Failed,
}

/// <summary>How a request ended, and what it took.</summary>
/// <param name="Error">For the client; empty when Ok.</param>
/// <param name="Outputs">Empty unless Ok; in the order of the call's <see cref="InferenceCall.Outputs"/>.</param>
/// <param name="RetryAfter">When trying again makes sense, for Overloaded and Unavailable, and for a deadline that could not be met.</param>
/// <param name="Vehicle">Who answered; null when nobody did.</param>
/// <param name="Attempts">Dispatches to a vehicle, the answered one included.</param>
/// <param name="Timings">Of the attempt that answered.</param>
public sealed record InferenceOutcome(
    RequestOutcome Outcome,
    string Error,
    IReadOnlyList<RawTensor> Outputs,
    TimeSpan? RetryAfter,
    VehicleId? Vehicle,
    int Attempts,
    AttemptTimings Timings)
{
    /// <summary>What operators find the request by; null when it never got as far as that.</summary>
    public RequestName? Request { get; init; }

    /// <summary>A second attempt was started before the first had ended.</summary>
    public bool Hedged { get; init; }

    /// <summary>At the seed, until the attempt that answered was dispatched, and on the vehicle, loading the model included.</summary>
    public TimeSpan Queue => Waited + Timings.Queue;

    /// <summary>From arrival until the attempt that answered was dispatched; attempts that failed before it included.</summary>
    public TimeSpan Waited { get; init; }

    /// <summary>Of the attempt that answered, from dispatch to answer, less what it spent on the vehicle.</summary>
    public TimeSpan Network { get; init; }
}
