using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Seed.Routing;
using Mesh.Seed.Routing.Choice;
using Mesh.Seed.Routing.Policies;
using static Mesh.State.Tests.Routing.RouterDriver;

namespace Mesh.State.Tests.Routing;

/// <summary>Random interleavings of everything that can reach a router, with what must hold in each of them.</summary>
public sealed class RouterModelTests
{
    private static readonly RouterSettings Tight = new() { MaxWaiting = 6, WarmCopies = 2, HedgeBurst = 2 };

    [Property(MaxTest = 300)]
    public Property Every_request_ends_once_and_in_time_and_nothing_goes_to_a_closed_stream() =>
        Prop.ForAll(Operations(), operations =>
        {
            var run = new Run(operations.Length % 2 == 0);
            foreach (var operation in operations)
                run.Step(operation);
            run.Finish();
        });

    /// <summary>More vehicles than one choice examines, of several kinds, some of which cannot run some models.</summary>
    [Property(MaxTest = 100)]
    public Property And_so_it_is_in_a_fleet_of_many_kinds_that_no_choice_sees_as_a_whole() =>
        Prop.ForAll(Operations(), operations =>
        {
            var run = Run.OfManyKinds();
            foreach (var operation in operations)
                run.Step(operation);
            run.Finish();
        });

    [Property(MaxTest = 50)]
    public Property The_same_happenings_and_randomness_give_the_same_decisions() =>
        Prop.ForAll(Operations(), operations =>
        {
            var (first, second) = (new Run(true), new Run(true));
            foreach (var operation in operations)
            {
                first.Step(operation);
                second.Step(operation);
            }

            Assert.Equal(first.Router.Effects, second.Router.Effects);
        });

    /// <summary>That the fleet of many kinds is one: models go where they fit and also to vehicles that had the request.</summary>
    [Fact]
    public void The_fleet_of_many_kinds_reaches_every_kind_and_more_vehicles_than_are_examined()
    {
        var random = new Random(21);
        var ways = new Dictionary<string, int>();
        for (var i = 0; i < 100; i++)
        {
            var run = Run.OfManyKinds();
            for (var step = 0; step < 150; step++)
                run.Step(random.Next());
            run.Finish();
            foreach (var (way, count) in run.Ways)
                ways[way] = ways.GetValueOrDefault(way) + count;
        }

        string[] expected = ["tried elsewhere before", "by demanded class", "by memory", "by consent", "more takers than are examined", "late hedges"];
        Assert.All(expected, way => Assert.True(ways.GetValueOrDefault(way) >= 10, $"{way}: {ways.GetValueOrDefault(way)} times"));
    }

    /// <summary>That the property above walks the ways it claims to.</summary>
    [Fact]
    public void The_interleavings_reach_every_outcome_and_every_way_there()
    {
        var random = new Random(20);
        HashSet<RequestOutcome> outcomes = [];
        HashSet<RefusalReason> refusals = [];
        var ways = new Dictionary<string, int>();
        for (var i = 0; i < 300; i++)
        {
            var run = new Run(i % 2 == 0);
            for (var step = 0; step < 150; step++)
                run.Step(random.Next());
            run.Finish();
            outcomes.UnionWith(run.Router.Completed.Select(completion => completion.Outcome));
            refusals.UnionWith(run.Router.Completed.Select(completion => completion.Refused).OfType<RefusalReason>());
            Count("retries", run.Router.Completed.Count(completion => completion is { Outcome: RequestOutcome.Ok, Attempts: > 1, Hedged: false }));
            Count("warmings", run.Router.Effects.OfType<WarmModel>().Count());
            Count("cancels", run.Router.Effects.OfType<CancelAttempt>().Count());
            Count("hedges won", run.Router.Completed.Count(completion => completion.HedgeWon));
            Count("hedges cancelled", run.Router.Completed.Count(completion => completion is { Outcome: RequestOutcome.Ok, Hedged: true, HedgeWon: false }));
            foreach (var (way, count) in run.Ways)
                Count(way, count);
        }

        Assert.Empty(Enum.GetValues<RequestOutcome>().Except(outcomes));
        Assert.Empty(Enum.GetValues<RefusalReason>().Except([RefusalReason.Leaving, RefusalReason.TableFull, RefusalReason.NotMember]).Except(refusals));
        string[] expected =
        [
            "retries", "warmings", "cancels", "hedges won", "hedges cancelled", "late hedges", "hedges of the endangered", "both attempts lost", "one of two lost",
            "both cancelled", "overtaken by another client", "passed by one behind it",
        ];
        Assert.All(expected, way => Assert.True(ways.GetValueOrDefault(way) >= 10, $"{way}: {ways.GetValueOrDefault(way)} times"));

        void Count(string way, int count) => ways[way] = ways.GetValueOrDefault(way) + count;
    }

