using Mesh.Messages;
using Mesh.Seed.Routing.Choice;
using Mesh.Seed.Routing.Policies;

namespace Mesh.Seed.Routing.History;

/// <summary>What a choice did with a vehicle that it examined.</summary>
public enum ChoiceVerdict
{
    /// <summary>It could have had the work; its score says why it did or did not get it.</summary>
    Scored,

    /// <summary>Its circuit is open; looked at because nobody else takes the work.</summary>
    CircuitOpen,

    /// <summary>It has had the request and did not answer; passed over while others are there.</summary>
    TriedBefore,

    TooFar,
    NoConsent,
    TooLittleMemory,
    OtherHardware,
}

/// <summary>A vehicle that a choice examined.</summary>
/// <param name="ScoreMs">Expected time to a good answer; NaN where it was not scored.</param>
/// <param name="Loaded">It has the model.</param>
/// <param name="Tried">It has had the request before and did not answer.</param>
public readonly record struct Candidate(VehicleId Vehicle, double ScoreMs, ChoiceVerdict Verdict, bool Loaded, bool Tried);

/// <summary>What the last choice of a router met. One is made ahead and filled anew each time: it allocates nothing.</summary>
public sealed class ChoiceTrace
{
    /// <summary>Candidates that are kept of one choice.</summary>
    public const int Kept = GeographicChoice.MaxExamined;

    private readonly Candidate[] _candidates = new Candidate[Kept];

    public ReadOnlySpan<Candidate> Candidates => _candidates.AsSpan(0, Math.Min(Examined, Kept));

    /// <summary>Vehicles that were examined, those beyond <see cref="Kept"/> included.</summary>
    public int Examined { get; private set; }

    /// <inheritdoc cref="FleetCounts"/>
    public FleetCounts Fleet { get; private set; }

    internal void Begin(FleetCounts fleet) => (Fleet, Examined) = (fleet, 0);

    internal void Scored(RoutedVehicle vehicle, double score, bool loaded, bool tried) =>
        Add(new Candidate(vehicle.Id, score, ChoiceVerdict.Scored, loaded, tried));

    internal void PassedOver(RoutedVehicle vehicle, bool loaded) =>
        Add(new Candidate(vehicle.Id, double.NaN, ChoiceVerdict.TriedBefore, loaded, true));

    internal void LeastBad(RoutedVehicle vehicle) => Add(new Candidate(vehicle.Id, double.NaN, ChoiceVerdict.CircuitOpen, false, false));

    /// <summary>It does not suit the request.</summary>
    internal void Unsuited(RoutedVehicle vehicle, ModelOnVehicle? here, in ChoiceQuery query, RouterSettings settings) =>
        Add(new Candidate(vehicle.Id, double.NaN, WhyNot(vehicle, here, query, settings), here is { Loaded: true }, false));

    /// <summary>The first policy that does not let it have the work.</summary>
    internal static ChoiceVerdict WhyNot(RoutedVehicle vehicle, ModelOnVehicle? here, in ChoiceQuery query, RouterSettings settings)
    {
        if (!RadiusPolicy.Allows(vehicle, query))
            return ChoiceVerdict.TooFar;
        if (!ConsentPolicy.Allows(vehicle, query.Model))
            return ChoiceVerdict.NoConsent;
        if (here is { Loaded: true })
            return ChoiceVerdict.Scored;
        if (!MemoryPolicy.Allows(vehicle, query.Model, settings))
            return ChoiceVerdict.TooLittleMemory;
        return HardwareClassPolicy.Allows(vehicle, query.Model) ? ChoiceVerdict.Scored : ChoiceVerdict.OtherHardware;
    }

    private void Add(in Candidate candidate)
    {
        if (Examined < Kept)
            _candidates[Examined] = candidate;
        Examined++;
    }
}

/// <summary>The fleet of one router at the moment of a choice: who was there, and who was no candidate whatever the work.</summary>
/// <param name="Connected">All vehicles with a stream here.</param>
/// <param name="Takers">Of them those that took work.</param>
/// <param name="Full">Those without room: out of credits, or they had said 'busy'.</param>
/// <param name="Resting">Those whose circuit was open.</param>
public readonly record struct FleetCounts(int Connected, int Takers, int Full, int Resting)
{
    /// <summary>Those that drain, or that the cluster cannot reach.</summary>
    public int Unserviceable => Math.Max(0, Connected - Takers - Full - Resting);
}
