using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Mesh.Node.Policy;
using Mesh.Node.Sessions;

namespace Mesh.State.Tests.Sessions;

/// <summary>A vehicle's life, step by step and in random order.</summary>
public sealed class VehicleStateTests
{
    private static readonly TimeSpan Grace = VehiclePace.Default.DrainGrace;

    private readonly VehicleDriver _vehicle = new();

    [Fact]
    public void Nothing_begins_before_it_is_permitted()
    {
        _vehicle.Advance(3600);
        Assert.Equal(VehiclePhase.Away, _vehicle.Phase);
        Assert.Empty(_vehicle.Effects);
    }

    [Fact]
    public void It_joins_within_the_jitter_and_serves_once_a_seed_has_its_stream()
    {
        _vehicle.Permit();
        Assert.InRange(_vehicle.State.NextWake!.Value - _vehicle.Now, TimeSpan.Zero, VehiclePace.Default.JoinJitter);
        _vehicle.Advance(1);
        Assert.Equal((VehiclePhase.Joining, typeof(StartSession)), (_vehicle.Phase, Assert.Single(_vehicle.Effects).GetType()));
        _vehicle.Run(new SessionOpened());
        Assert.Equal(VehiclePhase.Serving, _vehicle.Phase);
    }

    [Fact]
    public void A_permission_that_ends_before_the_join_drops_it()
    {
        _vehicle.Permit();
        _vehicle.Deny(Urgency.Planned);
        _vehicle.Advance(60);
        Assert.Empty(_vehicle.Effects);
    }

    [Fact]
    public void An_end_that_is_known_is_announced_and_drained_for_so_that_nothing_is_cut_off()
    {
        _vehicle.Permit(endsIn: 60);
        Serve();
        Assert.Equal(new AnnounceDeparture(TimeSpan.FromSeconds(160)), _vehicle.Effects[^1]);
        _vehicle.Permit(endsIn: 30);
        Assert.Equal(new AnnounceDeparture(_vehicle.Now + TimeSpan.FromSeconds(30)), _vehicle.Effects[^1]);
        _vehicle.Advance(24.9);
        Assert.Equal(VehiclePhase.Serving, _vehicle.Phase);
        _vehicle.Advance(0.2);
        Assert.Equal((VehiclePhase.Draining, DepartureCause.Planned, new Drain()), (_vehicle.Phase, _vehicle.State.Cause, _vehicle.Effects[^1]));
        _vehicle.Run(new Drained());
        Assert.Equal(new LeaveSession(), _vehicle.Effects[^1]);
        Assert.DoesNotContain(new Preempt(), _vehicle.Effects);
    }

    [Fact]
    public void An_estimate_that_wavers_is_announced_once()
    {
        _vehicle.Permit(endsIn: 600);
        Serve();
        var before = _vehicle.Effects.Count;
        foreach (var seconds in (double[])[600, 599.5, 600.4, 600])
            _vehicle.Permit(endsIn: seconds - (_vehicle.Now.TotalSeconds - 100));
        Assert.Equal(before, _vehicle.Effects.Count);
        _vehicle.Permit(endsIn: null);
        Assert.Equal(new AnnounceDeparture(null), _vehicle.Effects[^1]);
    }

    [Fact]
    public void What_has_not_finished_when_the_permission_ends_is_terminated()
    {
        _vehicle.Permit(endsIn: 60);
        Serve();
        _vehicle.AdvanceTo(TimeSpan.FromSeconds(160));
        Assert.Equal<IVehicleEffect>([new Preempt(), new LeaveSession()], _vehicle.Effects.TakeLast(2));
    }

    [Fact]
    public void A_session_that_would_have_to_drain_at_once_does_not_begin()
    {
        _vehicle.Permit(endsIn: 4);
        _vehicle.Advance(60);
        Assert.Empty(_vehicle.Effects);
        _vehicle.Permit(endsIn: 100);
        Serve();
    }

