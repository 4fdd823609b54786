using System.Collections.Immutable;

namespace Mesh.Node.Policy;

/// <summary>Which work the owner consents to at all. Nothing unless it is said.</summary>
public sealed record ConsentPolicy
{
    /// <summary>In a list: all of them.</summary>
    public const string Any = "*";

    public WorkKinds Kinds { get; init; } = WorkKinds.None;

    /// <summary>Names of models that may run.</summary>
    public ImmutableArray<string> Models { get; init; } = [];

    /// <summary>Publishers whose models may run, whatever their names.</summary>
    public ImmutableArray<string> Publishers { get; init; } = [];

    /// <summary>There may be a model that may run.</summary>
    public bool NamesModels => Models.Length + Publishers.Length > 0;

    /// <param name="publisher">Null where the model names none.</param>
    public bool Allows(WorkKinds kind, string model, string? publisher) =>
        kind != WorkKinds.None && (Kinds & kind) == kind && (Names(Models, model) || Names(Publishers, publisher));

    private static bool Names(ImmutableArray<string> list, string? name) =>
        list.Contains(Any) || (name is not null && list.Contains(name, StringComparer.Ordinal));
}