    private static Arbitrary<int[]> Operations() => Gen.Choose(0, int.MaxValue - 1).ArrayOf(120).ToArbitrary();

    /// <summary>One history: a number says what happens next.</summary>
    private sealed class Run
    {
        /// <summary>Bytes of a model that, loaded, fits the larger memories only.</summary>
        private const long Large = 1_000_000;

        private static readonly string[] Classes = ["cpu-1", "gpu-1", "npu-1"];

        private readonly Dictionary<RequestId, TimeSpan> _open = [];
        private readonly Dictionary<RequestId, CompleteRequest> _ended = [];
        private readonly Dictionary<StreamId, string> _streams = [];
        private readonly List<(AttemptId Attempt, StreamId Stream)> _sent = [];
        private readonly HashSet<(RequestId Request, string Vehicle)> _had = [];
        private readonly HashSet<(AttemptId Attempt, StreamId Stream)> _out = [];
        private readonly HashSet<AttemptId> _over = [];
        private ulong _epoch;
        private long _opened;
        private int _firsts;
        private int _hedges;

        private readonly int _vehicles;
        private readonly bool _manyKinds;

        /// <param name="production">With the choice that the mesh runs with; else with a plain one.</param>
        public Run(bool production)
            : this(production, vehicles: 4, manyKinds: false)
        {
        }

        private Run(bool production, int vehicles, bool manyKinds)
        {
            (_vehicles, _manyKinds) = (vehicles, manyKinds);
            Router = new RouterDriver(Tight, choice: production ? null : new InReach());
            Router.OnEffect = Check;
            // Enough answers of one model that late attempts are hedged, and enough of a queue that its pace is known, from here on.
            Open("V-0", Load(credits: 1, loaded: "a"));
            Router.MeasureRoundTrip(new StreamId(1), 1);
            for (var i = 0; i < 25; i++)
            {
                var requests = Enumerable.Range(0, 3)
                    .Select(_ => Submit(new SubmitRequest(default, Model(), 100, Router.Now + TimeSpan.FromSeconds(1), 0))).ToList();
                foreach (var request in requests)
                {
                    Router.Advance(0.005);
                    Router.Report(request, AttemptOutcome.Ok, 4);
                }
            }
        }

        /// <summary>Forty vehicles of three hardware classes and two sizes of memory, with the choice that the mesh runs with.</summary>
        public static Run OfManyKinds()
        {
            var run = new Run(production: true, vehicles: 40, manyKinds: true);
            for (var i = 1; i < run._vehicles; i++)
                run.Open($"V-{i}", Load(credits: 2, loaded: i % 3 == 0 ? "a" : "") with { Consent = Consent(i) }, i % 2 == 0 ? Sydney : Berlin);
            return run;
        }

        public RouterDriver Router { get; }

        /// <summary>How often things happened that cannot be told from the outcomes.</summary>
        public Dictionary<string, int> Ways { get; } = [];

