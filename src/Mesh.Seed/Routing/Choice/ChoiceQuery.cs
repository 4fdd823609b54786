using Mesh.Messages;

namespace Mesh.Seed.Routing.Choice;

/// <summary>What a vehicle is wanted for.</summary>
/// <param name="PayloadBytes">Bytes that must reach the vehicle.</param>
/// <param name="Origin">Where the client is: vehicles near it are looked at first.</param>
/// <param name="MaxDistanceKm">Vehicles farther from <paramref name="Origin"/> are not taken; infinity = no limit.</param>
/// <param name="Work">How long it runs on an average vehicle, where the asker knows (a work unit); null = one run of the model.</param>
/// <param name="Tried">Vehicles that have had it and did not answer: taken again only when nobody else is there.</param>
public readonly record struct ChoiceQuery(
    ModelReference Model,
    long PayloadBytes,
    GeoPoint Origin,
    double MaxDistanceKm,
    TimeSpan? Work,
    IReadOnlySet<VehicleId> Tried);
