namespace Mesh.Seed.Models;

/// <summary>State of a version in the repository, spelt as the repository index spells it.</summary>
public enum ModelState
{
    /// <summary>Requests are accepted.</summary>
    READY,

    /// <summary>The folder is there but cannot be served; the reason says why.</summary>
    UNAVAILABLE,
}

/// <summary>One version folder of the repository.</summary>
/// <param name="Number">The folder's name as a number, for ordering; versions are never compared as text.</param>
/// <param name="Reason">For people; empty when READY.</param>
/// <param name="Model">Null unless READY.</param>
public sealed record ModelVersion(string Name, long Number, ModelState State, string Reason, ServedModel? Model)
{
    public string Version { get; } = Number.ToString(System.Globalization.CultureInfo.InvariantCulture);

    public static ModelVersion Ready(string name, long number, ServedModel model) => new(name, number, ModelState.READY, "", model);

    public static ModelVersion Unavailable(string name, long number, string reason) =>
        new(name, number, ModelState.UNAVAILABLE, reason, null);
}
