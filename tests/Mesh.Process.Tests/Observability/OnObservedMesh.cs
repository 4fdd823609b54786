namespace Mesh.Process.Tests.Observability;

/// <summary>One mesh for all that only look at it.</summary>
[CollectionDefinition(Name)]
public sealed class OnObservedMesh : ICollectionFixture<ObservedMesh>
{
    public const string Name = "observed mesh";
}
