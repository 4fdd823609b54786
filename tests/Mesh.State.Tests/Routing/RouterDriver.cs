using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Seed.Routing;
using Mesh.Seed.Routing.Choice;
using Mesh.Seed.Routing.History;
using Mesh.Seed.Routing.Queries;

namespace Mesh.State.Tests.Routing;

/// <summary>Drives a RouterState as the Dispatcher does (decide, apply, assign until nothing comes back), on a clock of our own.</summary>
internal sealed class RouterDriver(RouterSettings? settings = null, int seed = 1, IVehicleChoice? choice = null, RouterHistory? history = null)
{
    public static readonly GeoPoint Frankfurt = new(50.11, 8.68);
    public static readonly GeoPoint Berlin = new(52.52, 13.40);
    public static readonly GeoPoint Sydney = new(-33.87, 151.21);

    private readonly Random _random = new(seed);
    private ulong _lastRequest;
    private long _lastStream;

    public RouterState State { get; } = new(settings ?? new RouterSettings(), Frankfurt, choice, history: history);

    public TimeSpan Now { get; set; } = TimeSpan.FromSeconds(100);

    /// <summary>What the Dispatcher shows to an operator's question.</summary>
    public RouterView View => new(State, history!, Now);

    /// <summary>Everything that was to be carried out so far.</summary>
    public List<IRouterEffect> Effects { get; } = [];

    public Action<IRouterEffect> OnEffect { get; set; } = _ => { };

    public IEnumerable<SendAttempt> Sent => Effects.OfType<SendAttempt>();

    public IEnumerable<CompleteRequest> Completed => Effects.OfType<CompleteRequest>();

    public static ModelReference Model(char letter = 'a', long size = 1000) =>
        new($"model-{letter}", "1", new ArtifactHash(new string(letter, 64)), size);

    public static NodeAddress Member(string vehicle, ulong epoch = 1) => new($"akka.tcp://mesh@{vehicle}:1", (int)epoch);

    public static VehicleLoad Load(int credits = 8, int threads = 1, int queued = 0, bool draining = false, string loaded = "") =>
        new(credits, threads, queued, draining, loaded.Select(letter => Model(letter).Hash).ToHashSet());

    /// <summary>The effects of one command and of the assignments that follow it.</summary>
    public IReadOnlyList<IRouterEffect> Run(IRouterCommand command)
    {
        var before = Effects.Count;
        Carry(State.Decide(command, Now, _random));
        while (State.Decide(DispatchNext.Instance, Now, _random) is { IsNothing: false } next)
            Carry(next);

        return Effects.GetRange(before, Effects.Count - before);
    }

    public StreamId Open(string vehicle, GeoPoint? place = null, VehicleLoad? load = null, ulong epoch = 1, string deviceClass = "", long memory = 0)
    {
        var stream = new StreamId(++_lastStream);
        Run(new StreamOpened(
            stream, new VehicleId(vehicle), new SessionEpoch(epoch), Member(vehicle, epoch), place ?? Frankfurt, load ?? Load(loaded: "a"))
        {
            DeviceClass = deviceClass,
            MemoryBytes = memory,
        });
        return stream;
    }

    public RequestId Submit(ModelReference? model = null, double seconds = 10, uint priority = 0, long bytes = 100, ulong client = 0) =>
        Submit(new SubmitRequest(default, model ?? Model(), bytes, Now + TimeSpan.FromSeconds(seconds), priority) { Client = client });

    public RequestId Submit(SubmitRequest submit)
    {
        var request = new RequestId(++_lastRequest);
        Run(submit with { Request = request });
        return request;
    }

    /// <summary>The attempt that is out for a request; of two the first.</summary>
    public (AttemptId Attempt, StreamId Stream) Running(RequestId request) =>
        State.Requests[request].Running is [var running, ..] ? (running.Attempt, running.Stream) : throw new InvalidOperationException("It waits.");

    public StreamId? StreamOf(RequestId request) => State.Requests[request].Running is [var running, ..] ? running.Stream : null;

    /// <summary>Where its hedge runs.</summary>
    public StreamId? HedgeOf(RequestId request) => State.Requests[request].Running is [_, { Hedge: true } hedge] ? hedge.Stream : null;

    public IReadOnlyList<IRouterEffect> Report(RequestId request, AttemptOutcome outcome, double inferMs = 1, string error = "")
    {
        var (attempt, stream) = Running(request);
        return Report(attempt, stream, outcome, inferMs, error);
    }

    public IReadOnlyList<IRouterEffect> Report(AttemptId attempt, StreamId stream, AttemptOutcome outcome, double inferMs = 1, string error = "")
    {
        // A run takes its time.
        var infer = TimeSpan.FromMilliseconds(inferMs);
        if (State.Requests.TryGetValue(attempt.Request, out var request) && request.Find(attempt) is { } running && running.At + infer > Now)
            Now = running.At + infer;
        return Run(new AttemptReported(attempt, stream, outcome, error, new AttemptTimings(default, default, infer)));
    }

    /// <summary>Lets a request run to its end on whichever vehicle has it.</summary>
    public void Answer(double inferMs = 1) => Report(Submit(), AttemptOutcome.Ok, inferMs);

    public void MeasureRoundTrip(StreamId stream, double milliseconds) =>
        Run(new RoundTripMeasured(stream, TimeSpan.FromMilliseconds(milliseconds)));

    /// <summary>Time passes; the router is woken only when it asked for it.</summary>
    public void AdvanceTo(TimeSpan end)
    {
        while (State.NextWake(Now) is { } wake && wake <= end)
        {
            Now = wake > Now ? wake : Now;
            Run(Tick.Instance);
            // The Dispatcher sets its timer anew only when this changed: the same time again would never come.
            Assert.True(State.NextWake(Now) is not { } next || next > Now, $"woken at {Now}, and to be woken then again");
        }

        Now = end;
    }

    public void Advance(double seconds) => AdvanceTo(Now + TimeSpan.FromSeconds(seconds));

    public CompleteRequest Outcome(RequestId request) => Assert.Single(Completed, completion => completion.Request == request);

    private void Carry(RouterDecision decision)
    {
        foreach (var change in decision.Events)
            State.Apply(change);
        foreach (var effect in decision.Effects)
        {
            Effects.Add(effect);
            OnEffect(effect);
        }
    }
}