    [Fact]
    public void Soon_drains_within_the_grace_period()
    {
        _vehicle.Permit();
        Serve();
        _vehicle.Deny(Urgency.Soon);
        Assert.Equal((DepartureCause.Soon, new Drain()), (_vehicle.State.Cause, _vehicle.Effects[^1]));
        _vehicle.Advance(4.9);
        Assert.DoesNotContain(new LeaveSession(), _vehicle.Effects);
        _vehicle.Advance(0.1);
        Assert.Equal<IVehicleEffect>([new Preempt(), new LeaveSession()], _vehicle.Effects.TakeLast(2));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Now_terminates_what_runs_in_the_same_step(bool whileDraining)
    {
        _vehicle.Permit();
        Serve();
        if (whileDraining)
            _vehicle.Deny(Urgency.Soon);
        _vehicle.Deny(Urgency.Now);
        Assert.Equal<IVehicleEffect>([new Preempt(), new LeaveSession()], _vehicle.Effects.TakeLast(2));
        Assert.Equal(DepartureCause.Now, _vehicle.State.Cause);
    }

    [Fact]
    public void Now_while_it_leaves_still_terminates_what_runs()
    {
        _vehicle.Permit();
        Serve();
        _vehicle.Deny(Urgency.Soon);
        _vehicle.Run(new Drained());
        _vehicle.Deny(Urgency.Now);
        Assert.Equal(new Preempt(), _vehicle.Effects[^1]);
    }

    [Fact]
    public void Now_that_is_told_again_while_it_leaves_terminates_nothing_twice()
    {
        _vehicle.Permit();
        Serve();
        _vehicle.Deny(Urgency.Now);
        _vehicle.Deny(Urgency.Now);
        Assert.Single(_vehicle.Effects, new Preempt());
        _vehicle.Permit();
        _vehicle.Deny(Urgency.Now);
        Assert.Equal(2, _vehicle.Effects.Count(effect => effect is Preempt));
    }

    [Fact]
    public void Soon_shortens_a_planned_departure()
    {
        _vehicle.Permit(endsIn: 100);
        Serve();
        Renew();
        var until = _vehicle.Now + Grace;
        _vehicle.Advance(2);
        _vehicle.Deny(Urgency.Soon);
        Assert.Equal(until, _vehicle.State.NextWake);
    }

    [Theory]
    [InlineData(SessionEnd.Downed)]
    [InlineData(SessionEnd.NoSeed)]
    [InlineData(SessionEnd.OtherCluster)]
    public void A_session_that_ended_by_itself_is_followed_by_another_one(SessionEnd end)
    {
        _vehicle.Permit();
        Serve();
        _vehicle.Run(new SessionOver(end));
        Assert.Equal(VehiclePhase.Away, _vehicle.Phase);
        _vehicle.Advance(1);
        Assert.Equal(2, _vehicle.Effects.OfType<StartSession>().Count());
    }

    [Fact]
    public void Sessions_that_no_seed_ever_saw_follow_each_other_more_and_more_slowly_up_to_a_bound()
    {
        _vehicle.Permit();
        var waits = new List<double>();
        for (var i = 0; i < 40; i++)
        {
            _vehicle.AdvanceTo(_vehicle.State.NextWake!.Value);
            _vehicle.Run(new SessionOver(SessionEnd.NoSeed));
            waits.Add((_vehicle.State.NextWake!.Value - _vehicle.Now).TotalSeconds);
        }

        Assert.InRange(waits[0], 0, 2);
        Assert.InRange(waits.Skip(10).Average(), 10, 20);
        Assert.All(waits, wait => Assert.InRange(wait, 0, 30));
        // One that was seen starts it over.
        _vehicle.Advance(30);
        _vehicle.Run(new SessionOpened());
        _vehicle.Run(new SessionOver(SessionEnd.Downed));
        Assert.InRange(_vehicle.State.NextWake!.Value - _vehicle.Now, TimeSpan.Zero, VehiclePace.Default.JoinJitter);
    }

    [Fact]
    public void Renewals_that_are_due_at_once_are_spread()
    {
        var waits = Enumerable.Range(0, 100).Select(seed =>
        {
            var state = new VehicleState(VehiclePace.Default);
            var random = new Random(seed);
            Run(new ClearanceChanged(Clearance.Given), 0);
            Run(new VehicleTick(), 1);
            Run(new SessionOpened(), 1);
            Run(new RenewalDue(), 1);
            var at = state.NextWake!.Value;
            Run(new RenewalDue(), 2); // raised again and again
            Assert.Equal(at, state.NextWake);
            Assert.Equal(VehiclePhase.Serving, state.Phase);
            return (at - TimeSpan.FromSeconds(1)).TotalSeconds;

            void Run(IVehicleCommand command, double now)
            {
                foreach (var change in state.Decide(command, TimeSpan.FromSeconds(now), random).Events)
                    state.Apply(change);
            }
        }).ToList();
        Assert.All(waits, wait => Assert.InRange(wait, 0, 10));
        Assert.All(Enumerable.Range(0, 5), i => Assert.InRange(waits.Count(wait => wait >= 2 * i && wait < 2 * i + 2), 5, 40));
    }

    [Fact]
    public void A_renewal_drains_and_joins_again()
    {
        _vehicle.Permit();
        Serve();
        Renew();
        Assert.Equal((VehiclePhase.Draining, DepartureCause.Renewal), (_vehicle.Phase, _vehicle.State.Cause));
        _vehicle.Run(new Drained());
        _vehicle.Run(new SessionOver(SessionEnd.Left));
        _vehicle.Advance(1);
        Assert.Equal(VehiclePhase.Joining, _vehicle.Phase);
    }

    [Fact]
    public void A_stop_drains_leaves_and_exits_and_nothing_follows()
    {
        _vehicle.Permit();
        Serve();
        _vehicle.Run(new StopRequested());
        Assert.Equal((DepartureCause.Stop, new Drain()), (_vehicle.State.Cause, _vehicle.Effects[^1]));
        _vehicle.Run(new Drained());
        _vehicle.Run(new SessionOver(SessionEnd.Left));
        Assert.Equal(new Exit(), _vehicle.Effects[^1]);
        _vehicle.Advance(60);
        Assert.Single(_vehicle.Effects.OfType<StartSession>());
    }

    [Fact]
    public void A_stop_while_away_exits_at_once()
    {
        _vehicle.Permit();
        _vehicle.Run(new StopRequested());
        Assert.Equal(new Exit(), Assert.Single(_vehicle.Effects));
        _vehicle.Advance(60);
        Assert.Single(_vehicle.Effects);
    }

    /// <summary>Whatever happens in whatever order: no work while it is not permitted, and every session is brought to its end.</summary>
    [Property(MaxTest = 500)]
    public Property No_order_of_happenings_leads_to_work_that_is_not_permitted() =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ArrayOf(80).ToArbitrary(), happenings =>
        {
            var run = new RandomLife();
            foreach (var happening in happenings)
                run.Step(new Random(happening));
            run.Finish();
        });

