namespace Mesh.Node.Policy;

/// <summary>What may be told of the vehicle.</summary>
public sealed record PrivacyPolicy
{
    /// <summary>Of the geohash of its place: 5 are a cell of about 5 km.</summary>
    public int GeohashCharacters { get; init; } = 5;
}
