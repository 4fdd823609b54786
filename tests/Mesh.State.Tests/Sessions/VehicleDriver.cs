using Mesh.Node.Policy;
using Mesh.Node.Sessions;

namespace Mesh.State.Tests.Sessions;

/// <summary>Drives a VehicleState as its host does, on a clock of our own that begins at 100 s.</summary>
internal sealed class VehicleDriver
{
    private readonly Random _random = new(1);

    public VehicleState State { get; } = new(VehiclePace.Default);

    public VehiclePhase Phase => State.Phase;

    public TimeSpan Now { get; private set; } = TimeSpan.FromSeconds(100);

    public List<IVehicleEffect> Effects { get; } = [];

    public Action<IVehicleEffect> OnEffect { get; init; } = _ => { };

    public void Run(IVehicleCommand command)
    {
        var decision = State.Decide(command, Now, _random);
        foreach (var change in decision.Events)
            State.Apply(change);
        foreach (var effect in decision.Effects)
        {
            Effects.Add(effect);
            OnEffect(effect);
        }
    }

    public void Permit(double? endsIn = null) =>
        Run(new ClearanceChanged(Clearance.Given with { EndsAt = endsIn is { } seconds ? Now + TimeSpan.FromSeconds(seconds) : null }));

    public void Deny(Urgency urgency) => Run(new ClearanceChanged(new Clearance(false, urgency, null)));

    public void Advance(double seconds) => AdvanceTo(Now + TimeSpan.FromSeconds(seconds));

    /// <summary>It is woken only when it asked for that.</summary>
    public void AdvanceTo(TimeSpan end)
    {
        while (State.NextWake is { } wake && wake <= end)
        {
            Now = wake > Now ? wake : Now;
            Run(new VehicleTick());
            Assert.True(State.NextWake is not { } next || next > Now, $"woken at {Now}, and to be woken then again");
        }

        Now = end;
    }
}