    /// <summary>That the property above gets everywhere.</summary>
    [Fact]
    public void The_random_lives_reach_every_phase_and_cause()
    {
        var random = new Random(3);
        HashSet<(VehiclePhase, DepartureCause?)> seen = [];
        for (var i = 0; i < 300; i++)
        {
            var run = new RandomLife();
            for (var step = 0; step < 80; step++)
            {
                run.Step(new Random(random.Next()));
                seen.Add((run.Vehicle.Phase, run.Vehicle.State.Cause));
            }
        }

        Assert.Equal(
            [.. Enum.GetValues<DepartureCause>().Select(cause => (VehiclePhase.Draining, (DepartureCause?)cause)).Prepend((VehiclePhase.Serving, null))
                .Prepend((VehiclePhase.Joining, null)).Prepend((VehiclePhase.Away, null))],
            seen.OrderBy(at => at.Item1).ThenBy(at => at.Item2).ToArray());
    }

    /// <summary>Until it has begun.</summary>
    private void Renew()
    {
        _vehicle.Run(new RenewalDue());
        _vehicle.AdvanceTo(_vehicle.State.NextWake!.Value);
    }

    private void Serve()
    {
        _vehicle.Advance(1);
        _vehicle.Run(new SessionOpened());
        Assert.Equal(VehiclePhase.Serving, _vehicle.Phase);
    }

    private sealed class RandomLife
    {
        private bool _session;
        private bool _preempted;
        private bool _stopped;
        private bool _exited;

        public RandomLife() => Vehicle = new VehicleDriver { OnEffect = Check };

        public VehicleDriver Vehicle { get; }

        public void Step(Random random)
        {
            switch (random.Next(12))
            {
                case < 4: Vehicle.Permit(random.Next(2) == 0 ? null : random.Next(0, 40)); break;
                case 4: Vehicle.Deny(Urgency.Planned); break;
                case 5: Vehicle.Deny(Urgency.Soon); break;
                case 6: Vehicle.Deny(Urgency.Now); break;
                case 7 when _session: Vehicle.Run(new SessionOpened()); break;
                case 8: Vehicle.Run(random.Next(2) == 0 ? new Drained() : new RenewalDue()); break;
                case 9 when _session && random.Next(3) == 0: End(SessionEnd.Downed); break;
                case 10 when random.Next(20) == 0: Stop(); break;
                default: Vehicle.Advance(random.NextDouble() * 10); break;
            }

            Assert.Equal(_session, Vehicle.Phase != VehiclePhase.Away);
            if (Vehicle.State.Clearance.IsGiven)
                return;
            Assert.NotEqual(VehiclePhase.Serving, Vehicle.Phase);
            Assert.NotEqual(VehiclePhase.Joining, Vehicle.Phase);
            Assert.True(!_session || _preempted || Vehicle.State.Clearance.Urgency != Urgency.Now, "it drains though it is to stop now");
        }

        /// <summary>Nobody permits anything any more: it is away before long.</summary>
        public void Finish()
        {
            Vehicle.Deny(Urgency.Soon);
            Vehicle.Advance(Grace.TotalSeconds);
            if (_session)
            {
                Assert.Contains(new LeaveSession(), Vehicle.Effects);
                End(SessionEnd.Left);
            }

            Vehicle.Advance(100);
            Assert.Equal(VehiclePhase.Away, Vehicle.Phase);
            Assert.Equal(_stopped, _exited);
        }

        private void Stop()
        {
            _stopped = true;
            Vehicle.Run(new StopRequested());
        }

        private void End(SessionEnd end)
        {
            _session = false;
            Vehicle.Run(new SessionOver(end));
        }

        private void Check(IVehicleEffect effect)
        {
            switch (effect)
            {
                case StartSession:
                    Assert.False(_session, "two sessions at once");
                    Assert.True(Vehicle.State.Clearance.IsGiven, "a session that is not permitted");
                    Assert.False(_stopped, "a session after the stop");
                    (_session, _preempted) = (true, false);
                    break;
                case Preempt:
                    _preempted = true;
                    break;
                case Exit:
                    Assert.False(_session || _exited);
                    _exited = true;
                    break;
                default:
                    Assert.True(_session, $"{effect} without a session");
                    break;
            }
        }
    }
}
