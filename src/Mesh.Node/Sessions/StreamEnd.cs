namespace Mesh.Node.Sessions;

/// <summary>How a stream ended, for its session to act on.</summary>
public enum StreamEnd
{
    /// <summary>Broken or refused for now: dial again.</summary>
    Broken,

    /// <summary>The seed is of another cluster.</summary>
    OtherCluster,
}