        public void Step(int operation)
        {
            var random = new Random(operation);
            switch (random.Next(20))
            {
                case < 6: Submit(random); break;
                case < 10: Report(random); break;
                case < 12: Open(random); break;
                case 12: Close(random); break;
                case 13: Router.Run(new LoadChanged(AnyStream(random), AnyLoad(random))); break;
                case 14: Router.Run(new RoundTripMeasured(AnyStream(random), TimeSpan.FromMilliseconds(random.Next(1, 200)))); break;
                case 15: Router.Run(new MemberChanged(AnyMember(random), random.Next(3) > 0)); break;
                case 16: Router.Run(new CancelRequest(new RequestId((ulong)random.Next(1, 2 + _open.Count + _ended.Count)))); break;
                case 17 when _sent.Count > 0: Router.Run(new AttemptUndeliverable(Any(_sent, random).Attempt)); break;
                case 18: Router.Run(new RecordsLearned([AnyRecord(random)])); break;
                default: Router.Advance(random.Next(3) == 0 ? random.NextDouble() * 3 : random.NextDouble() * 0.03); break;
            }

            AssertConsistent();
        }

        /// <summary>Only the router's own wake-ups from here on: they must be enough to end every request.</summary>
        public void Finish()
        {
            Router.AdvanceTo(Router.Now + TimeSpan.FromMinutes(1));
            Assert.Empty(_open);
            Assert.Empty(Router.State.Requests);
            Assert.Equal(0, Router.State.Waiting);
            Assert.Null(Router.State.NextWake(Router.Now));
            Assert.All(_streams.Keys, stream => Assert.Empty(Router.State.Find(stream)!.Outstanding));
        }

        private void Submit(Random random)
        {
            var model = Kind(Model((char)('a' + Math.Max(0, random.Next(5) - 2))));
            var deadline = Router.Now + TimeSpan.FromSeconds(random.Next(3) == 0 ? random.NextDouble() * 0.1 : (random.NextDouble() * 4) - 0.1);
            var near = random.Next(4) == 0;
            Submit(new SubmitRequest(default, model, random.Next(1000), deadline, (uint)random.Next(3))
            {
                Client = (ulong)Math.Max(0, random.Next(5) - 2),
                Origin = near ? (random.Next(2) == 0 ? Sydney : Berlin) : null,
                MaxDistanceKm = near ? random.Next(1, 400) : double.PositiveInfinity,
                Work = random.Next(10) == 0 ? TimeSpan.FromSeconds(random.Next(1, 10)) : null,
            });
        }

        private RequestId Submit(SubmitRequest submit)
        {
            submit = submit with { Request = new RequestId((ulong)(_open.Count + _ended.Count) + 1) };
            _open[submit.Request] = submit.Deadline;
            var before = Router.State.Waiting;
            var clients = Router.State.Requests.Values.Select(request => request.Client).Append(submit.Client).Distinct().Count();
            var own = Router.State.Requests.Values.Count(request => request.IsWaiting && request.Client == submit.Client);
            Router.Run(submit);
            var refused = _ended.GetValueOrDefault(submit.Request)?.Refused;
            var full = before >= Tight.MaxWaiting;
            var beyond = before * 2 >= Tight.MaxWaiting && own >= Math.Max(1, Tight.MaxWaiting / clients);
            var expected = submit.Deadline <= Router.Now ? RefusalReason.Expired
                : full ? RefusalReason.QueueFull
                : beyond ? RefusalReason.ShareFull
                : refused is RefusalReason.TooSlow or RefusalReason.QueueTooLong ? refused : null;
            Assert.Equal(expected, refused);
            Assert.False(refused is RefusalReason.QueueTooLong && before == 0, "refused for a queue that is not there");
            return submit.Request;
        }

