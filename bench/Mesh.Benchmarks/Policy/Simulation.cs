using Mesh.Messages;
using Mesh.Seed.Routing;

namespace Mesh.Benchmarks.Policy;

/// <summary>
/// One scenario through one router, in virtual time. Asks <see cref="RouterState"/> as the Dispatcher does: decide, apply, carry
/// out, assign until nothing comes back, and a tick when it asked for one.
/// </summary>
internal sealed class Simulation
{
    private readonly PriorityQueue<Action, (TimeSpan At, long Order)> _events = new();
    private readonly RouterState _router;
    private readonly Random _random;
    private readonly Dictionary<StreamId, SimVehicle> _vehicles = [];
    private readonly Dictionary<RequestId, SimRequest> _requests = [];
    private readonly Dictionary<StreamId, TimeSpan> _arrived = [];
    private readonly Measurement _measurement;
    private long _order;
    private TimeSpan? _wake;

    public Simulation(Scenario scenario, RouterState router)
    {
        Scenario = scenario;
        _router = router;
        _random = new Random((int)Draw.Hash(scenario.Seed, 31));
        _measurement = new Measurement(scenario);
    }

    public Scenario Scenario { get; }

    public TimeSpan Now { get; private set; }

    /// <summary>Runs until every request has its outcome.</summary>
    /// <param name="known">What the router learns of the cars before they come.</param>
    public Measures Run(RecordsLearned known)
    {
        Run((IRouterCommand)known);
        foreach (var (stay, number) in Scenario.Stays.Select((stay, i) => (stay, i + 1)))
            At(stay.Opens, () => Open(stay, new StreamId(number)));
        foreach (var request in Scenario.Requests)
            At(request.At, () => Submit(request));
        for (var at = Scenario.Work.WarmUp; at < Scenario.Work.Length; at += Scenario.Work.Pings)
            At(at, () => _measurement.Queues(_vehicles.Values));
        while (_measurement.Open > 0 || Now < Scenario.Work.Length)
        {
            if (!_events.TryDequeue(out var happens, out var key))
                throw new InvalidOperationException($"{_measurement.Open} requests have no outcome, and nothing is left to happen.");
            Now = key.At;
            happens();
        }

        return _measurement.Take(_vehicles.Values);
    }

    public void At(TimeSpan at, Action happens) => _events.Enqueue(happens, (at > Now ? at : Now, ++_order));

    /// <summary>What a vehicle says arrives in the order in which it was said: its stream is one connection.</summary>
    public void Later(SimVehicle from, TimeSpan delay, Action arrives)
    {
        var at = Now + delay;
        if (_arrived.TryGetValue(from.Stream, out var last) && last > at)
            at = last;
        _arrived[from.Stream] = at;
        At(at, arrives);
    }

    public void Account(AttemptId attempt, double work, AttemptFate fate) => _measurement.Account(attempt, work, fate);

    public double CountedSeconds(TimeSpan from, TimeSpan to) => _measurement.CountedSeconds(from, to);

    public void Run(IRouterCommand command)
    {
        Carry(_router.Decide(command, Now, _random));
        // Whatever it was may have freed a vehicle, queued a request or made a hedge due.
        while (_router.Decide(DispatchNext.Instance, Now, _random) is { IsNothing: false } next)
            Carry(next);
        ScheduleWake();
    }

    private void Open(Stay stay, StreamId stream)
    {
        var vehicle = new SimVehicle(this, stay, stream);
        _vehicles.Add(stream, vehicle);
        var member = new NodeAddress($"akka.tcp://mesh@{stay.Car.Id}:4053", (int)stay.Epoch.Value);
        Run(new StreamOpened(stream, stay.Car.Id, stay.Epoch, member, stay.Car.City.Place, vehicle.Load())
        {
            DeviceClass = stay.Car.Device.Name,
            MemoryBytes = stay.Car.Device.MemoryBytes,
            ParkedFor = stay.ParkedFor,
        });
        Ping(vehicle, 0);
    }

    private void Ping(SimVehicle vehicle, ulong number)
    {
        if (vehicle.Gone)
            return;
        var trip = vehicle.HalfTrip(Draw.Hash(41, number)) + vehicle.HalfTrip(Draw.Hash(42, number));
        At(Now + trip, () =>
        {
            if (!vehicle.Gone)
                Run(new RoundTripMeasured(vehicle.Stream, trip));
        });
        At(Now + Scenario.Work.Pings, () => Ping(vehicle, number + 1));
    }

    private void Submit(SimRequest request)
    {
        _requests.Add(request.Id, request);
        Run(new SubmitRequest(request.Id, request.Model.Reference, request.Model.PayloadBytes, request.Deadline, Scenario.Work.Priority)
        {
            Work = Scenario.Work.IsBatch ? request.Model.Work : null,
        });
    }

    private void Carry(RouterDecision decision)
    {
        foreach (var change in decision.Events)
            _router.Apply(change);
        foreach (var effect in decision.Effects)
            Carry(effect);
    }

    private void Carry(IRouterEffect effect)
    {
        switch (effect)
        {
            case SendAttempt send: Send(_vehicles[send.Stream], send.Attempt); break;
            case CancelAttempt cancel: Cancel(_vehicles[cancel.Stream], cancel.Attempt); break;
            case WarmModel warm: Warm(_vehicles[warm.Stream], warm.Model); break;
            case CompleteRequest complete:
                _requests.Remove(complete.Request);
                _measurement.Completed(complete, Now);
                break;
            default: throw new InvalidOperationException($"{effect.GetType()} is an effect that nobody carries out.");
        }
    }

    private void Send(SimVehicle vehicle, AttemptId attempt)
    {
        var request = _requests[attempt.Request];
        _measurement.Sent(attempt, Now);
        var way = vehicle.HalfTrip(Draw.Hash(43, attempt.Value)) + vehicle.Transfer(request.Model.PayloadBytes);
        At(Now + way, () => vehicle.Receive(attempt, request));
    }

    // Cancelling overtakes nothing: it comes after the request that it cancels.
    private void Cancel(SimVehicle vehicle, AttemptId attempt)
    {
        var model = Scenario.Requests[(int)attempt.Request.Value - 1].Model;
        var way = vehicle.HalfTrip(Draw.Hash(43, attempt.Value)) + vehicle.Transfer(model.PayloadBytes);
        var sent = _measurement.SentAt(attempt);
        var arrives = Now + vehicle.HalfTrip(Draw.Hash(44, attempt.Value));
        At(sent + way > arrives ? sent + way : arrives, () => vehicle.Cancel(attempt));
    }

    private void Warm(SimVehicle vehicle, ModelReference model) => At(Now + vehicle.HalfTrip(2), () => vehicle.Warm(model));

    private void ScheduleWake()
    {
        var wake = _router.NextWake(Now);
        if (wake == _wake)
            return;
        _wake = wake;
        if (wake is { } at)
            At(at, () => Wake(at));
    }

    private void Wake(TimeSpan due)
    {
        if (_wake == due)
            Run(Tick.Instance);
    }
}
