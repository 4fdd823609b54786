using Xunit;

namespace Mesh.Testing;

/// <summary>A fact that needs PostgreSQL; skipped, with the reason, where none can be had. CI fails on such a skip.</summary>
public sealed class PostgresFactAttribute : FactAttribute
{
    public PostgresFactAttribute() => Skip = PostgresServer.Unavailable;

    /// <summary>It stops the server: one that is not ours will not do.</summary>
    public bool OwnServer
    {
        get => false;
        set => Skip = value ? PostgresServer.NoneOfOurOwn : PostgresServer.Unavailable;
    }
}

/// <inheritdoc cref="PostgresFactAttribute"/>
public sealed class PostgresTheoryAttribute : TheoryAttribute
{
    public PostgresTheoryAttribute() => Skip = PostgresServer.Unavailable;
}