        private void Report(Random random)
        {
            if (_sent.Count == 0)
                return;
            // Mostly of an attempt that is out; now and then a late one, or one from a stream that was not asked.
            var (attempt, stream) = random.Next(5) == 0 ? Any(_sent, random) : _sent[^(1 + random.Next(Math.Min(_sent.Count, 5)))];
            if (random.Next(10) == 0)
                stream = AnyStream(random);
            var outcome = random.Next(4) switch { 0 => (AttemptOutcome)random.Next(8), 1 => AttemptOutcome.Failed, _ => AttemptOutcome.Ok };
            var wasOut = Router.State.Requests.TryGetValue(attempt.Request, out var request) && request.Find(attempt)?.Stream == stream;
            var timings = new AttemptTimings(default, default, TimeSpan.FromMilliseconds(random.Next(1, 100)));
            if (wasOut)
                _over.Add(attempt);
            var effects = Router.Run(new AttemptReported(attempt, stream, outcome, "why", timings));
            Assert.True(wasOut || effects.Count == 0, "a stale or foreign report had an effect");
        }

        private void Open(Random random)
        {
            // A redial of the same session, or a new one; the driver's number of the stream is the next.
            _epoch += (ulong)random.Next(2);
            Open($"V-{random.Next(_vehicles)}", AnyLoad(random), random.Next(2) == 0 ? Sydney : Berlin);
        }

        private void Open(string vehicle, VehicleLoad load, GeoPoint? place = null)
        {
            foreach (var former in _streams.Where(s => s.Value == vehicle).Select(s => s.Key).ToList())
                _streams.Remove(former);
            _streams[new StreamId(++_opened)] = vehicle;
            var number = _manyKinds ? int.Parse(vehicle.AsSpan(2), CultureInfo.InvariantCulture) : 0;
            Router.Open(vehicle, place, load, _epoch, _manyKinds ? Classes[number % 3] : "", _manyKinds ? number % 2 * (Large * 2) + Large : 0);
        }

        /// <summary>One model demands a class of hardware, another one more memory than half of the vehicles have.</summary>
        private ModelReference Kind(ModelReference model) => (_manyKinds, model.Name) switch
        {
            (true, "model-b") => model with { DeviceClasses = "gpu-1, npu-1" },
            (true, "model-c") => model with { Size = Large },
            _ => model,
        };

        private void Close(Random random)
        {
            var stream = AnyStream(random);
            _streams.Remove(stream);
            var had = Router.State.Find(stream)?.Outstanding.Select(attempt => Router.State.Requests[attempt.Request]).ToList() ?? [];
            Happened("one of two lost", had.Count(request => request.Running.Count == 2));
            Happened("both attempts lost", had.Count(request => request.Hedged && request.Running.Count == 1));
            Router.Run(new StreamClosed(stream));
        }

        private void Check(IRouterEffect effect)
        {
            switch (effect)
            {
                case SendAttempt send:
                    Assert.Contains(send.Stream, _streams.Keys);
                    Assert.Contains(send.Attempt.Request, _open.Keys);
                    Assert.DoesNotContain(_sent, former => former.Attempt == send.Attempt);
                    var vehicle = Router.State.Find(send.Stream)!;
                    Assert.InRange(vehicle.Outstanding.Count, 1, vehicle.Load.Credits);
                    Assert.False(vehicle.Load.Draining);
                    _sent.Add((send.Attempt, send.Stream));
                    _out.Add((send.Attempt, send.Stream));
                    CheckSend(send, Router.State.Requests[send.Attempt.Request], vehicle);
                    break;
                case CancelAttempt cancel:
                    Assert.Contains((cancel.Attempt, cancel.Stream), _sent);
                    _over.Add(cancel.Attempt);
                    Assert.Contains(cancel.Stream, _streams.Keys);
                    break;
                case WarmModel warm:
                    Assert.Contains(warm.Stream, _streams.Keys);
                    break;
                case CompleteRequest complete:
                    Assert.True(_open.Remove(complete.Request, out var deadline), $"{complete.Request} ended twice");
                    _ended[complete.Request] = complete;
                    if (complete.Answer is { } answer)
                        _over.Add(answer.Attempt);
                    var late = complete is { Outcome: RequestOutcome.DeadlineExceeded, Attempts: 0 };
                    Assert.True(Router.Now <= deadline || late, "ended after its deadline");
                    Assert.Equal(complete.Outcome is RequestOutcome.Ok, complete.Error.Length == 0);
                    Assert.Equal(
                        complete.Outcome is RequestOutcome.Overloaded or RequestOutcome.Unavailable
                            || complete.Refused is RefusalReason.TooSlow or RefusalReason.QueueTooLong,
                        complete.RetryAfter is not null);
                    Assert.True(complete.Outcome != RequestOutcome.Ok || _sent.Contains(complete.Answer!.Value), "answered by nobody who was asked");
                    Happened("both cancelled", complete is { Hedged: true, Outcome: RequestOutcome.DeadlineExceeded or RequestOutcome.Cancelled } ? 1 : 0);
                    break;
                default:
                    Assert.Fail($"{effect} is an effect that nobody carries out");
                    break;
            }
        }

