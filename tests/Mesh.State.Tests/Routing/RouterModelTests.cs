using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Seed.Routing;
using static Mesh.State.Tests.Routing.RouterDriver;

namespace Mesh.State.Tests.Routing;

/// <summary>Random interleavings of everything that can reach a router, with what must hold in each of them.</summary>
public sealed class RouterModelTests
{
    private static readonly RouterSettings Tight = new() { MaxWaiting = 6, WarmCopies = 2 };

    [Property(MaxTest = 300)]
    public Property Every_request_ends_once_and_in_time_and_nothing_goes_to_a_closed_stream() =>
        Prop.ForAll(Operations(), operations =>
        {
            var run = new Run();
            foreach (var operation in operations)
                run.Step(operation);
            run.Finish();
        });

    [Property(MaxTest = 50)]
    public Property The_same_happenings_and_randomness_give_the_same_decisions() =>
        Prop.ForAll(Operations(), operations =>
        {
            var (first, second) = (new Run(), new Run());
            foreach (var operation in operations)
            {
                first.Step(operation);
                second.Step(operation);
            }

            Assert.Equal(first.Router.Effects, second.Router.Effects);
        });

    /// <summary>That the property above walks the ways it claims to: each outcome, retries and warming occur.</summary>
    [Fact]
    public void The_interleavings_reach_every_outcome()
    {
        var random = new Random(20);
        HashSet<RequestOutcome> outcomes = [];
        var (retries, warmings, cancels) = (0, 0, 0);
        for (var i = 0; i < 200; i++)
        {
            var run = new Run();
            for (var step = 0; step < 150; step++)
                run.Step(random.Next());
            run.Finish();
            outcomes.UnionWith(run.Router.Completed.Select(completion => completion.Outcome));
            retries += run.Router.Completed.Count(completion => completion is { Outcome: RequestOutcome.Ok, Attempts: > 1 });
            warmings += run.Router.Effects.OfType<WarmModel>().Count();
            cancels += run.Router.Effects.OfType<CancelAttempt>().Count();
        }

        Assert.Empty(Enum.GetValues<RequestOutcome>().Except(outcomes));
        Assert.True(retries > 50 && warmings > 50 && cancels > 50, $"{retries} retries, {warmings} warmings, {cancels} cancels");
    }

    private static Arbitrary<int[]> Operations() => Gen.Choose(0, int.MaxValue - 1).ArrayOf(120).ToArbitrary();

    /// <summary>One history: a number says what happens next.</summary>
    private sealed class Run
    {
        private readonly Dictionary<RequestId, TimeSpan> _open = [];
        private readonly Dictionary<RequestId, CompleteRequest> _ended = [];
        private readonly Dictionary<StreamId, string> _streams = [];
        private readonly List<(AttemptId Attempt, StreamId Stream)> _sent = [];
        private ulong _epoch;
        private long _opened;

        public Run() => Router.OnEffect = Check;

        public RouterDriver Router { get; } = new(Tight);

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
            var deadline = Router.Now + TimeSpan.FromSeconds(random.NextDouble() * 4 - 0.1);
            var request = new RequestId((ulong)(_open.Count + _ended.Count) + 1);
            _open[request] = deadline;
            var before = Router.State.Waiting;
            Router.Run(new SubmitRequest(request, Model((char)('a' + random.Next(3))), random.Next(1000), deadline, (uint)random.Next(3)));
            var full = _ended.TryGetValue(request, out var ended) && ended.Outcome == RequestOutcome.Overloaded;
            Assert.True(before < Tight.MaxWaiting || ended is not null, "admitted beyond the bound");
            Assert.True(!full || before >= Tight.MaxWaiting, "refused although there was room to wait");
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
            var wasOut = Router.State.Requests.TryGetValue(attempt.Request, out var request) && request.Running == (attempt, stream);
            var timings = new AttemptTimings(default, default, TimeSpan.FromMilliseconds(random.Next(1, 100)));
            var effects = Router.Run(new AttemptReported(attempt, stream, outcome, "why", timings));
            Assert.True(wasOut || effects.Count == 0, "a stale or foreign report had an effect");
        }

        private void Open(Random random)
        {
            var vehicle = $"V-{random.Next(4)}";
            foreach (var former in _streams.Where(s => s.Value == vehicle).Select(s => s.Key).ToList())
                _streams.Remove(former);
            // A redial of the same session, or a new one; the driver's number of the stream is the next.
            _epoch += (ulong)random.Next(2);
            _streams[new StreamId(++_opened)] = vehicle;
            Router.Open(vehicle, random.Next(2) == 0 ? Sydney : Berlin, AnyLoad(random), _epoch);
        }

        private void Close(Random random)
        {
            var stream = AnyStream(random);
            _streams.Remove(stream);
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
                    break;
                case CancelAttempt cancel:
                    Assert.Contains((cancel.Attempt, cancel.Stream), _sent);
                    Assert.Contains(cancel.Stream, _streams.Keys);
                    break;
                case WarmModel warm:
                    Assert.Contains(warm.Stream, _streams.Keys);
                    break;
                case CompleteRequest complete:
                    Assert.True(_open.Remove(complete.Request, out var deadline), $"{complete.Request} ended twice");
                    _ended[complete.Request] = complete;
                    var late = complete is { Outcome: RequestOutcome.DeadlineExceeded, Attempts: 0 };
                    Assert.True(Router.Now <= deadline || late, "ended after its deadline");
                    Assert.Equal(complete.Outcome is RequestOutcome.Ok, complete.Error.Length == 0);
                    Assert.Equal(complete.Outcome is RequestOutcome.Overloaded or RequestOutcome.Unavailable, complete.RetryAfter is not null);
                    break;
                default:
                    Assert.Fail($"{effect} is an effect that nobody carries out");
                    break;
            }
        }

        private void AssertConsistent()
        {
            var state = Router.State;
            Assert.Equal(_open.Keys.ToHashSet(), state.Requests.Keys.ToHashSet());
            Assert.Equal(state.Requests.Values.Count(request => request.Running is null), state.Waiting);
            Assert.Equal(
                state.Requests.Values.Where(r => r.Running is not null).Select(r => r.Running!.Value).ToHashSet(),
                state.Vehicles.Values.SelectMany(v => v.Outstanding.Select(attempt => (attempt, v.Stream))).ToHashSet());
            // What comes back from a lost vehicle waits beyond the bound; newcomers do not.
            Assert.True(state.Requests.Values.Count(r => r.Running is null && r.Attempts == 0) <= Tight.MaxWaiting);
            Assert.Equal(_open.Count == 0, state.NextWake(Router.Now) is null);
        }

        private StreamId AnyStream(Random random) =>
            _streams.Count > 0 && random.Next(8) > 0 ? Any(_streams.Keys.ToList(), random) : new StreamId(random.Next(20));

        private NodeAddress AnyMember(Random random) => Member($"V-{random.Next(4)}", 1 + (ulong)random.Next((int)_epoch + 1));

        private static VehicleLoad AnyLoad(Random random) => Load(
            random.Next(1, 4), random.Next(1, 3), random.Next(4), random.Next(6) == 0, string.Concat("abc".Where(_ => random.Next(2) == 0)));

        private static VehicleRecord AnyRecord(Random random) => new(
            new VehicleId($"V-{random.Next(4)}"), default, default, default, default, 1, 0, 0, random.Next(100), random.Next(20), random.Next(20));

        private static T Any<T>(List<T> items, Random random) => items[random.Next(items.Count)];
    }
}
