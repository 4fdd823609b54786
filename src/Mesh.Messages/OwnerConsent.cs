using System.Collections.Immutable;

namespace Mesh.Messages;

/// <summary>What a vehicle's owner lets it run.</summary>
public sealed record OwnerConsent(bool Interactive, bool Batch)
{
    public static OwnerConsent Everything { get; } = new(true, true);

    public static OwnerConsent Nothing { get; } = new(false, false);

    /// <summary>The models that may run; null = all of them.</summary>
    public ConsentedModels? Models { get; init; }

    public bool AllowsAny => Interactive || Batch;

    /// <summary>Whether the model may run, for either kind of work.</summary>
    public bool Allows(ModelReference model) => Models is not { } named || named.Contains(model);
}

/// <summary>Models by their own names, and by their publishers'. Equal when they hold the same names.</summary>
public sealed class ConsentedModels(ImmutableSortedSet<string> names, ImmutableSortedSet<string> publishers) : IEquatable<ConsentedModels>
{
    public ImmutableSortedSet<string> Names { get; } = names;

    public ImmutableSortedSet<string> Publishers { get; } = publishers;

    public bool Contains(ModelReference model) =>
        Names.Contains(model.Name) || (model.Publisher.Length > 0 && Publishers.Contains(model.Publisher));

    public bool Equals(ConsentedModels? other) => other is not null && Names.SetEquals(other.Names) && Publishers.SetEquals(other.Publishers);

    public override bool Equals(object? obj) => Equals(obj as ConsentedModels);

    public override int GetHashCode() => HashCode.Combine(Names.Count, Publishers.Count, Names.FirstOrDefault(), Publishers.FirstOrDefault());
}