        private void CheckSend(SendAttempt send, RoutedRequest request, RoutedVehicle vehicle)
        {
            var fresh = _had.Add((request.Id, vehicle.Id.Value));
            Assert.True(vehicle.Place.DistanceKm(request.Origin ?? Frankfurt) <= request.MaxDistanceKm, "sent beyond its radius");
            if (_manyKinds)
                CheckKind(request, vehicle);
            Assert.Equal(send.Hedge ? 2 : 1, request.Running.Count);
            if (send.Hedge)
            {
                Assert.True(fresh, "hedged on a vehicle that had it");
                Assert.Null(request.Work);
                Assert.True(++_hedges <= (0.05 * _firsts) + Tight.HedgeBurst, $"{_hedges} hedges for {_firsts} first attempts");
                Happened(Router.State.Find(request.Running[0].Stream) is { } first && Router.State.Fleet.IsServiceable(first) ? "late hedges" : "hedges of the endangered", 1);
                return;
            }

            _firsts += send.Attempt.Number == 1 ? 1 : 0;
            // Where nobody healthy is in its radius it goes to one that fails; others wait for a healthy one to have room.
            if (!request.HasRadius || !vehicle.Circuit.IsTripped(Tight))
                CheckOrder(request);
        }

        /// <summary>One owner in five consents to one model only.</summary>
        private static OwnerConsent Consent(int vehicle) =>
            OwnerConsent.Everything with { Models = vehicle % 5 == 0 ? new ConsentedModels(["model-b"], []) : null };

        private void CheckKind(RoutedRequest request, RoutedVehicle vehicle)
        {
            Assert.True(vehicle.Load.Consent.Allows(request.Model), "sent to a vehicle whose owner does not consent");
            Happened("by consent", vehicle.Load.Consent.Models is null ? 0 : 1);
            if (!vehicle.Has(request.Model.Hash))
            {
                Assert.True(request.Model.DeviceClasses.Length == 0 || vehicle.DeviceClass != "cpu-1", "sent to hardware that the model does not run on");
                Assert.True(request.Model.Size * ModelReference.MemoryFactor <= vehicle.MemoryBytes, "sent to a vehicle that it does not fit");
            }

            Happened("tried elsewhere before", request.Tried.Count > 0 ? 1 : 0);
            Happened("by demanded class", request.Model.DeviceClasses.Length > 0 ? 1 : 0);
            Happened("by memory", request.Model.Size == Large ? 1 : 0);
            Happened("more takers than are examined", Router.State.Fleet.Takers.Count > GeographicChoice.MaxExamined ? 1 : 0);
        }

