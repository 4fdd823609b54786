using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Mesh.Hosting.Observability;
using Mesh.Messages;

namespace Mesh.Seed.Routing;

/// <summary>Bounds of what a seed holds in memory for requests that are under way.</summary>
public sealed record RequestTableLimits(int MaxRequests = 4096)
{
    /// <summary>By default half of the memory that the process may use, which a container may limit, and 1 GiB at most.</summary>
    public long MaxBytes { get; init; } = Math.Min(1L << 30, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2);
}

/// <summary>
/// Holds each open request's tensors and the caller that waits, beside the Dispatcher: ids and sizes pass its mailbox,
/// payloads go from here straight into a work stream and back. Every request leaves exactly once, by <see cref="Complete"/>.
/// </summary>
public sealed class RequestTable(MonotonicClock clock, RequestTableLimits limits) : IInferenceGateway
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<RequestId, OpenRequest> _open = new();
    private Action<IRouterCommand>? _dispatcher;
    private int _seed;
    private long _lastId;
    private int _count;
    private long _bytes;
    private TaskCompletionSource? _emptied;

    /// <summary>A request ended here, unknown to the Dispatcher: turned away, or given up since the Dispatcher is no more.</summary>
    public event Action<CompleteRequest>? Ended;

    /// <summary>Requests under way at this seed.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>The Dispatcher takes requests from now on.</summary>
    /// <param name="seed">The uid of this seed's cluster member, for requests' names.</param>
    public void Attach(Action<IRouterCommand> dispatcher, int seed = 0)
    {
        _seed = seed;
        Volatile.Write(ref _dispatcher, dispatcher);
    }

    public Task<InferenceOutcome> InferAsync(InferenceCall call, CancellationToken cancellation) =>
        MeshSpans.Seed.HasListeners() ? TraceAsync(call, cancellation) : RouteAsync(call, cancellation);

    private async Task<InferenceOutcome> TraceAsync(InferenceCall call, CancellationToken cancellation)
    {
        using var span = MeshSpans.Seed.StartActivity(MeshSpans.Route);
        if (span is not { Recorded: true })
            return await RouteAsync(call, cancellation);
        var outcome = await RouteAsync(call with { Trace = span.Context }, cancellation);
        span.SetTag("mesh.model", call.Model.ToString());
        span.SetTag("mesh.request.outcome", EndLabels.Of(outcome.Outcome));
        span.SetTag("mesh.request.attempts", outcome.Attempts);
        span.SetTag("mesh.request.hedged", outcome.Hedged);
        if (EndLabels.ErrorOf(outcome.Outcome) is { } error)
            span.SetError(error);
        return outcome;
    }

    private async Task<InferenceOutcome> RouteAsync(InferenceCall call, CancellationToken cancellation)
    {
        if (Volatile.Read(ref _dispatcher) is not { } dispatcher)
            return Refuse(call, RequestOutcome.Unavailable, RefusalReason.NotMember, "this seed is not a member of its region, not yet or no more");
        if (!TryReserve(call))
            return Refuse(call, RequestOutcome.Overloaded, RefusalReason.TableFull, $"this seed has {Count} requests under way and takes no more");
        var request = new OpenRequest(call, clock.Now);
        var id = new RequestId((ulong)Interlocked.Increment(ref _lastId));
        _open[id] = request;
        // Between the look at the dispatcher and the entry in the table it may have ended, and have failed everybody but us.
        if (Volatile.Read(ref _dispatcher) is null)
        {
            Fail(id, "this seed's dispatcher ended");
            return await request.Outcome.Task;
        }

        dispatcher(new SubmitRequest(id, call.Model, call.PayloadBytes, clock.Now + call.Budget, call.Priority)
        {
            Origin = call.Origin,
            MaxDistanceKm = call.MaxDistanceKm,
            Client = call.Client,
            ClientRequest = call.ClientRequest,
        });
        await using var registration = cancellation.UnsafeRegister(_ => dispatcher(new CancelRequest(id)), null);
        return await request.Outcome.Task;
    }

    /// <summary>The call of an open request, for the work stream that sends it.</summary>
    public bool TryGetCall(RequestId id, [NotNullWhen(true)] out InferenceCall? call)
    {
        call = _open.TryGetValue(id, out var request) ? request.Call : null;
        return call is not null;
    }

    /// <summary>Keeps an attempt's outputs until the Dispatcher decides; those of a closed request are dropped.</summary>
    public void HoldOutputs(AttemptId attempt, StreamId stream, IReadOnlyList<RawTensor> outputs)
    {
        // Kept apart by stream: one vehicle cannot put its outputs in the place of another's.
        if (_open.TryGetValue(attempt.Request, out var request))
            request.Outputs[(attempt, stream)] = outputs;
    }

    public void Complete(CompleteRequest completed) => TryComplete(completed);

    private bool TryComplete(CompleteRequest completed)
    {
        if (!_open.TryRemove(completed.Request, out var request))
            return false;
        Interlocked.Add(ref _bytes, -request.Call.PayloadBytes);
        if (Interlocked.Decrement(ref _count) == 0)
            Volatile.Read(ref _emptied)?.TrySetResult();
        IReadOnlyList<RawTensor> outputs = [];
        if (completed is { Outcome: RequestOutcome.Ok, Answer: { } answer } && request.Outputs.TryGetValue(answer, out var held))
            outputs = held;
        request.Outcome.TrySetResult(new InferenceOutcome(
            completed.Outcome, completed.Error, outputs, completed.RetryAfter, completed.Vehicle, completed.Attempts, completed.Timings)
        {
            Request = new RequestName(_seed, completed.Request),
            Hedged = completed.Hedged,
            Waited = completed.Waited,
            Network = completed.Network,
        });
        return true;
    }

    /// <summary>
    /// The Dispatcher ended: whoever waits must know, and tries again. New requests are refused until one is attached.
    /// </summary>
    public void FailAll(string error)
    {
        Volatile.Write(ref _dispatcher, null);
        foreach (var id in _open.Keys)
            Fail(id, error);
    }

    /// <summary>New requests are refused from now on.</summary>
    public void Leave() => Volatile.Read(ref _dispatcher)?.Invoke(new SeedLeaving());

    /// <summary>Completes when no request is under way, or at the limit.</summary>
    public async Task WhenEmptyAsync(TimeSpan limit, TimeProvider time)
    {
        var emptied = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _emptied, emptied);
        if (Count > 0)
            await Task.WhenAny(emptied.Task, Task.Delay(limit, time));
    }

    private void Fail(RequestId id, string error)
    {
        if (!_open.TryGetValue(id, out var request))
            return;
        var failed = new CompleteRequest(id, RequestOutcome.Unavailable, error, RetryPause, null, null, 0, default)
        {
            Model = request.Call.Model,
            Took = clock.Now - request.ArrivedAt,
        };
        if (TryComplete(failed))
            Ended?.Invoke(failed);
    }

    private bool TryReserve(InferenceCall call)
    {
        var count = Interlocked.Increment(ref _count);
        var bytes = Interlocked.Add(ref _bytes, call.PayloadBytes);
        if (count <= limits.MaxRequests && bytes <= limits.MaxBytes)
            return true;
        Interlocked.Decrement(ref _count);
        Interlocked.Add(ref _bytes, -call.PayloadBytes);
        return false;
    }

    private InferenceOutcome Refuse(InferenceCall call, RequestOutcome outcome, RefusalReason reason, string error)
    {
        Ended?.Invoke(new CompleteRequest(default, outcome, error, RetryPause, null, null, 0, default) { Model = call.Model, Refused = reason });
        return new InferenceOutcome(outcome, error, [], RetryPause, null, 0, default);
    }

    private sealed class OpenRequest(InferenceCall call, TimeSpan arrivedAt)
    {
        public InferenceCall Call { get; } = call;

        public TimeSpan ArrivedAt { get; } = arrivedAt;

        /// <summary>Of attempts whose result is here and not decided on; with retries there are few.</summary>
        public ConcurrentDictionary<(AttemptId, StreamId), IReadOnlyList<RawTensor>> Outputs { get; } = new(concurrencyLevel: 1, capacity: 1);

        public TaskCompletionSource<InferenceOutcome> Outcome { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
