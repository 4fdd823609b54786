using System.Globalization;

namespace Mesh.Demo.Scenarios;

/// <summary>One car of the evening.</summary>
/// <param name="Number">From 1: V-001 and on.</param>
/// <param name="Story">For people.</param>
/// <param name="Policy">The owner's document.</param>
internal sealed record EveningCar(int Number, string Story, CarDay Day, string Policy)
{
    public string Id => string.Create(CultureInfo.InvariantCulture, $"V-{Number:000}");

    /// <summary>The document that the owner puts in the place of the first one, and when; null = none.</summary>
    public (DateTimeOffset At, string Policy)? Change { get; init; }
}
