namespace Mesh.Seed.Routing.Choice;

/// <summary>
/// Keeps work off a vehicle that fails again and again: failures in a row open it for a time that doubles up to a bound, then
/// one attempt probes it; a success closes it. Pure; a value of its vehicle.
/// </summary>
internal struct CircuitBreaker
{
    /// <summary>In a row.</summary>
    public int Failures { get; private set; }

    /// <summary>Nothing goes there before; meaningful once tripped.</summary>
    public TimeSpan OpenUntil { get; private set; }

    /// <summary>Open, or half-open and waiting for a success.</summary>
    public readonly bool IsTripped(RouterSettings settings) => Failures >= settings.CircuitFailures;

    public void Succeeded() => Failures = 0;

    public void Failed(TimeSpan now, RouterSettings settings)
    {
        // What was under way when it opened says nothing new.
        if (IsTripped(settings) && now < OpenUntil)
            return;
        // Bounded, so that the doubling stays far from overflow.
        Failures = Math.Min(Failures + 1, settings.CircuitFailures + 32);
        if (!IsTripped(settings))
            return;
        var pause = settings.CircuitPause.TotalSeconds * Math.Pow(2, Failures - settings.CircuitFailures);
        OpenUntil = now + TimeSpan.FromSeconds(Math.Min(pause, settings.MaxCircuitPause.TotalSeconds));
    }
}