        /// <summary>It was its turn before anybody's who waits for the same.</summary>
        private void CheckOrder(RoutedRequest request)
        {
            var waiting = Router.State.Requests.Values.Where(other => other.IsWaiting).ToList();
            Happened("passed by one behind it", waiting.Count(other => other.Level < request.Level));
            var out1 = OutOf(request.Client) - 1;
            foreach (var other in waiting.Where(other => !other.HasRadius && other.Model == request.Model))
            {
                Assert.True(other.Level >= request.Level, "went before a higher priority");
                if (other.Level > request.Level)
                    continue;
                if (other.Client != request.Client)
                    Assert.True(OutOf(other.Client) >= out1, "went before a client that has less");
                else if (!request.HasRadius)
                    Assert.True((other.Deadline, other.Id.Value).CompareTo((request.Deadline, request.Id.Value)) > 0, "went before an earlier deadline");
                Happened("overtaken by another client", other.Client != request.Client && other.Deadline < request.Deadline ? 1 : 0);
            }

            int OutOf(ulong client) => Router.State.Requests.Values.Count(other => !other.IsWaiting && other.Client == client);
        }

        private void Happened(string way, int times) => Ways[way] = Ways.GetValueOrDefault(way) + times;

        private void AssertConsistent()
        {
            var state = Router.State;
            Assert.Equal(_open.Keys.ToHashSet(), state.Requests.Keys.ToHashSet());
            Assert.Equal(state.Requests.Values.Count(request => request.Running.Count == 0), state.Waiting);
            Assert.All(state.Requests.Values, request => Assert.InRange(request.Running.Count, 0, 2));
            Assert.Equal(
                state.Requests.Values.SelectMany(r => r.Running).Select(running => (running.Attempt, running.Stream)).ToHashSet(),
                state.Vehicles.Values.SelectMany(v => v.Outstanding.Select(attempt => (attempt, v.Stream))).ToHashSet());
            // The index catches up with pauses that are over when it is asked next.
            state.Fleet.NextRetry(Router.Now);
            Assert.Equal(
                state.Vehicles.Values.Count(v => VehicleFilter.TakesNow(v, state.Fleet.Clock, Tight)), state.Fleet.Takers.Count);
            Assert.All(state.Vehicles.Values, v => Assert.Equal(VehicleFilter.TakesNow(v, state.Fleet.Clock, Tight), v.Anywhere.IsIn && v.BySize.IsIn));
            Assert.Equal(state.Vehicles.Values.Where(v => !v.Load.Draining).Sum(v => v.Load.Threads), state.Slots);
            // Whoever still works on a request that has ended was told to stop.
            foreach (var (attempt, stream) in _out)
                Assert.True(_open.ContainsKey(attempt.Request) || _over.Contains(attempt) || !_streams.ContainsKey(stream), "a loser was not cancelled");
            _out.RemoveWhere(sent => !(state.Requests.TryGetValue(sent.Attempt.Request, out var request) && request.Find(sent.Attempt) is not null));
            // What comes back from a lost vehicle waits beyond the bound; newcomers do not.
            Assert.True(state.Requests.Values.Count(r => r.IsWaiting && r.Attempts == 0) <= Tight.MaxWaiting);
            Assert.Equal(_open.Count == 0, state.NextWake(Router.Now) is null);
        }

        private StreamId AnyStream(Random random) =>
            _streams.Count > 0 && random.Next(8) > 0 ? Any(_streams.Keys.ToList(), random) : new StreamId(random.Next(20));

        private NodeAddress AnyMember(Random random) => Member($"V-{random.Next(_vehicles)}", 1 + (ulong)random.Next((int)_epoch + 1));

        private static VehicleLoad AnyLoad(Random random) => Load(
            random.Next(1, 4), random.Next(1, 3), random.Next(4), random.Next(6) == 0, string.Concat("abc".Where(_ => random.Next(2) == 0)));

        private VehicleRecord AnyRecord(Random random) => new(
            new VehicleId($"V-{random.Next(_vehicles)}"), default, default, default, default, 1, 0, 0, random.Next(100), random.Next(20), random.Next(20));

        private static T Any<T>(List<T> items, Random random) => items[random.Next(items.Count)];
    }
}
